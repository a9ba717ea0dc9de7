import { type StopStory, type Story, type StoryCalendar, TIME_ZONE } from "./mes-story.js";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Shifts and breaks of a calendar as stretches of time. */
export interface PlannedShift {
  readonly name: string;
  readonly date: string;
  readonly from: number;
  readonly to: number;
  readonly breaks: readonly { readonly from: number; readonly to: number }[];
  /** It begins on a holiday, and so does not take place. */
  readonly cancelled: boolean;
}

export type PlannedKind = "BUSY" | "BREAK" | "PLANNED_STOP" | "HOLIDAY" | "OFF_SHIFT";

/** What the clocks on the walls of the time zone show, minute by minute. */
class Walls {
  readonly #first: number;
  readonly #texts: string[] = [];

  constructor(from: number, to: number) {
    this.#first = Math.floor(from / MINUTE) * MINUTE;
    const format = new Intl.DateTimeFormat("sv-SE", {
      timeZone: TIME_ZONE,
      dateStyle: "short",
      timeStyle: "short",
    });
    for (let at = this.#first; at <= to; at += MINUTE) this.#texts.push(format.format(at));
  }

  /** The first moment at which they show a time or a later one. */
  reach(date: string, time: string): number {
    const wanted = `${date} ${time}`;
    const index = this.#texts.findIndex((text) => text >= wanted);
    if (index <= 0) throw new Error(`${wanted} is out of sight`);
    return this.#first + index * MINUTE;
  }
}

function nextDate(date: string): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) + DAY).toISOString().slice(0, 10);
}

function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/** The shifts of a story, and of a day around it, with those that holidays cancel. */
export function shiftsOf(calendar: StoryCalendar, story: Pick<Story, "from" | "to">): PlannedShift[] {
  const walls = new Walls(story.from - 4 * DAY, story.to + 4 * DAY);
  const shifts: PlannedShift[] = [];
  const last = new Date(story.to + DAY).toISOString().slice(0, 10);
  for (
    let date = new Date(story.from - 2 * DAY).toISOString().slice(0, 10);
    date <= last;
    date = nextDate(date)
  ) {
    const cancelled = calendar.holidays.includes(date);
    const weekday = new Date(`${date}T12:00:00Z`).getUTCDay();
    for (const { name, start, end, weekdays, breaks } of calendar.shifts) {
      if (!weekdays.includes(weekday)) continue;
      const from = walls.reach(date, start);
      const to = walls.reach(end > start ? date : nextDate(date), end);
      const pauses = breaks.map((one) => {
        const begin = walls.reach(one.start >= start ? date : nextDate(date), one.start);
        const length = (minutes(one.end) - minutes(one.start) + 1440) % 1440;
        return { from: begin, to: Math.min(begin + length * MINUTE, to) };
      });
      if (from < to) shifts.push({ name, date, from, to, breaks: pauses, cancelled });
    }
  }
  return shifts.sort((a, b) => a.from - b.from);
}

/** What is planned for a moment. */
export function plannedAt(
  moment: number,
  shifts: readonly PlannedShift[],
  stops: readonly Pick<StopStory, "from" | "to">[],
): PlannedKind {
  const isInside = (one: { from: number; to: number }) => one.from <= moment && moment < one.to;
  const shift = shifts.find((one) => !one.cancelled && isInside(one));
  if (!shift) return shifts.some(isInside) ? "HOLIDAY" : "OFF_SHIFT";
  if (stops.some(isInside)) return "PLANNED_STOP";
  return shift.breaks.some(isInside) ? "BREAK" : "BUSY";
}
