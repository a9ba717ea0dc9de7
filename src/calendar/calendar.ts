import type { Interval, Span } from "../kernel/intervals.js";
import type { CalendarConfig, ShiftConfig } from "../plant/calendar-settings.js";
import { dateOf, weekdayOf } from "../plant/local-calendar.js";
import { momentOf } from "./local-time.js";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
// A day costs some 100 microseconds to work out; this many are eleven years.
const MOST_DAYS_KEPT = 4_000;

/** A shift of one day. */
export interface ShiftInstance extends Interval {
  readonly name: string;
  /** The local date on which it starts. */
  readonly date: string;
  /** Apart from each other, oldest first, within the shift. */
  readonly breaks: readonly Span<string>[];
}

/** What a calendar says of one local date: all that starts on it. */
interface CalendarDay {
  readonly shifts: readonly ShiftInstance[];
  /** The day's shifts do not take place. */
  readonly holiday: string | null;
  readonly stops: readonly Span<string>[];
}

/** What a calendar says of a range, with what reaches into it from outside. */
export interface CalendarPart {
  /** Apart from each other, oldest first. */
  readonly shifts: readonly ShiftInstance[];
  /** Shifts that do not take place, with the holiday's name as value. */
  readonly holidays: readonly Span<string>[];
  /** Planned stops by their reasons. */
  readonly stops: readonly Span<string>[];
}

/** The calendar of the plant file, laid out on the time line. It remembers the days that it has worked out. */
export class Calendar {
  readonly name: string;
  readonly timeZone: string;
  readonly #config: CalendarConfig;
  readonly #days = new Map<number, CalendarDay>();
  /** The planned stops that do not come every week. */
  #once: readonly Span<string>[] | null = null;

  constructor(config: CalendarConfig) {
    this.#config = config;
    this.name = config.name;
    this.timeZone = config.timeZone;
  }

  /** What it says of a range, whole where it reaches over an end of it. */
  part(range: Interval): CalendarPart {
    const shifts: ShiftInstance[] = [];
    const holidays: Span<string>[] = [];
    const stops = this.#onceIn(range);
    // What starts on a local date lies between 14 hours before that date in UTC and 60 hours after.
    const last = Math.floor((range.to + 15 * 3_600_000) / DAY_MS);
    let end = Number.NEGATIVE_INFINITY;
    for (let day = Math.floor(range.from / DAY_MS) - 3; day <= last; day += 1) {
      const known = this.#day(day);
      for (const shift of known.shifts) {
        // Where a shift that is no longer valid reaches into the first day of the next ones.
        const whole = shift.from < end ? startingAt(shift, end) : shift;
        if (whole.from >= whole.to) continue;
        end = whole.to;
        if (!meets(whole, range)) continue;
        if (known.holiday === null) shifts.push(whole);
        else holidays.push({ from: whole.from, to: whole.to, value: known.holiday });
      }
      for (const stop of known.stops) if (meets(stop, range)) stops.push(stop);
    }
    return { shifts, holidays, stops };
  }

  #day(day: number): CalendarDay {
    const known = this.#days.get(day);
    if (known) return known;
    const made = this.#expand(day);
    if (this.#days.size >= MOST_DAYS_KEPT) this.#days.clear();
    this.#days.set(day, made);
    return made;
  }

  #expand(day: number): CalendarDay {
    const weekday = weekdayOf(day);
    const { shifts, holidays, plannedStops } = this.#config;
    const instances = shifts
      .filter((shift) => shift.weekdays.includes(weekday) && isValid(shift, day))
      .map((shift) => this.#shift(shift, day, weekday))
      .sort((a, b) => a.from - b.from || a.to - b.to);
    const stops = plannedStops.flatMap(({ reason, weekly }) =>
      weekly?.weekdays.includes(weekday)
        ? [{ from: this.#moment(day, weekly.start), to: this.#moment(day, weekly.end), value: reason }]
        : [],
    );
    const holiday = holidays.find(({ from, to }) => from <= day && day <= to);
    return {
      shifts: instances.filter(({ from, to }) => from < to),
      holiday: holiday?.name ?? null,
      stops: stops.filter(({ from, to }) => from < to),
    };
  }

  #shift(shift: ShiftConfig, day: number, weekday: number): ShiftInstance {
    const from = this.#moment(day, shift.start);
    const to = this.#moment(day, shift.end);
    const breaks: Span<string>[] = [];
    const planned = shift.breaks
      .filter(({ weekdays }) => weekdays.includes(weekday))
      .sort((a, b) => a.start - b.start);
    let free = from;
    for (const { name, start, end } of planned) {
      // People get their whole break also where the clock changes.
      const begin = Math.max(this.#moment(day, start), free);
      const until = Math.min(begin + (end - start) * MINUTE_MS, to);
      if (begin >= until) continue;
      breaks.push({ from: begin, to: until, value: name });
      free = until;
    }
    return { name: shift.name, date: dateOf(day), from, to, breaks };
  }

  #onceIn(range: Interval): Span<string>[] {
    this.#once ??= this.#config.plannedStops.flatMap(({ reason, once }) => {
      if (once === null) return [];
      const from = this.#moment(once.from.day, once.from.minute);
      return [{ from, to: this.#moment(once.to.day, once.to.minute), value: reason }];
    });
    return this.#once.filter((stop) => meets(stop, range));
  }

  #moment(day: number, minute: number): number {
    return momentOf(this.timeZone, day, minute);
  }
}

function isValid({ validFrom, validTo }: ShiftConfig, day: number): boolean {
  return (validFrom === undefined || validFrom <= day) && (validTo === undefined || day <= validTo);
}

function startingAt(shift: ShiftInstance, from: number): ShiftInstance {
  const breaks = shift.breaks.flatMap((one) =>
    one.to <= from ? [] : [{ ...one, from: Math.max(one.from, from) }],
  );
  return { ...shift, from, breaks };
}

function meets(one: Interval, other: Interval): boolean {
  return one.from < one.to && one.from < other.to && one.to > other.from;
}
