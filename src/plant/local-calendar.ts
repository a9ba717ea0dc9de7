/** Monday is 0. */
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export const MINUTES_OF_DAY = 1440;
const DAY_MS = 86_400_000;
const WEEK = 7 * MINUTES_OF_DAY;

/** Minutes after midnight of a time such as `06:00`, up to `24:00`; null for what is none. */
export function minuteOf(text: string): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (!match) return null;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && minute <= MINUTES_OF_DAY ? minute : null;
}

/** Days from 1970-01-01 to a date such as `2026-12-24`; null for what is none. */
export function dayOf(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) || dateOf(ms / DAY_MS) !== text ? null : ms / DAY_MS;
}

/** The date that lies `day` days after 1970-01-01. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** 0 (Monday) to 6 of a day counted from 1970-01-01. */
export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** Days such as `mon-fri` or `[mon, wed-fri]`, in the week's order; null where one is none. */
export function weekdaysOf(value: string | readonly string[]): number[] | null {
  const days = new Set<number>();
  const items = typeof value === "string" ? value.split(",") : value;
  for (const item of items) {
    const ends = item
      .split("-")
      .map((day) => (WEEKDAYS as readonly string[]).indexOf(day.trim().toLowerCase()));
    const [first = -1, last = first] = ends;
    if (ends.length > 2 || first < 0 || last < 0) return null;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days.size === 0 ? null : [...days].sort((a, b) => a - b);
}

/** Something of each week: minutes from the midnight of its weekdays, on dates from validFrom to validTo. */
export interface Weekly {
  readonly start: number;
  readonly end: number;
  readonly weekdays: readonly number[];
  readonly validFrom?: number | undefined;
  readonly validTo?: number | undefined;
}

/** Whether two overlap in some week, by the clock on the wall. */
export function overlapInWeek(one: Weekly, other: Weekly): boolean {
  if (!validTogether(one, other)) return false;
  return one.weekdays.some((a) =>
    other.weekdays.some((b) => {
      const distance = (b - a) * MINUTES_OF_DAY + other.start - one.start;
      const ahead = ((distance % WEEK) + WEEK) % WEEK;
      return ahead < one.end - one.start || WEEK - ahead < other.end - other.start;
    }),
  );
}

/** Whether two begin on one day. */
export function meet(one: Weekly, other: Weekly): boolean {
  return validTogether(one, other) && one.weekdays.some((day) => other.weekdays.includes(day));
}

function validTogether(one: Weekly, other: Weekly): boolean {
  const first = Math.max(
    one.validFrom ?? Number.NEGATIVE_INFINITY,
    other.validFrom ?? Number.NEGATIVE_INFINITY,
  );
  const last = Math.min(one.validTo ?? Number.POSITIVE_INFINITY, other.validTo ?? Number.POSITIVE_INFINITY);
  return first <= last;
}
