import type { Interval } from "../kernel/intervals.js";
import { err, ok, type Result } from "../kernel/result.js";

const DAY_MS = 86_400_000;

/** The longest range of one report. */
export const MOST_DAYS = 400;
/** The most machines times days of one report. */
export const MOST_MACHINE_DAYS = 40_000;

/** What is wrong with a range, and the argument that is. */
export interface RangeProblem {
  readonly field: "from" | "to";
  readonly message: string;
}

/** A range as it was asked for. It ends now where it says nothing else, and never in the future. */
export function rangeOf(from: Date, to: Date | null, now: number): Result<Interval, RangeProblem> {
  const begin = from.getTime();
  const refuse = (field: RangeProblem["field"], message: string) =>
    err({ field, message: `${field} ${message}` });
  if (to !== null && to.getTime() <= begin) return refuse("to", "must be after from");
  if (begin >= now) return refuse("from", "must lie in the past");
  const range = { from: begin, to: Math.min(to?.getTime() ?? now, now) };
  if (range.to - begin > MOST_DAYS * DAY_MS)
    return refuse("from", `must be at most ${MOST_DAYS} days before the end`);
  return ok(range);
}

/** What is wrong with a range for so many machines; null when nothing is. */
export function sizeProblem({ from, to }: Interval, machines: number): RangeProblem | null {
  const days = (to - from) / DAY_MS;
  if (machines * days <= MOST_MACHINE_DAYS) return null;
  const most = Math.floor(MOST_MACHINE_DAYS / machines);
  return {
    field: "from",
    message: `from must be at most ${most} days before the end for ${machines} machines`,
  };
}
