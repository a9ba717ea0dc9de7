import { sumOf } from "../production/decimal.js";

/** A reading of an energy counter, or the readings of a stretch of time. */
export interface EnergyPoint {
  /** The last reading. */
  readonly value: unknown;
  readonly min: number | null;
  readonly max: number | null;
}

/** How much energy machines took in a range. */
export interface EnergyUse {
  /** Of the counters, as the machine types say; null: they say none. */
  readonly unit: string | null;
  readonly amount: number;
  /** By the good quantity of the machines that have such a counter; null without good pieces. */
  readonly perGoodPiece: number | null;
}

/** What one counter of a machine took. */
export interface CounterEnergy {
  readonly machineId: string;
  readonly unit: string | null;
  readonly amount: number;
}

/** A counter that falls below this share of its last value has begun anew. */
const NEAR_ZERO = 0.1;

/**
 * How much an energy counter grew.
 * @param before its last reading before the first point; null: growth counts from the first point on.
 * @param points in the order of time. After a fall to near zero the new value is what was added; other falls add nothing.
 */
export function energyOf(before: number | null, points: Iterable<EnergyPoint>): number {
  let last = before;
  let growth = 0;
  for (const { value, min, max } of points) {
    const end = readingOf(value);
    if (end === null || min === null || max === null) continue;
    const start = last ?? min;
    if (min < start && min <= start * NEAR_ZERO) {
      // What lies above both ends was reached before the fall.
      growth += (max > end ? Math.max(max - start, 0) : 0) + end;
    } else growth += Math.max(end - start, 0);
    last = end;
  }
  return growth;
}

/** A counter's value as a number; null where it is none. */
export function readingOf(value: unknown): number | null {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : null;
}

/** Energy by unit: machines whose counters have different units are told apart. */
export function energyUse(
  counters: readonly CounterEnergy[],
  goodOf: ReadonlyMap<string, string>,
): EnergyUse[] {
  const byUnit = new Map<string | null, CounterEnergy[]>();
  for (const counter of counters) byUnit.set(counter.unit, [...(byUnit.get(counter.unit) ?? []), counter]);
  return Array.from(byUnit, ([unit, ofUnit]) => {
    const amount = ofUnit.reduce((sum, one) => sum + one.amount, 0);
    const machines = [...new Set(ofUnit.map(({ machineId }) => machineId))];
    const good = Number(sumOf(machines.map((id) => goodOf.get(id) ?? "0")));
    return { unit, amount, perGoodPiece: good === 0 ? null : amount / good };
  });
}
