import { describe, expect, test } from "vitest";
import { coerce, dataTypeOf, type Scalar, unusable } from "./sample.js";

const BIG = 2n ** 63n - 1n;

describe("a value as its declared type wants it", () => {
  test.each<[Scalar, "Double" | "Int64" | "Boolean" | "String", Scalar | undefined]>([
    [null, "Double", null],
    [null, "String", null],
    [5.5, "Double", 5.5],
    [" 5.5 ", "Double", 5.5],
    ["1e3", "Double", 1_000],
    [true, "Double", 1],
    [2n ** 60n, "Double", 2 ** 60],
    ["", "Double", undefined],
    ["5 bar", "Double", undefined],
    ["Infinity", "Double", undefined],
    [5, "Int64", 5],
    ["5", "Int64", 5],
    [" +5 ", "Int64", 5],
    ["-5", "Int64", -5],
    [false, "Int64", 0],
    [BIG, "Int64", BIG],
    [BIG.toString(), "Int64", BIG],
    [5n, "Int64", 5],
    [2 ** 60, "Int64", 2n ** 60n],
    [BIG + 1n, "Int64", undefined],
    [1e30, "Int64", undefined],
    [Number.POSITIVE_INFINITY, "Int64", undefined],
    [5.5, "Int64", undefined],
    ["5.0", "Int64", undefined],
    ["", "Int64", undefined],
    [true, "Boolean", true],
    [1, "Boolean", true],
    [0, "Boolean", false],
    ["true", "Boolean", true],
    ["0", "Boolean", false],
    [2, "Boolean", undefined],
    ["yes", "Boolean", undefined],
    [5, "String", "5"],
    [BIG, "String", BIG.toString()],
    [true, "String", "true"],
    ["", "String", ""],
  ])("%s as %s is %s", (value, type, wanted) => {
    expect(coerce(value, type)).toBe(wanted);
  });
});

test("a text of a million digits is no integer, and found out at once", () => {
  expect(coerce("9".repeat(1_000_000), "Int64")).toBeUndefined();
});

test.each<[Scalar, string]>([
  [1, "Double"],
  [1n, "Int64"],
  [true, "Boolean"],
  ["", "String"],
  [null, "Double"],
])("%s by itself is a %s", (value, type) => {
  expect(dataTypeOf(value)).toBe(type);
});

test.each<[string, Scalar, boolean]>([
  ["a number", 1.5, true],
  ["null", null, true],
  ["an empty text", "", true],
  ["a text with a whole surrogate pair", "😀", true],
  ["the largest integer", BIG, true],
  ["a larger one", BIG + 1n, false],
  ["a number without end", Number.POSITIVE_INFINITY, false],
  ["no number", Number.NaN, false],
  ["a NUL character", "a\u0000b", false],
  ["half a surrogate pair", "a\ud83d", false],
])("%s can be kept or not", (_, value, usable) => {
  expect(unusable(value) === null).toBe(usable);
});

test("a text has at most 65,536 UTF-16 code units", () => {
  expect(unusable("x".repeat(65_536))).toBeNull();
  expect(unusable("é".repeat(65_537))).toBe("is a text of 65537 characters; at most 65536 are taken");
});
