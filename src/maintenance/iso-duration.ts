import { Temporal } from "temporal-polyfill";

/** Mean lengths of the Gregorian calendar, for estimates only. */
const DAY_MS = 86_400_000;
const MONTH_DAYS = 365.2425 / 12;

const SHORTEST_MS = 60_000;
const LONGEST_MS = 100 * 365.2425 * DAY_MS;

/** Why a text is no ISO 8601 duration between a minute and 100 years, such as P1M or PT12H; null when it is one. */
export function durationProblem(text: string): string | null {
  let duration: Temporal.Duration;
  try {
    duration = Temporal.Duration.from(text);
  } catch {
    return "is not an ISO 8601 duration such as P1M, P2W or PT12H";
  }
  if (duration.sign < 0) return "must not be negative";
  const ms = roughMs(duration);
  if (ms < SHORTEST_MS) return "must be at least a minute";
  return ms > LONGEST_MS ? "must be at most 100 years" : null;
}

/** How long a duration is on average, in ms: months and years differ. */
export function roughMs(duration: Temporal.Duration): number {
  const { years, months, weeks, days, hours, minutes, seconds, milliseconds } = duration;
  const wholeDays = (years * 12 + months) * MONTH_DAYS + weeks * 7 + days;
  return wholeDays * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1_000 + milliseconds;
}

/** Whether one ISO 8601 duration is longer than another one, on average. */
export function isLonger(one: string, other: string): boolean {
  return roughMs(Temporal.Duration.from(one)) > roughMs(Temporal.Duration.from(other));
}

/** The duration so many times: months stay months, hours stay hours. */
export function times(duration: Temporal.Duration, count: number): Temporal.Duration {
  const { years, months, weeks, days, hours, minutes, seconds, milliseconds } = duration;
  return Temporal.Duration.from({
    ...{ years: years * count, months: months * count, weeks: weeks * count, days: days * count },
    ...{ hours: hours * count, minutes: minutes * count },
    ...{ seconds: seconds * count, milliseconds: milliseconds * count },
  });
}

/** A moment in ms, that much later by the clocks and calendar of a time zone. */
export function later(moment: number, duration: string, timeZone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(moment)
    .toZonedDateTimeISO(timeZone)
    .add(Temporal.Duration.from(duration)).epochMilliseconds;
}

/** Why a text names no time zone; null when it does. */
export function timeZoneProblem(name: string): string | null {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return null;
  } catch {
    return "is not a time zone such as Europe/Berlin";
  }
}
