import { expect, test } from "vitest";
import { parsePlantFile } from "./plant-file.js";

const TWO_SHIFTS = `
calendars:
  - name: two-shift
    timeZone: Europe/Berlin
    shifts:
      - { name: Early, start: 06:00, end: 14:00, weekdays: mon-fri, breaks: [{ start: 09:00, end: 09:15 }] }
      - name: Late
        start: 14:00
        end: 22:00
        weekdays: [mon, tue-thu]
        breaks:
          - { name: Dinner, start: 18:00, end: 18:30 }
    holidays:
      - { date: 2026-12-25, name: Christmas }
      - { from: 2026-12-28, to: 2026-12-31, name: Closed }
    plannedStops:
      - { reason: Cleaning, weekdays: fri, start: 13:00, end: 14:00 }
      - { reason: Revision, from: 2026-08-03T06:00, to: 2026-08-07T14:00 }
equipment:
  - { path: acme, calendar: two-shift }
`;

function problems(text: string): string[] {
  const parsed = parsePlantFile(text, {});
  return parsed.ok ? [] : parsed.error.map(({ line, field, message }) => `${line} ${field}: ${message}`);
}

/** The problems of the file above with one thing changed. */
function without(part: string, other: string): string[] {
  if (!TWO_SHIFTS.includes(part)) throw new Error(`there is no ${part}`);
  return problems(TWO_SHIFTS.replace(part, other));
}

test("a calendar is read with minutes of the day and days since 1970", () => {
  const parsed = parsePlantFile(TWO_SHIFTS, {});
  expect(parsed.ok && parsed.value.calendars?.[0]).toMatchObject({
    shifts: [
      {
        name: "Early",
        start: 360,
        end: 840,
        weekdays: [0, 1, 2, 3, 4],
        breaks: [{ name: "Break", start: 540, end: 555, weekdays: [0, 1, 2, 3, 4] }],
      },
      { name: "Late", weekdays: [0, 1, 2, 3] },
    ],
    holidays: [
      { name: "Christmas", from: 20_812, to: 20_812 },
      { name: "Closed", from: 20_815, to: 20_818 },
    ],
    plannedStops: [
      { reason: "Cleaning", weekly: { start: 780, end: 840, weekdays: [4] } },
      { reason: "Revision", once: { from: { day: 20_668, minute: 360 }, to: { day: 20_672, minute: 840 } } },
    ],
  });
});

test("a break after midnight belongs to the night shift that began the day before", () => {
  const parsed = parsePlantFile(
    `calendars: [{ name: n, timeZone: UTC, shifts: [{ name: Night, start: 22:00, end: 06:00, breaks: [{ start: 23:50, end: 00:10 }, { start: 02:00, end: 02:30 }] }] }]`,
    {},
  );
  expect(parsed.ok && parsed.value.calendars?.[0]?.shifts[0]).toMatchObject({
    start: 1320,
    end: 1800,
    breaks: [
      { start: 1430, end: 1450 },
      { start: 1560, end: 1590 },
    ],
  });
});

test.each([
  [
    "Europe/Berlin",
    "Europe/Bärlin",
    '4 calendars[0].timeZone: "Europe/Bärlin" is not a time zone such as Europe/Berlin (IANA)',
  ],
  [
    "Europe/Berlin",
    "+01:00",
    '4 calendars[0].timeZone: "+01:00" is not a time zone such as Europe/Berlin (IANA)',
  ],
  [
    "calendar: two-shift",
    "calendar: three-shift",
    '20 equipment[0].calendar: there is no calendar "three-shift" under calendars',
  ],
  ["start: 14:00", "start: 13:30", '8 calendars[0].shifts[1].start: overlaps shift "Early"'],
  ["        end: 22:00", "        end: 06:30", '8 calendars[0].shifts[1].start: overlaps shift "Early"'],
  ["name: Late", "name: Early", '7 calendars[0].shifts[1].name: "Early" is twice on one day'],
  ["start: 18:00", "start: 12:00", '12 calendars[0].shifts[1].breaks[0].start: lies outside of shift "Late"'],
  ["end: 18:30", "end: 22:30", '12 calendars[0].shifts[1].breaks[0].end: lies outside of shift "Late"'],
  [
    "end: 18:30 }",
    "end: 18:30, weekdays: sat }",
    '12 calendars[0].shifts[1].breaks[0].weekdays: shift "Late" is not on all of these days',
  ],
  [
    "{ start: 09:00, end: 09:15 }",
    "{ start: 09:00, end: 09:15 }, { name: B, start: 09:10, end: 09:20 }",
    '6 calendars[0].shifts[0].breaks[1].start: overlaps "Break"',
  ],
  [
    "start: 14:00",
    "start: 25:00",
    '8 calendars[0].shifts[1].start: must be a local time such as "06:00", up to "24:00"',
  ],
  [
    "weekdays: mon-fri",
    "weekdays: mo-fr",
    '6 calendars[0].shifts[0].weekdays: must be days such as "mon-fri" or [sat, sun], of mon, tue, wed, thu, fri, sat, sun',
  ],
  [
    "date: 2026-12-25",
    "date: 2026-02-30",
    "14 calendars[0].holidays[0].date: must be a date such as 2026-12-24",
  ],
  ["date: 2026-12-25, ", "", "14 calendars[0].holidays[0].name: needs date, or from and to"],
  ["to: 2026-12-31", "to: 2026-12-27", "15 calendars[0].holidays[1].to: must not be before from"],
  [
    ", end: 14:00 }\n      - { reason: Rev",
    " }\n      - { reason: Rev",
    "17 calendars[0].plannedStops[0].reason: needs start and end",
  ],
  ["to: 2026-08-07T14:00", "to: 2026-08-03T05:00", "18 calendars[0].plannedStops[1].to: must be after from"],
  [
    "from: 2026-08-03T06:00",
    "from: 2026-08-03",
    "18 calendars[0].plannedStops[1].from: must be a local date and time such as 2026-12-24T14:00",
  ],
])("instead of %j, %j is told with its line and field", (part, other, problem) => {
  expect(without(part, other)).toContainEqual(problem);
});

test("shifts that are valid one after the other may overlap by the clock", () => {
  expect(
    problems(`calendars:
  - name: one
    timeZone: UTC
    shifts:
      - { name: Day, start: 06:00, end: 14:00, validTo: 2026-06-30 }
      - { name: Day, start: 07:00, end: 15:00, validFrom: 2026-07-01 }
`),
  ).toEqual([]);
});
