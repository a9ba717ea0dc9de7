import type { Twin } from "../twin/machine-twin.js";
import { applyConnectivity, applyUncertainty } from "../twin/twin.js";
import { TwinChange } from "../twin/twin-change.js";
import type { Series } from "../twin/twin-model.js";

/** What a birth says about the metrics of a machine, by their names in the plant. */
export interface BirthWord {
  /** It tells their present values. */
  readonly present: ReadonlySet<string>;
  /** It does not, though they are its own or those of earlier births. Their parts, such as `name/0`, stand with them. */
  readonly absent: ReadonlySet<string>;
  /** When it was received, in milliseconds. */
  readonly at: number;
}

/**
 * A birth came: the machine is there, and of its readings those are certain that the birth tells, also where their values
 * and times are what they were. Those of other sources are left alone.
 */
export function applyBirth(twin: Twin, { present, absent, at }: BirthWord): TwinChange | null {
  const back = applyConnectivity(twin, true, new Date(at), { receivedAt: at, retained: false });
  const changed: Series[] = [];
  for (const series of twin.allSeries()) {
    const standing = standingOf(series.metric, present, absent);
    if (standing === null || !hasReported(twin, series)) continue;
    const stale = standing === "absent";
    if (stale === twin.table.isStale(series.place)) continue;
    twin.table.setStale(series.place, stale);
    changed.push(series);
  }
  if (back === null && changed.length === 0) return null;
  twin.revision += 1;
  twin.touch();
  // The return alone has made readings certain that the birth does not tell of; who follows needs all of them.
  return new TwinChange(twin, back === null ? changed : [...twin.allSeries()]);
}

/**
 * Nobody knows any more whether the readings of these metrics, and of their parts, are true.
 * @param at as for `applyUncertainty`.
 */
export function applyDoubt(twin: Twin, metrics: ReadonlySet<string>, at: number | null): TwinChange | null {
  return applyUncertainty(twin, partsOf(twin, metrics, NONE), at);
}

/** The metrics of a twin that are among these, or parts of one of them, and are not spared. */
export function partsOf(twin: Twin, metrics: ReadonlySet<string>, spared: ReadonlySet<string>): string[] {
  const parts: string[] = [];
  for (const { metric } of twin.allSeries())
    if (standingOf(metric, spared, metrics) === "absent") parts.push(metric);
  return parts;
}

const NONE: ReadonlySet<string> = new Set();

/** The nearest of a metric and those it is a part of decides. */
function standingOf(
  metric: string,
  present: ReadonlySet<string>,
  absent: ReadonlySet<string>,
): "present" | "absent" | null {
  for (let name = metric; ; ) {
    if (present.has(name)) return "present";
    if (absent.has(name)) return "absent";
    const at = name.lastIndexOf("/");
    if (at < 0) return null;
    name = name.slice(0, at);
  }
}

function hasReported(twin: Twin, { place }: Series): boolean {
  return twin.table.time(place) !== Number.NEGATIVE_INFINITY;
}
