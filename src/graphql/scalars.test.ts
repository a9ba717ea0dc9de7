import { type GraphQLScalarType, parseValue } from "graphql";
import { describe, expect, test } from "vitest";
import {
  GraphQLDateTime,
  GraphQLEquipmentPath,
  GraphQLMetricValue,
  GraphQLSafeInt,
  GraphQLTopicFilter,
} from "./scalars.js";

/** The value of a literal as it stands in a document. */
function literal(scalar: GraphQLScalarType, text: string): unknown {
  return scalar.parseLiteral(parseValue(text), undefined);
}

describe("DateTime", () => {
  test.each([
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T12:00:00.5+02:00", "2026-01-31T10:00:00.500Z"],
    ["2024-02-29T00:00:00.123456789Z", "2024-02-29T00:00:00.123Z"],
  ])("%s is %s", (text, wanted) => {
    expect(GraphQLDateTime.serialize(GraphQLDateTime.parseValue(text))).toBe(wanted);
    expect(GraphQLDateTime.serialize(literal(GraphQLDateTime, JSON.stringify(text)))).toBe(wanted);
  });

  test.each([
    "2026-01-31",
    "2026-01-31T12:00:00",
    "2026-01-31 12:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2025-02-29T00:00:00+01:00",
    "2026-01-01T25:00:00Z",
    "now",
    "",
    1_717_083_000_000,
    null,
  ])("%j is refused", (value) => {
    expect(() => GraphQLDateTime.parseValue(value)).toThrow("is not a DateTime");
  });

  test("shows dates and milliseconds, and nothing that is no time", () => {
    expect(GraphQLDateTime.serialize(0)).toBe("1970-01-01T00:00:00.000Z");
    expect(() => GraphQLDateTime.serialize("2026")).toThrow();
    expect(() => literal(GraphQLDateTime, "5")).toThrow("is not a DateTime");
  });
});

describe("SafeInt", () => {
  test.each([0, -1, 2 ** 53 - 1, -(2 ** 53 - 1)])("%d is taken and shown", (value) => {
    expect(GraphQLSafeInt.parseValue(value)).toBe(value);
    expect(literal(GraphQLSafeInt, String(value))).toBe(value);
    expect(GraphQLSafeInt.serialize(value)).toBe(value);
  });

  test.each([2 ** 53, 1.5, "1", null, true])("%j is refused", (value) => {
    expect(() => GraphQLSafeInt.parseValue(value)).toThrow("is not a SafeInt");
  });

  test("what it cannot show without loss is an error", () => {
    expect(GraphQLSafeInt.serialize("12")).toBe(12);
    for (const value of ["9007199254740993", 1.5, "x"])
      expect(() => GraphQLSafeInt.serialize(value)).toThrow();
    expect(() => literal(GraphQLSafeInt, "9007199254740993")).toThrow();
    expect(() => literal(GraphQLSafeInt, '"1"')).toThrow();
  });
});

describe("MetricValue", () => {
  test.each<[string, unknown]>([
    ["5", 5],
    ["-5.5", -5.5],
    ["true", true],
    ['"x"', "x"],
    ["null", null],
    ["9007199254740993", 9_007_199_254_740_993n],
  ])("the literal %s is taken", (text, wanted) => {
    expect(literal(GraphQLMetricValue, text)).toBe(wanted);
  });

  test.each(["[1]", "{ a: 1 }", "EXECUTE"])("the literal %s is refused", (text) => {
    expect(() => literal(GraphQLMetricValue, text)).toThrow("must be a number");
  });

  test("integers beyond 2^53 travel as texts", () => {
    expect(GraphQLMetricValue.serialize(2n ** 63n)).toBe("9223372036854775808");
    for (const value of [1, "x", false, null]) expect(GraphQLMetricValue.serialize(value)).toBe(value);
  });

  test("variables are single values", () => {
    for (const value of [1, "x", false, null]) expect(GraphQLMetricValue.parseValue(value)).toBe(value);
    for (const value of [[], {}, undefined]) expect(() => GraphQLMetricValue.parseValue(value)).toThrow();
  });
});

describe.each([
  [GraphQLEquipmentPath, ["a", "a/b c/ü"], ["", "/a", "a/", "a//b", "a/+", "a#", 5, null]],
  [GraphQLTopicFilter, ["#", "+", "a/+/#", "+/a", "a//b"], ["", "a#", "#/a", "a+/b", "a/b+", 5, null]],
])("%s", (scalar, taken, refused) => {
  test.each(taken)("%j is taken", (text) => {
    expect(scalar.parseValue(text)).toBe(text);
    expect(literal(scalar, JSON.stringify(text))).toBe(text);
  });

  test.each(refused)("%j is refused", (value) => {
    expect(() => scalar.parseValue(value)).toThrow(scalar.name);
    expect(() => literal(scalar, JSON.stringify(value))).toThrow(scalar.name);
  });
});
