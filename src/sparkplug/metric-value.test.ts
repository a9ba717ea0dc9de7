import { expect, test } from "vitest";
import { metricValueOf, propertyValueOf, readValue } from "./metric-value.js";
import { DataType, type PropertySet, type WireValue } from "./payload.js";

type TypeName = keyof typeof DataType;

const int = (value: number): WireValue => ({ field: "int", value });
const long = (value: number | bigint): WireValue => ({ field: "long", value });
const float = (value: number): WireValue => ({ field: "float", value });
const double = (value: number): WireValue => ({ field: "double", value });
const boolean = (value: boolean): WireValue => ({ field: "boolean", value });
const string = (value: string): WireValue => ({ field: "string", value });
const bytes = (...value: number[]): WireValue => ({ field: "bytes", value: new Uint8Array(value) });
const dataset: WireValue = { field: "dataset", value: { columns: ["a"], types: [3], rows: [[int(1)]] } };
const template: WireValue = {
  field: "template",
  value: { version: null, metrics: [], parameters: [], templateRef: "Motor", isDefinition: false },
};
const extension: WireValue = { field: "extension" };

function read(wire: WireValue | null, type: TypeName) {
  return metricValueOf({ isNull: false, wire }, DataType[type]);
}

test.each<[TypeName, WireValue, unknown]>([
  ["Int8", int(0xffff_ffe9), -23],
  ["Int8", int(127), 127],
  ["Int16", int(0xffff_8ad0), -30_000],
  ["Int32", int(0xffff_ffff), -1],
  ["Int32", int(0x8000_0000), -(2 ** 31)],
  ["Int64", long(3_000), 3_000],
  ["Int64", long(2n ** 64n - 23n), -23],
  ["Int64", long(2n ** 63n), -(2n ** 63n)],
  ["Int64", long(2n ** 63n - 1n), 2n ** 63n - 1n],
  ["UInt8", int(250), 250],
  ["UInt16", int(52_360), 52_360],
  ["UInt32", int(0xffff_ffff), 0xffff_ffff],
  ["UInt64", long(52), 52],
  ["UInt64", long(16444743074749521625n), 16444743074749521625n],
  ["Float", float(12.5), 12.5],
  ["Double", double(0.1), 0.1],
  ["Boolean", boolean(false), false],
  ["String", string("Raspberry Pi"), "Raspberry Pi"],
  ["Text", string(""), ""],
  ["UUID", string("0197a1b2-0000-7000-8000-000000000000"), "0197a1b2-0000-7000-8000-000000000000"],
  ["DateTime", long(1486144502122), 1486144502122],
  ["DateTime", long(2n ** 64n - 1n), -1],
  ["Bytes", bytes(1, 2), new Uint8Array([1, 2])],
  ["File", bytes(), new Uint8Array()],
  ["DataSet", dataset, dataset.field === "dataset" && dataset.value],
  ["Template", template, template.field === "template" && template.value],
  ["Int16Array", bytes(0xd0, 0x8a, 0x30, 0x75), [-30_000, 30_000]],
  ["BooleanArray", bytes(3, 0, 0, 0, 0b1010_0000), [true, false, true]],
  ["StringArray", bytes(0x41, 0, 0x42, 0), ["A", "B"]],
])("a value of %s in the field of the specification: %o is %o", (type, wire, value) => {
  expect(read(wire, type)).toEqual({ ok: true, value });
});

