import type { Interval } from "../kernel/intervals.js";

const DAY_MS = 86_400_000;
/** How far back a shift is looked for: longer than plants rest. */
export const SHIFT_REACH_MS = 64 * DAY_MS;
/** How long a report without shifts is. */
const WITHOUT_SHIFTS_MS = DAY_MS;

interface NamedShift extends Interval {
  readonly name: string;
}

/**
 * What a live report is about: the shift that began last, up to now or its end; without one the last day.
 * @param shifts those that took place within SHIFT_REACH_MS before now, oldest first.
 * @param name only shifts of this name; null: of any.
 */
export function followedShift<Shift extends NamedShift>(
  shifts: readonly Shift[],
  name: string | null,
  now: number,
): { range: Interval; shift: Shift | null } {
  const shift = shifts.findLast((one) => one.from < now && (name === null || one.name === name)) ?? null;
  if (shift === null) return { range: { from: now - WITHOUT_SHIFTS_MS, to: now }, shift };
  return { range: { from: shift.from, to: Math.min(shift.to, now) }, shift };
}

/**
 * How soon the next shift begins or one ends, so that a report is about something else or no longer grows.
 * @param shifts those that take place soon.
 * @returns infinity when none does.
 */
export function nextTurnInMs(shifts: readonly Interval[], now: number): number {
  const moments = shifts.flatMap(({ from, to }) => [from, to]).filter((moment) => moment >= now);
  // At the very moment the shift has not begun for a range that ends with it.
  return Math.min(...moments) + 1 - now;
}
