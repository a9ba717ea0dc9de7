import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QUALITIES, type Scalar } from "../twin/sample.js";
import { decodeBlock, encodeBlock, MAX_BLOCK_SAMPLES, sealed } from "./block.js";
import { BlockError, ByteWriter } from "./block-bytes.js";
import {
  firstNotBefore,
  SampleBuilder,
  type SampleColumns,
  type SeriesSample,
  samplesOf,
} from "./columns.js";

const T0 = Date.UTC(2026, 0, 1);

function columnsOf(samples: Iterable<SeriesSample>): SampleColumns {
  const builder = new SampleBuilder();
  for (const { time, value, quality } of samples) builder.add(time, value, quality);
  return builder.build();
}

/** One GOOD sample a second. */
function everySecond(values: readonly Scalar[]): SampleColumns {
  return columnsOf(values.map((value, index) => ({ time: T0 + index * 1_000, value, quality: "GOOD" })));
}

function many<T>(count: number, value: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => value(index));
}

/** Numbers from 0 to 1 that are the same in each run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function walk(count: number, { decimals, step }: { decimals: number; step: number }): number[] {
  const random = dice(7);
  let at = 80;
  return many(count, () => {
    at += gaussian(random) * step;
    return Number(at.toFixed(decimals));
  });
}

const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -100_000, max: 100_000 }).map((value) => value / 100),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    0,
    -0,
    5e-324,
    -5e-324,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    2 ** 49,
    2 ** 49 + 1,
    0.1 + 0.2,
  ),
);
const anyInt64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n, 2n ** 53n),
);
const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("", "EXECUTE", "IDLE", "\u{1f525}Ω", "é".repeat(300)),
);
const anyScalar: fc.Arbitrary<Scalar> = fc.oneof(
  anyNumber,
  anyInt64,
  anyText,
  fc.boolean(),
  fc.constant(null),
);
/** Mixed values, and values of one kind, as most series have. */
const anyValues = fc.oneof(
  ...[anyScalar, anyNumber, anyInt64, anyText, fc.boolean()].map((one) =>
    fc.array<Scalar>(one, { maxLength: 200, size: "max" }),
  ),
);
const anySamples = anyValues.chain((values) =>
  fc
    .tuple(
      fc.array(fc.oneof(fc.constant(0), fc.constant(1_000), fc.nat(3_000), fc.nat(2 ** 40)), {
        minLength: values.length,
        maxLength: values.length,
      }),
      fc.oneof(fc.constant(["GOOD" as const]), fc.array(fc.constantFrom(...QUALITIES), { minLength: 1 })),
      fc.integer({ min: -(2 ** 40), max: 2 ** 41 }),
    )
    .map(([steps, qualities, begin]) => {
      let time = begin;
      return values.map((value, index): SeriesSample => {
        time += steps[index] ?? 0;
        return { time, value, quality: qualities[index % qualities.length] ?? "GOOD" };
      });
    }),
);

