import type { Scalar } from "../twin/sample.js";
import { type Other, type SampleColumns, type ValueColumns, valueAt } from "./columns.js";

/** What is known of the samples of each of several buckets, whatever the buckets are. */
export interface Aggregates {
  readonly count: number;
  /** How many samples, and how many of them are numbers. */
  readonly counts: Float64Array;
  readonly numerics: Float64Array;
  /** Of the numbers; NaN where there are none. */
  readonly mins: Float64Array;
  readonly maxs: Float64Array;
  /** Of the numbers; always finite. */
  readonly sums: Float64Array;
  /** The last sample's time and value. */
  readonly lastTimes: Float64Array;
  readonly lasts: ValueColumns;
  /** The worst quality's index in QUALITIES. */
  readonly qualities: Uint8Array;
}

/** Takes samples and aggregates into buckets, in any order. */
export class Accumulator {
  readonly #counts: Float64Array;
  readonly #numerics: Float64Array;
  readonly #mins: Float64Array;
  readonly #maxs: Float64Array;
  readonly #sums: Float64Array;
  /** What the sums lost to rounding (Neumaier). */
  readonly #lost: Float64Array;
  readonly #lastTimes: Float64Array;
  readonly #lastNumbers: Float64Array;
  #lastOthers: (Other | undefined)[] | null = null;
  readonly #qualities: Uint8Array;

  constructor({ buckets }: { buckets: number }) {
    this.#counts = new Float64Array(buckets);
    this.#numerics = new Float64Array(buckets);
    this.#mins = new Float64Array(buckets).fill(Number.POSITIVE_INFINITY);
    this.#maxs = new Float64Array(buckets).fill(Number.NEGATIVE_INFINITY);
    this.#sums = new Float64Array(buckets);
    this.#lost = new Float64Array(buckets);
    this.#lastTimes = new Float64Array(buckets).fill(Number.NEGATIVE_INFINITY);
    this.#lastNumbers = new Float64Array(buckets);
    this.#qualities = new Uint8Array(buckets);
  }

  /** Adds the samples from one index up to another, at least one, to a bucket. */
  addSamples(bucket: number, columns: SampleColumns, from: number, to: number): void {
    const { numbers, qualities } = columns;
    let numerics = to - from;
    let min = this.#mins[bucket] as number;
    let max = this.#maxs[bucket] as number;
    let sum = this.#sums[bucket] as number;
    let lost = this.#lost[bucket] as number;
    for (let index = from; index < to; index += 1) {
      const value = numbers[index] as number;
      // NaN stands for a value that is no number.
      if (Number.isNaN(value)) {
        numerics -= 1;
        continue;
      }
      min = Math.min(min, value);
      max = Math.max(max, value);
      const next = sum + value;
      lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
    }
    this.#mins[bucket] = min;
    this.#maxs[bucket] = max;
    this.#sums[bucket] = sum;
    this.#lost[bucket] = lost;
    (this.#numerics[bucket] as number) += numerics;
    (this.#counts[bucket] as number) += to - from;
    for (let index = from; qualities && index < to; index += 1)
      this.#degrade(bucket, qualities[index] as number);
    this.#offerLast(bucket, columns.times[to - 1] as number, valueAt(columns, to - 1));
  }

  /** Adds what is known of other buckets' samples to a bucket. */
  addAggregate(bucket: number, aggregates: Aggregates, index: number): void {
    const numerics = aggregates.numerics[index] as number;
    (this.#counts[bucket] as number) += aggregates.counts[index] as number;
    if (numerics > 0) {
      (this.#numerics[bucket] as number) += numerics;
      this.#mins[bucket] = Math.min(this.#mins[bucket] as number, aggregates.mins[index] as number);
      this.#maxs[bucket] = Math.max(this.#maxs[bucket] as number, aggregates.maxs[index] as number);
      const sum = this.#sums[bucket] as number;
      const value = aggregates.sums[index] as number;
      const next = sum + value;
      (this.#lost[bucket] as number) +=
        Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      this.#sums[bucket] = next;
    }
    this.#degrade(bucket, aggregates.qualities[index] as number);
    this.#offerLast(bucket, aggregates.lastTimes[index] as number, valueAt(aggregates.lasts, index));
  }

  /** What was added to the first so many buckets; the accumulator is not used afterwards. */
  aggregates(count: number): Aggregates {
    const some = <T extends Float64Array>(array: T) => array.subarray(0, count);
    const numerics = some(this.#numerics);
    const orNaN = (array: Float64Array) =>
      array.subarray(0, count).map((value, index) => (numerics[index] === 0 ? Number.NaN : value));
    return {
      count,
      counts: some(this.#counts),
      numerics,
      mins: orNaN(this.#mins),
      maxs: orNaN(this.#maxs),
      sums: some(this.#sums).map((sum, index) => finiteSum(sum, this.#lost[index] as number)),
      lastTimes: some(this.#lastTimes),
      lasts: { count, numbers: some(this.#lastNumbers), others: this.#lastOthers?.slice(0, count) ?? null },
      qualities: this.#qualities.subarray(0, count),
    };
  }

  #degrade(bucket: number, quality: number): void {
    if (quality > (this.#qualities[bucket] as number)) this.#qualities[bucket] = quality;
  }

  /** Of samples at one time the one added last stays. */
  #offerLast(bucket: number, time: number, value: Scalar): void {
    if (time < (this.#lastTimes[bucket] as number)) return;
    this.#lastTimes[bucket] = time;
    if (typeof value === "number") {
      this.#lastNumbers[bucket] = value;
      if (this.#lastOthers) this.#lastOthers[bucket] = undefined;
      return;
    }
    this.#lastNumbers[bucket] = typeof value === "bigint" ? Number(value) : Number.NaN;
    this.#lastOthers ??= new Array<Other | undefined>(this.#counts.length).fill(undefined);
    this.#lastOthers[bucket] = value;
  }
}

/** A sum beyond the largest double is that double, so that it can be sent and stored. */
function finiteSum(sum: number, lost: number): number {
  const whole = sum + lost;
  return Number.isFinite(whole) ? whole : (Math.sign(sum) || 0) * Number.MAX_VALUE;
}
