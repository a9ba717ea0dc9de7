import { describe, expect, test } from "vitest";
import { decodeValue } from "./value.js";

describe("the payload is the value", () => {
  test.each<[string, unknown]>([
    ["23.4", 23.4],
    [" -5\n", -5],
    ["1e3", 1_000],
    ["true", true],
    ["false", false],
    ["null", null],
    ['"quoted \\u00b0"', "quoted °"],
    ["Execute", "Execute"],
    ["true story", "true story"],
    ["12:30", "12:30"],
    ["10.0.0.1", "10.0.0.1"],
    ["007", "007"],
    ['"open', '"open'],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["0.1234567890123456789", 0.123_456_789_012_345_68],
  ])("%j", (payload, value) => {
    expect(decodeValue(Buffer.from(payload), "temp")).toEqual({
      kind: "samples",
      samples: [{ metric: "temp", value, time: null, quality: "GOOD" }],
      problems: [],
    });
  });
});

test.each<[string, Buffer, string, string]>([
  ["an empty payload", Buffer.from(" \n"), "temp", "empty"],
  ["an object", Buffer.from('{"a":1}'), "temp", "format json"],
  ["an array", Buffer.from("[1]"), "temp", "format json"],
  ["no text", Buffer.from([0xff]), "temp", "UTF-8"],
  ["a name that can be none", Buffer.from("1"), "a//b", "empty parts"],
])("%s is refused", (_, payload, metric, reason) => {
  const decoded = decodeValue(payload, metric);
  expect(decoded.kind === "problem" ? decoded.problem : null).toContain(reason);
});
