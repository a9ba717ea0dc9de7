import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QUALITIES, type Quality, type Scalar } from "../twin/sample.js";
import { sealed } from "./block.js";
import { BlockError } from "./block-bytes.js";
import { SampleBuilder, type SampleColumns, valueAt } from "./columns.js";
import { coarsen, decodeRollups, encodeRollups, mergeRollups, type Rollups, rollUp } from "./minutes.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const T0 = Date.UTC(2026, 0, 1);

type Row = readonly [time: number, value: Scalar, quality?: Quality];

function columnsOf(rows: readonly Row[]): SampleColumns {
  const builder = new SampleBuilder();
  for (const [time, value, quality] of rows) builder.add(time, value, quality);
  return builder.build();
}

/** The rollups as rows, for comparison; sums apart, since they may differ in their last bits. */
function rowsOf(rollups: Rollups) {
  return Array.from(rollups.times, (time, index) => ({
    time,
    count: rollups.counts[index],
    numerics: rollups.numerics[index],
    min: rollups.mins[index],
    max: rollups.maxs[index],
    last: valueAt(rollups.lasts, index),
    lastTime: rollups.lastTimes[index],
    quality: QUALITIES[rollups.qualities[index] ?? 0],
  }));
}

/** @param magnitudes the sum of the numbers without their signs: what rounding errors are measured by */
function expectSums(actual: Rollups, expected: Rollups, magnitudes: Float64Array): void {
  for (let index = 0; index < expected.count; index += 1) {
    const error = Math.abs((actual.sums[index] ?? Number.NaN) - (expected.sums[index] ?? Number.NaN));
    expect(error).toBeLessThanOrEqual(1e-9 * (magnitudes[index] ?? 0));
  }
}

function magnitudesOf(columns: SampleColumns, widthMs: number): Float64Array {
  return rollUp({ ...columns, numbers: columns.numbers.map(Math.abs) }, widthMs).sums;
}

const anyRow = fc.tuple(
  fc.integer({ min: T0 - 2 * HOUR, max: T0 + 2 * HOUR }),
  fc.oneof<fc.Arbitrary<Scalar>[]>(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }),
    fc.integer({ min: -5_000, max: 5_000 }).map((value) => value / 10),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom<Scalar>(null, true, false, "IDLE", "EXECUTE", -0),
  ),
  fc.constantFrom(...QUALITIES),
);
const anyRows = fc.array(anyRow, { maxLength: 300, size: "max" });

describe("rollUp", () => {
  test("knows each minute that has samples, in UTC, and no other", () => {
    const rollups = rollUp(
      columnsOf([
        [T0 - 1, 5],
        [T0, 1.5],
        [T0 + 30_000, -2, "UNCERTAIN"],
        [T0 + 59_999, 4],
        [T0 + 3 * MINUTE, "IDLE"],
        [T0 + 3 * MINUTE + 5, 2n ** 60n],
        [T0 + 3 * MINUTE + 9, null, "BAD"],
        [T0 + 5 * MINUTE + 1, true],
      ]),
      MINUTE,
    );
    const none = Number.NaN;
    const big = 2 ** 60;
    expect(rowsOf(rollups)).toEqual([
      {
        time: T0 - MINUTE,
        count: 1,
        numerics: 1,
        min: 5,
        max: 5,
        last: 5,
        lastTime: T0 - 1,
        quality: "GOOD",
      },
      {
        time: T0,
        count: 3,
        numerics: 3,
        min: -2,
        max: 4,
        last: 4,
        lastTime: T0 + 59_999,
        quality: "UNCERTAIN",
      },
      {
        ...{ time: T0 + 3 * MINUTE, count: 3, numerics: 1, min: big, max: big },
        ...{ last: null, lastTime: T0 + 3 * MINUTE + 9, quality: "BAD" },
      },
      {
        ...{ time: T0 + 5 * MINUTE, count: 1, numerics: 0, min: none, max: none },
        ...{ last: true, lastTime: T0 + 5 * MINUTE + 1, quality: "GOOD" },
      },
    ]);
    expect([...rollups.sums]).toEqual([5, 3.5, big, 0]);
  });

  test("a sum beyond the largest number is that number", () => {
    const largest = Number.MAX_VALUE;
    const rollups = rollUp(columnsOf([1, 2, 3].map((ms) => [T0 + ms, -largest])), MINUTE);
    expect([...rollups.sums]).toEqual([-largest]);
  });
});

