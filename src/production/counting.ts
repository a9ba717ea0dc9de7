import type { Scalar } from "../twin/sample.js";
import { negated, sumOf } from "./decimal.js";

/** From one reading of an absolute counter to the next. */
export interface CounterStep {
  readonly from: Scalar;
  readonly to: Scalar;
  /** Milliseconds between the readings, by the device's clock. */
  readonly elapsedMs: number;
  /** The time of one piece at full speed; null when it is not known. */
  readonly idealCycleTimeMs: number | null;
  /** The highest value, after which the counter goes on at 0; null when it is not known. */
  readonly counterMax?: number | null;
}

export type Growth =
  | { readonly kind: "none" }
  /** Decimal, above 0. */
  | { readonly kind: "counted"; readonly amount: string; readonly by: "growth" | "reset" | "rollover" }
  /** Not counted: someone must look. */
  | { readonly kind: "flagged"; readonly reason: string };

/** A machine may for a while be so many times faster than its ideal cycle says. */
const GENEROUS_FACTOR = 10;
/** So many pieces are never implausible, however short the time: clocks and buffers are coarse. */
const ALWAYS_PLAUSIBLE = 100;
/** As far from a bound, or from zero, counts as near when the machine's speed is not known. */
const NEAR_WITHOUT_CYCLE = 1_000;
/** A counter that rolls over was above this share of its bound. */
const NEAR_BOUND = 0.9;
const USUAL_BOUNDS = [2 ** 16, 2 ** 32];

/**
 * How many pieces a step of a counter stands for. A repeat counts nothing. A fall to near zero is a reset, after
 * which the new value is what was made; a fall from near the counter's bound is a roll-over, where that is not known
 * from near 2^16 or 2^32. A rise beyond what the machine
 * can make in the time, and any other fall, is flagged and counts nothing. Near is what the machine can make in the
 * time. Without an ideal cycle time no rise is implausible.
 */
export function growthOf(step: CounterStep): Growth {
  const from = numberOf(step.from);
  const to = numberOf(step.to);
  if (from === null || to === null) return { kind: "none" };
  if (from.text === to.text) return { kind: "none" };
  // A counter was never below zero: what it stood at before is not known.
  if (from.value < 0) return { kind: "flagged", reason: "negative counter" };
  const { idealCycleTimeMs: cycle, elapsedMs } = step;
  const possible =
    cycle === null ? null : Math.max(ALWAYS_PLAUSIBLE, (GENEROUS_FACTOR * Math.max(elapsedMs, 0)) / cycle);
  // Beyond 2^53 neighbours are the same number.
  if (to.value >= from.value) {
    const amount = sumOf([to.text, negated(from.text)]);
    if (amount === "0") return { kind: "none" };
    if (amount.startsWith("-")) return { kind: "flagged", reason: "implausible fall" };
    if (possible === null || Number(amount) <= possible) return { kind: "counted", amount, by: "growth" };
    return { kind: "flagged", reason: "implausible jump" };
  }
  if (to.value < 0) return { kind: "flagged", reason: "negative counter" };
  const near = possible ?? NEAR_WITHOUT_CYCLE;
  const { counterMax } = step;
  const bounds = typeof counterMax === "number" ? [counterMax + 1] : USUAL_BOUNDS;
  for (const bound of bounds) {
    const amount = bound - from.value + to.value;
    if (from.value < bound && from.value >= bound * NEAR_BOUND && amount <= near) {
      return { kind: "counted", amount: sumOf([String(bound), negated(from.text), to.text]), by: "rollover" };
    }
  }
  // A little less than before is a counter set back by hand, not one that began anew.
  if (to.value <= near && to.value <= from.value / 2) {
    if (to.value === 0) return { kind: "none" };
    return { kind: "counted", amount: to.text, by: "reset" };
  }
  return { kind: "flagged", reason: "implausible fall" };
}

function numberOf(value: Scalar): { value: number; text: string } | null {
  if (typeof value === "bigint") return { value: Number(value), text: value.toString() };
  if (typeof value === "number" && Number.isFinite(value)) return { value, text: String(value) };
  return null;
}
