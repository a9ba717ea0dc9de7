import type { Span } from "../kernel/intervals.js";
import { type CounterStep, growthOf } from "../production/counting.js";
import { negated, sumOf } from "../production/decimal.js";
import type { Scalar } from "../twin/sample.js";
import type { CounterRole } from "../twin/twin-model.js";
import type { CountKind } from "./activity.js";

/** The operation that runs on a machine, as counting needs to know it. */
export interface CountingRun {
  readonly operationId: string;
  readonly idealCycleTimeMs: number | null;
  /** Who counts its pieces. */
  readonly countingSource: "MACHINE" | "OPERATOR";
}

/** A counter of a machine. */
export interface Counter {
  readonly seriesId: number;
  readonly role: CounterRole;
  /** The machine counts all pieces and not the good ones: these are all less the rejected ones. */
  readonly byTotal: boolean;
  /** The counter's highest value; null: not known. */
  readonly counterMax: number | null;
  /** Of the machine's type; null: not known. */
  readonly idealCycleTimeMs: number | null;
}

/** From one reading of a counter to the next; times in milliseconds. */
export interface Move extends Pick<CounterStep, "from" | "to"> {
  readonly fromTime: number;
  readonly time: number;
}

/** So many pieces, made by `at`, in milliseconds. */
export interface CountStep {
  readonly seriesId: number;
  readonly kind: CountKind;
  readonly at: number;
  /** Decimal with a sign. */
  readonly amount: string;
  readonly operationId: string | null;
  readonly idealCycleTimeMs: number | null;
}

/** A move that counts nothing, because nobody can believe it. */
export interface CountFlag {
  readonly seriesId: number;
  readonly at: number;
  readonly from: Scalar;
  readonly to: Scalar;
  readonly reason: string;
}

export interface Counted {
  readonly steps: readonly CountStep[];
  readonly flag: CountFlag | null;
}

const NOTHING: Counted = { steps: [], flag: null };

/** No count has more digits: such a reading is what a device's memory happened to hold, like 1e-310. */
const LONGEST_AMOUNT = 60;

/**
 * What a move of a counter counts. GOOD_COUNT counts good and REJECT_COUNT scrap; TOTAL_COUNT counts only where no
 * GOOD_COUNT does: good is then total less rejected.
 * @param run of the operation that ran then; where people count for it, the machine counts nothing.
 */
export function counted(counter: Counter, move: Move, run: CountingRun | null): Counted {
  const { role, byTotal, seriesId, counterMax } = counter;
  if ((role === "TOTAL_COUNT" && !byTotal) || run?.countingSource === "OPERATOR") return NOTHING;
  const idealCycleTimeMs = run?.idealCycleTimeMs ?? counter.idealCycleTimeMs;
  const { from, to, time } = move;
  const elapsedMs = time - move.fromTime;
  const growth = growthOf({ from, to, elapsedMs, idealCycleTimeMs, counterMax });
  if (growth.kind === "none") return NOTHING;
  const flagged = (reason: string) => ({ steps: [], flag: { seriesId, at: time, from, to, reason } });
  if (growth.kind === "flagged") return flagged(growth.reason);
  if (sumOf([growth.amount]).length > LONGEST_AMOUNT) return flagged("too many digits");
  const operationId = run?.operationId ?? null;
  const step = (kind: CountKind, amount: string): CountStep => {
    return { seriesId, kind, at: time, amount, operationId, idealCycleTimeMs };
  };
  const { amount } = growth;
  if (role !== "REJECT_COUNT") return { steps: [step("GOOD", amount)], flag: null };
  const scrap = step("SCRAP", amount);
  return { steps: byTotal ? [scrap, step("GOOD", negated(amount))] : [scrap], flag: null };
}

/**
 * The run that pieces belong to which a reading shows: the one that lasted until then, else the one that begins then. A
 * counter tells what was made since its reading before.
 * @param runs of the machine, in order, without overlaps.
 */
export function runAt<Run>(runs: readonly Span<Run>[], time: number): Run | null {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle] as Span<Run>).to < time) low = middle + 1;
    else high = middle;
  }
  const found = runs[low];
  return found !== undefined && found.from <= time ? found.value : null;
}
