import fc from "fast-check";
import { expect, test } from "vitest";
import { type ArrayValue, decodeArray, encodeArray, isArrayType } from "./array-value.js";
import { DataType, dataTypeName } from "./payload.js";

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

// The examples of the specification. Those for floats and doubles stand there with the highest byte first, and the one for times
// with 6 bytes each, against its text; here they are as the text has it, and as the reference implementation writes them.
const EXAMPLES: readonly (readonly [keyof typeof DataType, ArrayValue, string])[] = [
  ["Int32Array", [123456789, 987654321], "15 cd 5b 07 b1 68 de 3a"],
  ["Int8Array", [-23, 123], "e9 7b"],
  ["Int16Array", [-30000, 30000], "d0 8a 30 75"],
  ["Int32Array", [-1, 315338746], "ff ff ff ff fa af cb 12"],
  [
    "Int64Array",
    [-4270929666821191986n, -3601064768563266876n],
    "ce 06 72 ac 18 9c ba c4 c4 ba 9c 18 ac 72 06 ce",
  ],
  ["UInt8Array", [23, 250], "17 fa"],
  ["UInt16Array", [30, 52360], "1e 00 88 cc"],
  ["UInt32Array", [52, 3293969225], "34 00 00 00 49 fb 55 c4"],
  ["UInt64Array", [52, 16444743074749521625n], "34 00 00 00 00 00 00 00 d9 9e 02 d1 b2 76 37 e4"],
  ["FloatArray", [1.23, 89.341].map(Math.fround), "a4 70 9d 3f 98 ae b2 42"],
  ["DoubleArray", [12.354213, 1022.9123213], "d7 a2 05 68 5b b5 28 40 8e 17 1c 6f 4c f7 8f 40"],
  [
    "BooleanArray",
    [false, false, true, true, false, true, false, false, true, true, false, true],
    "0c 00 00 00 34 d0",
  ],
  ["StringArray", ["ABC", "hello"], "41 42 43 00 68 65 6c 6c 6f 00"],
  ["DateTimeArray", [1256102875335, 1656107875000], "c7 d0 90 75 24 01 00 00 b8 ba b8 97 81 01 00 00"],
];

test.each(EXAMPLES)("the specification's %s is read and written", (name, values, bytes) => {
  expect(decodeArray(hex(bytes), DataType[name])).toEqual({ ok: true, value: values });
  expect(encodeArray(values, DataType[name])).toEqual({ ok: true, value: hex(bytes) });
});

const integers = (min: bigint, max: bigint) =>
  fc.bigInt({ min, max }).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));

const ELEMENTS: Readonly<Record<string, fc.Arbitrary<number | bigint | boolean | string>>> = {
  Int8Array: integers(-128n, 127n),
  Int16Array: integers(-32_768n, 32_767n),
  Int32Array: integers(-(2n ** 31n), 2n ** 31n - 1n),
  Int64Array: integers(-(2n ** 63n), 2n ** 63n - 1n),
  UInt8Array: integers(0n, 255n),
  UInt16Array: integers(0n, 65_535n),
  UInt32Array: integers(0n, 2n ** 32n - 1n),
  UInt64Array: integers(0n, 2n ** 64n - 1n),
  FloatArray: fc.float(),
  DoubleArray: fc.double(),
  BooleanArray: fc.boolean(),
  StringArray: fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
  DateTimeArray: integers(-(2n ** 63n), 2n ** 63n - 1n),
};

test("there is an example of every array type", () => {
  const types = Object.values(DataType).filter(isArrayType).map(dataTypeName);
  expect(Object.keys(ELEMENTS).sort()).toEqual(types.sort());
});

test.each(Object.keys(ELEMENTS))("whatever array is written as %s is read again", (name) => {
  const dataType = DataType[name as keyof typeof DataType];
  const elements = ELEMENTS[name] ?? fc.boolean();
  fc.assert(
    fc.property(fc.array(elements, { maxLength: 40 }), fc.nat(7), (values, offset) => {
      const bytes = encodeArray(values, dataType);
      if (!bytes.ok) throw new Error(bytes.error);
      // Bytes need not begin where a number may begin in memory.
      const moved = new Uint8Array(bytes.value.length + offset).subarray(offset);
      moved.set(bytes.value);
      expect(decodeArray(moved, dataType)).toEqual({ ok: true, value: values });
    }),
    { numRuns: 300 },
  );
});

test.each(Object.keys(ELEMENTS))("any bytes are a %s or are refused", (name) => {
  const dataType = DataType[name as keyof typeof DataType];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const values = decodeArray(bytes, dataType);
      if (values.ok) expect(encodeArray(values.value, dataType).ok).toBe(true);
      else expect(values.error).toContain(name);
    }),
    { numRuns: 300 },
  );
});

test("what edge nodes leave out of an array is not missed", () => {
  expect(decodeArray(hex("41 00 00 42"), DataType.StringArray)).toMatchObject({ value: ["A", "", "B"] });
  expect(decodeArray(hex(""), DataType.StringArray)).toMatchObject({ value: [] });
  expect(decodeArray(hex(""), DataType.BooleanArray)).toMatchObject({ value: [] });
  expect(decodeArray(hex("03 00 00 00 bf ff"), DataType.BooleanArray)).toMatchObject({
    value: [true, false, true],
  });
});

test.each([
  ["Int16Array", "01 02 03", "Int16Array: 3 bytes are no multiple of 2"],
  ["DateTimeArray", "01 02 03 04", "DateTimeArray: 4 bytes are no multiple of 8"],
  ["BooleanArray", "01 00", "BooleanArray: 2 bytes have no room for the count"],
  ["BooleanArray", "09 00 00 00 ff", "BooleanArray: 9 values do not fit into 1 bytes"],
  ["BooleanArray", "ff ff ff ff ff", "BooleanArray: 4294967295 values do not fit into 1 bytes"],
  ["Int8", "01", "Int8 is no array"],
] as const)("a %s of the bytes %s is refused", (name, bytes, error) => {
  expect(decodeArray(hex(bytes), DataType[name])).toEqual({ ok: false, error });
});

test.each([
  ["Int8Array", [1, 128], "element 1: Int8: 128 is not from -128 to 127"],
  ["UInt16Array", [-1], "element 0: UInt16: -1 is not from 0 to 65535"],
  ["Int32Array", [1, 2, 2.5], "element 2: Int32: 2.5 is no integer"],
  [
    "UInt64Array",
    [2n ** 64n],
    "element 0: UInt64: 18446744073709551616 is not from 0 to 18446744073709551615",
  ],
  ["FloatArray", [1e39], "element 0: Float: 1e+39 is beyond the largest number of 32 bits"],
  ["DoubleArray", [1, "2"], 'element 1: Double: "2" is no number of this type'],
  ["BooleanArray", [true, 1], "element 1: Boolean: 1 is neither true nor false"],
  ["StringArray", ["a", 1], "element 1: String: 1 is no text"],
  ["StringArray", ["a\0b"], "element 0: String: a text of an array cannot hold a NUL"],
  ["String", ["a"], "String is no array"],
] as const)("a %s of %o cannot be written", (name, values, error) => {
  expect(encodeArray(values, DataType[name])).toEqual({ ok: false, error });
});