test.each<[string, TypeName, WireValue, unknown]>([
  ["two's complement of its own width", "Int8", int(233), -23],
  ["two's complement of its own width", "Int16", int(35_536), -30_000],
  ["an integer out of range", "Int8", int(1_000), 1_000],
  ["an integer out of range", "Int16", int(0xffff_0000), -65_536],
  ["an integer out of range", "UInt8", int(300), 300],
  ["a short one in the long field", "Int8", long(0xffff_ffe9), -23],
  ["a short one in the long field", "Int8", long(233), -23],
  ["a short one in the long field", "Int32", long(2n ** 64n - 1n), -1],
  ["a short one in the long field", "Int32", long(0xffff_ffff), -1],
  ["a short one in the long field", "Int32", long(2 ** 40), 2 ** 40],
  ["a short one in the long field", "UInt32", long(0xffff_ffff), 0xffff_ffff],
  ["a long one in the short field", "Int64", int(0xffff_ffff), -1],
  ["a long one in the short field", "UInt64", int(0xffff_ffff), 0xffff_ffff],
  ["a time in the short field", "DateTime", int(1_000), 1_000],
  ["an integer for a number", "Double", int(0xffff_fffb), -5],
  ["an integer for a number", "Float", long(2n ** 64n - 5n), -5],
  ["a number for an integer", "Int32", double(7), 7],
  ["a number for an integer", "Int32", float(7.5), 7.5],
  ["a double for a float and the reverse", "Float", double(0.1), 0.1],
  ["a double for a float and the reverse", "Double", float(0.5), 0.5],
  ["true for an integer", "Int32", boolean(true), 1],
  ["an integer for true", "Boolean", int(1), true],
  ["an integer for true", "Boolean", long(0), false],
])("edge nodes that are not exact are understood, such as %s: %s of %o is %o", (_what, type, wire, value) => {
  expect(read(wire, type)).toEqual({ ok: true, value });
});

test.each<[WireValue, unknown]>([
  [int(0xffff_ffff), 0xffff_ffff],
  [long(2n ** 64n - 1n), 2n ** 64n - 1n],
  [double(0.1), 0.1],
  [boolean(true), true],
  [string("a"), "a"],
  [bytes(1), new Uint8Array([1])],
])("without a data type the field alone decides: %o", (wire, value) => {
  expect(read(wire, "Unknown")).toEqual({ ok: true, value });
});

test("a metric that says it is null is null, whatever else it holds", () => {
  expect(metricValueOf({ isNull: true, wire: null }, DataType.Int8)).toEqual({ ok: true, value: null });
  expect(metricValueOf({ isNull: true, wire: int(0) }, DataType.Int8)).toEqual({ ok: true, value: null });
});

test.each<[TypeName, WireValue | null, string]>([
  ["Int8", null, "Int8: there is no value"],
  ["Int8", string("1"), "Int8: the value is of the kind string"],
  ["UInt64", bytes(1), "UInt64: the value is of the kind bytes"],
  ["Double", string("1"), "Double: the value is of the kind string"],
  ["Boolean", double(1), "Boolean: the value is of the kind double"],
  ["String", int(1), "String: the value is of the kind int"],
  ["DateTime", template, "DateTime: the value is of the kind template"],
  ["Bytes", string("1"), "Bytes: the value is of the kind string"],
  ["DataSet", template, "DataSet: the value is of the kind template"],
  ["Template", dataset, "Template: the value is of the kind dataset"],
  ["Int8Array", int(1), "Int8Array: the value is of the kind int"],
  ["Int16Array", bytes(1), "Int16Array: 1 bytes are no multiple of 2"],
  ["PropertySet", bytes(1), "PropertySet is no array"],
  ["Unknown", extension, "Unknown: the value is of the kind extension"],
])("a %s of %o is refused", (type, wire, error) => {
  expect(read(wire, type)).toEqual({ ok: false, error });
});

test("a data type that is none is refused", () => {
  expect(readValue(int(1), 99)).toEqual({ ok: false, error: "data type 99: the value is of the kind int" });
});

test("a property is read by its own type, and may be a set of properties", () => {
  const set: PropertySet = {
    keys: ["Quality"],
    values: [{ dataType: DataType.Int32, isNull: false, wire: { field: "int", value: 192 } }],
  };
  const property = { isNull: false, dataType: DataType.PropertySet };
  expect(set.values.map(propertyValueOf)).toEqual([{ ok: true, value: 192 }]);
  expect(propertyValueOf({ ...property, wire: { field: "propertySet", value: set } })).toEqual({
    ok: true,
    value: set,
  });
  expect(
    propertyValueOf({ ...property, dataType: 21, wire: { field: "propertySetList", value: [set] } }),
  ).toEqual({ ok: true, value: [set] });
  expect(propertyValueOf({ ...property, isNull: true, wire: null })).toEqual({ ok: true, value: null });
  expect(propertyValueOf({ ...property, dataType: 3, wire: { field: "propertySet", value: set } })).toEqual({
    ok: false,
    error: "Int32: the value is of the kind propertySet",
  });
});
