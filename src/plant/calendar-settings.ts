import { z } from "zod";
import {
  dayOf,
  MINUTES_OF_DAY,
  meet,
  minuteOf,
  overlapInWeek,
  WEEKDAYS,
  weekdaysOf,
} from "./local-calendar.js";

const text = z.string().trim().min(1, "must not be empty").max(200, "must have at most 200 characters");

const time = z.union([z.string(), z.number()]).transform((value, context) => {
  const minute = typeof value === "string" ? minuteOf(value) : null;
  if (minute === null) {
    context.addIssue({ code: "custom", message: 'must be a local time such as "06:00", up to "24:00"' });
    return z.NEVER;
  }
  return minute;
});

const date = z.string().transform((value, context) => {
  const day = dayOf(value);
  if (day === null) {
    context.addIssue({ code: "custom", message: "must be a date such as 2026-12-24" });
    return z.NEVER;
  }
  return day;
});

const moment = z.string().transform((value, context) => {
  const [first = "", second = "", ...rest] = value.split("T");
  const day = dayOf(first);
  const minute = minuteOf(second);
  if (day === null || minute === null || rest.length > 0) {
    context.addIssue({ code: "custom", message: "must be a local date and time such as 2026-12-24T14:00" });
    return z.NEVER;
  }
  return { day, minute };
});

