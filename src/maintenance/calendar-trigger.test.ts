import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CalendarTrigger, DueSeries } from "./calendar-trigger.js";
import { durationProblem } from "./iso-duration.js";

function series(every: string, anchor: string, more: Partial<CalendarTrigger> = {}): DueSeries {
  return new DueSeries({
    kind: "CALENDAR",
    every,
    anchor,
    timeZone: "Europe/Berlin",
    leadTime: null,
    ...more,
  });
}

function dues(of: DueSeries, count: number): string[] {
  return Array.from({ length: count }, (_, index) => new Date(of.at(index).dueAt).toISOString());
}

test("a day keeps the time of day over the change to summer time, twelve hours do not", () => {
  expect(dues(series("P1D", "2026-03-28T05:00:00Z"), 3)).toEqual([
    "2026-03-28T05:00:00.000Z",
    "2026-03-29T04:00:00.000Z",
    "2026-03-30T04:00:00.000Z",
  ]);
  expect(dues(series("PT24H", "2026-03-28T05:00:00Z"), 3)).toEqual([
    "2026-03-28T05:00:00.000Z",
    "2026-03-29T05:00:00.000Z",
    "2026-03-30T05:00:00.000Z",
  ]);
});

test("over the change to winter time a day is 25 hours long", () => {
  expect(dues(series("P1D", "2026-10-24T04:00:00Z"), 2)).toEqual([
    "2026-10-24T04:00:00.000Z",
    "2026-10-25T05:00:00.000Z",
  ]);
});

test("a time that the clock skips is met an hour later, and only on that day", () => {
  expect(dues(series("P1D", "2026-03-28T01:30:00Z"), 3)).toEqual([
    "2026-03-28T01:30:00.000Z",
    "2026-03-29T01:30:00.000Z",
    "2026-03-30T00:30:00.000Z",
  ]);
});

test("the 31st stays the 31st where there is one", () => {
  expect(dues(series("P1M", "2026-01-31T11:00:00Z"), 4).map((due) => due.slice(0, 10))).toEqual([
    "2026-01-31",
    "2026-02-28",
    "2026-03-31",
    "2026-04-30",
  ]);
  expect(dues(series("P1Y", "2024-02-29T11:00:00Z"), 5).map((due) => due.slice(0, 10))).toEqual([
    "2024-02-29",
    "2025-02-28",
    "2026-02-28",
    "2027-02-28",
    "2028-02-29",
  ]);
});

test("an order is made so long before it is due as the plan says", () => {
  const monthly = series("P1M", "2026-04-01T05:00:00Z", { leadTime: "P1W" });
  expect(new Date(monthly.at(0).makeAt).toISOString()).toBe("2026-03-25T06:00:00.000Z");
  expect(monthly.firstToMakeAfter(Date.parse("2026-03-25T05:59:59.999Z"))).toBe(0);
  expect(monthly.firstToMakeAfter(Date.parse("2026-03-25T06:00:00.000Z"))).toBe(1);
});

test("an order that is made very long before it is due is found as fast", () => {
  const often = series("PT1M", "2026-01-01T00:00:00Z", { leadTime: "P100Y" });
  const moment = Date.parse("2026-01-02T00:00:00Z");
  const index = often.firstToMakeAfter(moment);
  expect(often.at(index).makeAt).toBeGreaterThan(moment);
  expect(often.at(index - 1).makeAt).toBeLessThanOrEqual(moment);
});

describe("whatever the rhythm and the moment", () => {
  const everies = ["PT1M", "PT90M", "P1D", "P2W", "P1M", "P3M", "P1Y", "P1M2DT3H"];
  const anchor = Date.parse("2026-01-31T01:30:00Z");
  const moments = fc.integer({ min: anchor - 86_400_000, max: anchor + 10 * 366 * 86_400_000 });

  test("the first due time from a moment on is that", () => {
    fc.assert(
      fc.property(fc.constantFrom(...everies), moments, (every, moment) => {
        const of = series(every, new Date(anchor).toISOString());
        const index = of.firstFrom(moment);
        expect(of.at(index).dueAt).toBeGreaterThanOrEqual(moment);
        if (index > 0) expect(of.at(index - 1).dueAt).toBeLessThan(moment);
      }),
    );
  });
});

test.each([
  ["P1M", null],
  ["PT1M", null],
  ["P1Y2M3DT4H", null],
  ["P2W", null],
  ["P100Y", null],
  ["1 month", "is not an ISO 8601 duration such as P1M, P2W or PT12H"],
  ["P", "is not an ISO 8601 duration such as P1M, P2W or PT12H"],
  ["PT0S", "must be at least a minute"],
  ["PT59S", "must be at least a minute"],
  ["-P1D", "must not be negative"],
  ["P101Y", "must be at most 100 years"],
])("%s as a duration", (text, problem) => {
  expect(durationProblem(text)).toBe(problem);
});