describe("a block gives back exactly", () => {
  test.each<[string, readonly Scalar[]]>([
    ["nothing", []],
    ["one number", [21.5]],
    ["negative zero among zeros", [0, -0, 0, -0, -0]],
    ["decimals", walk(500, { decimals: 1, step: 0.2 })],
    [
      "decimals with a few that are none",
      walk(500, { decimals: 2, step: 1 }).map((v, i) => (i % 50 ? v : v + 1e-13)),
    ],
    ["decimals with far exceptions", many(300, (i) => (i % 60 ? i / 10 : (-1) ** i * 1.7e300))],
    ["numbers of 32 bits", walk(500, { decimals: 2, step: 1 }).map(Math.fround)],
    ["full doubles", many(500, dice(3))],
    ["the smallest and the largest doubles", [5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, -5e-324, 0]],
    ["integers around the largest safe one", [2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 49, -(2 ** 49), 2 ** 49 + 1]],
    ["a counter that wraps", many(3_000, (i) => (i * 7) % 65_536)],
    ["extreme 64-bit integers", [-(2n ** 63n), 2n ** 63n - 1n, -(2n ** 63n), 0n, -1n, 1n]],
    ["booleans", many(300, (i) => i % 7 < 3)],
    ["nulls", many(300, () => null)],
    ["states", many(900, (i) => ["EXECUTE", "HELD", "IDLE"][Math.floor(i / 100) % 3] ?? "")],
    ["texts in any script, empty or long", ["", "ö", "日本", "\u{1f525}", "x".repeat(100_000), "", "日本"]],
    ["texts that look like other values", ["1", 1, 1n, "true", true, "null", null, ""]],
  ])("%s", (_, values) => {
    const columns = everySecond(values);
    expect(samplesOf(decodeBlock(encodeBlock(columns)))).toEqual(samplesOf(columns));
  });

  test("whatever comes: mixed values, equal and far times, any quality", () => {
    fc.assert(
      fc.property(anySamples, (samples) => {
        expect(samplesOf(decodeBlock(encodeBlock(columnsOf(samples))))).toEqual(samples);
      }),
      { numRuns: 500 },
    );
  });

  test("the form it was given in: numbers that are all GOOD have no other columns", () => {
    const columns = decodeBlock(encodeBlock(everySecond([1, 2.5, -3])));
    expect([columns.others, columns.qualities]).toEqual([null, null]);
    const mixed = decodeBlock(encodeBlock(everySecond([1, 2n ** 60n, "x", true, null])));
    expect([...mixed.numbers]).toEqual([1, 2 ** 60, Number.NaN, Number.NaN, Number.NaN]);
  });
});

describe("a block takes at most", () => {
  const random = dice(1);
  const jittered = (index: number) => T0 + index * 1_000 + Math.round(gaussian(random) * 8);
  const regular = (index: number) => T0 + index * 1_000;
  test.each<[number, string, (index: number) => number, readonly Scalar[]]>([
    [1.4, "a temperature with one decimal", jittered, walk(3_600, { decimals: 1, step: 0.15 })],
    [
      2,
      "noise with two decimals",
      jittered,
      many(3_600, () => Math.round(2_000 + gaussian(random) * 50) / 100),
    ],
    [5, "numbers of 32 bits", jittered, many(3_600, () => Math.fround(20 + gaussian(random)))],
    [10, "full doubles", jittered, many(3_600, () => gaussian(random))],
    // Recordings of real machines look like this: eight decimals, and some that arithmetic has touched.
    [
      4.6,
      "eight decimals",
      regular,
      walk(3_600, { decimals: 8, step: 1 }).map((v, i) => (i % 20 ? v : v + 2e-14)),
    ],
    [0.02, "a counter", regular, many(3_600, (i) => 1_000_000 + i)],
    [0.02, "a counter that speeds up", regular, many(3_600, (i) => i * i)],
    [2.05, "wide noise about a level", regular, many(3_600, () => 9_000 + Math.round(16_000 * random()))],
    [0.02, "a constant", regular, many(3_600, () => 21.5)],
    [0.06, "a constant with all digits", regular, many(3_600, () => Math.PI)],
    [0.1, "a counter of 64 bits", regular, many(3_600, (i) => 2n ** 60n + BigInt(i))],
    [0.1, "states", regular, many(3_600, (i) => ["EXECUTE", "HELD", "IDLE"][Math.floor(i / 90) % 3] ?? "")],
    [30, "one sample", regular, [21.5]],
  ])("%f bytes a sample of %s", (limit, _, timeOf, values) => {
    const samples = values.map(
      (value, index): SeriesSample => ({ time: timeOf(index), value, quality: "GOOD" }),
    );
    const columns = columnsOf(samples);
    const block = encodeBlock(columns);
    expect(block.length / values.length).toBeLessThanOrEqual(limit);
    expect(samplesOf(decodeBlock(block))).toEqual(samplesOf(columns));
  });
});

