import { growthOf } from "../production/counting.js";
import { negated, sumOf } from "../production/decimal.js";
import type { Quality, Scalar } from "../twin/sample.js";

/** Due each time a counter has grown by so much. */
export interface UsageTrigger {
  readonly kind: "USAGE";
  readonly metric: string;
  readonly every: number;
}

/** One reading of a metric, as the history has it. */
export interface MetricSample {
  /** Milliseconds, by the device's clock. */
  readonly time: number;
  readonly value: Scalar;
  readonly quality: Quality;
}

export interface UsageProgress {
  /** Growth since the last due point, decimal. */
  readonly used: string;
  /** The last reading that was taken into account; null before the first. */
  readonly seenAt: number | null;
  readonly seenValue: Scalar;
}

/** A step that was not counted. */
export interface UncountedStep {
  readonly from: Scalar;
  readonly to: Scalar;
  readonly time: number;
  readonly reason: string;
}

/**
 * Adds the growth that readings show, over resets and roll-over. Readings that are not newer than the last one, bad
 * ones and those that are no number change nothing.
 * @param samples by time.
 * @param counterMax the counter's highest value, after which it goes on at 0; null: not known.
 */
export function countUsage(
  progress: UsageProgress,
  samples: readonly MetricSample[],
  counterMax: number | null,
): { progress: UsageProgress; uncounted: readonly UncountedStep[] } {
  const { used } = progress;
  let { seenAt, seenValue } = progress;
  const amounts: string[] = [];
  const uncounted: UncountedStep[] = [];
  for (const { time, value, quality } of samples) {
    if (seenAt !== null && time <= seenAt) continue;
    if (quality === "BAD" || (typeof value !== "number" && typeof value !== "bigint")) continue;
    if (seenAt !== null) {
      const step = {
        from: seenValue,
        to: value,
        elapsedMs: time - seenAt,
        idealCycleTimeMs: null,
        counterMax,
      };
      const growth = growthOf(step);
      if (growth.kind === "counted") amounts.push(growth.amount);
      if (growth.kind === "flagged") {
        uncounted.push({ from: seenValue, to: value, time, reason: growth.reason });
      }
    }
    seenAt = time;
    seenValue = value;
  }
  return { progress: { used: sumOf([used, ...amounts]), seenAt, seenValue }, uncounted };
}

/** How many times over it is due, and what of the growth belongs to the next time. */
export function usageDue(used: string, every: number): { count: number; rest: string } {
  let count = Math.floor(Number(used) / every);
  let rest = sumOf([used, negated(product(String(every), count))]);
  // The division is binary and may be off by one where the counter stands exactly at the limit.
  while (Number(rest) >= every) {
    count += 1;
    rest = sumOf([rest, negated(String(every))]);
  }
  while (Number(rest) < 0) {
    count -= 1;
    rest = sumOf([rest, String(every)]);
  }
  return { count, rest };
}

/**
 * When the next order will be due if it goes on as since the last one, in ms; null while nothing can be said.
 * @param since when counting began, in ms.
 */
export function usageForecast(progress: UsageProgress, every: number, since: number): number | null {
  const used = Number(progress.used);
  if (progress.seenAt === null || used <= 0 || progress.seenAt <= since) return null;
  const at = since + (every / used) * (progress.seenAt - since);
  return at <= LATEST ? at : null;
}

const LATEST = Date.parse("9999-12-31T00:00:00Z");

function product(decimal: string, count: number): string {
  let sum = "0";
  let power = decimal;
  for (let rest = count; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) sum = sumOf([sum, power]);
    power = sumOf([power, power]);
  }
  return sum;
}
