import type { MetricRole } from "../plant/machine-type.js";
import { FactTrail } from "./fact-trail.js";
import type { ReadingTable } from "./reading-table.js";
import type { Scalar } from "./sample.js";
import type { CounterMove, CounterRole, Reported, ReportRole, Series } from "./twin-model.js";

export type FactRole = CounterRole | ReportRole;

/** What the samples of a message tell of facts. */
export interface FactTelling {
  readonly counters: CounterMove[];
  readonly reports: Reported[];
}

/** A sample of a series that tells of facts. */
export interface FactSample {
  readonly series: Series;
  readonly role: FactRole;
  /** In milliseconds. */
  readonly time: number;
  readonly value: Scalar;
  /** The time of the present reading before it; -Infinity when there was none. */
  readonly before: number;
}

const COUNTERS: ReadonlySet<MetricRole> = new Set<CounterRole>(["GOOD_COUNT", "REJECT_COUNT", "TOTAL_COUNT"]);
const REPORTS: ReadonlySet<MetricRole> = new Set<ReportRole>(["STATE", "MODE", "FAULT"]);

export function isFactRole(role: MetricRole): role is FactRole {
  return REPORTS.has(role) || COUNTERS.has(role);
}

export function isCounterRole(role: MetricRole): role is CounterRole {
  return COUNTERS.has(role);
}

/**
 * Of a sample that is stored and becomes the present reading; called before it does.
 * @returns what was told so far and this, if it tells anything; null when nothing was.
 */
export function tellShown(
  telling: FactTelling | null,
  sample: FactSample,
  table: ReadingTable,
): FactTelling | null {
  const { series, role, time, value, before } = sample;
  const trail = trailOf(series, before);
  const sure = trail.isSureAfter(before);
  const first = before === Number.NEGATIVE_INFINITY;
  if (sure && !first && table.holds(series.place, value)) return telling;
  if (!isCounterRole(role)) return withReport(telling, sample, role, !sure);
  if ((sure && first) || !isNumber(value)) return telling;
  const from = table.value(series.place);
  if (!sure || !isNumber(from)) return withLateMove(telling, sample, role);
  trail.told += 1;
  const told = telling ?? { counters: [], reports: [] };
  const known = { from, fromTime: before, late: false };
  told.counters.push({ role, series, ...known, to: value, time, trail, place: trail.told });
  return told;
}

/** Of a sample that is stored and not shown: older than the present reading, historical, or one value too many of a time. */
export function tellHidden(telling: FactTelling | null, sample: FactSample): FactTelling | null {
  const { series, role, time, value, before } = sample;
  const trail = trailOf(series, before);
  if (time >= before) trail.ahead = Math.max(trail.ahead, time + 1);
  if (!isCounterRole(role)) return withReport(telling, sample, role, true);
  return isNumber(value) ? withLateMove(telling, sample, role) : telling;
}

/** Of a sample that becomes the present reading and is not stored: it proves nothing, nor what follows on it. */
export function passOver({ series, time, before }: FactSample): void {
  const trail = trailOf(series, before);
  trail.ahead = Math.max(trail.ahead, time + 1);
}

function trailOf(series: Series, before: number): FactTrail {
  series.trail ??= new FactTrail(series.id === null && before === Number.NEGATIVE_INFINITY);
  return series.trail;
}

function withLateMove(telling: FactTelling | null, sample: FactSample, role: CounterRole): FactTelling {
  const { series, time, value } = sample;
  const trail = trailOf(series, sample.before);
  trail.told += 1;
  const told = telling ?? { counters: [], reports: [] };
  const unknown = { from: null, fromTime: Number.NaN, late: true };
  told.counters.push({ role, series, ...unknown, to: value, time, trail, place: trail.told });
  return told;
}

function withReport(
  telling: FactTelling | null,
  sample: FactSample,
  role: ReportRole,
  late: boolean,
): FactTelling {
  const { series, time, value } = sample;
  const trail = trailOf(series, sample.before);
  trail.told += 1;
  const told = telling ?? { counters: [], reports: [] };
  told.reports.push({ role, series, value, time, late, trail, place: trail.told });
  return told;
}

function isNumber(value: Scalar): boolean {
  return typeof value === "number" || typeof value === "bigint";
}
