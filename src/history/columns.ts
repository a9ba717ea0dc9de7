import { QUALITIES, type Quality, type Scalar } from "../twin/sample.js";

/** A value that is no number. */
export type Other = Exclude<Scalar, number>;

/** Values of any type, without an object per number. */
export interface ValueColumns {
  readonly count: number;
  /** Each value as a number: a bigint rounded, NaN where it is a text, a boolean or null. */
  readonly numbers: Float64Array;
  /** The exact value where it is no `number`, else undefined; null when all are numbers. */
  readonly others: readonly (Other | undefined)[] | null;
}

/** The samples of one series, oldest first. */
export interface SampleColumns extends ValueColumns {
  /** Whole milliseconds since 1970, ascending; several samples may share one. */
  readonly times: Float64Array;
  /** Each sample's index in QUALITIES, so that a greater one is worse; null when all are GOOD. */
  readonly qualities: Uint8Array | null;
}

/** One sample of a series, as the API gives it. */
export interface SeriesSample {
  readonly time: number;
  readonly value: Scalar;
  readonly quality: Quality;
}

/** The value at an index, which must be below `count`. */
export function valueAt(columns: ValueColumns, index: number): Scalar {
  const other = columns.others?.[index];
  return other === undefined ? (columns.numbers[index] as number) : other;
}

/** The quality that an index in QUALITIES stands for. */
export function qualityOf(code: number): Quality {
  return QUALITIES[code] ?? "BAD";
}

/** The samples from one index up to another, as objects. */
export function samplesOf(columns: SampleColumns, from = 0, to = columns.count): SeriesSample[] {
  const samples: SeriesSample[] = [];
  for (let index = from; index < to; index += 1)
    samples.push({
      time: columns.times[index] as number,
      value: valueAt(columns, index),
      quality: qualityOf(columns.qualities?.[index] ?? 0),
    });
  return samples;
}

/** The samples from one index up to another; shares their memory. */
export function sliceOf(columns: SampleColumns, begin: number, end: number): SampleColumns {
  if (begin === 0 && end === columns.count) return columns;
  const others = columns.others?.slice(begin, end) ?? null;
  return {
    count: end - begin,
    times: columns.times.subarray(begin, end),
    numbers: columns.numbers.subarray(begin, end),
    others: others?.some((value) => value !== undefined) ? others : null,
    qualities: columns.qualities?.subarray(begin, end) ?? null,
  };
}

/** The index of the first time that is not before `time`; the length when there is none. */
export function firstNotBefore(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Collects values one by one. */
export class ValueBuilder {
  #numbers: Float64Array;
  #others: (Other | undefined)[] | null = null;
  #count = 0;

  constructor(options: { capacity?: number } = {}) {
    this.#numbers = new Float64Array(Math.max(16, options.capacity ?? 0));
  }

  get count(): number {
    return this.#count;
  }

  add(value: Scalar): void {
    const index = this.#count;
    if (index === this.#numbers.length) this.#numbers = grown(this.#numbers);
    this.#count += 1;
    if (typeof value === "number") {
      this.#numbers[index] = value;
      this.#others?.push(undefined);
      return;
    }
    this.#numbers[index] = typeof value === "bigint" ? Number(value) : Number.NaN;
    this.#others ??= new Array<Other | undefined>(index).fill(undefined);
    this.#others.push(value);
  }

  /** What was added, in that order. The builder is not used afterwards. */
  build(): ValueColumns {
    return { count: this.#count, numbers: this.#numbers.subarray(0, this.#count), others: this.#others };
  }
}

/** Collects the samples of one series, in any order. */
export class SampleBuilder {
  readonly #values: ValueBuilder;
  #times: Float64Array;
  #qualities: number[] | null = null;
  #ascending = true;

  constructor(options: { capacity?: number } = {}) {
    this.#values = new ValueBuilder(options);
    this.#times = new Float64Array(Math.max(16, options.capacity ?? 0));
  }

  get count(): number {
    return this.#values.count;
  }

  /** @param time whole milliseconds since 1970 */
  add(time: number, value: Scalar, quality: Quality = "GOOD"): void {
    const index = this.#values.count;
    if (index === this.#times.length) this.#times = grown(this.#times);
    if (index > 0 && time < (this.#times[index - 1] as number)) this.#ascending = false;
    this.#times[index] = time;
    this.#values.add(value);
    if (quality !== "GOOD") this.#qualities ??= new Array<number>(index).fill(0);
    this.#qualities?.push(QUALITIES.indexOf(quality));
  }

  /** The samples by time; those of one time as they were added. The builder is not used afterwards. */
  build(): SampleColumns {
    const values = this.#values.build();
    const times = this.#times.subarray(0, values.count);
    const qualities = this.#qualities && Uint8Array.from(this.#qualities);
    const columns = { ...values, times, qualities };
    return this.#ascending ? columns : sorted(columns);
  }
}

function grown(array: Float64Array): Float64Array {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}

function sorted(columns: SampleColumns): SampleColumns {
  const { count, times, numbers, others, qualities } = columns;
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
  return {
    count,
    times: Float64Array.from(order, (index) => times[index] as number),
    numbers: Float64Array.from(order, (index) => numbers[index] as number),
    others: others && Array.from(order, (index) => others[index]),
    qualities: qualities && Uint8Array.from(order, (index) => qualities[index] as number),
  };
}
