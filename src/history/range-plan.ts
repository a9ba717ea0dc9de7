import { MAX_BUCKETS } from "./bucket.js";

/** How much a question may read of each level before a coarser one answers it. */
const MOST_SAMPLES = 400_000;
const MOST_MINUTES = 300_000;
const MOST_HOURS = 50_000;

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

/** What buckets are made of. */
export type Level = "samples" | "minutes" | "hours" | "days";

export const LEVEL_MS: Readonly<Record<Level, number>> = {
  samples: 1,
  minutes: MINUTE_MS,
  hours: HOUR_MS,
  days: DAY_MS,
};

const FINER: Readonly<Record<Level, Level | null>> = {
  samples: null,
  minutes: "samples",
  hours: "minutes",
  days: "hours",
};

/** What is known of a series in a range before it is read. Times are the first there are, in milliseconds. */
export interface Coverage {
  /** About how many samples. */
  readonly samples: number;
  readonly firstSample: number | null;
  readonly firstMinute: number | null;
  readonly firstHour: number | null;
}

/** A range in milliseconds, its end excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Grid {
  readonly from: number;
  readonly widthMs: number;
  readonly buckets: number;
}

/**
 * The finest level that answers a question in bounded time and still holds the whole range: after their retention, samples
 * are gone before minutes, and minutes before hours.
 */
export function levelFor(series: readonly Coverage[], { from, to }: Span): Level {
  let [samples, minutes, hours] = [0, 0, 0];
  for (const one of series) {
    samples += one.samples;
    minutes += Math.min(one.samples, (to - from) / MINUTE_MS);
    hours += Math.min(one.samples, (to - from) / HOUR_MS);
  }
  if (samples <= MOST_SAMPLES && series.every(isWhole)) return "samples";
  if (minutes <= MOST_MINUTES && !series.some(lacksMinutes)) return "minutes";
  return hours <= MOST_HOURS ? "hours" : "days";
}

/** Whether there are samples of the whole range, as far as it has any. */
export function isWhole(series: Coverage): boolean {
  return !isLater(series.firstSample, series.firstMinute) && !isLater(series.firstSample, series.firstHour);
}

function lacksMinutes(series: Coverage): boolean {
  return isLater(series.firstMinute, series.firstHour);
}

function isLater(finer: number | null, coarser: number | null): boolean {
  return coarser !== null && (finer === null || finer - coarser >= DAY_MS);
}

/** At most `points` buckets over the range, each of whole spans of the level, so that no span lies in two of them. */
export function gridFor({ from, to }: Span, points: number, level: Level): Grid {
  const unit = LEVEL_MS[level];
  const origin = Math.floor(from / unit) * unit;
  const most = Math.min(points, MAX_BUCKETS);
  const widthMs = Math.max(Math.ceil((to - origin) / most / unit), 1) * unit;
  return { from: origin, widthMs, buckets: Math.ceil((to - origin) / widthMs) };
}

/** What of a range to read from which level: whole spans from the level, the rest at both ends from finer ones. */
export function partsOf({ from, to }: Span, level: Level): (Span & { readonly level: Level })[] {
  if (from >= to) return [];
  const finer = FINER[level];
  if (finer === null) return [{ level, from, to }];
  const unit = LEVEL_MS[level];
  const [begin, end] = [Math.ceil(from / unit) * unit, Math.floor(to / unit) * unit];
  if (begin >= end) return partsOf({ from, to }, finer);
  return [
    ...partsOf({ from, to: begin }, finer),
    { level, from: begin, to: end },
    ...partsOf({ from: end, to }, finer),
  ];
}
