import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Scalar } from "../../twin/sample.js";
import { decodeJson, JsonShape } from "./json.js";
import { JsonTemplate } from "./json-template.js";
import { MetricNames } from "./metric-names.js";

function templateOf(text: string, timestamp: string | null = "ts"): JsonTemplate | null {
  return JsonTemplate.of(Buffer.from(text), new MetricNames(), timestamp);
}

/** The values that a template learned from one payload finds in another; null where it does not fit. */
function valuesOf(template: JsonTemplate | null, text: string): Scalar[] | null {
  const values: Scalar[] = [];
  return template?.read(Buffer.from(text), values) ? values : null;
}

const EXAMPLE = '{ "ts": 1, "a": 2.5, "b": {"c": true, "d": ["x", null]}, "e": {} }';

test("a template has the names of the values, the time's without one", () => {
  expect(templateOf(EXAMPLE)?.names).toEqual([null, "a", "b/c", "b/d/0", "b/d/1"]);
  expect(templateOf(EXAMPLE)?.timeAt).toBe(0);
});

describe("a payload like the example, but for its values,", () => {
  test.each<[string, Scalar[]]>([
    ['{ "ts": 17, "a": -0.001, "b": {"c": false, "d": ["", 7]}, "e": {} }', [17, -0.001, false, "", 7]],
    ['{ "ts": "x", "a": null, "b": {"c": "t", "d": [0, 0.1]}, "e": {} }', ["x", null, "t", 0, 0.1]],
    [
      '{ "ts": 0, "a": -0, "b": {"c": 999999999999999, "d": [1.5, 12.3456789012345]}, "e": {} }',
      [0, -0, 999_999_999_999_999, 1.5, 12.345_678_901_234_5],
    ],
    [
      '{ "ts": 1e3, "a": 3.2520000000000002, "b": {"c": -1.5E-7, "d": [1234567890.123456, 5e-324]}, "e": {} }',
      [1e3, 3.2520000000000002, -1.5e-7, 1234567890.123456, 5e-324],
    ],
  ])("is read: %s", (text, values) => {
    expect(valuesOf(templateOf(EXAMPLE), text)).toEqual(values);
  });

  test.each([
    ["has another name", EXAMPLE.replace('"a"', '"A"')],
    ["has a value more", EXAMPLE.replace('"e"', '"f": 1, "e"')],
    ["has other spaces", EXAMPLE.replace('"a": ', '"a":')],
    ["ends early", EXAMPLE.slice(0, -1)],
    ["goes on", `${EXAMPLE} `],
    ["has a number that begins with 0", EXAMPLE.replace("2.5", "02.5")],
    ["has a number that ends in a point", EXAMPLE.replace("2.5", "2.")],
    ["has a number without digits", EXAMPLE.replace("2.5", "-")],
    ["has half an exponent", EXAMPLE.replace("2.5", "2.5e")],
    ["has an integer of 16 digits", EXAMPLE.replace("2.5", "1234567890123456")],
    ["has an escape", EXAMPLE.replace('"x"', '"\\n"')],
    ["has a letter beyond ASCII", EXAMPLE.replace('"x"', '"°"')],
    ["has an object where a value was", EXAMPLE.replace("2.5", "{}")],
    ["has a word that is none", EXAMPLE.replace("true", "trux")],
  ])("is left to the parser when it %s", (_, text) => {
    expect(valuesOf(templateOf(EXAMPLE), text)).toBeNull();
  });
});

test.each([
  ["a name that stands twice", '{"a":1,"a":2}'],
  ["two ways to one name", '{"a":{"b":1},"a/b":2}'],
  ["a name with an escape", '{"a\\u0041":1}'],
  ["a name that is no metric's", '{"a+":1}'],
  ["no value", "{}"],
  ["no object", "[1]"],
])("%s makes no template", (_, text) => {
  expect(templateOf(text)).toBeNull();
});

const number = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((one) => Math.round(one * 1e3) / 1e3),
);
const leaf = fc.oneof(number, fc.boolean(), fc.string(), fc.constant(null));
const keys = fc.constantFrom("ts", "a", "b", "temperature", "1", "x y", "°", "__proto__", "a/b");
const { value: payloads } = fc.letrec<{ value: unknown; node: unknown }>((tie) => ({
  value: fc.dictionary(keys, tie("node"), { maxKeys: 6 }),
  node: fc.oneof(
    { depthSize: "small" },
    leaf,
    leaf,
    fc.dictionary(keys, tie("node"), { maxKeys: 3 }),
    fc.array(tie("node"), { maxLength: 3 }),
  ),
}));

/** The payload with other values in the same places. */
function varied(node: unknown, values: readonly unknown[]): unknown {
  let next = 0;
  return JSON.parse(JSON.stringify(node), (_, value) => {
    if (typeof value === "object" && value !== null) return value;
    next += 1;
    return values[next % values.length];
  });
}

test("what was learned changes no answer", () => {
  const inOrder = (payload: Buffer, shape: JsonShape) => {
    const decoded = decodeJson(payload, shape);
    if (decoded.kind !== "samples") return decoded;
    const byName = (a: { metric: string }, b: { metric: string }) => (a.metric < b.metric ? -1 : 1);
    return { ...decoded, samples: [...decoded.samples].sort(byName) };
  };
  fc.assert(
    fc.property(
      payloads,
      fc.array(fc.array(leaf, { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
      fc.boolean(),
      (payload, others, spaced) => {
        const shape = new JsonShape({ timestamp: "ts" });
        for (const one of [payload, ...others.map((values) => varied(payload, values))]) {
          const bytes = Buffer.from(JSON.stringify(one, null, spaced ? 1 : undefined));
          expect(inOrder(bytes, shape)).toEqual(inOrder(bytes, new JsonShape({ timestamp: "ts" })));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("a thousand kinds of payload keep no more than a few templates, and all are read right", () => {
  const shape = new JsonShape({ timestamp: null });
  for (let round = 0; round < 3; round += 1) {
    for (let kind = 0; kind < 1_000; kind += 1) {
      const decoded = decodeJson(Buffer.from(`{"m${kind}":${round}}`), shape);
      expect(decoded).toMatchObject({ samples: [{ metric: `m${kind}`, value: round }] });
    }
  }
});