describe("a block is refused for", () => {
  const withTimes = (times: readonly number[]): SampleColumns => ({
    ...everySecond(times.map(() => 1)),
    times: Float64Array.from(times),
  });
  test.each<[string, SampleColumns]>([
    ["a number that is none", everySecond([1, Number.NaN])],
    ["an infinite number", everySecond([Number.NEGATIVE_INFINITY])],
    ["an integer beyond 64 bits", everySecond([2n ** 63n])],
    ["half a character", everySecond(["\ud800"])],
    ["times that go back", withTimes([T0, T0 - 1])],
    ["a part of a millisecond", withTimes([T0 + 0.5])],
    ["a time that is none", withTimes([Number.NaN])],
    ["a time beyond all calendars", withTimes([2 ** 53])],
    ["too many samples", everySecond(many(MAX_BLOCK_SAMPLES + 1, () => 1))],
  ])("%s", (_, columns) => {
    expect(() => encodeBlock(columns)).toThrow(RangeError);
  });
});

describe("damaged bytes", () => {
  const whole = encodeBlock(
    columnsOf(
      many(
        400,
        (index): SeriesSample => ({
          time: T0 + index * 900 + (index % 13),
          value:
            [index / 10, null, index % 3 === 0, `lot ${index % 9}`, 2n ** 60n + BigInt(index)][index % 5] ??
            null,
          quality: QUALITIES[index % 3] ?? "GOOD",
        }),
      ),
    ),
  );
  const bodies = [
    whole,
    encodeBlock(everySecond(many(200, dice(5)))),
    encodeBlock(everySecond(walk(200, { decimals: 2, step: 1 }))),
    encodeBlock(everySecond(many(300, (i) => (i % 60 ? i / 10 : 1 / 3)))),
    encodeBlock(everySecond(many(60, (i) => `s${i % 4}`))),
    encodeBlock(everySecond(many(60, (i) => BigInt(i) ** 7n))),
    encodeBlock(everySecond([])),
  ].map((block) => block.subarray(5));

  test("of another version are named as such", () => {
    const other = Buffer.from(whole);
    other[0] = 9;
    expect(() => decodeBlock(other)).toThrow(new BlockError("version 9 is unknown"));
  });

  test("cut anywhere, or with any bit flipped, are recognised", () => {
    for (let length = 0; length < whole.length; length += 1)
      expect(() => decodeBlock(whole.subarray(0, length))).toThrow(BlockError);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeBlock(damaged)).toThrow(BlockError);
    }
  });

  test("whose checksum fits nevertheless give a block of bounded size or an error, never a crash", () => {
    const change = fc.record({
      at: fc.nat(),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)),
    });
    let errors = 0;
    let blocks = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat()),
        (body, changes, cut) => {
          const damaged = Buffer.from(body.subarray(0, cut === null ? body.length : cut % (body.length + 1)));
          for (const { at, byte } of changes) if (damaged.length > 0) damaged[at % damaged.length] = byte;
          try {
            const columns = decodeBlock(sealed(1, damaged));
            expect(columns.count).toBeLessThanOrEqual(MAX_BLOCK_SAMPLES);
            expect([columns.times.length, columns.numbers.length]).toEqual([columns.count, columns.count]);
            expect(columns.others?.length ?? columns.count).toBe(columns.count);
            blocks += 1;
          } catch (error) {
            if (!(error instanceof BlockError)) throw error;
            errors += 1;
          }
        },
      ),
      { numRuns: 10_000 },
    );
    expect(Math.min(errors, blocks)).toBeGreaterThan(100);
  });

  describe("of three samples are refused for", () => {
    const times = (body: ByteWriter, tokens: readonly number[] = [0, 0]) => {
      body.varint(3);
      body.signed(T0);
      body.byte(1);
      body.signed(1_000);
      body.section(Uint8Array.from(tokens));
    };
    /** Three equal integers, then what follows them. */
    const integers = (body: ByteWriter, rest: readonly number[]) => {
      times(body);
      body.bytes(Uint8Array.of(0, 0, 10, 1, 0, 4, 0, 0, ...rest));
    };
    const planes = (body: ByteWriter, bytes: Uint8Array) => {
      times(body);
      body.bytes(Uint8Array.of(0, 255, 255));
      body.section(bytes);
      body.byte(0);
    };
    test.each<[string, (body: ByteWriter) => void]>([
      ["a run of equal steps is too long", (body) => times(body, [1, 0])],
      ["1 bytes too many", (body) => times(body, [0, 0, 0])],
      ["the bytes end too early", (body) => times(body, [0])],
      ["the times are not in order", (body) => times(body, [0, (4_000 % 128) | 128, 4_000 >> 7])],
      ["an exception lies beyond the end", (body) => integers(body, [1, 3, 4, 0])],
      ["a number is not finite", (body) => integers(body, [1, 2, 0, ...many(8, () => 255), 0])],
      ["the bytes of a plane end too early", (body) => planes(body, new Uint8Array(8))],
      ["a number is not finite", (body) => planes(body, new Uint8Array(24).fill(255))],
      ["25 bytes where at most 24 are possible", (body) => planes(body, new Uint8Array(25))],
      ["2 bytes too many", (body) => integers(body, [0, 0, 0, 0])],
    ])("%s", (message, write) => {
      const body = new ByteWriter();
      write(body);
      expect(() => decodeBlock(sealed(1, body.written()))).toThrow(new BlockError(message));
    });
  });

  test("that announce more than they can hold are refused before room is made for it", () => {
    const body = new ByteWriter();
    body.varint(2);
    body.signed(T0);
    body.byte(1);
    body.signed(1_000);
    body.varint(5 * 2 + 1);
    body.varint(2 ** 40);
    body.bytes(Buffer.alloc(5));
    expect(() => decodeBlock(sealed(1, body.written()))).toThrow(
      "1099511627776 bytes where at most 16 are possible",
    );
    const text = new ByteWriter();
    text.varint(1);
    text.signed(T0);
    text.section(Uint8Array.of(5));
    text.varint(1);
    text.signed(3);
    text.varint(5 * 2 + 1);
    text.varint(2 ** 40);
    text.bytes(Buffer.alloc(5));
    expect(() => decodeBlock(sealed(1, text.written()))).toThrow("5 bytes cannot hold 1099511627776");
    const count = new ByteWriter();
    count.varint(2 ** 52);
    expect(() => decodeBlock(sealed(1, count.written()))).toThrow("at most 131072 is possible");
  });
});

describe("columns", () => {
  test("samples that come out of order are sorted by time, those of one time as they came", () => {
    const times = [3, 1, 2, 1, 3];
    const values: Scalar[] = ["late", 1, null, 2n, 5];
    const columns = columnsOf(
      times.map((time, index) => ({
        time,
        value: values[index] ?? null,
        quality: QUALITIES[index % 3] ?? "GOOD",
      })),
    );
    expect(samplesOf(columns)).toEqual([
      { time: 1, value: 1, quality: "UNCERTAIN" },
      { time: 1, value: 2n, quality: "GOOD" },
      { time: 2, value: null, quality: "BAD" },
      { time: 3, value: "late", quality: "GOOD" },
      { time: 3, value: 5, quality: "UNCERTAIN" },
    ]);
    expect(samplesOf(columns, 1, 3).map(({ value }) => value)).toEqual([2n, null]);
  });

  test.each([
    [0, 0],
    [10, 0],
    [11, 2],
    [20, 2],
    [31, 4],
  ])("the first sample not before %i is at %i", (time, index) => {
    expect(firstNotBefore(Float64Array.of(10, 10, 20, 30), time)).toBe(index);
  });
});
