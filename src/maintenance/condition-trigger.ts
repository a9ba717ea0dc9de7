import type { Scalar } from "../twin/sample.js";
import type { MetricSample } from "./usage-trigger.js";

export const COMPARISON_OPERATORS = ["GT", "GTE", "LT", "LTE", "EQ", "NEQ"] as const;
export type ComparisonOperator = (typeof COMPARISON_OPERATORS)[number];

/** Due when a metric meets a condition for so long; once until it is back. */
export interface ConditionTrigger {
  readonly kind: "CONDITION";
  readonly metric: string;
  readonly operator: ComparisonOperator;
  readonly threshold: number;
  readonly forMs: number;
  /** How far beyond the threshold the metric must be back before the condition can be due again. */
  readonly hysteresis: number;
}

export interface ConditionProgress {
  /** The last reading that was taken into account, in ms; null before the first. */
  readonly seenAt: number | null;
  /** Since when the condition is met without a break, in ms; null while it is not, or was due already. */
  readonly metSince: number | null;
  /** It was due and is not back yet. */
  readonly fired: boolean;
}

/**
 * Follows a condition through readings. A reading holds until the next one; a null or bad one ends what was going on.
 * @param samples by time; those that are not newer than the last one change nothing.
 * @param until how long the last reading is known to hold, in ms; null: not beyond its own time.
 * @returns `due` has the moments at which it came to be due.
 */
export function followCondition(
  trigger: ConditionTrigger,
  progress: ConditionProgress,
  samples: readonly MetricSample[],
  until: number | null,
): { progress: ConditionProgress; due: readonly number[] } {
  let { seenAt, metSince, fired } = progress;
  const due: number[] = [];
  const holdsUntil = (time: number) => {
    if (metSince === null || time - metSince < trigger.forMs) return;
    due.push(metSince + trigger.forMs);
    fired = true;
    metSince = null;
  };
  for (const { time, value, quality } of samples) {
    if (seenAt !== null && time <= seenAt) continue;
    holdsUntil(time);
    seenAt = time;
    const number = quality === "BAD" ? null : numberOf(value);
    const met = number !== null && meets(trigger, number);
    if (fired) {
      if (number !== null && !met && isBack(trigger, number)) fired = false;
    } else if (met) {
      metSince ??= time;
      holdsUntil(time);
    } else metSince = null;
  }
  if (until !== null) holdsUntil(until);
  return { progress: { seenAt, metSince, fired }, due };
}

/** Whether a number meets the condition. */
export function meets({ operator, threshold }: ConditionTrigger, value: number): boolean {
  switch (operator) {
    case "GT":
      return value > threshold;
    case "GTE":
      return value >= threshold;
    case "LT":
      return value < threshold;
    case "LTE":
      return value <= threshold;
    case "EQ":
      return value === threshold;
    case "NEQ":
      return value !== threshold;
  }
}

function isBack({ operator, threshold, hysteresis }: ConditionTrigger, value: number): boolean {
  return operator === "NEQ" || Math.abs(value - threshold) >= hysteresis;
}

function numberOf(value: Scalar): number | null {
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : null;
}
