import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IngestDatabase, type Memory } from "../../test/support/ingest.js";
import { T0 } from "../../test/support/twins.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Quality, Scalar } from "../twin/sample.js";
import type { StoredSample } from "../twin/twin-model.js";
import { type FrameOrigin, framesOf } from "./frame.js";

const BIG = 2n ** 63n - 1n;

let database: IngestDatabase;
let server: Memory;

beforeAll(async () => {
  database = await IngestDatabase.create();
  server = await database.start();
});
afterAll(() => database?.drop());

let machines = 0;

/** A new machine with these metrics, and its series registered. */
async function machineWith(...metrics: string[]): Promise<Twin> {
  machines += 1;
  const { machine, changed } = server.plants.plant.discover(`acme/m${machines}`);
  const twin = server.twins.of(machine);
  for (const metric of metrics) twin.addSeries(metric, null, "Double");
  await server.db.withConnection(async (sql) => {
    await server.plants.save(sql, changed);
    const series = [...twin.allSeries()];
    await server.twins.register(
      sql,
      series.map((one) => ({ machine, series: one, dataType: "Double" })),
    );
  });
  return twin;
}

function samplesOf(
  twin: Twin,
  metric: string,
  values: readonly (readonly [value: Scalar, ms: number, quality?: Quality])[],
): StoredSample[] {
  const series = twin.series(metric);
  if (!series) throw new Error(`no metric ${metric}`);
  return values.map(([value, ms, quality = "GOOD"]) => ({
    series,
    time: T0 + ms,
    value,
    quality,
    fresh: true,
    shown: true,
  }));
}

function originOf(twin: Twin): FrameOrigin {
  return { machineId: twin.machine.id, receivedAt: T0, revision: 1, retained: false };
}

/** Writes samples of a machine in one transaction. @returns how many were there already */
async function append(twin: Twin, fresh: readonly StoredSample[], old: readonly StoredSample[] = []) {
  const origin = originOf(twin);
  const unsure = old.map((sample) => ({ origin, sample: { ...sample, fresh: false } }));
  const { repeated } = await server.db.withConnection((sql) =>
    server.history.append(sql, framesOf(origin, fresh), unsure),
  );
  return repeated;
}

async function pointsOf(
  twin: Twin,
  request: { metrics?: string[]; from?: number; to?: number; points?: number } = {},
) {
  const { metrics = ["a"], from = 0, to = 1_000_000, points = 100 } = request;
  const range = { metrics, from: new Date(T0 + from), to: new Date(T0 + to), points };
  const [series = []] = await server.ranges.ranges([twin], range);
  return series;
}

/** Times after T0 and values. */
async function inShort(twin: Twin, request: Parameters<typeof pointsOf>[1] = {}): Promise<unknown[]> {
  const [series] = await pointsOf(twin, request);
  return (series?.points ?? []).map((point) => [point.time.getTime() - T0, point.value]);
}

describe("what is stored is read again", () => {
  test.each<[string, Scalar]>([
    ["a number", 1.5],
    ["the smallest number", 5e-324],
    ["an integer beyond 2^53", BIG],
    ["true", true],
    ["false", false],
    ["a text", 'a "quoted" \\ text, {with} °C 😀\n'],
    ["an empty text", ""],
    ["the text NULL", "NULL"],
    ["null", null],
  ])("%s", async (_, value) => {
    const twin = await machineWith("a");
    await append(twin, samplesOf(twin, "a", [[value, 5, "UNCERTAIN"]]));
    const number = typeof value === "number" || typeof value === "bigint" ? Number(value) : null;
    expect((await pointsOf(twin))[0]?.points).toEqual([
      {
        time: new Date(T0 + 5),
        value,
        min: number,
        max: number,
        avg: number,
        count: 1,
        quality: "UNCERTAIN",
      },
    ]);
  });
});

