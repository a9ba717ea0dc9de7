import { err, ok, type Result } from "../kernel/result.js";
import { integerOf, narrowed, shown } from "./integers.js";
import { DataType, dataTypeName } from "./payload.js";

/** The value of an array type. */
export type ArrayValue = readonly (number | bigint | boolean | string)[];

interface NumberArray {
  readonly bytes: 1 | 2 | 4 | 8;
  /** The data type of one element. */
  readonly element: number;
  readonly get: (view: DataView, at: number) => number | bigint;
  readonly set: (view: DataView, at: number, value: number | bigint) => void;
}

const INT64: Pick<NumberArray, "bytes" | "get" | "set"> = {
  bytes: 8,
  get: (view, at) => narrowed(view.getBigInt64(at, true)),
  set: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
};

/** The arrays of numbers, all with the lowest byte first. */
const NUMBER_ARRAYS: ReadonlyMap<number, NumberArray> = new Map<number, NumberArray>([
  [
    DataType.Int8Array,
    {
      bytes: 1,
      element: DataType.Int8,
      get: (view, at) => view.getInt8(at),
      set: (view, at, value) => view.setInt8(at, Number(value)),
    },
  ],
  [
    DataType.Int16Array,
    {
      bytes: 2,
      element: DataType.Int16,
      get: (view, at) => view.getInt16(at, true),
      set: (view, at, value) => view.setInt16(at, Number(value), true),
    },
  ],
  [
    DataType.Int32Array,
    {
      bytes: 4,
      element: DataType.Int32,
      get: (view, at) => view.getInt32(at, true),
      set: (view, at, value) => view.setInt32(at, Number(value), true),
    },
  ],
  [DataType.Int64Array, { ...INT64, element: DataType.Int64 }],
  [DataType.DateTimeArray, { ...INT64, element: DataType.DateTime }],
  [
    DataType.UInt8Array,
    {
      bytes: 1,
      element: DataType.UInt8,
      get: (view, at) => view.getUint8(at),
      set: (view, at, value) => view.setUint8(at, Number(value)),
    },
  ],
  [
    DataType.UInt16Array,
    {
      bytes: 2,
      element: DataType.UInt16,
      get: (view, at) => view.getUint16(at, true),
      set: (view, at, value) => view.setUint16(at, Number(value), true),
    },
  ],
  [
    DataType.UInt32Array,
    {
      bytes: 4,
      element: DataType.UInt32,
      get: (view, at) => view.getUint32(at, true),
      set: (view, at, value) => view.setUint32(at, Number(value), true),
    },
  ],
  [
    DataType.UInt64Array,
    {
      bytes: 8,
      element: DataType.UInt64,
      get: (view, at) => narrowed(view.getBigUint64(at, true)),
      set: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
    },
  ],
  [
    DataType.FloatArray,
    {
      bytes: 4,
      element: DataType.Float,
      get: (view, at) => view.getFloat32(at, true),
      set: (view, at, value) => view.setFloat32(at, Number(value), true),
    },
  ],
  [
    DataType.DoubleArray,
    {
      bytes: 8,
      element: DataType.Double,
      get: (view, at) => view.getFloat64(at, true),
      set: (view, at, value) => view.setFloat64(at, Number(value), true),
    },
  ],
]);

const COUNT_BYTES = 4;

/** Whether values of a data type are arrays. */
export function isArrayType(dataType: number): boolean {
  return dataType >= DataType.Int8Array && dataType <= DataType.DateTimeArray;
}

/**
 * The array in a metric's bytes. Times are milliseconds since 1970. Numbers begin with their lowest byte; the specification's
 * examples for floats and doubles show the other order, against its text. A last text without its NUL is taken as it is.
 */
