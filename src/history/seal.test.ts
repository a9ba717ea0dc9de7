import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Quality, Scalar } from "../twin/sample.js";
import { decodeBlock } from "./block.js";
import { SampleBuilder, type SampleColumns, samplesOf, valueAt } from "./columns.js";
import { decodeRollups, rollUp } from "./minutes.js";
import { type BlockSpan, blocksOf, daysOf, merged, piecesOf } from "./seal.js";
import { planDay, type RollupRow, sealDay } from "./sealed-rows.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIDNIGHT = Date.UTC(2026, 0, 5);

type Given = readonly [time: number, value: Scalar, quality?: Quality];

function columnsOf(samples: readonly Given[]): SampleColumns {
  const builder = new SampleBuilder();
  for (const [time, value, quality] of samples) builder.add(time, value, quality);
  return builder.build();
}

/** Samples every `everyMs` from `from` on, with their indexes as values. */
function steady(from: number, count: number, everyMs: number): SampleColumns {
  return columnsOf(Array.from({ length: count }, (_, index) => [from + index * everyMs, index]));
}

/** One series' blocks of a day as a table keeps them, sealed one batch after the other. */
class Day {
  readonly blocks = new Map<number, BlockSpan & { data: Buffer; minutes: Buffer }>();
  readonly hours = new Map<number, RollupRow>();
  readonly days = new Map<number, RollupRow>();
  written = 0;

  seal(columns: SampleColumns): void {
    const there = [...this.blocks.values()].sort((a, b) => a.from - b.from);
    const plan = planDay({ retention: "default", seriesId: 1, day: MIDNIGHT, columns }, there);
    const rows = sealDay(plan, ({ from }) => this.blocks.get(from)?.data ?? Buffer.alloc(0));
    for (const { from } of plan.pieces.flatMap(({ blocks }) => blocks)) this.blocks.delete(from);
    rows.samples.forEach(({ from, to, count, data }, index) => {
      expect(this.blocks.has(from)).toBe(false);
      const minutes = rows.minutes[index]?.data ?? Buffer.alloc(0);
      this.blocks.set(from, { from, to, count, data, minutes });
    });
    this.written += rows.samples.length;
    for (const row of rows.hours) add(this.hours, row);
    for (const row of rows.days) add(this.days, row);
  }

  get ordered(): (BlockSpan & { data: Buffer; minutes: Buffer })[] {
    return [...this.blocks.values()].sort((a, b) => a.from - b.from);
  }

  get samples() {
    return this.ordered.flatMap(({ data }) => samplesOf(decodeBlock(data)));
  }
}

function add(rows: Map<number, RollupRow>, row: RollupRow): void {
  const known = rows.get(row.time);
  if (!known) {
    rows.set(row.time, row);
    return;
  }
  rows.set(row.time, {
    ...row,
    count: known.count + row.count,
    numerics: known.numerics + row.numerics,
    last: row.isLast ? row.last : known.last,
    quality: Math.max(known.quality, row.quality),
  });
}

const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constant(2n ** 62n),
  fc.string({ unit: "grapheme-ascii", maxLength: 4 }),
);
const quality = fc.constantFrom<Quality>("GOOD", "GOOD", "UNCERTAIN", "BAD");
// Few times, so that minutes and instants are shared, near the ends of minutes, hours and the day.
const time = fc
  .record({ minute: fc.integer({ min: 0, max: 40 }), ms: fc.constantFrom(0, 1, 30_000, 59_999) })
  .map(({ minute, ms }) => MIDNIGHT + Math.min(minute * 36 * MINUTE + ms, DAY - 1));
const batches = fc.array(fc.array(fc.tuple(time, value, quality), { minLength: 1, maxLength: 40 }), {
  minLength: 1,
  maxLength: 8,
});

test("whatever is sealed in whatever order, every sample is there once, in order", () => {
  fc.assert(
    fc.property(batches, (given) => {
      const day = new Day();
      for (const batch of given) day.seal(columnsOf(batch));
      const all = columnsOf(given.flat());
      expect(day.samples).toEqual(samplesOf(all));
    }),
    { numRuns: 300 },
  );
});

