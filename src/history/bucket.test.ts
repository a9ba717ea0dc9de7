import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QUALITIES, type Quality, type Scalar } from "../twin/sample.js";
import { BucketGrid, MAX_BUCKETS } from "./bucket.js";
import { firstNotBefore, SampleBuilder, type SampleColumns } from "./columns.js";
import { rollUp } from "./minutes.js";

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 0, 1);

type Row = readonly [time: number, value: Scalar, quality?: Quality];

function columnsOf(rows: readonly Row[]): SampleColumns {
  const builder = new SampleBuilder();
  for (const [time, value, quality] of rows) builder.add(time, value, quality);
  return builder.build();
}

/** What the grid should say of samples added one by one, written down plainly. */
function plainly(
  rows: readonly Row[],
  { from, widthMs, buckets }: { from: number; widthMs: number; buckets: number },
) {
  const result = [];
  for (let index = 0; index < buckets; index += 1) {
    const time = from + index * widthMs;
    const inside = rows.filter((row) => row[0] >= time && row[0] < time + widthMs);
    if (inside.length === 0) continue;
    const numbers = inside.map((row) => row[1]).filter((v) => typeof v === "number" || typeof v === "bigint");
    const values = numbers.map(Number);
    result.push({
      time,
      value: inside.reduce((last, row) => (row[0] >= last[0] ? row : last))[1],
      min: values.length === 0 ? null : Math.min(...values),
      max: values.length === 0 ? null : Math.max(...values),
      avg: values.length === 0 ? null : expect.closeTo(values.reduce((a, b) => a + b, 0) / values.length, 6),
      count: inside.length,
      quality: QUALITIES[Math.max(...inside.map((row) => QUALITIES.indexOf(row[2] ?? "GOOD")))],
    });
  }
  return result;
}

const anyRow = fc.tuple(
  fc.integer({ min: T0 - 500, max: T0 + 1_500 }),
  fc.oneof<fc.Arbitrary<Scalar>[]>(
    fc.integer({ min: -5_000, max: 5_000 }).map((value) => (value === 0 ? 0 : value / 10)),
    fc.bigInt({ min: -1_000n, max: 1_000n }),
    fc.constantFrom<Scalar>(null, true, "IDLE"),
  ),
  fc.constantFrom(...QUALITIES),
);

describe("BucketGrid", () => {
  test("says of blocks added in any order what their samples say", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyRow, { maxLength: 40 }), { maxLength: 5 }),
        fc.constantFrom(1, 7, 100, 250, 2_000),
        fc.integer({ min: 0, max: 12 }),
        (blocks, widthMs, buckets) => {
          const options = { from: T0, widthMs, buckets };
          const grid = new BucketGrid(options);
          for (const rows of blocks) grid.addSamples(columnsOf(rows));
          expect(grid.result()).toEqual(plainly(blocks.flat(), options));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("takes rollups where they cover the time and samples where they do not", () => {
    const rows = Array.from(
      { length: 900 },
      (_, index): Row => [T0 + index * 1_000, index % 40 ? index / 10 : "x"],
    );
    const columns = columnsOf(rows);
    const options = { from: T0, widthMs: 5 * MINUTE, buckets: 3 };
    const grid = new BucketGrid(options);
    const cut = firstNotBefore(columns.times, T0 + 8 * MINUTE);
    grid.addSamples(columns, cut, columns.count);
    const rollups = rollUp(columns, MINUTE);
    grid.addRollups(rollups, 0, firstNotBefore(rollups.times, T0 + 8 * MINUTE));
    expect(grid.result()).toEqual(plainly(rows, options));
  });

  test("leaves out what lies outside it, and buckets without samples", () => {
    const columns = columnsOf([-1, 0, 250, 299, 300].map((ms) => [T0 + ms, ms]));
    const grid = new BucketGrid({ from: T0, widthMs: 100, buckets: 3 });
    grid.addSamples(columns);
    grid.addSamples(columns, 2, 3);
    expect(grid.result().map(({ time, count }) => [time - T0, count])).toEqual([
      [0, 1],
      [200, 3],
    ]);
    const minutes = new BucketGrid({ from: T0, widthMs: MINUTE, buckets: 1 });
    minutes.addRollups(rollUp(columnsOf([-1, 1, MINUTE].map((ms) => [T0 + ms, ms])), MINUTE));
    expect(minutes.result()).toEqual([
      { time: T0, value: 1, min: 1, max: 1, avg: 1, count: 1, quality: "GOOD" },
    ]);
  });

  test("keeps the value of the greatest time, and of equal times the one added last", () => {
    const lastOf = (...blocks: Row[][]) => {
      const grid = new BucketGrid({ from: T0, widthMs: 100, buckets: 1 });
      for (const rows of blocks) grid.addSamples(columnsOf(rows));
      return grid.result()[0]?.value;
    };
    expect(lastOf([[T0 + 5, "new"]], [[T0 + 4, "old"]])).toBe("new");
    expect(lastOf([[T0 + 5, "first"]], [[T0 + 5, 2]])).toBe(2);
    expect(lastOf([[T0 + 5, 1]], [[T0 + 5, "second"]])).toBe("second");
  });

  test("the mean of equal numbers is that number, and never infinite", () => {
    const meanOf = (value: number, count: number) => {
      const grid = new BucketGrid({ from: T0, widthMs: 100_000, buckets: 1 });
      grid.addSamples(columnsOf(Array.from({ length: count }, (_, index) => [T0 + index, value])));
      return grid.result()[0]?.avg;
    };
    expect(meanOf(0.1, 999)).toBe(0.1);
    expect(meanOf(-Number.MAX_VALUE, 3)).toBe(-Number.MAX_VALUE);
  });

  test.each([
    { widthMs: 0, buckets: 1 },
    { widthMs: Number.NaN, buckets: 1 },
    { widthMs: 1, buckets: MAX_BUCKETS + 1 },
    { widthMs: 1, buckets: -1 },
  ])("refuses $buckets buckets of $widthMs ms", (options) => {
    expect(() => new BucketGrid({ from: T0, ...options })).toThrow(RangeError);
  });
});
