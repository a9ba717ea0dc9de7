import type { Equipment } from "../plant/equipment.js";
import type { MetricRole } from "../plant/machine-type.js";
import type { CounterFact } from "../twin/facts.js";
import { type Growth, growthOf } from "./counting.js";
import { negated, sumOf } from "./decimal.js";

/** An operation that a machine counts for. */
export interface Counting {
  readonly id: string;
  readonly idealCycleTimeMs: number | null;
  readonly startedAt: Date;
}

/** What a batch adds to one operation. Decimals with a sign. */
export interface Tally {
  readonly good: string;
  readonly scrap: string;
  /** The device's time of the last step that counted. */
  readonly at: Date;
}

export interface Flagged {
  readonly fact: CounterFact;
  readonly reason: string;
}

/**
 * Adds up what a machine's counters moved since its operation started. GOOD_COUNT counts good and REJECT_COUNT
 * scrap. TOTAL_COUNT counts only at machines whose type has no GOOD_COUNT: good is then total less rejected.
 * @param facts of this machine, in the order they came. What was received before the start is not the operation's.
 * @returns null when nothing is to be added.
 */
export function tallyOf(
  operation: Counting,
  facts: readonly CounterFact[],
): { tally: Tally | null; flagged: readonly Flagged[] } {
  const good: string[] = [];
  const scrap: string[] = [];
  const flagged: Flagged[] = [];
  let at = 0;
  for (const fact of facts) {
    const { machine, move, receivedAt } = fact;
    if (receivedAt < operation.startedAt.getTime()) continue;
    const byTotal = !hasRole(machine, "GOOD_COUNT") && hasRole(machine, "TOTAL_COUNT");
    if (move.role === "TOTAL_COUNT" && !byTotal) continue;
    const growth: Growth = growthOf({
      from: move.from,
      to: move.to,
      elapsedMs: move.time - move.fromTime,
      idealCycleTimeMs: operation.idealCycleTimeMs,
    });
    if (growth.kind === "flagged") flagged.push({ fact, reason: growth.reason });
    if (growth.kind !== "counted") continue;
    at = Math.max(at, move.time);
    if (move.role === "REJECT_COUNT") {
      scrap.push(growth.amount);
      if (byTotal) good.push(negated(growth.amount));
    } else good.push(growth.amount);
  }
  if (good.length === 0 && scrap.length === 0) return { tally: null, flagged };
  return { tally: { good: sumOf(good), scrap: sumOf(scrap), at: new Date(at) }, flagged };
}

function hasRole(machine: Equipment, role: MetricRole): boolean {
  return machine.machineType?.metrics.some((metric) => metric.role === role) ?? false;
}