test("no minute lies in two blocks, and each block's minutes are those of its samples", () => {
  fc.assert(
    fc.property(batches, (given) => {
      const day = new Day();
      for (const batch of given) day.seal(columnsOf(batch));
      const minutes = day.ordered.flatMap(({ minutes }) => [...decodeRollups(minutes).times]);
      expect(new Set(minutes).size).toBe(minutes.length);
      const all = rollUp(columnsOf(given.flat()), MINUTE);
      expect(minutes).toEqual([...all.times]);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["hours", HOUR],
  ["days", DAY],
] as const)("%s add up, and the last value of each is the last sample's", (level, width) => {
  fc.assert(
    fc.property(batches, (given) => {
      const day = new Day();
      for (const batch of given) day.seal(columnsOf(batch));
      const all = rollUp(columnsOf(given.flat()), width);
      const rows = [...day[level].values()].sort((a, b) => a.time - b.time);
      expect(rows.map((row) => [row.time, row.count, row.numerics, row.last, row.quality])).toEqual(
        Array.from(all.times, (at, index) => [
          at,
          all.counts[index],
          all.numerics[index],
          valueAt(all.lasts, index),
          all.qualities[index],
        ]),
      );
    }),
    { numRuns: 300 },
  );
});

describe("blocks of a day", () => {
  test("many samples become blocks of about 4,096 that end with their minute", () => {
    const blocks = blocksOf(steady(MIDNIGHT, 86_400, 1_000));
    expect(blocks.length).toBe(21);
    for (const block of blocks) {
      expect(block.count).toBeGreaterThan(3_900);
      expect(block.count).toBeLessThan(4_300);
      expect((block.times[0] as number) % MINUTE).toBe(0);
    }
  });

  test("a minute that alone has more samples than a block holds is cut", () => {
    const blocks = blocksOf(
      columnsOf(Array.from({ length: 140_000 }, (_, index) => [MIDNIGHT + (index % 9), index])),
    );
    expect(blocks.map(({ count }) => count)).toEqual([131_072, 8_928]);
  });

  test("a late sample touches the block of its minute only", () => {
    const day = new Day();
    day.seal(steady(MIDNIGHT, 86_400, 1_000));
    day.written = 0;
    day.seal(columnsOf([[MIDNIGHT + 12 * HOUR + 1, 7]]));
    expect(day.written).toBe(1);
    expect(day.samples.length).toBe(86_401);
  });

  test("a late sample before a block that stays as it is does not become the last value", () => {
    const day = new Day();
    day.seal(steady(MIDNIGHT + 20 * MINUTE, 1_800, 1_000));
    day.seal(columnsOf([[MIDNIGHT, -1]]));
    expect([...day.hours.values(), ...day.days.values()].map(({ count, last }) => [count, last])).toEqual([
      [1_801, 1_799],
      [1_801, 1_799],
    ]);
  });

  test("a slow series grows one block through the day", () => {
    const day = new Day();
    for (let hour = 0; hour < 16; hour += 1) day.seal(steady(MIDNIGHT + hour * HOUR, 60, MINUTE));
    expect(day.ordered.map(({ count }) => count)).toEqual([960]);
  });

  test("a full block stays as it is when the next samples come", () => {
    const blocks = [{ from: MIDNIGHT, to: MIDNIGHT + HOUR, count: 3_600 }];
    expect(piecesOf(blocks, Float64Array.of(MIDNIGHT + 2 * HOUR))).toEqual([
      { blocks: [], begin: 0, end: 1 },
    ]);
  });

  test("a small block between two places with new samples becomes one with both", () => {
    const blocks = [0, 1, 2].map((hour) => ({
      from: MIDNIGHT + hour * HOUR,
      to: MIDNIGHT + hour * HOUR,
      count: 10,
    }));
    const times = Float64Array.of(MIDNIGHT, MIDNIGHT + 2 * HOUR);
    expect(piecesOf(blocks, times)).toEqual([{ blocks, begin: 0, end: 2 }]);
  });

  test("samples around midnight (UTC) belong to two days", () => {
    const days = daysOf(
      columnsOf([
        [MIDNIGHT - 1, 1],
        [MIDNIGHT, 2],
        [MIDNIGHT + DAY - 1, 3],
      ]),
    );
    expect(days.map(({ day, columns }) => [day, columns.count])).toEqual([
      [MIDNIGHT - DAY, 1],
      [MIDNIGHT, 2],
    ]);
  });

  test("of one time, what was there comes before what is new", () => {
    const there = columnsOf([
      [MIDNIGHT, "a"],
      [MIDNIGHT, "b"],
    ]);
    const fresh = columnsOf([[MIDNIGHT, "c"]]);
    expect(samplesOf(merged([there, fresh])).map((sample) => sample.value)).toEqual(["a", "b", "c"]);
  });
});
