import { err, ok, type Result } from "../kernel/result.js";
import { type ArrayValue, decodeArray } from "./array-value.js";
import { signed64 } from "./integers.js";
import {
  type DataSet,
  DataType,
  dataTypeName,
  type Metric,
  type PropertySet,
  type PropertyValue,
  type Template,
  type WireValue,
} from "./payload.js";

/**
 * What a metric tells, by its data type: integers are numbers where they are exact, else bigints; a DateTime is milliseconds since
 * 1970; Bytes and File are bytes.
 */
export type MetricValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Uint8Array
  | ArrayValue
  | DataSet
  | Template;

/** What a property tells; it may be a set of properties itself, or a list of them. */
export type PropertyMeaning = MetricValue | PropertySet | readonly PropertySet[];

const NULL: Result<null, never> = ok(null);

/**
 * The value of a metric, read by its data type: that of the birth, where the metric itself tells none (0).
 *
 * Lenient, because edge nodes in use differ in it: an integer may stand in the field of the other width, a number in that of another
 * kind, and one that is out of its type's range is told as it is. Bits beyond a signed type's half are two's complement, of the
 * type's width or the field's. Of type Unknown the field alone decides, unsigned. Refused are texts and bytes for numbers and the
 * reverse, arrays whose length is wrong, and a metric that neither has a value nor is null.
 */
export function metricValueOf(
  metric: Pick<Metric, "isNull" | "wire">,
  dataType: number,
): Result<MetricValue, string> {
  return metric.isNull ? NULL : readValue(metric.wire, dataType);
}

/** As `metricValueOf`, of a property, which always tells its type. */
export function propertyValueOf({ isNull, wire, dataType }: PropertyValue): Result<PropertyMeaning, string> {
  if (isNull) return NULL;
  if (wire?.field !== "propertySet" && wire?.field !== "propertySetList") return readValue(wire, dataType);
  const fits = wire.field === "propertySet" ? DataType.PropertySet : DataType.PropertySetList;
  return dataType === fits || dataType === DataType.Unknown ? ok(wire.value) : mismatch(wire.field, dataType);
}

/** As `metricValueOf`, of a template's parameter, or of a cell of a data set with the type of its column. */
export function readValue(wire: WireValue | null, dataType: number): Result<MetricValue, string> {
  if (wire === null) return err(`${dataTypeName(dataType)}: there is no value`);
  switch (dataType) {
    case DataType.Double:
    case DataType.Float:
      return readReal(wire, dataType);
    case DataType.Boolean:
      return readBoolean(wire);
    case DataType.Int8:
      return readSigned(wire, 8, dataType);
    case DataType.Int16:
      return readSigned(wire, 16, dataType);
    case DataType.Int32:
      return readSigned(wire, 32, dataType);
    case DataType.Int64:
    case DataType.DateTime:
      return readSigned(wire, 64, dataType);
    case DataType.UInt8:
    case DataType.UInt16:
    case DataType.UInt32:
    case DataType.UInt64:
      return readUnsigned(wire, dataType);
    case DataType.String:
    case DataType.Text:
    case DataType.UUID:
      return wire.field === "string" ? ok(wire.value) : mismatch(wire.field, dataType);
    case DataType.Bytes:
    case DataType.File:
      return wire.field === "bytes" ? ok(wire.value) : mismatch(wire.field, dataType);
    case DataType.DataSet:
      return wire.field === "dataset" ? ok(wire.value) : mismatch(wire.field, dataType);
    case DataType.Template:
      return wire.field === "template" ? ok(wire.value) : mismatch(wire.field, dataType);
    case DataType.Unknown:
      return wire.field === "extension" ? mismatch(wire.field, dataType) : ok(wire.value);
    default:
      return wire.field === "bytes" ? decodeArray(wire.value, dataType) : mismatch(wire.field, dataType);
  }
}

function readSigned(wire: WireValue, bits: 8 | 16 | 32 | 64, dataType: number): Result<MetricValue, string> {
  switch (wire.field) {
    case "int":
      return ok(asSigned(wire.value | 0, bits));
    case "long": {
      const value = signed64(wire.value);
      return ok(typeof value === "number" && bits < 64 ? asSigned(asSigned(value, 32), bits) : value);
    }
    default:
      return readReal(wire, dataType);
  }
}

/** What the upper half of so many bits means as two's complement; numbers that are none of it stay. */
export function asSigned(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) && value < 2 ** bits ? value - 2 ** bits : value;
}

function readUnsigned(wire: WireValue, dataType: number): Result<MetricValue, string> {
  return wire.field === "int" || wire.field === "long" ? ok(wire.value) : readReal(wire, dataType);
}

function readReal(wire: WireValue, dataType: number): Result<MetricValue, string> {
  switch (wire.field) {
    case "double":
    case "float":
      return ok(wire.value);
    case "int":
      return ok(wire.value | 0);
    case "long":
      return ok(Number(signed64(wire.value)));
    case "boolean":
      return ok(wire.value ? 1 : 0);
    default:
      return mismatch(wire.field, dataType);
  }
}

function readBoolean(wire: WireValue): Result<MetricValue, string> {
  if (wire.field === "boolean") return ok(wire.value);
  if (wire.field === "int" || wire.field === "long") return ok(wire.value !== 0);
  return mismatch(wire.field, DataType.Boolean);
}

function mismatch(field: string, dataType: number): Result<never, string> {
  return err(`${dataTypeName(dataType)}: the value is of the kind ${field}`);
}
