import { type SampleColumns, valueAt } from "../history/columns.js";
import { machineModeOf, machineStateOf } from "../twin/packml.js";
import type { Scalar } from "../twin/sample.js";
import type { ActivityKind, Report } from "./activity.js";
import type { Move } from "./count-steps.js";

/** A longer fault code is cut. */
const LONGEST_FAULT = 200;

/** What a reading of a kind reports; an empty text is no fault, and so are null, 0 and false, also as texts. */
export function reportOf(kind: ActivityKind, value: Scalar): string {
  if (kind === "STATE") return machineStateOf(value);
  if (kind === "MODE") return machineModeOf(value);
  return faultIn(value === null ? "" : String(value).trim());
}

function faultIn(text: string): string {
  // A metric of the type String has what a device sends as 0 or false as a text.
  return text === "false" || Number(text) === 0 ? "" : text.slice(0, LONGEST_FAULT);
}

/**
 * The changes from `from` on that samples of a series prove: where one reports something else than the one before it.
 * Of one time the last one counts.
 */
export function changesIn(kind: ActivityKind, samples: SampleColumns, from: number): Report[] {
  const changes: Report[] = [];
  let before: string | null = null;
  for (let index = 0; index < samples.count; index += 1) {
    const at = samples.times[index] as number;
    if (samples.times[index + 1] === at && index + 1 < samples.count) continue;
    const value = reportOf(kind, valueAt(samples, index));
    if (at >= from && value !== before) changes.push({ at, value });
    before = value;
  }
  return changes;
}

/** The moves of a counter from `from` on; readings that are no numbers are as if they had not come. */
export function movesIn(samples: SampleColumns, from: number): Move[] {
  const moves: Move[] = [];
  let before: { value: number | bigint; time: number } | null = null;
  for (let index = 0; index < samples.count; index += 1) {
    const value = valueAt(samples, index);
    if (typeof value !== "number" && typeof value !== "bigint") continue;
    const time = samples.times[index] as number;
    if (before !== null && time >= from && value !== before.value)
      moves.push({ from: before.value, fromTime: before.time, to: value, time });
    before = { value, time };
  }
  return moves;
}

/** Moments of one series, all within a stretch of time; both ends included. */
export interface Cluster {
  readonly from: number;
  readonly to: number;
}

/** Moments that lie closer together than this are looked at together. */
const CLOSE_MS = 3_600_000;

/** Few stretches of time that hold all these moments and not much beside them, in order. */
export function clustersOf(times: readonly number[]): Cluster[] {
  const clusters: { from: number; to: number }[] = [];
  for (const time of times.toSorted((a, b) => a - b)) {
    const last = clusters.at(-1);
    if (last && time - last.to <= CLOSE_MS) last.to = time;
    else clusters.push({ from: time, to: time });
  }
  return clusters;
}
