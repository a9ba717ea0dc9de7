import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { timeOf } from "./timestamp.js";

const MS = 1_717_083_000_123;

describe("a time is told by its size or its form", () => {
  test.each([
    ["seconds", 1_717_083_000, 1_717_083_000_000],
    ["seconds with a fraction", 1_717_083_000.123, MS],
    ["milliseconds", MS, MS],
    ["microseconds", 1_717_083_000_123_456, MS],
    ["nanoseconds", 1_717_083_000_123_456_789n, MS],
    ["digits in a text", "1717083000123", MS],
    ["seconds in a text", " 1717083000.123 ", MS],
    ["ISO 8601", "2024-05-30T15:30:00.123Z", MS],
    ["ISO 8601 without a zone is UTC", "2024-05-30T15:30:00.123", MS],
    ["ISO 8601 with an offset", "2024-05-30T17:30:00.123+02:00", MS],
    ["ISO 8601 with a short offset", "2024-05-30T17:30:00.123+0200", MS],
    ["ISO 8601 with a space and a comma", "2024-05-30 15:30:00,123", MS],
    ["ISO 8601 with nanoseconds", "2024-05-30T15:30:00.123456789Z", MS],
    ["ISO 8601 to the minute", "2024-05-30T15:30Z", MS - 123],
    ["a day", "2024-05-30", Date.UTC(2024, 4, 30)],
    ["a clock that was never set", 0, 0],
  ])("%s", (_, value, ms) => {
    expect(timeOf(value)).toBe(ms);
  });
});

test.each(
  [
    null,
    undefined,
    true,
    {},
    [],
    "",
    "soon",
    "2024-13-01",
    "2024-05-30T25:00:00Z",
    "30.05.2024",
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ].map((value) => [value]),
)("%j is no time", (value) => {
  expect(timeOf(value)).toBeNull();
});

test("one moment is the same in every unit", () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1980, 0, 1), max: Date.UTC(2100, 0, 1) }), (ms) => {
      for (const value of [ms, ms * 1e3, BigInt(ms) * 1_000_000n, ms / 1e3, new Date(ms).toISOString()])
        expect(timeOf(value)).toBe(ms);
    }),
  );
});