export function decodeArray(bytes: Uint8Array, dataType: number): Result<ArrayValue, string> {
  if (dataType === DataType.BooleanArray) return decodeBooleans(bytes);
  if (dataType === DataType.StringArray) return ok(decodeStrings(bytes));
  const numbers = NUMBER_ARRAYS.get(dataType);
  if (numbers === undefined) return err(`${dataTypeName(dataType)} is no array`);
  if (bytes.length % numbers.bytes !== 0)
    return err(`${dataTypeName(dataType)}: ${bytes.length} bytes are no multiple of ${numbers.bytes}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: (number | bigint)[] = [];
  for (let at = 0; at < bytes.length; at += numbers.bytes) found.push(numbers.get(view, at));
  return ok(found);
}

/** The bytes of an array, whose elements must all be of the type; the error names the first that is not. */
export function encodeArray(values: ArrayValue, dataType: number): Result<Uint8Array, string> {
  if (dataType === DataType.BooleanArray) return encodeBooleans(values);
  if (dataType === DataType.StringArray) return encodeStrings(values);
  const numbers = NUMBER_ARRAYS.get(dataType);
  if (numbers === undefined) return err(`${dataTypeName(dataType)} is no array`);
  const bytes = new Uint8Array(values.length * numbers.bytes);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) {
    const number = numberOf(value, numbers.element);
    if (!number.ok) return err(`element ${index}: ${number.error}`);
    numbers.set(view, index * numbers.bytes, number.value);
  }
  return ok(bytes);
}

/** The number of a type that somebody wants written. */
export function numberOf(value: unknown, dataType: number): Result<number | bigint, string> {
  if (dataType !== DataType.Float && dataType !== DataType.Double) return integerOf(value, dataType);
  const exact = typeof value === "bigint" ? narrowed(value) : value;
  if (typeof exact !== "number")
    return err(`${dataTypeName(dataType)}: ${shown(value)} is no number of this type`);
  if (dataType === DataType.Float && Number.isFinite(exact) && !Number.isFinite(Math.fround(exact)))
    return err(`Float: ${shown(value)} is beyond the largest number of 32 bits`);
  return ok(exact);
}

/** The count of 4 bytes, then one bit each, the highest of a byte first. */
function decodeBooleans(bytes: Uint8Array): Result<ArrayValue, string> {
  if (bytes.length === 0) return ok([]);
  if (bytes.length < COUNT_BYTES)
    return err(`BooleanArray: ${bytes.length} bytes have no room for the count`);
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (count > (bytes.length - COUNT_BYTES) * 8)
    return err(`BooleanArray: ${count} values do not fit into ${bytes.length - COUNT_BYTES} bytes`);
  const found: boolean[] = [];
  for (let index = 0; index < count; index += 1) {
    const byte = bytes[COUNT_BYTES + (index >> 3)] ?? 0;
    found.push((byte & (0x80 >> (index & 7))) !== 0);
  }
  return ok(found);
}

function encodeBooleans(values: ArrayValue): Result<Uint8Array, string> {
  const bytes = new Uint8Array(COUNT_BYTES + Math.ceil(values.length / 8));
  new DataView(bytes.buffer).setUint32(0, values.length, true);
  for (const [index, value] of values.entries()) {
    if (typeof value !== "boolean")
      return err(`element ${index}: Boolean: ${shown(value)} is neither true nor false`);
    const at = COUNT_BYTES + (index >> 3);
    if (value) bytes[at] = (bytes[at] ?? 0) | (0x80 >> (index & 7));
  }
  return ok(bytes);
}

function decodeStrings(bytes: Uint8Array): readonly string[] {
  const texts = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8").split("\0");
  // What follows the last NUL.
  if (texts.at(-1) === "") texts.pop();
  return texts;
}

function encodeStrings(values: ArrayValue): Result<Uint8Array, string> {
  for (const [index, value] of values.entries()) {
    if (typeof value !== "string") return err(`element ${index}: String: ${shown(value)} is no text`);
    if (value.includes("\0")) return err(`element ${index}: String: a text of an array cannot hold a NUL`);
  }
  return ok(new Uint8Array(Buffer.from(values.map((value) => `${value}\0`).join(""))));
}
