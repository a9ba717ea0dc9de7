import { describe, expect, test } from "vitest";
import { json } from "./json.js";

const T = 1_717_083_000_123;
const ISO = new Date(T).toISOString();

function decoder(settings: Record<string, string>, names = ["machine"]) {
  const compiled = json.compile(settings, names);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value;
}

function decode(settings: Record<string, string>, payload: unknown, metric: string | null = null) {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return decoder(settings, ["machine", "metric"]).decode(Buffer.from(text), metric);
}

function samples(settings: Record<string, string>, payload: unknown, metric?: string) {
  const decoded = decode(settings, payload, metric ?? null);
  if (decoded.kind !== "samples") throw new Error(JSON.stringify(decoded));
  expect(decoded.problems).toEqual([]);
  return decoded.samples.map(({ metric: name, value, time, quality }) => [name, value, time, quality]);
}

const VTQ = { value: "v", quality: "q", timestamp: "t" };
const KEPWARE = { items: "values", metric: "id", value: "v", quality: "q", timestamp: "t" };

describe("one reading in a payload", () => {
  test("has its name from the topic", () => {
    expect(samples(VTQ, { v: 1, q: 192, t: T }, "tank/level")).toEqual([["tank/level", 1, T, "GOOD"]]);
    expect(samples(VTQ, { v: 1, q: 0, t: ISO, unit: "bar" }, "p")).toEqual([["p", 1, T, "BAD"]]);
  });

  test("has its name from the payload, and perhaps both", () => {
    const settings = { metric: "tag/name", value: "tag/value" };
    const payload = { tag: { name: "speed", value: { actual: 5, set: [6] } } };
    expect(samples(settings, payload)).toEqual([
      ["speed/actual", 5, null, "GOOD"],
      ["speed/set/0", 6, null, "GOOD"],
    ]);
    expect(samples(settings, payload, "axis").map(([name]) => name)).toEqual([
      "axis/speed/actual",
      "axis/speed/set/0",
    ]);
    expect(samples({ metric: "id", value: "v" }, { id: 7, v: null })).toEqual([["7", null, null, "GOOD"]]);
  });

  test("may be all other fields, below the name", () => {
    expect(
      samples({ metric: "sensor", timestamp: "ts" }, { sensor: "s1", ts: T, temp: 20, hum: 40 }),
    ).toEqual([
      ["s1/temp", 20, T, "GOOD"],
      ["s1/hum", 40, T, "GOOD"],
    ]);
  });

  test("may be all other fields of one quality", () => {
    expect(
      samples({ quality: "q", timestamp: "t" }, { messagetype: "vqt", t: ISO, Tag1: 43, q: 64 }),
    ).toEqual([
      ["messagetype", "vqt", T, "UNCERTAIN"],
      ["Tag1", 43, T, "UNCERTAIN"],
    ]);
    const ua = { quality: "q", qualityCodes: "opc-ua" };
    expect(samples(ua, { a: 1, q: 0 })).toEqual([["a", 1, null, "GOOD"]]);
  });

  test("has its number", () => {
    const settings = { ...VTQ, sequence: "n" };
    expect(decoder(settings, ["metric"]).sequence).toBe("n");
    expect(decode(settings, { v: 1, n: 7 }, "a")).toMatchObject({ sequence: 7, problems: [] });
    expect(decode(settings, { v: 1, n: "x" }, "a")).toMatchObject({ problems: [{ field: "n" }] });
  });
});

