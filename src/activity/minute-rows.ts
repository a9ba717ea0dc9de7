import { negated, sumOf } from "../production/decimal.js";
import type { CountKind } from "./activity.js";
import { floor, HOUR_MS, MINUTE_MS, type MinuteStep } from "./count-minutes.js";
import type { CountStep } from "./count-steps.js";

/** Which counts of a machine are kept together. */
export interface CountKey {
  readonly machineId: string;
  readonly kind: CountKind;
  readonly operationId: string | null;
  readonly idealCycleTimeMs: number | null;
}

export interface MinuteKey extends CountKey {
  /** When it begins, in milliseconds. */
  readonly minute: number;
  readonly seriesId: number;
}

/** What a counter counted in a minute. */
export interface MinuteRow extends MinuteKey {
  readonly steps: readonly MinuteStep[];
}

/** What is added to the sum of an hour. */
export interface HourRow extends CountKey {
  readonly hour: number;
  /** Decimal with a sign, not 0. */
  readonly quantity: string;
}

/** A step with its machine. */
export interface MachineStep extends CountStep {
  readonly machineId: string;
}

/** Steps as rows of minutes, each minute's once, the steps of each in the order they came. */
export function minuteRowsOf(steps: readonly MachineStep[]): MinuteRow[] {
  const rows = new Map<string, MinuteKey & { steps: MinuteStep[] }>();
  for (const { machineId, kind, operationId, idealCycleTimeMs, seriesId, at, amount } of steps) {
    const minute = floor(at, MINUTE_MS);
    const key = { machineId, minute, seriesId, kind, operationId, idealCycleTimeMs };
    const step = { offset: at - minute, amount };
    const text = textOf(key);
    const row = rows.get(text);
    if (row) row.steps.push(step);
    else rows.set(text, { ...key, steps: [step] });
  }
  return [...rows.values()];
}

/** What must be added to the hours for steps that were added and others that were removed. */
export function hourRowsOf(added: readonly MachineStep[], removed: readonly MachineStep[]): HourRow[] {
  const sums = new Map<string, { key: Omit<HourRow, "quantity">; terms: string[] }>();
  const add = (step: MachineStep, amount: string) => {
    const { machineId, kind, operationId, idealCycleTimeMs } = step;
    const hour = floor(step.at, HOUR_MS);
    const text = `${machineId} ${hour} ${kind} ${operationId} ${idealCycleTimeMs}`;
    const known = sums.get(text);
    if (known) known.terms.push(amount);
    else sums.set(text, { key: { machineId, hour, kind, operationId, idealCycleTimeMs }, terms: [amount] });
  };
  for (const step of added) add(step, step.amount);
  for (const step of removed) add(step, negated(step.amount));
  return Array.from(sums.values(), ({ key, terms }) => ({ ...key, quantity: sumOf(terms) })).filter(
    ({ quantity }) => quantity !== "0",
  );
}

/** What becomes of rows of minutes when the steps within stretches are told anew. */
export interface Rewrite {
  /** Every row that changes, as it shall be; without steps where it shall go. */
  readonly rows: readonly MinuteRow[];
  readonly added: readonly MachineStep[];
  readonly removed: readonly MachineStep[];
}

/**
 * @param rows all that hold steps within the stretches.
 * @param isTold whether a step of a series at that time lies within one of the stretches.
 * @param steps all that are to be within the stretches.
 */
export function rewrite(
  rows: readonly MinuteRow[],
  isTold: (seriesId: number, at: number) => boolean,
  steps: readonly MachineStep[],
): Rewrite {
  const wanted = new Map(minuteRowsOf(steps).map((row) => [textOf(row), row]));
  const [changed, added, removed]: [MinuteRow[], MachineStep[], MachineStep[]] = [[], [], []];
  for (const row of rows) {
    const text = textOf(row);
    const next = wanted.get(text)?.steps ?? [];
    wanted.delete(text);
    const told = row.steps.filter(({ offset }) => isTold(row.seriesId, row.minute + offset));
    if (isSame(told, next)) continue;
    const others = row.steps.filter((step) => !told.includes(step));
    changed.push({ ...row, steps: [...others, ...next].sort((a, b) => a.offset - b.offset) });
    added.push(...machineSteps(row, next));
    removed.push(...machineSteps(row, told));
  }
  for (const row of wanted.values()) {
    changed.push(row);
    added.push(...machineSteps(row, row.steps));
  }
  return { rows: changed, added, removed };
}

function isSame(a: readonly MinuteStep[], b: readonly MinuteStep[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ offset, amount }, index) => offset === b[index]?.offset && amount === b[index]?.amount)
  );
}

function machineSteps(key: MinuteKey, steps: readonly MinuteStep[]): MachineStep[] {
  const { machineId, kind, operationId, idealCycleTimeMs, seriesId, minute } = key;
  return steps.map(({ offset, amount }) => {
    return { machineId, kind, operationId, idealCycleTimeMs, seriesId, at: minute + offset, amount };
  });
}

function textOf(key: MinuteKey): string {
  // A series is of one machine.
  return `${key.seriesId} ${key.minute} ${key.kind} ${key.operationId} ${key.idealCycleTimeMs}`;
}
