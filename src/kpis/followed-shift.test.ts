import { expect, test } from "vitest";
import { followedShift, nextTurnInMs } from "./followed-shift.js";

const HOUR = 3_600_000;
const EARLY = { name: "Early", from: 100 * HOUR, to: 108 * HOUR };
const LATE = { name: "Late", from: 109 * HOUR, to: 117 * HOUR };
const SHIFTS = [EARLY, LATE];

test.each<[string, number, string | null, (typeof SHIFTS)[number] | null, number, number]>([
  ["a shift that takes place, so far", 104, null, EARLY, 100, 104],
  ["a shift that is over, whole", 108.5, null, EARLY, 100, 108],
  ["the latest one", 110, null, LATE, 109, 110],
  ["the one before at the moment at which one begins", 109, null, EARLY, 100, 108],
  ["the latest one of a name", 110, "Early", EARLY, 100, 108],
  ["the last day where none has begun", 99, null, null, 75, 99],
  ["the last day where none of that name has", 104, "Late", null, 80, 104],
])("a live report is about %s", (_, now, name, shift, from, to) => {
  const range = { from: from * HOUR, to: to * HOUR };
  expect(followedShift(SHIFTS, name, now * HOUR)).toEqual({ shift, range });
});

test.each([
  ["a shift ends", 107, HOUR + 1],
  ["a shift begins", 108.5, HOUR / 2 + 1],
  ["one begins at this moment", 109, 1],
  ["none does any more", 118, Number.POSITIVE_INFINITY],
])("the next turn is when %s", (_, now, expected) => {
  expect(nextTurnInMs(SHIFTS, now * HOUR)).toBe(expected);
});
