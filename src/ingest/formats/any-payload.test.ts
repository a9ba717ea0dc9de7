import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fuzzer } from "../../../test/support/fuzz.js";
import { seededRandom } from "../../demo/random.js";
import { unusable } from "../../twin/sample.js";
import { decodeConnectivity } from "./connectivity.js";
import type { Decoded, Decoder } from "./format.js";
import { FORMATS } from "./formats.js";
import { decodeJson, JsonShape } from "./json.js";
import { parseJson, textOf } from "./json-text.js";
import { metricNameProblem } from "./metric-names.js";
import { timeOf } from "./timestamp.js";
import { decodeValue } from "./value.js";

const BASE = Date.UTC(2026, 0, 5, 8);
const LONGEST_PROBLEM = 400;
const MOST_LEVELS = 1_000;
const runs = { numRuns: 3_000 };

/** The Fuzzer's payloads shrink to none, and hold what mutations make; the others shrink. */
const anyPayload: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: "binary", maxLength: 300 }).map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 20, stringUnit: "binary" }).map((text) => Buffer.from(text)),
  fc
    .tuple(fc.json(), fc.json(), fc.bigInt())
    .map(([a, b, n]) => Buffer.from(`{"ts":${n},"a":${a},"a":${b}}`)),
  fc.integer().map((seed) => new Fuzzer(seededRandom(seed), BASE).payload()),
);

const anyName = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("temp", "a/b", "__proto__", "", "/", "x".repeat(300)),
);

/** @param signsOfLife whether the format has messages of neither values nor problems. */
function expectSound(decoded: Decoded, signsOfLife = false): void {
  switch (decoded.kind) {
    case "ignored":
      expect(decoded.reason).not.toBe("");
      return;
    case "problem":
      expect(decoded.problem).not.toBe("");
      expect(decoded.problem.length).toBeLessThanOrEqual(LONGEST_PROBLEM);
      return;
    case "connectivity":
      expect(typeof decoded.online).toBe("boolean");
      expectTime(decoded.time);
      return;
    case "samples":
      if (!signsOfLife) expect(decoded.samples.length + decoded.problems.length).toBeGreaterThan(0);
      for (const { field, problem } of decoded.problems) {
        expect(field.length).toBeLessThanOrEqual(256);
        expect(problem.length).toBeLessThanOrEqual(LONGEST_PROBLEM);
      }
      for (const { metric, value, time } of decoded.samples) {
        expect(metricNameProblem(metric), metric).toBeNull();
        expectTime(time);
        // Objects, functions and undefined are no values; what else cannot be kept is refused by name.
        expect(["number", "bigint", "string", "boolean"]).toContain(value === null ? "number" : typeof value);
        const refused = unusable(value);
        if (typeof value === "number" && refused === null) expect(Number.isFinite(value)).toBe(true);
        if (typeof value === "string" && refused === null) {
          expect(value.includes("\u0000")).toBe(false);
          expect(Buffer.from(value).toString()).toBe(value);
        }
      }
  }
}

function expectTime(time: number | null): void {
  if (time !== null) expect(Number.isInteger(time), String(time)).toBe(true);
}

describe("any payload becomes samples, a connectivity or a problem, and never an exception", () => {
  test("format json", () => {
    const timestamp = fc.constantFrom(null, "ts", "header/time", "__proto__", "constructor/name");
    fc.assert(
      fc.property(anyPayload, timestamp, (payload, at) => {
        expectSound(decodeJson(payload, new JsonShape({ timestamp: at })));
      }),
      runs,
    );
  });

  test("format value", () => {
    fc.assert(
      fc.property(anyPayload, anyName, (payload, metric) => {
        const decoded = decodeValue(payload, metric);
        expectSound(decoded);
        if (decoded.kind === "samples")
          expect(decoded.samples.map((sample) => sample.metric)).toEqual([metric]);
      }),
      runs,
    );
  });

  test("format connectivity", () => {
    const online = fc.constantFrom("online", "ts", "__proto__", "toString");
    fc.assert(
      fc.property(anyPayload, online, (payload, field) => {
        expectSound(decodeConnectivity(payload, { online: field }));
      }),
      runs,
    );
  });
});

/** Formats that are read with settings of their own here. */
const INDUSTRIAL: [string, Record<string, unknown>][] = [
  ["json", { timestamp: "t", value: "v", quality: "q", metric: "id" }],
  ["json", { timestamp: "ts", quality: "q", items: "values", sequence: "n" }],
  ["json", { metric: "__proto__", timestamp: "constructor/name" }],
  ["umh", {}],
  ["umh", { schemas: ["_raw", "__proto__"] }],
  ["opcua", { prefix: "none" }],
  ["opcua", { prefix: "writer" }],
  ["packml", { timestamp: "ts" }],
  ["neuron", { prefix: "none" }],
  ["neuron", { prefix: "node/group" }],
];

function decoderOf(name: string, settings: Record<string, unknown>): Decoder {
  const compiled = FORMATS.find((format) => format.name === name)?.compile(settings, ["metric"]);
  if (!compiled?.ok) throw new Error(`${name} ${JSON.stringify(settings)}`);
  return compiled.value;
}

describe("so it is with every other format", () => {
  const anyMetric = fc.oneof(
    anyName,
    fc.constantFrom(
      null,
      "_historian/a",
      "_raw",
      "_analytics/x",
      "Status/StateCurrent",
      "Command/Start",
      "Status",
    ),
  );
  test.each(INDUSTRIAL)("format %s with %j", (name, settings) => {
    const { decode } = decoderOf(name, settings);
    fc.assert(
      fc.property(anyPayload, anyMetric, (payload, metric) => expectSound(decode(payload, metric), true)),
      runs,
    );
  });
});