const weekdays = z.union([z.string(), z.array(z.string())]).transform((value, context) => {
  const days = weekdaysOf(value);
  if (days === null) {
    const message = `must be days such as "mon-fri" or [sat, sun], of ${WEEKDAYS.join(", ")}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }
  return days;
});

const zone = z.string().superRefine((value, context) => {
  if (!isTimeZone(value))
    context.addIssue({
      code: "custom",
      message: `"${value}" is not a time zone such as Europe/Berlin (IANA)`,
    });
});

const pause = z.strictObject({
  name: text.default("Break"),
  start: time,
  end: time,
  weekdays: weekdays.optional(),
});

/** Minutes are counted from the midnight before the shift: beyond 1440 they belong to the day after. */
const shift = z
  .strictObject({
    name: text,
    start: time.refine((value) => value < MINUTES_OF_DAY, 'must be before "24:00"'),
    end: time,
    weekdays: weekdays.default([0, 1, 2, 3, 4, 5, 6]),
    validFrom: date.optional(),
    validTo: date.optional(),
    breaks: z.array(pause).default([]),
  })
  .transform((value) => {
    const end = value.end > value.start ? value.end : value.end + MINUTES_OF_DAY;
    const breaks = value.breaks.map((one) => {
      const start = one.start >= value.start ? one.start : one.start + MINUTES_OF_DAY;
      const first = start % MINUTES_OF_DAY;
      const length = one.end > first ? one.end - first : one.end + MINUTES_OF_DAY - first;
      return { ...one, weekdays: one.weekdays ?? value.weekdays, start, end: start + length };
    });
    return { ...value, end, breaks };
  })
  .superRefine((value, context) => {
    const problem = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    if (value.validFrom !== undefined && value.validTo !== undefined && value.validTo < value.validFrom)
      problem(["validTo"], "must not be before validFrom");
    value.breaks.forEach((one, index) => {
      if (one.start >= value.end)
        problem(["breaks", index, "start"], `lies outside of shift "${value.name}"`);
      else if (one.end > value.end)
        problem(["breaks", index, "end"], `lies outside of shift "${value.name}"`);
      if (one.weekdays.some((day) => !value.weekdays.includes(day)))
        problem(["breaks", index, "weekdays"], `shift "${value.name}" is not on all of these days`);
      const before = value.breaks.slice(0, index).find((other) => overlapInWeek(one, other));
      if (before) problem(["breaks", index, "start"], `overlaps "${before.name}"`);
    });
  });

const holiday = z
  .strictObject({ name: text, date: date.optional(), from: date.optional(), to: date.optional() })
  .superRefine((value, context) => {
    const problem = (field: string, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    if (value.date !== undefined && (value.from ?? value.to) !== undefined)
      problem("date", "goes without from and to");
    else if (value.date === undefined && (value.from === undefined || value.to === undefined))
      problem("name", "needs date, or from and to");
    else if (value.from !== undefined && value.to !== undefined && value.to < value.from)
      problem("to", "must not be before from");
  })
  .transform(({ name, date: only, from, to }) => ({
    name,
    from: only ?? from ?? 0,
    to: only ?? to ?? 0,
  }));

const plannedStop = z
  .strictObject({
    reason: text,
    start: time.optional(),
    end: time.optional(),
    weekdays: weekdays.optional(),
    from: moment.optional(),
    to: moment.optional(),
  })
  .superRefine((value, context) => {
    const problem = (field: string, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    const { start, end, from, to } = value;
    const weekly = (start ?? end ?? value.weekdays) !== undefined;
    if (weekly && (from ?? to) !== undefined) problem("from", "goes without start, end and weekdays");
    else if (weekly && (start === undefined || end === undefined)) problem("reason", "needs start and end");
    else if (!weekly && (from === undefined || to === undefined))
      problem("reason", "needs start and end, or from and to");
    else if (from && to && (to.day - from.day) * MINUTES_OF_DAY + to.minute <= from.minute)
      problem("to", "must be after from");
  })
  .transform(({ reason, start, end, weekdays: days, from, to }) =>
    from && to
      ? { reason, once: { from, to }, weekly: null }
      : { reason, once: null, weekly: weekly(start ?? 0, end ?? 0, days) },
  );

const calendar = z
  .strictObject({
    name: text,
    timeZone: zone,
    shifts: z.array(shift).min(1, "must have a shift"),
    holidays: z.array(holiday).default([]),
    plannedStops: z.array(plannedStop).default([]),
  })
  .superRefine(({ shifts }, context) => {
    shifts.forEach((one, index) => {
      for (const other of shifts.slice(0, index)) {
        const problem = (field: string, message: string) =>
          context.addIssue({ code: "custom", path: ["shifts", index, field], message });
        if (overlapInWeek(one, other)) problem("start", `overlaps shift "${other.name}"`);
        else if (one.name === other.name && meet(one, other))
          problem("name", `"${one.name}" is twice on one day`);
      }
    });
  });

/** The section `calendars` of the plant file. */
export const calendarSettings = z.array(calendar).default([]);

/** When people work: as the plant file says, with times in minutes after local midnight and dates in days after 1970-01-01. */
export type CalendarConfig = z.output<typeof calendar>;
export type ShiftConfig = CalendarConfig["shifts"][number];

/** The calendars of a plant, and which equipment has which. */
export interface PlantCalendars {
  readonly calendars: readonly CalendarConfig[];
  /** Names by path; what lies below has it too, unless it has one itself. */
  readonly ofPaths: ReadonlyMap<string, string>;
}

interface CalendarSections {
  readonly calendars?: readonly CalendarConfig[] | undefined;
  readonly equipment: readonly { readonly path: string; readonly calendar?: string | undefined }[];
}

/** The calendars of a plant file. */
export function calendarsOf({ calendars = [], equipment }: CalendarSections): PlantCalendars {
  const ofPaths = new Map<string, string>();
  for (const { path, calendar: name } of equipment) if (name !== undefined) ofPaths.set(path, name);
  return { calendars, ofPaths };
}

/** What is wrong between the sections of a plant file. */
export function calendarProblems({ calendars = [], equipment }: CalendarSections) {
  const names = new Set(calendars.map(({ name }) => name));
  const unknown = equipment.flatMap(({ calendar: name }, index) =>
    name === undefined || names.has(name)
      ? []
      : [
          {
            path: ["equipment", index, "calendar"],
            message: `there is no calendar "${name}" under calendars`,
          },
        ],
  );
  const twice = calendars.flatMap(({ name }, index) =>
    calendars.findIndex((one) => one.name === name) === index
      ? []
      : [{ path: ["calendars", index, "name"], message: `"${name}" stands twice` }],
  );
  return [...unknown, ...twice];
}

function weekly(start: number, end: number, days: readonly number[] | undefined) {
  return {
    start,
    end: end > start ? end : end + MINUTES_OF_DAY,
    weekdays: days ?? [0, 1, 2, 3, 4, 5, 6],
  };
}

/** Offsets such as +01:00 are none: they know no daylight saving. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
