import { expect, test } from "vitest";
import { DueTimes } from "./due-times.js";

test("what was added is due at once, and then at the time that was set, or sooner", () => {
  const due = new DueTimes();
  const places = Array.from({ length: 40 }, () => due.add());
  expect(due.passed(0)).toEqual(places);
  for (const place of places) due.set(place, 100);
  due.sooner(7, 50);
  due.sooner(7, 60);
  due.sooner(39, 200);
  expect([due.passed(49), due.passed(50), due.passed(100).length]).toEqual([[], [7], 40]);
});
