import { describe, expect, test } from "vitest";
import type { Decoded } from "./format.js";
import { decodeJson, JsonShape } from "./json.js";
import { metricNameProblem } from "./metric-names.js";

const TS = 1_717_083_000_123;

function decode(payload: string | Buffer, timestamp: string | null = "ts"): Decoded {
  return decodeJson(Buffer.from(payload), new JsonShape({ timestamp }));
}

/** Metric and value of every sample. */
function valuesOf(decoded: Decoded): Record<string, unknown> {
  if (decoded.kind !== "samples") throw new Error(JSON.stringify(decoded));
  return Object.fromEntries(decoded.samples.map((sample) => [sample.metric, sample.value]));
}

describe("the leaves are the metrics", () => {
  test.each<[string, string, Record<string, unknown>]>([
    ["nested names join", '{"ts":1,"a":1,"b":{"c":{"d":true}}}', { a: 1, "b/c/d": true }],
    ["positions of arrays join", '{"t":[1,{"x":"y"}]}', { "t/0": 1, "t/1/x": "y" }],
    ["null is a value", '{"a":null}', { a: null }],
    ["empty objects and arrays hold nothing", '{"a":1,"b":{},"c":[]}', { a: 1 }],
    ["a name may hold a slash", '{"a/b":1}', { "a/b": 1 }],
    ["integers beyond 2^53 keep their digits", '{"a":9007199254740993}', { a: 9_007_199_254_740_993n }],
    ["integers up to 2^53 stay numbers", '{"a":9007199254740991}', { a: 9_007_199_254_740_991 }],
    ["long fractions stay numbers", '{"a":0.12345678901234567}', { a: 0.12345678901234566 }],
    ["endless digits are a number as near as can be", `{"a":1${"0".repeat(99)}}`, { a: 1e99 }],
    ["names of Object's own are names", '{"constructor":1,"toString":2}', { constructor: 1, toString: 2 }],
    ["a prototype is a name too", '{"__proto__":1,"a":2}', JSON.parse('{"__proto__":1,"a":2}')],
  ])("%s", (_, payload, wanted) => {
    expect(valuesOf(decode(payload))).toEqual(wanted);
  });
});

describe("the time", () => {
  test.each<[string, string, string | null, number | null]>([
    ["stands at a path", `{"h":{"t":${TS}},"a":1}`, "h/t", TS],
    ["may be missing", '{"a":1}', "ts", null],
    ["may be null", '{"ts":null,"a":1}', "ts", null],
    ["is not looked for unless the mapping says so", `{"a":1}`, null, null],
    ["may be nanoseconds", `{"ts":${TS}456789,"a":1}`, "ts", TS],
  ])("%s", (_, payload, at, time) => {
    const decoded = decode(payload, at);
    expect(decoded).toEqual({
      kind: "samples",
      samples: [{ metric: "a", value: 1, time, quality: "GOOD" }],
      problems: [],
    });
  });

  test("is a metric like any other where the mapping names none", () => {
    expect(valuesOf(decode('{"ts":1}', null))).toEqual({ ts: 1 });
  });

  test("that is none is told with what stands there", () => {
    expect(decode('{"ts":"soon","a":1}')).toEqual({
      kind: "problem",
      problem: 'ts: "soon" is not a time (s, ms, us, ns or ISO 8601)',
    });
  });
});

describe("what cannot be decoded", () => {
  test.each<[string, string | Buffer, string]>([
    ["no JSON", "{", "is not JSON"],
    ["no UTF-8", Buffer.from([0x7b, 0xff]), "not UTF-8"],
    ["nothing", "", "is not JSON"],
    ["a number", "5", "a number: format value"],
    ["a text", '"x"', "a string"],
    ["an array", "[1]", "an array"],
    ["null", "null", "is null"],
    ["no values", '{"ts":1}', "holds no values"],
    ["too deep", `${'{"a":'.repeat(17)}1${"}".repeat(17)}`, "deeper than 16"],
    ["far too deep", `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`, ""],
    ["far too deep, with a long number", `${"[".repeat(200_000)}1234567890123456`, ""],
    ["too many values", JSON.stringify({ a: Array(5_001).fill(1) }), "more than 5000"],
    [
      "too many bad names",
      JSON.stringify(Object.fromEntries([...Array(5_001).keys()].map((i) => [`+${i}`, 1]))),
      "more than 5000",
    ],
  ])("%s", (_, payload, problem) => {
    const decoded = decode(payload);
    expect(decoded.kind === "problem" ? decoded.problem : decoded).toContain(problem);
  });

  test("one bad name leaves the other values alone", () => {
    const decoded = decode('{"a":1,"b+":2,"c":{"":3},"\\ud800":4}');
    expect(valuesOf(decoded)).toEqual({ a: 1 });
    expect(decoded.kind === "samples" && decoded.problems.map((one) => one.field)).toEqual([
      "b+",
      "c/",
      "\ud800",
    ]);
  });
});

describe("a metric name", () => {
  test.each(["a", "a/b", "spindle speed", "°C", "😀", "x".repeat(256)])("%j is taken", (name) => {
    expect(metricNameProblem(name)).toBeNull();
  });

  test.each(["", "/a", "a/", "a//b", "a+", "#", "a\u0000", "a\n", "x".repeat(257), "\ud800", "a\udc00b"])(
    "%j is refused",
    (name) => {
      expect(metricNameProblem(name)).not.toBeNull();
    },
  );
});
