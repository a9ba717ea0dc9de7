import type { CountSum } from "../activity/activity.js";
import type { Span } from "../kernel/intervals.js";
import type { Equipment } from "../plant/equipment.js";
import { sumOf } from "../production/decimal.js";
import { type KpiSums, NO_OUTPUT, type OutputSums } from "./kpi.js";
import { LossTree } from "./losses.js";
import { type KpiTile, timeSumsOf } from "./time-sums.js";

/** What one machine did in a range, or in the part of it that a report is about. */
export interface MachinePart {
  readonly machine: Equipment;
  readonly tiles: readonly Span<KpiTile>[];
  readonly counts: readonly CountSum[];
}

/** What reports need to know of a machine's part: its tiles need not be kept for it. */
export interface PartSummary {
  readonly sums: KpiSums;
  readonly losses: LossTree;
  readonly operations: ReadonlySet<string>;
}

/** @param options.downtimes whether every downtime has a branch in the loss tree. */
export function summaryOf(part: MachinePart, options: { downtimes: boolean }): PartSummary {
  const sums = partSums(part);
  const losses = new LossTree(options);
  losses.addTime(part.tiles);
  losses.addProduction(sums);
  return { sums, losses, operations: operationsOf(part) };
}

export function partSums({ machine, tiles, counts }: MachinePart): KpiSums {
  return { ...timeSumsOf(tiles), ...outputSums(machine, counts) };
}

/** Adds up counts, each rated with its operation's ideal cycle time, or else with that of the machine's type. */
export function outputSums(machine: Equipment, counts: readonly CountSum[]): OutputSums {
  if (counts.length === 0) return NO_OUTPUT;
  const quantities: Record<CountSum["kind"], string[]> = { GOOD: [], SCRAP: [] };
  const leftOut: string[] = [];
  const idealMs: Record<CountSum["kind"], number> = { GOOD: 0, SCRAP: 0 };
  let unrated = false;
  for (const { kind, quantity, operationId, idealCycleTimeMs } of counts) {
    const cycle = idealCycleTimeMs ?? machine.machineType?.idealCycleTimeMs ?? null;
    quantities[kind].push(quantity);
    // Nobody planned what was made between operations, and its time is no production time either.
    if (cycle === null && operationId === null) leftOut.push(quantity);
    else if (cycle === null) unrated ||= Number(quantity) !== 0;
    else idealMs[kind] += Number(quantity) * cycle;
  }
  return {
    good: sumOf(quantities.GOOD),
    scrap: sumOf(quantities.SCRAP),
    idealGoodMs: idealMs.GOOD,
    idealScrapMs: idealMs.SCRAP,
    leftOut: sumOf(leftOut),
    unrated,
  };
}

/** The operations that ran or were counted for. */
export function operationsOf({ tiles, counts }: MachinePart): Set<string> {
  const ids = new Set<string>();
  let last: KpiTile["run"] = null;
  for (const { value } of tiles) {
    // Tiles of one run follow each other.
    if (value.run === null || value.run === last) continue;
    last = value.run;
    ids.add(last.operationId);
  }
  for (const { operationId } of counts) if (operationId !== null) ids.add(operationId);
  return ids;
}
