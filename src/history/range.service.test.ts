import { afterAll, beforeAll, expect, test } from "vitest";
import { type Given, KeptHistory, type TestMachine } from "../../test/support/keeper.js";
import { T0 } from "../../test/support/twins.js";
import type { Twin } from "../twin/machine-twin.js";
import type { HistoryPointValue } from "./range.service.js";
import { gridFor, type Level } from "./range-plan.js";

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

let history: KeptHistory;

beforeAll(async () => {
  history = await KeptHistory.create();
});
afterAll(() => history?.drop());

/** The twin of a machine whose metric `a` is its only series. */
function twinOf({ id, series: [seriesId = 0] }: TestMachine): Twin {
  const twin = history.server.twins.byId(id);
  if (!twin) throw new Error("no such machine");
  twin.addSeries("a", null, "Double").id = seriesId;
  return twin;
}

async function ask(
  twin: Twin,
  from: number,
  to: number,
  points: number,
): Promise<readonly HistoryPointValue[]> {
  const request = { metrics: ["a"], from: new Date(from), to: new Date(to), points };
  const [series] = await history.server.ranges.ranges([twin], request);
  return series?.[0]?.points ?? [];
}

/** What the buckets of a range are to be, worked out sample by sample. */
function expected(samples: readonly Given[], from: number, to: number, points: number, level: Level) {
  const grid = gridFor({ from, to }, points, level);
  const buckets = new Map<number, number[]>();
  for (const [, time, value] of samples) {
    if (time < from || time >= to) continue;
    const bucket = Math.floor((time - grid.from) / grid.widthMs);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), value as number]);
  }
  return [...buckets].map(([bucket, values]) => ({
    time: new Date(Math.max(grid.from + bucket * grid.widthMs, from)),
    value: values.at(-1),
    min: Math.min(...values),
    max: Math.max(...values),
    avg: expect.closeTo(values.reduce((sum, value) => sum + value, 0) / values.length, 9),
    count: values.length,
    quality: "GOOD",
  }));
}

test("what is sealed answers as it did before, also while more comes", async () => {
  const machine = await history.machineWith("a");
  const [id = 0] = machine.series;
  const twin = twinOf(machine);
  const samples: Given[] = [];
  for (let n = 0; n < 30_000; n += 1) samples.push([id, T0 + n * 7_001, Math.round(Math.sin(n) * 1e3) / 10]);
  await history.store(machine, samples);
  const questions: [number, number, number][] = [
    [T0, T0 + 3 * DAY, 1_000],
    [T0 + 1, T0 + 3 * DAY, 999],
    [T0 + 10 * HOUR, T0 + 11 * HOUR, 500],
    [T0 + 10 * HOUR, T0 + 11 * HOUR, 514],
    [T0 + 10 * HOUR, T0 + 11 * HOUR, 515],
    [T0 - DAY, T0 + 7_002, 2],
    [T0 + 16 * HOUR - 1, T0 + 16 * HOUR + MINUTE, 5],
    [T0 - 2 * DAY, T0 - DAY, 10],
  ];
  const before = [];
  for (const question of questions) before.push(await ask(twin, ...question));
  await history.keeper.sealNow();
  expect(await history.count("frame")).toBe(0);
  for (const [index, question] of questions.entries())
    expect(await ask(twin, ...question)).toEqual(before[index]);
  expect(before[1]).toEqual(expected(samples, T0 + 1, T0 + 3 * DAY, 999, "samples"));

  // Late ones are there at once, and once after they are sealed too.
  const late: Given[] = [
    [id, T0 + 10 * HOUR + 3, 1_000],
    [id, T0 + 5, -1_000],
  ];
  await history.store(machine, late, { shown: false });
  const all = [...samples, ...late].sort((a, b) => a[1] - b[1]);
  const asked = () => ask(twin, T0, T0 + 3 * DAY, 100);
  const wanted = expected(all, T0, T0 + 3 * DAY, 100, "samples");
  expect(await asked()).toEqual(wanted);
  await history.keeper.sealNow();
  expect(await asked()).toEqual(wanted);
});

test("a long range is answered from minutes, exactly, with its ends from the samples", {
  timeout: 60_000,
}, async () => {
  const machine = await history.machineWith("a");
  const [id = 0] = machine.series;
  const twin = twinOf(machine);
  const samples: Given[] = [];
  for (let n = 0; n < 450_000; n += 1) {
    // A gap of a day, which must stay one.
    const time = T0 + n * SECOND + (n >= 200_000 ? DAY : 0);
    samples.push([id, time, (n * 7_919) % 1_000]);
  }
  for (let begin = 0; begin < samples.length; begin += 50_000) {
    await history.store(machine, samples.slice(begin, begin + 50_000));
  }
  await history.keeper.sealNow();
  const late: Given[] = [[id, T0 + 3 * HOUR + 1, 5_000]];
  await history.store(machine, late, { shown: false });
  const all = [...samples, ...late].sort((a, b) => a[1] - b[1]);
  const [from, to] = [T0 + 12_345, T0 + 450_000 * SECOND + DAY - 6_789];
  const points = await ask(twin, from, to, 300);
  expect(points).toEqual(expected(all, from, to, 300, "minutes"));
  expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(
    all.filter(([, time]) => time >= from && time < to).length,
  );
});
