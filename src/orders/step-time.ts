import { err, ok, type Result } from "../kernel/result.js";
import { storable } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";

/** When a step happened. */
export interface StepTime {
  /** As the caller says; null: now. */
  readonly asked: Date | null;
  readonly now: Date;
  /** Until when another operation had the machine; null or left out when none had. */
  readonly machineTaken?: { readonly until: Date; readonly by: string } | null;
}

/**
 * The time of a step: as asked, but not in the future, not before the last step of whatever it changes, and not while
 * another operation had the machine. Nobody having asked for a time, it is now, or, where a server's clock was ahead of
 * this one's, that last step's.
 */
export function timeOfStep(
  time: StepTime,
  concerned: readonly { readonly statusAt: Date }[],
): Result<Date, UserErrorValue> {
  const { asked, now, machineTaken } = time;
  const last = new Date(Math.max(...concerned.map((one) => one.statusAt.getTime()), -8.64e15));
  if (asked === null) {
    return ok(new Date(Math.max(now.getTime(), last.getTime(), machineTaken?.until.getTime() ?? -Infinity)));
  }
  const refuse = (problem: string) => err(userError("INVALID_INPUT", `at ${problem}`, ["at"]));
  if (!storable(asked)) return refuse("is not in the years 1 to 9999");
  if (asked > now) return refuse("must not be in the future");
  if (asked < last)
    return refuse(`must not be before the step before it, which was at ${last.toISOString()}`);
  if (machineTaken && asked < machineTaken.until) {
    const message = `the machine had ${machineTaken.by} until ${machineTaken.until.toISOString()}: what happened earlier is booked in its order, so give that time or a later one`;
    return err(userError("MACHINE_BUSY", message, ["at"]));
  }
  return ok(asked);
}
