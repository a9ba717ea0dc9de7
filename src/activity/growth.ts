import type { Equipment } from "../plant/equipment.js";
import { negated, sumOf } from "../production/decimal.js";
import type { GrowthCause, OperationGrowth } from "../production/operation-growth.js";
import type { MachineStep } from "./minute-rows.js";

/** What is told anew of counters: steps that were not known, and known ones that are none. */
interface StepChanges {
  readonly added: readonly MachineStep[];
  readonly removed: readonly MachineStep[];
}

/**
 * What a batch of samples comes to per operation. Steps that the history told are late where they change what was known of
 * their counter; others follow on it, such as the first one after a start.
 * @param fresh steps that follow on what is known.
 * @param committedAt by series: until when it was known before the batch, -Infinity where it was not.
 */
export function growthOfBatch(
  machines: ReadonlyMap<string, Equipment>,
  fresh: readonly MachineStep[],
  { added, removed }: StepChanges,
  committedAt: ReadonlyMap<number, number | undefined>,
): OperationGrowth[] {
  const changed = new Set(removed.map(({ seriesId }) => seriesId));
  const isLate = ({ seriesId, at }: MachineStep) =>
    changed.has(seriesId) || at <= (committedAt.get(seriesId) ?? Number.POSITIVE_INFINITY);
  const counted = [...fresh, ...added.filter((step) => !isLate(step))];
  return [
    ...growthOf(machines, { added: counted, removed: [] }, "COUNTED"),
    ...growthOf(machines, { added: added.filter(isLate), removed }, "LATE"),
  ];
}

/** What changed steps come to per operation; those that come to nothing are left out. */
export function growthOf(
  machines: ReadonlyMap<string, Equipment>,
  { added, removed }: StepChanges,
  cause: GrowthCause,
): OperationGrowth[] {
  const byOperation = new Map<string, { machine: Equipment; good: string[]; scrap: string[]; at: number }>();
  const add = (step: MachineStep, amount: string) => {
    const machine = machines.get(step.machineId);
    if (step.operationId === null || !machine) return;
    const known = byOperation.get(step.operationId) ?? { machine, good: [], scrap: [], at: step.at };
    byOperation.set(step.operationId, known);
    (step.kind === "GOOD" ? known.good : known.scrap).push(amount);
    known.at = Math.max(known.at, step.at);
  };
  for (const step of added) add(step, step.amount);
  for (const step of removed) add(step, negated(step.amount));
  return Array.from(byOperation, ([operationId, { machine, good, scrap, at }]) => {
    return { operationId, machine, good: sumOf(good), scrap: sumOf(scrap), at: new Date(at), cause };
  }).filter(({ good, scrap }) => good !== "0" || scrap !== "0");
}
