import fc from "fast-check";
import { expect, test } from "vitest";
import { durationOf, type Interval } from "../kernel/intervals.js";
import { calendarSettings } from "../plant/calendar-settings.js";
import { Calendar } from "./calendar.js";
import { plannedTime } from "./planned-time.js";

const HOUR = 3_600_000;
const MINUTE = 60_000;

const THREE = [
  { name: "Early", start: "06:00", end: "14:00" },
  { name: "Late", start: "14:00", end: "22:00" },
  { name: "Night", start: "22:00", end: "06:00" },
];

function calendar(config: object): Calendar {
  const [settings] = calendarSettings.parse([{ name: "test", timeZone: "Europe/Berlin", ...config }]);
  if (!settings) throw new Error("no calendar");
  return new Calendar(settings);
}

function at(text: string): number {
  return Date.parse(text);
}

function range(from: string, to: string): Interval {
  return { from: at(from), to: at(to) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(":00.000Z", "Z");
}

/** Shifts as `name date hours`. */
function shifts(of: Calendar, from: string, to: string): string[] {
  return of
    .part(range(from, to))
    .shifts.map((one) => `${one.name} ${one.date} ${(one.to - one.from) / HOUR}`);
}

/** Planned time as `kind from to`, with the shift or the reason where there is one. */
function tiles(of: Calendar, within: Interval, stops: Parameters<typeof plannedTime>[2] = []): string[] {
  return plannedTime(within, of.part(within), stops).map(({ from, to, value }) =>
    [value.kind, iso(from), iso(to), value.shift?.name, value.reason]
      .filter((part) => part != null)
      .join(" "),
  );
}

test("the shift over the hour that is skipped has seven hours, the one over the hour that comes twice nine", () => {
  const three = calendar({ shifts: THREE });
  expect(shifts(three, "2026-03-28T20:00:00Z", "2026-03-29T12:00:00Z")).toEqual([
    "Late 2026-03-28 8",
    "Night 2026-03-28 7",
    "Early 2026-03-29 8",
  ]);
  expect(shifts(three, "2025-10-25T19:00:00Z", "2025-10-26T12:00:00Z")).toEqual([
    "Late 2025-10-25 8",
    "Night 2025-10-25 9",
    "Early 2025-10-26 8",
  ]);
});

test("a shift belongs to the date on which it starts, and only its weekdays have it", () => {
  const [, , night] = THREE;
  const weekdays = calendar({ shifts: [{ ...night, weekdays: "sun-thu" }] });
  // 2026-06-05 is a Friday.
  expect(shifts(weekdays, "2026-06-04T12:00:00Z", "2026-06-08T12:00:00Z")).toEqual([
    "Night 2026-06-04 8",
    "Night 2026-06-07 8",
  ]);
});

test.each([
  // zone, date, shift from, to, what comes out
  ["Europe/Berlin", "2026-03-29", "00:00", "02:30", "2026-03-28T23:00Z", "2026-03-29T01:00Z"],
  ["Europe/Berlin", "2026-03-29", "02:30", "03:30", "2026-03-29T01:00Z", "2026-03-29T01:30Z"],
  ["Europe/Berlin", "2026-10-25", "00:00", "02:30", "2026-10-24T22:00Z", "2026-10-25T00:30Z"],
  ["Europe/Berlin", "2026-10-25", "02:30", "03:30", "2026-10-25T00:30Z", "2026-10-25T02:30Z"],
  ["Europe/Berlin", "2026-10-25", "00:00", "24:00", "2026-10-24T22:00Z", "2026-10-25T23:00Z"],
  ["America/St_Johns", "2026-03-08", "01:00", "03:00", "2026-03-08T04:30Z", "2026-03-08T05:30Z"],
  ["Australia/Lord_Howe", "2026-04-05", "00:00", "06:00", "2026-04-04T13:00Z", "2026-04-04T19:30Z"],
  ["Australia/Lord_Howe", "2026-10-04", "02:15", "06:00", "2026-10-03T15:30Z", "2026-10-03T19:00Z"],
  ["Asia/Beirut", "2026-03-29", "00:00", "08:00", "2026-03-28T22:00Z", "2026-03-29T05:00Z"],
  ["Asia/Kathmandu", "2026-01-01", "08:00", "16:00", "2026-01-01T02:15Z", "2026-01-01T10:15Z"],
])("in %s on %s a shift %s to %s is %s to %s", (timeZone, date, start, end, from, to) => {
  const one = calendar({ timeZone, shifts: [{ name: "One", start, end }] });
  const around = { from: at(`${date}T00:00:00Z`) - 30 * HOUR, to: at(`${date}T00:00:00Z`) + 54 * HOUR };
  const found = one.part(around).shifts.find((shift) => shift.date === date);
  expect([iso(found?.from ?? 0), iso(found?.to ?? 0)]).toEqual([from, to]);
});

test("a break keeps its length where the clock changes", () => {
  const breaks = (start: string, end: string) =>
    calendar({ shifts: [{ name: "Night", start: "22:00", end: "06:00", breaks: [{ start, end }] }] });
  const length = (of: Calendar, within: Interval) =>
    of.part(within).shifts.flatMap((shift) => shift.breaks.map((one) => `${iso(one.from)} ${iso(one.to)}`));
  const spring = range("2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z");
  expect(length(breaks("02:15", "02:45"), spring)).toEqual(["2026-03-29T01:00Z 2026-03-29T01:30Z"]);
  expect(length(breaks("01:45", "02:15"), spring)).toEqual(["2026-03-29T00:45Z 2026-03-29T01:15Z"]);
  const autumn = range("2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z");
  expect(length(breaks("02:45", "03:15"), autumn)).toEqual(["2026-10-25T00:45Z 2026-10-25T01:15Z"]);
});

test.each([
  // stop from, to by the clock on the wall, and what comes out on the Sunday of the change
  ["03-29", "01:30", "03:30", "2026-03-29T00:30Z 2026-03-29T01:30Z"],
  ["03-29", "02:15", "03:30", "2026-03-29T01:00Z 2026-03-29T01:30Z"],
  ["03-29", "02:10", "02:50", null],
  ["10-25", "01:30", "02:30", "2026-10-24T23:30Z 2026-10-25T00:30Z"],
  ["10-25", "02:30", "03:30", "2026-10-25T00:30Z 2026-10-25T02:30Z"],
])("on 2026-%s a planned stop from %s to %s is %s, weekly and once", (date, start, end, wanted) => {
  const shifts = [{ name: "Day", start: "00:00", end: "24:00" }];
  const once = { from: `2026-${date}T${start}`, to: `2026-${date}T${end}` };
  const day = range(`2026-${date}T00:00:00Z`, `2026-${date}T20:00:00Z`);
  const within = { from: day.from - 2 * HOUR, to: day.to };
  for (const stop of [{ weekdays: "sun", start, end }, once]) {
    const stops = tiles(calendar({ shifts, plannedStops: [{ reason: "R", ...stop }] }), within)
      .filter((tile) => tile.startsWith("PLANNED_STOP"))
      .map((tile) => tile.replace("PLANNED_STOP ", "").replace(" Day R", ""));
    expect(stops).toEqual(wanted === null ? [] : [wanted]);
  }
});

test("breaks and stops of a night lie after midnight, on the weekdays of the shift and of the stop", () => {
  const night = calendar({
    shifts: [
      {
        ...{ name: "Night", start: "22:00", end: "06:00", weekdays: "mon-tue" },
        breaks: [
          { name: "Tea", start: "23:50", end: "00:10" },
          { name: "Meal", start: "02:00", end: "02:30", weekdays: "tue" },
        ],
      },
    ],
    plannedStops: [{ reason: "Oil", weekdays: "tue", start: "23:30", end: "00:30" }],
    holidays: [{ date: "2026-07-08", name: "Fair" }],
  });
  // 2026-07-06 is a Monday.
  expect(tiles(night, range("2026-07-06T20:00:00Z", "2026-07-08T20:00:00Z"))).toEqual([
    "BUSY 2026-07-06T20:00Z 2026-07-06T21:50Z Night",
    "BREAK 2026-07-06T21:50Z 2026-07-06T22:10Z Night Tea",
    "BUSY 2026-07-06T22:10Z 2026-07-07T04:00Z Night",
    "OFF_SHIFT 2026-07-07T04:00Z 2026-07-07T20:00Z",
    "BUSY 2026-07-07T20:00Z 2026-07-07T21:30Z Night",
    "PLANNED_STOP 2026-07-07T21:30Z 2026-07-07T22:30Z Night Oil",
    "BUSY 2026-07-07T22:30Z 2026-07-08T00:00Z Night",
    "BREAK 2026-07-08T00:00Z 2026-07-08T00:30Z Night Meal",
    "BUSY 2026-07-08T00:30Z 2026-07-08T04:00Z Night",
    "OFF_SHIFT 2026-07-08T04:00Z 2026-07-08T20:00Z",
  ]);
});

test("a day is told apart into work, breaks, stops and what lies between shifts", () => {
  const one = calendar({
    shifts: [
      {
        name: "Day",
        start: "08:00",
        end: "16:00",
        breaks: [{ name: "Lunch", start: "12:00", end: "12:30" }],
      },
    ],
    plannedStops: [{ reason: "Cleaning", weekdays: "wed", start: "15:30", end: "17:00" }],
  });
  const stop = { ...range("2026-07-01T10:15:00Z", "2026-07-01T10:45:00Z"), value: "Meeting" };
  expect(tiles(one, range("2026-07-01T05:00:00Z", "2026-07-01T16:00:00Z"), [stop])).toEqual([
    "OFF_SHIFT 2026-07-01T05:00Z 2026-07-01T06:00Z",
    "BUSY 2026-07-01T06:00Z 2026-07-01T10:00Z Day",
    "BREAK 2026-07-01T10:00Z 2026-07-01T10:15Z Day Lunch",
    "PLANNED_STOP 2026-07-01T10:15Z 2026-07-01T10:45Z Day Meeting",
    "BUSY 2026-07-01T10:45Z 2026-07-01T13:30Z Day",
    "PLANNED_STOP 2026-07-01T13:30Z 2026-07-01T14:00Z Day Cleaning",
    "OFF_SHIFT 2026-07-01T14:00Z 2026-07-01T16:00Z",
  ]);
});

test("a holiday takes the shifts that start on it, to their end", () => {
  const christmas = calendar({ shifts: THREE, holidays: [{ date: "2026-12-25", name: "Christmas" }] });
  expect(tiles(christmas, range("2026-12-25T00:00:00Z", "2026-12-26T06:00:00Z"))).toEqual([
    "BUSY 2026-12-25T00:00Z 2026-12-25T05:00Z Night",
    "HOLIDAY 2026-12-25T05:00Z 2026-12-26T05:00Z Christmas",
    "BUSY 2026-12-26T05:00Z 2026-12-26T06:00Z Early",
  ]);
});

test("a stop between shifts and on holidays changes nothing, and stops that overlap are one after the other", () => {
  const one = calendar({ shifts: [{ name: "Day", start: "08:00", end: "16:00" }] });
  const day = range("2026-07-01T05:00:00Z", "2026-07-01T08:00:00Z");
  const stops = [
    { ...range("2026-07-01T05:00:00Z", "2026-07-01T06:30:00Z"), value: "A" },
    { ...range("2026-07-01T06:10:00Z", "2026-07-01T06:20:00Z"), value: "B" },
    { ...range("2026-07-01T06:15:00Z", "2026-07-01T07:00:00Z"), value: "C" },
  ];
  expect(tiles(one, day, stops)).toEqual([
    "OFF_SHIFT 2026-07-01T05:00Z 2026-07-01T06:00Z",
    "PLANNED_STOP 2026-07-01T06:00Z 2026-07-01T06:30Z Day A",
    "PLANNED_STOP 2026-07-01T06:30Z 2026-07-01T07:00Z Day C",
    "BUSY 2026-07-01T07:00Z 2026-07-01T08:00Z Day",
  ]);
});

test("without a calendar it is always time to work, but for planned stops", () => {
  const day = range("2026-07-01T05:00:00Z", "2026-07-01T08:00:00Z");
  const stop = { from: day.from + HOUR, to: day.to + HOUR, value: "Revision" };
  expect(plannedTime(day, null, []).map(({ value }) => value.kind)).toEqual(["BUSY"]);
  expect(plannedTime(day, null, [stop]).map(({ value }) => value.kind)).toEqual(["BUSY", "PLANNED_STOP"]);
});

test("a shift model that follows another begins where the last shift of the other ends", () => {
  const change = calendar({
    shifts: [
      { name: "Old", start: "22:00", end: "06:00", validTo: "2026-06-30" },
      { name: "New", start: "04:00", end: "12:00", validFrom: "2026-07-01" },
    ],
  });
  expect(shifts(change, "2026-06-30T00:00:00Z", "2026-07-02T08:00:00Z")).toEqual([
    "Old 2026-06-29 8",
    "Old 2026-06-30 8",
    "New 2026-07-01 6",
    "New 2026-07-02 8",
  ]);
});

const ZONES = [
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "America/St_Johns",
  "America/New_York",
  "Asia/Kathmandu",
  "Asia/Beirut",
  "Pacific/Kiritimati",
  "Pacific/Apia",
  "UTC",
];

const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** Shifts of a day cut at some quarters of an hour, some of them free, the last over midnight to the first. */
const shiftModel = fc
  .record({
    cuts: fc.uniqueArray(fc.integer({ min: 0, max: 95 }), { minLength: 2, maxLength: 5 }),
    free: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    days: fc.array(fc.subarray([..."0123456"], { minLength: 1 }), { minLength: 5, maxLength: 5 }),
  })
  .map(({ cuts, free, days }) => {
    const names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    const sorted = cuts.map((cut) => cut * 15).sort((a, b) => a - b);
    const all = sorted.map((start, index) => {
      const end = sorted[(index + 1) % sorted.length] ?? 0;
      const middle = (start + (((end - start + 1440) % 1440) >> 1)) % 1440;
      return {
        name: `S${index}`,
        start: clock(start),
        end: clock(end),
        weekdays: days[index]?.map((day) => names[Number(day)] ?? ""),
        breaks: [{ start: clock(middle - (middle % 5)), end: clock((middle - (middle % 5) + 5) % 1440) }],
      };
    });
    return all.filter((_, index) => index === 0 || !free[index]);
  });

const scene = fc.record({
  timeZone: fc.constantFrom(...ZONES),
  shifts: shiftModel,
  // Around the changes of all these zones, in both years.
  from: fc.integer({ min: at("2025-09-20T00:00:00Z") / MINUTE, max: at("2026-11-10T00:00:00Z") / MINUTE }),
  minutes: fc.integer({ min: 1, max: 20 * 1440 }),
  stops: fc.array(fc.tuple(fc.integer({ min: -600, max: 30_000 }), fc.integer({ min: 1, max: 900 })), {
    maxLength: 4,
  }),
});

test("planned time tiles every range exactly, in every zone", () => {
  fc.assert(
    fc.property(scene, ({ timeZone, shifts: model, from, minutes, stops }) => {
      const within = { from: from * MINUTE, to: (from + minutes) * MINUTE };
      const of = calendar({ timeZone, shifts: model, holidays: [{ date: "2026-04-05", name: "Easter" }] });
      const spans = stops.map(([start, length]) => ({
        from: within.from + start * MINUTE,
        to: within.from + (start + length) * MINUTE,
        value: "stop",
      }));
      const planned = plannedTime(within, of.part(within), spans);
      expect(planned[0]?.from).toBe(within.from);
      expect(planned.at(-1)?.to).toBe(within.to);
      expect(durationOf(planned)).toBe(within.to - within.from);
      planned.forEach((tile, index) => {
        expect(tile.to).toBeGreaterThan(tile.from);
        const next = planned[index + 1];
        if (!next) return;
        expect(next.from).toBe(tile.to);
        expect(next.value).not.toEqual(tile.value);
      });
    }),
    { numRuns: 300 },
  );
});

test("what is told of a range is told of each of its parts", () => {
  fc.assert(
    fc.property(
      scene,
      fc.double({ min: 0, max: 1, noNaN: true }),
      ({ timeZone, shifts: model, from, minutes }, share) => {
        const of = calendar({ timeZone, shifts: model });
        const whole = { from: from * MINUTE, to: (from + minutes) * MINUTE };
        const cut = whole.from + Math.floor(minutes * share) * MINUTE;
        const part = { from: cut, to: Math.min(cut + 6 * HOUR, whole.to) };
        const clipped = plannedTime(whole, of.part(whole), []).flatMap((tile) => {
          const inside = { from: Math.max(tile.from, part.from), to: Math.min(tile.to, part.to) };
          return inside.from < inside.to ? [{ ...tile, ...inside }] : [];
        });
        expect(plannedTime(part, calendar({ timeZone, shifts: model }).part(part), [])).toEqual(clipped);
      },
    ),
    { numRuns: 100 },
  );
});

test("by the clock on the wall a shift lasts from its start to its end", () => {
  fc.assert(
    fc.property(scene, ({ timeZone, shifts: model, from }) => {
      const moment = from * MINUTE;
      const wall = wallClock(timeZone, moment);
      // Where the clock was set back, the wall alone does not tell.
      if (Math.abs(wall.offset - wallClock(timeZone, moment - 3 * HOUR).offset) > 0) return;
      if (Math.abs(wall.offset - wallClock(timeZone, moment + 3 * HOUR).offset) > 0) return;
      const expected = model.find(({ start, end, weekdays }) => {
        const days = (day: number) => weekdays?.includes(NAMES[(day + 7) % 7] ?? "");
        if (start < end) return days(wall.day) && start <= wall.time && wall.time < end;
        return (days(wall.day) && start <= wall.time) || (days(wall.day - 1) && wall.time < end);
      });
      const within = { from: moment, to: moment + 1 };
      const [tile] = plannedTime(within, calendar({ timeZone, shifts: model }).part(within), []);
      expect(tile?.value.shift?.name).toBe(expected?.name);
    }),
    { numRuns: 1_000 },
  );
});

const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function wallClock(timeZone: string, moment: number): { day: number; time: string; offset: number } {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(moment);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  const time = `${of("hour")}:${of("minute")}`;
  const local = Date.parse(`${of("year")}-${of("month")}-${of("day")}T${time}:00Z`);
  return { day: new Date(local).getUTCDay(), time, offset: local - moment };
}