test("JSON is read as JSON.parse does, but for integers that a number cannot hold", () => {
  const rounded = (_: string, value: unknown) => (typeof value === "bigint" ? Number(value) : value);
  const same = (value: unknown) => JSON.stringify(value, rounded);
  fc.assert(
    fc.property(anyPayload, (payload) => {
      const text = textOf(payload);
      // What is nested in thousands of levels is refused by any format, by this or that parser's stack.
      if (!text.ok || (text.value.match(/[[{]/g)?.length ?? 0) > MOST_LEVELS) return;
      const parsed = parseJson(text.value);
      let expected: string | undefined;
      try {
        expected = same(JSON.parse(text.value));
      } catch {
        expect(parsed.ok).toBe(false);
        return;
      }
      expect(same(parsed.ok ? parsed.value : parsed.error)).toBe(expected);
    }),
    runs,
  );
});

test("an integer of 64 bits is exact, wherever it stands", () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(int64, fc.json(), (n, other) => {
      const parsed = parseJson(`{"a":${other},"n":[${n}]}`);
      const value = parsed.ok ? (parsed.value as { n: unknown[] }).n[0] : undefined;
      expect(String(value === 0 ? 0 : value)).toBe(String(n));
    }),
    runs,
  );
});

test("a time is whole milliseconds or none", () => {
  const anything = fc.oneof(fc.anything({ withBigInt: true }), fc.double(), fc.bigInt(), fc.string());
  fc.assert(
    fc.property(anything, (value) => expectTime(timeOf(value))),
    runs,
  );
});

test("a time that a device writes is the time that it meant", () => {
  const moment = fc.integer({ min: Date.UTC(1974, 0), max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(moment, (ms) => {
      for (const written of [
        ms,
        String(ms),
        BigInt(ms) * 1_000n,
        BigInt(ms) * 1_000_000n,
        new Date(ms).toISOString(),
      ])
        expect(timeOf(written)).toBe(ms);
    }),
    runs,
  );
});

describe("a megabyte made to be slow is answered at once", () => {
  const repeated = (piece: string, end = "") => piece.repeat(Math.ceil(1_000_000 / piece.length)) + end;
  test.each<[string, string]>([
    ["arrays in arrays", repeated("[")],
    ["objects in objects", repeated('{"a":')],
    ["objects in objects, with a long number", repeated('{"a":', "1234567890123456789")],
    ["a time of arrays in arrays", `{"ts":${"[".repeat(400_000)}${"]".repeat(400_000)}}`],
    ["a connectivity of arrays in arrays", `{"online":${"[".repeat(400_000)}${"]".repeat(400_000)}}`],
    ["digits", repeated("9")],
    ["a field of digits", `{"n":${repeated("9")}}`],
    ["digits that end as no number", `{"n":-${repeated("9", ".")}}`],
    ["long numbers", `{"n":[${repeated("12345678901234567890,", "1")}]}`],
    ["quotes", repeated('"')],
    ["backslashes", `{"a":"${repeated("\\\\")}"}`],
    ["white space", repeated(" ", "1")],
    ["empty arrays", `{"a":[${repeated("[],", "[]")}]}`],
    ["values below a long name", `{"${"x".repeat(900_000)}":[${"1,".repeat(4_000)}1]}`],
    ["keys", `{${Array.from({ length: 60_000 }, (_, i) => `"key-${i}":${i}`).join(",")}}`],
    ["one key again and again", `{${repeated('"a":{"b":1},', '"n":12345678901234567890')}}`],
    ["slashes", `{"${repeated("/")}":1}`],
    ["a time of digits", `{"ts":"${repeated("1")}"}`],
    ["empty objects", `[${repeated("{},", "{}")}]`],
    ["readings of nothing", `{"values":[${repeated('{"id":"a"},', "{}")}]}`],
    ["empty messages", `{"MessageType":"ua-data","Messages":[${repeated('{"Payload":{}},', "{}")}]}`],
    [
      "many writers",
      `[${repeated('{"DataSetWriterId":1,"Payload":{"a":1}},{"DataSetWriterId":2,"Payload":{"a":1}},', "{}")}]`,
    ],
    ["Variants in Variants", repeated('{"Type":24,"Body":')],
    ["many tags", `{"tags":[${repeated('{"name":"a","error":0},', "{}")}]}`],
    ["errors of nothing", `{"errors":{${repeated('"a":0,', '"b":1')}}}`],
  ])("%s", (_, text) => {
    const payload = Buffer.from(text);
    const decoders = INDUSTRIAL.map(([name, settings]) => decoderOf(name, settings));
    for (const { decode } of decoders) {
      const began = performance.now();
      expectSound(decode(payload, "metric"), true);
      expect(performance.now() - began).toBeLessThan(2_000);
    }
    const began = performance.now();
    for (let time = 0; time < 3; time += 1) {
      expectSound(decodeJson(payload, new JsonShape({ timestamp: "ts" })));
      expectSound(decodeValue(payload, "metric"));
      expectSound(decodeConnectivity(payload, { online: "online" }));
    }
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

test("names below one that is too long are not held one by one", () => {
  const payload = Buffer.from(`{"${"x".repeat(900_000)}":[${"1,".repeat(4_000)}1],"n":1}`);
  expect(decodeJson(payload, new JsonShape({ timestamp: null }))).toMatchObject({
    samples: [{ metric: "n" }],
    problems: [{ field: "x".repeat(256), problem: expect.stringContaining("256") }],
  });
});
