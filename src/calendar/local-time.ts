import { Temporal } from "temporal-polyfill";
import { MINUTES_OF_DAY } from "../plant/local-calendar.js";

const EPOCH = new Temporal.PlainDate(1970, 1, 1);

/**
 * The moment at which the clock on the wall of a time zone shows a time, in ms. A time that the clock passes twice is the
 * first of the two; one that it skips is the moment of the change. A later local time is never an earlier moment.
 * @param day days from 1970-01-01 to the local date.
 * @param minute minutes on that clock after the date's midnight; beyond 1440 on the days after.
 */
export function momentOf(timeZone: string, day: number, minute: number): number {
  const date = EPOCH.add({ days: day + Math.floor(minute / MINUTES_OF_DAY) });
  const rest = minute % MINUTES_OF_DAY;
  const local = date.toPlainDateTime(new Temporal.PlainTime(Math.floor(rest / 60), rest % 60));
  const first = local.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  if (first.hour * 60 + first.minute === rest) return first.epochMilliseconds;
  const change = first.getTimeZoneTransition("next");
  if (change === null) throw new Error(`${timeZone} skips ${local.toString()} without a change`);
  return change.epochMilliseconds;
}