describe("a repeated sample", () => {
  test("adds nothing; two values of one instant both stay", async () => {
    const twin = await machineWith("a");
    await append(
      twin,
      samplesOf(twin, "a", [
        [1, 0],
        [2, 10],
      ]),
    );
    const again = await append(
      twin,
      [],
      samplesOf(twin, "a", [
        [1, 0],
        [2, 10],
        [3, 10],
        [1, 5],
      ]),
    );
    expect(again).toBe(2);
    expect(await inShort(twin)).toEqual(
      expect.arrayContaining([
        [0, 1],
        [5, 1],
        [10, 2],
        [10, 3],
      ]),
    );
    expect(await inShort(twin)).toHaveLength(4);
  });

  test.each<[string, Scalar]>([
    ["null", null],
    ["an integer beyond 2^53", BIG],
    ["false", false],
    ["an empty text", ""],
    ["a fraction", 0.1],
  ])("of %s adds nothing, also within one batch", async (_, value) => {
    const twin = await machineWith("a");
    const once = samplesOf(twin, "a", [[value, 0.0]]);
    expect(await append(twin, [], [...once, ...once])).toBe(1);
    expect(await append(twin, [], once)).toBe(1);
    expect(await inShort(twin)).toEqual([[0, value]]);
  });

  test("is told apart from the same value of another series or another type", async () => {
    const twin = await machineWith("a", "b");
    await append(twin, samplesOf(twin, "a", [[1, 0]]));
    const others = [
      ...samplesOf(twin, "b", [[1, 0]]),
      ...samplesOf(twin, "a", [
        ["1", 0],
        [true, 0],
        [1n, 0],
      ]),
    ];
    expect(await append(twin, [], others)).toBe(0);
  });

  test("is found among the fresh ones of its own batch", async () => {
    const twin = await machineWith("a");
    const [first = [], repeat = []] = [samplesOf(twin, "a", [[1, 0]]), samplesOf(twin, "a", [[1, 0]])];
    expect(await append(twin, first, repeat)).toBe(1);
  });

  test("is found whatever the milliseconds are", async () => {
    const twin = await machineWith("a");
    const many = samplesOf(
      twin,
      "a",
      Array.from({ length: 500 }, (_, index) => [index, index * 7] as const),
    );
    await append(twin, many);
    expect(await append(twin, [], many)).toBe(500);
  });
});

test("samples of any day find their place, years ago and at midnight", async () => {
  const twin = await machineWith("a");
  const midnight = Date.UTC(2026, 0, 6) - T0;
  const ago = Date.UTC(2003, 1, 28) - T0;
  const samples = samplesOf(twin, "a", [
    [1, ago],
    [2, midnight - 1],
    [3, midnight],
    [4, midnight + 1],
  ]);
  await append(twin, samples);
  expect(await inShort(twin, { from: ago, to: midnight + 2 })).toEqual([
    [ago, 1],
    [midnight - 1, 2],
    [midnight, 3],
    [midnight + 1, 4],
  ]);
});

