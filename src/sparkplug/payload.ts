/** A payload of Sparkplug B 3.0, as it stands on the wire. */
export interface Payload {
  /** Milliseconds since 1970 by the sender's clock, to the precision of a double; null where it sent none. */
  readonly timestamp: number | null;
  readonly metrics: readonly Metric[];
  /** 0 to 255; null where there is none. */
  readonly seq: number | null;
  readonly uuid: string | null;
  readonly body: Uint8Array | null;
}

/** One metric of a payload. What its value means is known with its data type, which only births must tell: see `metricValueOf`. */
export interface Metric {
  readonly name: string | null;
  /** Unique within an edge node and its devices. A bigint beyond 2^53 - 1. */
  readonly alias: number | bigint | null;
  /** Milliseconds since 1970; null where the metric has none. */
  readonly timestamp: number | null;
  /** A number of `DataType`; 0 where the payload tells none. */
  readonly dataType: number;
  readonly historical: boolean;
  readonly transient: boolean;
  readonly isNull: boolean;
  readonly metadata: MetaData | null;
  readonly properties: PropertySet | null;
  /** The member of the value's `oneof` as the wire holds it; null where there is none. */
  readonly wire: WireValue | null;
}

/** The value as the wire holds it: unsigned, and without its data type. */
export type WireValue =
  | { readonly field: "int"; readonly value: number }
  /** Unsigned; a bigint beyond 2^53 - 1. */
  | { readonly field: "long"; readonly value: number | bigint }
  | { readonly field: "float" | "double"; readonly value: number }
  | { readonly field: "boolean"; readonly value: boolean }
  | { readonly field: "string"; readonly value: string }
  | { readonly field: "bytes"; readonly value: Uint8Array }
  | { readonly field: "dataset"; readonly value: DataSet }
  | { readonly field: "template"; readonly value: Template }
  | { readonly field: "extension" };

export interface MetaData {
  readonly isMultiPart: boolean | null;
  readonly contentType: string | null;
  readonly size: number | bigint | null;
  readonly seq: number | bigint | null;
  readonly fileName: string | null;
  readonly fileType: string | null;
  readonly md5: string | null;
  readonly description: string | null;
}

export interface PropertySet {
  readonly keys: readonly string[];
  readonly values: readonly PropertyValue[];
}

export interface PropertyValue {
  readonly dataType: number;
  readonly isNull: boolean;
  readonly wire:
    | Exclude<WireValue, { field: "bytes" | "dataset" | "template" }>
    | { readonly field: "propertySet"; readonly value: PropertySet }
    | { readonly field: "propertySetList"; readonly value: readonly PropertySet[] }
    | null;
}

export interface DataSet {
  readonly columns: readonly string[];
  /** Data types of the columns. */
  readonly types: readonly number[];
  /** Null where an element has no value. */
  readonly rows: readonly (readonly (WireValue | null)[])[];
}

export interface Template {
  readonly version: string | null;
  readonly metrics: readonly Metric[];
  readonly parameters: readonly Parameter[];
  readonly templateRef: string | null;
  readonly isDefinition: boolean;
}

export interface Parameter {
  readonly name: string | null;
  readonly dataType: number;
  readonly wire: WireValue | null;
}

/** The numbers that the specification gives to its data types. */
export const DataType = {
  Unknown: 0,
  Int8: 1,
  Int16: 2,
  Int32: 3,
  Int64: 4,
  UInt8: 5,
  UInt16: 6,
  UInt32: 7,
  UInt64: 8,
  Float: 9,
  Double: 10,
  Boolean: 11,
  String: 12,
  DateTime: 13,
  Text: 14,
  UUID: 15,
  DataSet: 16,
  Bytes: 17,
  File: 18,
  Template: 19,
  PropertySet: 20,
  PropertySetList: 21,
  Int8Array: 22,
  Int16Array: 23,
  Int32Array: 24,
  Int64Array: 25,
  UInt8Array: 26,
  UInt16Array: 27,
  UInt32Array: 28,
  UInt64Array: 29,
  FloatArray: 30,
  DoubleArray: 31,
  BooleanArray: 32,
  StringArray: 33,
  DateTimeArray: 34,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(DataType).map(([name, type]) => [type, name]),
);
const NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries(DataType));

/** The name of a data type, as the specification writes it; one that it does not have is `data type <number>`. */
export function dataTypeName(dataType: number): string {
  return NAMES.get(dataType) ?? `data type ${dataType}`;
}

/** The number of a data type by its name; null where there is none of this name. */
export function dataTypeOf(name: string): number | null {
  return NUMBERS.get(name) ?? null;
}
