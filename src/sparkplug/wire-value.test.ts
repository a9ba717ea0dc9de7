import fc from "fast-check";
import { expect, test } from "vitest";
import { type MetricValue, metricValueOf } from "./metric-value.js";
import { DataType } from "./payload.js";
import { wireValueOf } from "./wire-value.js";

type TypeName = keyof typeof DataType;

const integers = (min: bigint, max: bigint) =>
  fc.bigInt({ min, max }).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
const int64 = integers(-(2n ** 63n), 2n ** 63n - 1n);
const text = fc.string({ unit: "binary" });

const VALUES: Readonly<Partial<Record<TypeName, fc.Arbitrary<MetricValue>>>> = {
  Int8: integers(-128n, 127n),
  Int16: integers(-32_768n, 32_767n),
  Int32: integers(-(2n ** 31n), 2n ** 31n - 1n),
  Int64: int64,
  UInt8: integers(0n, 255n),
  UInt16: integers(0n, 65_535n),
  UInt32: integers(0n, 2n ** 32n - 1n),
  UInt64: integers(0n, 2n ** 64n - 1n),
  Float: fc.float(),
  Double: fc.double(),
  Boolean: fc.boolean(),
  String: text,
  DateTime: int64,
  Text: text,
  UUID: fc.uuid(),
  Bytes: fc.uint8Array(),
  File: fc.uint8Array(),
  DataSet: fc.constant({ columns: ["a"], types: [1], rows: [[null]] }),
  Template: fc.constant({
    version: "1",
    metrics: [],
    parameters: [],
    templateRef: "Motor",
    isDefinition: false,
  }),
  Int8Array: fc.array(integers(-128n, 127n)),
  UInt64Array: fc.array(integers(0n, 2n ** 64n - 1n)),
  BooleanArray: fc.array(fc.boolean()),
  StringArray: fc.array(text.map((one) => one.replaceAll("\0", ""))),
};

test.each(Object.keys(VALUES))("whatever is written as %s is read again", (name) => {
  const dataType = DataType[name as TypeName];
  fc.assert(
    fc.property(VALUES[name as TypeName] ?? fc.constant(null), (value) => {
      const wire = wireValueOf(value, dataType);
      if (!wire.ok) throw new Error(wire.error);
      expect(metricValueOf({ isNull: false, wire: wire.value }, dataType)).toEqual({ ok: true, value });
    }),
    { numRuns: 300 },
  );
});

test.each<[TypeName, MetricValue, unknown]>([
  ["Int8", -23, { field: "int", value: 0xffff_ffe9 }],
  ["Int16", -0, { field: "int", value: 0 }],
  ["UInt32", 0xffff_ffff, { field: "int", value: 0xffff_ffff }],
  ["Int32", 7n, { field: "int", value: 7 }],
  ["Int64", -1, { field: "long", value: 2n ** 64n - 1n }],
  ["Int64", -0, { field: "long", value: 0 }],
  ["Int64", "-9223372036854775808", { field: "long", value: 2n ** 63n }],
  ["Int64", 2 ** 60, { field: "long", value: 2n ** 60n }],
  ["UInt64", "18446744073709551615", { field: "long", value: 2n ** 64n - 1n }],
  ["DateTime", "2026-01-05T08:00:00+01:00", { field: "long", value: Date.UTC(2026, 0, 5, 7) }],
  ["DateTime", 1486144502122, { field: "long", value: 1486144502122 }],
  ["Float", 0.5, { field: "float", value: 0.5 }],
  ["Double", 5n, { field: "double", value: 5 }],
  [
    "UUID",
    "0197A1B2-0000-7000-8000-000000000000",
    { field: "string", value: "0197A1B2-0000-7000-8000-000000000000" },
  ],
])("a %s of %s stands in the field of the specification", (type, value, wire) => {
  expect(wireValueOf(value, DataType[type])).toEqual({ ok: true, value: wire });
});

test.each<[TypeName, MetricValue, string]>([
  ["Int8", 128, "Int8: 128 is not from -128 to 127"],
  ["Int8", "5", 'Int8: "5" is no integer'],
  ["UInt8", -1, "UInt8: -1 is not from 0 to 255"],
  ["Int32", 1.5, "Int32: 1.5 is no integer"],
  ["Int32", Number.NaN, "Int32: NaN is no integer"],
  ["Int32", true, "Int32: true is no integer"],
  ["Int64", 2n ** 63n, `Int64: ${2n ** 63n} is not from ${-(2n ** 63n)} to ${2n ** 63n - 1n}`],
  ["UInt64", 2 ** 64, `UInt64: 18446744073709552000 is not from 0 to ${2n ** 64n - 1n}`],
  ["UInt64", "1e3", 'UInt64: "1e3" is no integer'],
  ["UInt64", "9".repeat(1_000), `UInt64: "${"9".repeat(50)}..." is no integer`],
  ["DateTime", "2026-01-05T08:00:00", 'DateTime: "2026-01-05T08:00:00" is no integer'],
  ["DateTime", "2026-02-30T25:00:00Z", 'DateTime: "2026-02-30T25:00:00Z" is no integer'],
  ["Float", 1e39, "Float: 1e+39 is beyond the largest number of 32 bits"],
  ["Double", 2n ** 60n, "Double: 1152921504606846976 is no number of this type"],
  ["Double", "5", 'Double: "5" is no number of this type'],
  ["Boolean", 1, "Boolean: 1 is not true or false"],
  ["String", 5, "String: 5 is not a text"],
  ["UUID", "5", 'UUID: "5" is not a UUID'],
  ["Bytes", "5", 'Bytes: "5" is not bytes'],
  ["DataSet", [1], "DataSet: a list of 1 is not a data set"],
  ["Template", new Uint8Array(3), "Template: 3 bytes is not a template"],
  ["Int8Array", 5, "Int8Array: 5 is not a list"],
  ["Int8Array", [5, 300], "element 1: Int8: 300 is not from -128 to 127"],
  ["Int8", null, "Int8: null has no value on the wire"],
  ["PropertySet", 5, "a metric cannot be written as PropertySet"],
  ["Unknown", 5, "a metric cannot be written as Unknown"],
])("what a %s cannot hold is refused: %s", (type, value, error) => {
  expect(wireValueOf(value, DataType[type])).toEqual({ ok: false, error });
});
