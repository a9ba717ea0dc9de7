import type { Quality, Scalar } from "../twin/sample.js";
import { Accumulator } from "./accumulator.js";
import { firstNotBefore, qualityOf, type SampleColumns, valueAt } from "./columns.js";
import type { Rollups } from "./minutes.js";

/** How many buckets one grid holds at most. */
export const MAX_BUCKETS = 10_000;

/** The samples of one span of time, as a chart needs them. */
export interface Bucket {
  /** Its beginning, in milliseconds since 1970. */
  readonly time: number;
  /** The value of its last sample. */
  readonly value: Scalar;
  /** Of its numbers; null when it has none. */
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly count: number;
  /** The worst of its samples. */
  readonly quality: Quality;
}

/** Buckets of one width, one after the other, filled from blocks and rollups in any order. */
export class BucketGrid {
  readonly #from: number;
  readonly #width: number;
  readonly #buckets: number;
  readonly #accumulator: Accumulator;

  /**
   * @param options.from the beginning of the first bucket, in milliseconds since 1970
   * @throws RangeError for a width of nothing or more than MAX_BUCKETS
   */
  constructor(options: { from: number; widthMs: number; buckets: number }) {
    const { from, widthMs, buckets } = options;
    if (!(widthMs > 0)) throw new RangeError(`a bucket cannot be ${widthMs} ms wide`);
    if (!(buckets >= 0 && buckets <= MAX_BUCKETS)) throw new RangeError(`${buckets} buckets are too many`);
    this.#from = from;
    this.#width = widthMs;
    this.#buckets = buckets;
    this.#accumulator = new Accumulator({ buckets });
  }

  /** Adds the samples from one index up to another; those outside the grid are left out. */
  addSamples(columns: SampleColumns, fromIndex = 0, toIndex = columns.count): void {
    const times = columns.times.subarray(0, toIndex);
    let index = Math.max(fromIndex, firstNotBefore(times, this.#from));
    while (index < toIndex) {
      const bucket = Math.floor(((times[index] as number) - this.#from) / this.#width);
      if (bucket >= this.#buckets) return;
      const next = this.#from + (bucket + 1) * this.#width;
      const begin = index;
      index += 1;
      while (index < toIndex && (times[index] as number) < next) index += 1;
      this.#accumulator.addSamples(bucket, columns, begin, index);
    }
  }

  /** Adds rollups, each to the bucket that it begins in; those that begin outside the grid are left out. */
  addRollups(rollups: Rollups, fromIndex = 0, toIndex = rollups.count): void {
    for (let index = fromIndex; index < toIndex; index += 1) {
      const bucket = Math.floor(((rollups.times[index] as number) - this.#from) / this.#width);
      if (bucket >= 0 && bucket < this.#buckets) this.#accumulator.addAggregate(bucket, rollups, index);
    }
  }

  /** The buckets that have samples, oldest first. The grid is not used afterwards. */
  result(): Bucket[] {
    const all = this.#accumulator.aggregates(this.#buckets);
    const filled: Bucket[] = [];
    for (let index = 0; index < this.#buckets; index += 1) {
      const count = all.counts[index] as number;
      if (count === 0) continue;
      const numerics = all.numerics[index] as number;
      const min = all.mins[index] as number;
      const max = all.maxs[index] as number;
      const avg = (all.sums[index] as number) / numerics;
      filled.push({
        time: this.#from + index * this.#width,
        value: valueAt(all.lasts, index),
        min: numerics === 0 ? null : min,
        max: numerics === 0 ? null : max,
        // Rounding must not take the mean of equal numbers past them.
        avg: numerics === 0 ? null : Math.min(max, Math.max(min, avg)),
        count,
        quality: qualityOf(all.qualities[index] as number),
      });
    }
    return filled;
  }
}