describe("several readings in a payload", () => {
  test("are an array", () => {
    const payload = [
      { name: "a", value: 1, ts: T },
      { name: "b", value: 2, ts: T + 1 },
      { name: "a", value: 3, ts: T + 2 },
    ];
    expect(samples({ metric: "name", value: "value", timestamp: "ts" }, payload)).toEqual([
      ["a", 1, T, "GOOD"],
      ["b", 2, T + 1, "GOOD"],
      ["a", 3, T + 2, "GOOD"],
    ]);
  });

  test("are an array within the payload, as Kepware's IoT Gateway sends them", () => {
    const values = [
      { id: "Channel1.Device1.Tag1", v: 42, q: true, t: T },
      { id: "Channel1.Device1.Tag2", v: 0, q: false, t: T },
    ];
    expect(samples(KEPWARE, { timestamp: T + 5, values })).toEqual([
      ["Channel1.Device1.Tag1", 42, T, "GOOD"],
      ["Channel1.Device1.Tag2", 0, T, "BAD"],
    ]);
  });

  test("have what they do not say from around them", () => {
    const settings = { items: "d", value: "v", metric: "id", timestamp: "ts", quality: "q" };
    const payload = {
      ts: T,
      q: "uncertain",
      d: [
        { id: "a", v: 1 },
        { id: "b", v: 2, ts: T + 9, q: "good" },
      ],
    };
    expect(samples(settings, payload)).toEqual([
      ["a", 1, T, "UNCERTAIN"],
      ["b", 2, T + 9, "GOOD"],
    ]);
  });

  test("are an array of whole messages where no field is named", () => {
    expect(
      samples({ timestamp: "ts" }, [
        { ts: T, a: 1 },
        { ts: T + 1, a: 2, b: { c: 3 } },
      ]),
    ).toEqual([
      ["a", 1, T, "GOOD"],
      ["a", 2, T + 1, "GOOD"],
      ["b/c", 3, T + 1, "GOOD"],
    ]);
    expect(
      samples({ items: "rows" }, { rows: [{ a: 1 }, { a: 2 }], id: 5 }).map(([, value]) => value),
    ).toEqual([1, 2]);
  });

  test("have no number of the message, since each has its own", () => {
    const decoded = decode({ sequence: "n" }, [
      { n: 1, a: 1 },
      { n: 2, a: 2 },
    ]);
    expect(decoded).toMatchObject({ samples: [{ metric: "a" }, { metric: "a" }], problems: [] });
    expect(decoded).not.toHaveProperty("sequence");
  });

  test("one wrong reading costs only itself", () => {
    const items = [
      5,
      { v: 1 },
      { id: [], v: 1 },
      { id: "a" },
      { id: "a", v: 1, t: "now" },
      { id: "b", v: 2, q: "odd" },
    ];
    expect(decode(KEPWARE, { values: items })).toMatchObject({
      samples: [{ metric: "b", value: 2, quality: "UNCERTAIN" }],
      problems: [
        { field: "values/0", problem: "is a number, and must be an object" },
        { field: "values/1", problem: "id: is missing, and names the metric" },
        { field: "values/2", problem: "id: is an array, and must be the metric's name" },
        { field: "values/3", problem: "v: is missing" },
        { field: "values/4", problem: expect.stringContaining('t: "now" is not a time') },
        { field: "q", problem: expect.stringContaining('"odd" is not a quality') },
      ],
    });
    expect(decode({ timestamp: "t" }, [1, { t: "now", a: 1 }, { a: 2 }])).toMatchObject({
      samples: [{ value: 2 }],
      problems: [{ field: "0" }, { field: "1", problem: expect.stringContaining("t:") }],
    });
  });
});

describe("a payload of another form is told", () => {
  test.each<[Record<string, string>, unknown, string]>([
    [VTQ, 5, "format json wants an object or an array of objects, and the payload is a number"],
    [VTQ, { q: 1 }, "v: is missing"],
    [VTQ, { v: 1, t: "now" }, 't: "now" is not a time'],
    [KEPWARE, { a: 1 }, "values: is missing"],
    [KEPWARE, { values: {} }, "values: is an object, and must be an array"],
    [KEPWARE, { values: [] }, "no values"],
    [VTQ, "{", "not JSON"],
    [{}, [1, 2], "the payload is an array of a number"],
    [{}, [], "the array holds no values"],
  ])("%j %j", (settings, payload, problem) => {
    expect(decode(settings, payload, "m")).toMatchObject({
      kind: "problem",
      problem: expect.stringContaining(problem),
    });
  });
});

test("settings that cannot work are told by their names", () => {
  const wrong = (settings: object, names = ["machine"]) => {
    const compiled = json.compile(settings as Record<string, unknown>, names);
    return compiled.ok ? "" : compiled.error;
  };
  expect(wrong({ value: "v" })).toBe("value: needs metric: or {metric} in the topic, which name the metric");
  expect(wrong({ value: "v" }, ["metric"])).toBe("");
  expect(wrong({ qualityCodes: "opc-ua" })).toBe(
    "qualityCodes: needs quality, which names the field of the code",
  );
});
