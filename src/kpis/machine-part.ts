import type { CountSum } from "../activity/activity.js";
import type { Span } from "../kernel/intervals.js";
import type { Equipment } from "../plant/equipment.js";
import { sumOf } from "../production/decimal.js";
import { type KpiSums, NO_OUTPUT, type OutputSums } from "./kpi.js";
import { type KpiTile, timeSumsOf } from "./time-sums.js";

/** What one machine did in a range, or in the part of it that a report is about. */
export interface MachinePart {
  readonly machine: Equipment;
  readonly tiles: readonly Span<KpiTile>[];
  readonly counts: readonly CountSum[];
}

export function partSums({ machine, tiles, counts }: MachinePart): KpiSums {
  return { ...timeSumsOf(tiles), ...outputSums(machine, counts) };
}

/** Adds up counts, each rated with its operation's ideal cycle time, or else with that of the machine's type. */
export function outputSums(machine: Equipment, counts: readonly CountSum[]): OutputSums {
  if (counts.length === 0) return NO_OUTPUT;
  const quantities: Record<CountSum["kind"], string[]> = { GOOD: [], SCRAP: [] };
  const idealMs: Record<CountSum["kind"], number> = { GOOD: 0, SCRAP: 0 };
  let unrated = false;
  for (const { kind, quantity, idealCycleTimeMs } of counts) {
    const cycle = idealCycleTimeMs ?? machine.machineType?.idealCycleTimeMs ?? null;
    quantities[kind].push(quantity);
    if (cycle === null) unrated ||= Number(quantity) !== 0;
    else idealMs[kind] += Number(quantity) * cycle;
  }
  return {
    good: sumOf(quantities.GOOD),
    scrap: sumOf(quantities.SCRAP),
    idealGoodMs: idealMs.GOOD,
    idealScrapMs: idealMs.SCRAP,
    unrated,
  };
}

/** The operations that ran or were counted for. */
export function operationsOf({ tiles, counts }: MachinePart): Set<string> {
  const ids = new Set<string>();
  for (const { value } of tiles) if (value.run) ids.add(value.run.operationId);
  for (const { operationId } of counts) if (operationId !== null) ids.add(operationId);
  return ids;
}
