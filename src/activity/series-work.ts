import { firstNotBefore, type SampleColumns, valueAt } from "../history/columns.js";
import type { Stretch } from "../history/stretch.js";
import type { Equipment } from "../plant/equipment.js";
import type { FactTold, Series } from "../twin/twin-model.js";
import { clustersOf } from "./derivation.js";

/** A series of which something is to be derived. */
export interface WorkSeries {
  readonly machine: Equipment;
  readonly series: Pick<Series, "id">;
}

/** What a batch tells of one series. */
export interface SeriesWork<Told extends FactTold> extends WorkSeries {
  readonly series: Series;
  /** In the order they were told, at least one. */
  readonly told: Told[];
  /** When what was told happened, and when the batch must begin to look because it missed something; in milliseconds. */
  readonly times: number[];
  /** Whether the history must tell what it proves: something is late, or was missed. */
  derived: boolean;
}

/** What facts tell, by series. */
export function worksOf<Told extends FactTold>(
  facts: Iterable<{ readonly machine: Equipment; readonly told: Told }>,
): SeriesWork<Told>[] {
  const works = new Map<Series, SeriesWork<Told>>();
  for (const { machine, told } of facts) {
    const { series, trail, place, late, time } = told;
    let work = works.get(series);
    if (!work) {
      work = { machine, series, told: [], times: [], derived: false };
      works.set(series, work);
    }
    const before = work.told.at(-1);
    const follows = before
      ? before.trail === trail && place === before.place + 1
      : place === trail.committed + 1;
    if (late || !follows || trail !== series.trail) work.derived = true;
    if (!follows && Number.isFinite(trail.committedAt)) work.times.push(trail.committedAt);
    work.told.push(told);
    work.times.push(time);
  }
  return [...works.values()];
}

/**
 * What a work told is committed.
 * @param isNewest whether the history holds nothing newer of the series than what it told.
 */
export function noteCommitted({ told, times, series }: SeriesWork<FactTold>, isNewest: boolean): void {
  const last = told.at(-1);
  if (!last || last.trail !== series.trail) return;
  const { trail } = last;
  // Until then nobody knows what follows on the readings of this run.
  if (Number.isNaN(trail.committed) && !isNewest) return;
  trail.committed = last.place;
  for (const time of times) trail.committedAt = Math.max(trail.committedAt, time);
}

/** A stretch of a series of which the history tells anew: `to` does not belong to it. */
export interface Retold<Work> {
  readonly work: Work;
  readonly from: number;
  readonly to: number;
  /** All of it, with what comes before. */
  readonly samples: SampleColumns;
}

/** A stretch that is being read, wider and wider until it has neighbours that say something. */
export class Reach<Work extends WorkSeries> {
  readonly work: Work;
  readonly from: number;
  readonly to: number;
  samples: SampleColumns | null = null;
  #stretch: Stretch;
  #widening = FIRST_WIDENING_MS;

  constructor(work: Work, from: number, to: number) {
    this.work = work;
    this.from = from;
    this.to = to;
    this.#stretch = { machineId: work.machine.id, seriesId: work.series.id ?? 0, from, to };
  }

  get stretch(): Stretch {
    return this.#stretch;
  }

  /**
   * @param onlyNumbers whether other values are as if they were not there.
   * @returns whether it must be read once more, in a wider stretch.
   */
  take(samples: SampleColumns, onlyNumbers: boolean): boolean {
    this.samples = samples;
    if (!onlyNumbers) return false;
    const { times, count } = samples;
    const first = firstNotBefore(times.subarray(0, count), this.from);
    const last = firstNotBefore(times.subarray(0, count), this.to + 1);
    const { from, to } = this.#stretch;
    // Where a stretch has no neighbour, there is nothing more to read.
    const before = (times[0] ?? from) < from && nextNumber(samples, 0) >= first;
    const after = (times[count - 1] ?? to) > to && nextNumber(samples, last) === count;
    if (!before && !after) return false;
    this.#stretch = {
      ...this.#stretch,
      from: before ? Math.min(from, times[0] as number) - this.#widening : from,
      to: after ? Math.max(to, times[count - 1] as number) + this.#widening : to,
    };
    this.#widening *= 4;
    return true;
  }

  /** When the first sample comes after it that says something; null when there is none. */
  next(onlyNumbers: boolean): number | null {
    const { samples } = this;
    if (!samples) return null;
    const { times, count } = samples;
    const after = firstNotBefore(times.subarray(0, count), this.to + 1);
    const next = onlyNumbers ? nextNumber(samples, after) : after;
    return next < count ? (times[next] as number) : null;
  }

  /**
   * When what it tells begins; null when it tells nothing. What was counted by the oldest number that the history has left
   * stays: the ones that it grew from are known no more.
   */
  begin(onlyNumbers: boolean): number | null {
    const { samples, from } = this;
    if (!samples) return null;
    if (!onlyNumbers) return from;
    const { times, count } = samples;
    const first = nextNumber(samples, 0);
    if (first === count) return null;
    const oldest = times[first] as number;
    if (oldest < from) return from;
    const second = nextNumber(samples, first + 1);
    // Of two numbers of that time, the later one shows what the other one grew by.
    return second < count && times[second] === oldest ? oldest : oldest + 1;
  }
}

const FIRST_WIDENING_MS = 60_000;

/** The stretches that a work must look at. */
export function reachesOf<Work extends SeriesWork<FactTold>>(work: Work): Reach<Work>[] {
  return clustersOf(work.times).map(({ from, to }) => new Reach(work, from, to));
}

/**
 * What was read, as stretches that do not overlap: each lasts until the sample after it, which follows on another one now.
 * @param reaches of one work, in order.
 */
export function retoldOf<Work extends WorkSeries>(
  reaches: readonly Reach<Work>[],
  onlyNumbers: boolean,
): Retold<Work>[] {
  return reaches.flatMap((reach, index) => {
    const { work, samples } = reach;
    const from = reach.begin(onlyNumbers);
    if (!samples || from === null) return [];
    const end = (reach.next(onlyNumbers) ?? reach.to) + 1;
    const to = Math.min(end, reaches[index + 1]?.from ?? end);
    return from < to ? [{ work, from, to, samples }] : [];
  });
}

/** The place of the next number; the samples' count when there is none. */
function nextNumber(samples: SampleColumns, from: number): number {
  let index = from;
  while (index < samples.count && !isNumber(samples, index)) index += 1;
  return index;
}

function isNumber(samples: SampleColumns, index: number): boolean {
  const value = valueAt(samples, index);
  return typeof value === "number" || typeof value === "bigint";
}
