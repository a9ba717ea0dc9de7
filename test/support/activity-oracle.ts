import type { Interval, Span } from "../../src/kernel/intervals.js";
import { growthOf } from "../../src/production/counting.js";
import { machineModeOf, machineStateOf } from "../../src/twin/packml.js";
import type { Scalar } from "../../src/twin/sample.js";
import type { Taken } from "./activity-floor.js";

/** A stretch during which an operation runs on the machine. */
export interface OracleRun extends Interval {
  readonly operationId: string;
  readonly idealCycleTimeMs: number | null;
  readonly byPeople: boolean;
}

/** A step of a counter. */
export interface OracleStep {
  readonly at: number;
  readonly kind: "GOOD" | "SCRAP";
  readonly amount: number;
  readonly operationId: string | null;
}

/** All samples of a metric by time, each once, those of one time as they came. */
function ordered(taken: readonly Taken[], metric: string): Taken[] {
  const seen = new Set<string>();
  const samples: Taken[] = [];
  for (const one of taken) {
    const key = `${one.time} ${typeof one.value} ${one.value}`;
    if (one.metric !== metric || seen.has(key)) continue;
    seen.add(key);
    samples.push(one);
  }
  return samples.sort((a, b) => a.time - b.time);
}

/** Plain and slow: looks at every sample for every boundary. */
export function oracleSpans(
  taken: readonly Taken[],
  metric: "state" | "mode" | "fault",
  range: Interval,
): Span<string>[] {
  const samples = ordered(taken, metric);
  const valueAt = (moment: number): string => {
    let value: Scalar | undefined;
    for (const one of samples) if (one.time <= moment) value = one.value;
    if (metric === "state") return value === undefined ? "UNKNOWN" : machineStateOf(value);
    if (metric === "mode") return value === undefined ? "UNKNOWN" : machineModeOf(value);
    return !value ? "" : String(value);
  };
  const inner = samples.map(({ time }) => time).filter((time) => time > range.from && time < range.to);
  const bounds = [...new Set([range.from, ...inner, range.to])];
  const spans: Span<string>[] = [];
  for (let index = 0; index + 1 < bounds.length; index += 1) {
    const [from, to] = [bounds[index] as number, bounds[index + 1] as number];
    const value = valueAt(from);
    const last = spans.at(-1);
    if (last?.value === value) spans[spans.length - 1] = { ...last, to };
    else spans.push({ from, to, value });
  }
  return metric === "fault" ? spans.filter(({ value }) => value !== "") : spans;
}

/** Every step that counts, of a machine with these counters. */
export function oracleSteps(
  taken: readonly Taken[],
  counters: readonly { metric: string; role: "GOOD_COUNT" | "REJECT_COUNT" | "TOTAL_COUNT" }[],
  runs: readonly OracleRun[],
): OracleStep[] {
  const steps: OracleStep[] = [];
  const byTotal = !counters.some(({ role }) => role === "GOOD_COUNT");
  for (const { metric, role } of counters) {
    const samples = ordered(taken, metric).filter(({ value }) => typeof value === "number");
    for (let index = 1; index < samples.length; index += 1) {
      const [before, now] = [samples[index - 1] as Taken, samples[index] as Taken];
      const run =
        runs.find(({ from, to }) => from < now.time && now.time <= to) ??
        runs.find(({ from }) => from === now.time);
      if (run?.byPeople) continue;
      const growth = growthOf({
        from: before.value,
        to: now.value,
        elapsedMs: now.time - before.time,
        idealCycleTimeMs: run?.idealCycleTimeMs ?? null,
      });
      if (growth.kind !== "counted") continue;
      const step = { at: now.time, amount: Number(growth.amount), operationId: run?.operationId ?? null };
      if (role === "GOOD_COUNT" || (role === "TOTAL_COUNT" && byTotal)) steps.push({ ...step, kind: "GOOD" });
      if (role === "REJECT_COUNT") steps.push({ ...step, kind: "SCRAP" });
      if (role === "REJECT_COUNT" && byTotal) steps.push({ ...step, kind: "GOOD", amount: -step.amount });
    }
  }
  return steps;
}

/** Sums that are not 0, by kind and operation, as `<kind> <operation>: <sum>`. */
export function oracleSums(steps: readonly OracleStep[], range: Interval): string[] {
  const sums = new Map<string, number>();
  for (const { at, kind, amount, operationId } of steps) {
    if (at < range.from || at >= range.to) continue;
    const key = `${kind} ${operationId}`;
    sums.set(key, (sums.get(key) ?? 0) + amount);
  }
  return [...sums].flatMap(([key, sum]) => (sum === 0 ? [] : [`${key}: ${sum}`])).sort();
}
