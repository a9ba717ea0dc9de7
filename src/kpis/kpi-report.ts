import type { Interval } from "../kernel/intervals.js";
import type { EnergyUse } from "./energy.js";
import { type KpiSums, type Kpis, kpisOf } from "./kpi.js";
import type { Loss } from "./losses.js";

export const KPI_FINALITIES = ["PROVISIONAL", "FINAL"] as const;
export type KpiFinality = (typeof KPI_FINALITIES)[number];

/** The most machines that a note names. */
const MOST_NAMED = 5;

/** The KPIs of a range, with what they were computed from. What takes further reading is read when it is asked for. */
export interface KpiReport extends Kpis {
  readonly range: Interval;
  readonly sums: KpiSums;
  /** Why a figure is missing or not what one would expect. */
  readonly notes: readonly string[];
  finality(): Promise<KpiFinality>;
  losses(options: { downtimes: boolean }): Promise<Loss[]>;
  energy(): Promise<EnergyUse[]>;
}

/**
 * The figures of a report.
 * @param unrated the paths of the machines that made what has no ideal cycle time.
 * @param delivered what throughput counts, a decimal; left out: all that was produced.
 */
export function figuresOf(
  range: Interval,
  sums: KpiSums,
  unrated: readonly string[],
  delivered?: string,
): Kpis & Pick<KpiReport, "range" | "sums" | "notes"> {
  return {
    ...kpisOf(sums, delivered),
    range,
    sums,
    notes: unrated.length === 0 ? [] : [unratedNote(unrated)],
  };
}

/** A range is final when it ended so long ago that nothing can come late, and nothing of it is open any more. */
export function isFinal(
  range: Interval,
  options: { now: number; lateDataMs: number; open: boolean },
): boolean {
  return !options.open && options.now - range.to > options.lateDataMs;
}

function unratedNote(paths: readonly string[]): string {
  const named = paths.slice(0, MOST_NAMED).join(", ");
  const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : "";
  return `effectiveness and OEE are not known: there is no ideal cycle time for what was made on ${named}${more}`;
}