describe("coarsen", () => {
  test("minutes become the hours and days that the samples themselves would give", () => {
    fc.assert(
      fc.property(anyRows, fc.constantFrom(HOUR, 24 * HOUR), (rows, widthMs) => {
        const columns = columnsOf(rows);
        const direct = rollUp(columns, widthMs);
        const coarse = coarsen(rollUp(columns, MINUTE), widthMs);
        expect(rowsOf(coarse)).toEqual(rowsOf(direct));
        expectSums(coarse, direct, magnitudesOf(columns, widthMs));
      }),
      { numRuns: 150 },
    );
  });

  test("a span that the narrower ones do not make up is refused", () => {
    expect(() => coarsen(rollUp(columnsOf([[T0, 1]]), MINUTE), 90_000)).toThrow(RangeError);
  });
});

describe("mergeRollups", () => {
  test("two blocks of one series, however their times overlap, give the rollups of all samples", () => {
    fc.assert(
      fc.property(anyRows, anyRows, (earlier, later) => {
        const all = columnsOf([...earlier, ...later]);
        const direct = rollUp(all, MINUTE);
        const merged = mergeRollups(rollUp(columnsOf(earlier), MINUTE), rollUp(columnsOf(later), MINUTE));
        expect(rowsOf(merged)).toEqual(rowsOf(direct));
        expectSums(merged, direct, magnitudesOf(all, MINUTE));
      }),
      { numRuns: 150 },
    );
  });

  test("of two last samples at one time the later block's stays", () => {
    const one = rollUp(columnsOf([[T0, 1]]), MINUTE);
    const other = rollUp(columnsOf([[T0, "x"]]), MINUTE);
    expect(valueAt(mergeRollups(one, other).lasts, 0)).toBe("x");
    expect(valueAt(mergeRollups(other, one).lasts, 0)).toBe(1);
  });

  test("rollups of different widths are refused", () => {
    const columns = columnsOf([[T0, 1]]);
    expect(() => mergeRollups(rollUp(columns, MINUTE), rollUp(columns, HOUR))).toThrow(RangeError);
  });
});

describe("stored rollups", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(anyRows, fc.constantFrom(1_000, MINUTE, HOUR), (rows, widthMs) => {
        const rollups = rollUp(columnsOf(rows), widthMs);
        const stored = decodeRollups(encodeRollups(rollups));
        expect(rowsOf(stored)).toEqual(rowsOf(rollups));
        expect([stored.widthMs, stored.count]).toEqual([widthMs, rollups.count]);
        for (const [index, sum] of rollups.sums.entries())
          expect(Math.abs((stored.sums[index] ?? Number.NaN) - sum)).toBeLessThanOrEqual(
            2 ** -50 * Math.abs(sum),
          );
      }),
      { numRuns: 150 },
    );
  });

  test("a sum of decimals becomes the decimal that it should be", () => {
    // Added up as doubles, tenths miss the sum on paper by its last bits.
    const rows = Array.from(
      { length: 600 },
      (_, index): Row => [T0 + index * 1_000, (index % 60) / 10 + 0.1],
    );
    const stored = decodeRollups(encodeRollups(rollUp(columnsOf(rows), MINUTE)));
    expect([...stored.sums]).toEqual(new Array(10).fill(183));
  });

  test.each<[number, string, (index: number) => Row]>([
    [
      9,
      "an hour of decimals, one a second",
      (index) => [T0 + index * 1_000, Math.round(index ** 1.5 % 400) / 10],
    ],
    [2, "a counter", (index) => [T0 + index * 1_000, index]],
    [
      1.5,
      "one decimal a minute: as much as the sample itself",
      (index) => [T0 + index * MINUTE, (index % 50) / 10],
    ],
    [9, "one full double a minute", (index) => [T0 + index * MINUTE, Math.sqrt(index)]],
  ])("take at most %f bytes each for %s", (limit, _, row) => {
    const rollups = rollUp(columnsOf(Array.from({ length: 3_600 }, (_each, index) => row(index))), MINUTE);
    expect(encodeRollups(rollups).length / rollups.count).toBeLessThanOrEqual(limit);
  });

  test("damaged ones are an error or bounded, never a crash", () => {
    const bytes = encodeRollups(
      rollUp(
        columnsOf(Array.from({ length: 500 }, (_, i): Row => [T0 + i * 9_000, i % 7 ? i / 3 : "x"])),
        MINUTE,
      ),
    );
    expect(() => decodeRollups(bytes.subarray(0, -1))).toThrow(BlockError);
    fc.assert(
      fc.property(fc.nat(bytes.length - 6), fc.nat(255), fc.nat(bytes.length), (at, byte, cut) => {
        const damaged = Buffer.from(bytes.subarray(5, Math.max(5, bytes.length - (cut % 9))));
        damaged[at % damaged.length] = byte;
        try {
          const rollups = decodeRollups(sealed(1, damaged));
          expect(rollups.lasts.numbers.length).toBe(rollups.times.length);
        } catch (error) {
          if (!(error instanceof BlockError)) throw error;
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