describe("a range", () => {
  test("takes its beginning and leaves out its end", async () => {
    const twin = await machineWith("a");
    await append(
      twin,
      samplesOf(twin, "a", [
        [1, 9],
        [2, 10],
        [3, 19],
        [4, 20],
      ]),
    );
    const wanted = [
      [10, 2],
      [19, 3],
    ];
    expect(await inShort(twin, { from: 10, to: 20 })).toEqual(wanted);
    expect(await inShort(twin, { from: 20, to: 21 })).toEqual([[20, 4]]);
    expect(await inShort(twin, { from: 30, to: 40 })).toEqual([]);
  });

  test("of several metrics is in the order asked for, without those that the machine does not have", async () => {
    const twin = await machineWith("a", "b", "silent");
    await append(twin, [
      ...samplesOf(twin, "a", [[1, 0]]),
      ...samplesOf(twin, "b", [
        [2, 0],
        [3, 1],
      ]),
    ]);
    const series = await pointsOf(twin, { metrics: ["b", "none", "silent", "a", "b"] });
    expect(series.map((one) => [one.metric, one.points.map((point) => point.value)])).toEqual([
      ["b", [2, 3]],
      ["silent", []],
      ["a", [1]],
    ]);
  });

  test("of several machines keeps them apart, in the order given", async () => {
    const [one, two] = [await machineWith("a"), await machineWith("a")];
    await append(one, samplesOf(one, "a", [[1, 0]]));
    await append(two, samplesOf(two, "a", [[2, 0]]));
    const range = { metrics: ["a"], from: new Date(T0), to: new Date(T0 + 1), points: 9 };
    const found = await server.ranges.ranges([two, one], range);
    expect(found.map((series) => series[0]?.points[0]?.value)).toEqual([2, 1]);
  });

  test("with as many samples as points gives the samples, with one more buckets", async () => {
    const twin = await machineWith("a");
    await append(
      twin,
      samplesOf(twin, "a", [
        [1, 0],
        [2, 1],
        [6, 2],
        [3, 15],
        [null, 16],
      ]),
    );
    expect(await inShort(twin, { to: 20, points: 5 })).toHaveLength(5);
    const [series] = await pointsOf(twin, { to: 20, points: 4 });
    // Four buckets of 5 ms; the second and third are empty.
    expect(series?.points.map((point) => ({ ...point, time: point.time.getTime() - T0 }))).toMatchObject([
      { time: 0, value: 6, min: 1, max: 6, avg: 3, count: 3, quality: "GOOD" },
      { time: 15, value: null, min: 3, max: 3, avg: 3, count: 2 },
    ]);
  });
});

describe("buckets", () => {
  test("begin at the range's beginning, and a sample on an edge belongs to the later one", async () => {
    const twin = await machineWith("a");
    const times = [7, 16, 17, 26, 27, 36];
    await append(
      twin,
      samplesOf(
        twin,
        "a",
        times.map((ms, index) => [index, ms] as const),
      ),
    );
    const found = await pointsOf(twin, { from: 7, to: 37, points: 3 });
    expect(found[0]?.points.map((point) => [point.time.getTime() - T0, point.count])).toEqual([
      [7, 2],
      [17, 2],
      [27, 2],
    ]);
  });

  test("hold every sample of the range once, and are never more than were asked for", async () => {
    const twin = await machineWith("a");
    await append(
      twin,
      samplesOf(
        twin,
        "a",
        Array.from({ length: 997 }, (_, index) => [index, index * 3] as const),
      ),
    );
    for (const points of [1, 2, 7, 100, 996]) {
      const [series] = await pointsOf(twin, { from: 1, to: 2_989, points });
      expect(series?.points.length).toBeLessThanOrEqual(points);
      expect(series?.points.reduce((sum, point) => sum + point.count, 0)).toBe(996);
      expect(series?.points.every((point) => point.time.getTime() >= T0 + 1)).toBe(true);
    }
  });

  test("show the last value, of whatever type, and the worst quality", async () => {
    const twin = await machineWith("a");
    const values: [Scalar, number, Quality][] = [
      [2n ** 53n, 0, "GOOD"],
      [1, 1, "BAD"],
      [true, 10, "GOOD"],
      ["x", 11, "UNCERTAIN"],
    ];
    await append(twin, samplesOf(twin, "a", values));
    const [series] = await pointsOf(twin, { to: 20, points: 2 });
    expect(series?.points).toMatchObject([
      { value: 1, min: 1, max: 2 ** 53, count: 2, quality: "BAD" },
      { value: "x", min: null, max: null, avg: null, count: 2, quality: "UNCERTAIN" },
    ]);
  });

  test("of one metric do not change the samples of another", async () => {
    const twin = await machineWith("a", "b");
    const many = samplesOf(
      twin,
      "a",
      Array.from({ length: 10 }, (_, index) => [index, index] as const),
    );
    await append(twin, [...many, ...samplesOf(twin, "b", [[5, 3]])]);
    const series = await pointsOf(twin, { metrics: ["a", "b"], to: 10, points: 2 });
    expect(series.map((one) => one.points.map((point) => point.count))).toEqual([[5, 5], [1]]);
    expect(series[1]?.points[0]?.time).toEqual(new Date(T0 + 3));
  });
});
