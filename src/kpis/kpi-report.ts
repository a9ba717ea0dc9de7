import type { Interval } from "../kernel/intervals.js";
import type { Equipment } from "../plant/equipment.js";
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

/** A machine's part of a report, or of it what an operation had. */
export interface MachineSums {
  readonly machine: Equipment;
  readonly sums: KpiSums;
}

/**
 * The figures of a report.
 * @param machines each with its part of the sums.
 * @param delivered what throughput counts, a decimal; left out: all that was produced.
 */
export function figuresOf(
  range: Interval,
  sums: KpiSums,
  machines: readonly MachineSums[],
  delivered?: string,
): Kpis & Pick<KpiReport, "range" | "sums" | "notes"> {
  return {
    ...kpisOf(sums, delivered),
    range,
    sums,
    notes: notesOf(sums, machines),
  };
}

/** A range is final when it ended so long ago that nothing can come late, and nothing of it is open any more. */
export function isFinal(
  range: Interval,
  options: { now: number; lateDataMs: number; open: boolean },
): boolean {
  return !options.open && options.now - range.to > options.lateDataMs;
}

function notesOf({ unrated, leftOut }: KpiSums, machines: readonly MachineSums[]): string[] {
  const notes: string[] = [];
  if (unrated) {
    const places = placesOf(machines.filter(({ sums }) => sums.unrated));
    notes.push(
      `effectiveness and OEE are not known: there is no ideal cycle time for what was made on ${places}`,
    );
  }
  const aside = machines.filter(({ sums }) => sums.leftOut !== "0");
  if (aside.length > 0) {
    const pieces = leftOut === "1" ? "1 piece that was" : `${leftOut} pieces that were`;
    const places = placesOf(aside);
    notes.push(
      `effectiveness leaves out ${pieces} made while no operation ran, without an ideal cycle time, on ${places}`,
    );
  }
  return notes;
}

function placesOf(machines: readonly MachineSums[]): string {
  const paths = [...new Set(machines.map(({ machine }) => machine.path))];
  const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : "";
  return `${paths.slice(0, MOST_NAMED).join(", ")}${more}`;
}
