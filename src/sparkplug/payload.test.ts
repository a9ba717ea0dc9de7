import { expect, test } from "vitest";
import { DataType, dataTypeName, dataTypeOf } from "./payload.js";

test("data types have the numbers and names of the specification", () => {
  expect(Object.values(DataType)).toEqual(Array.from({ length: 35 }, (_, number) => number));
  expect(dataTypeName(13)).toBe("DateTime");
  expect(dataTypeOf("DateTimeArray")).toBe(34);
  for (const number of Object.values(DataType)) expect(dataTypeOf(dataTypeName(number))).toBe(number);
});

test("a data type that the specification does not have has no number, and a name that says so", () => {
  expect(dataTypeOf("int32")).toBeNull();
  expect(dataTypeOf("constructor")).toBeNull();
  expect(dataTypeName(35)).toBe("data type 35");
});
