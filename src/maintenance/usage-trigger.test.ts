import fc from "fast-check";
import { expect, test } from "vitest";
import type { Scalar } from "../twin/sample.js";
import {
  countUsage,
  type MetricSample,
  type UsageProgress,
  usageDue,
  usageForecast,
} from "./usage-trigger.js";

const NEW: UsageProgress = { used: "0", seenAt: null, seenValue: null };

function samples(...values: Scalar[]): MetricSample[] {
  return values.map((value, index) => ({ time: index * 1_000, value, quality: "GOOD" }));
}

test.each<[string, Scalar[], string]>([
  ["the first reading is only where counting begins", [500], "0"],
  ["growth counts", [500, 510, 510, 512.5], "12.5"],
  ["after a reset the new value counts", [500, 510, 3, 8], "18"],
  ["a roll-over of 16 bits counts through", [65_530, 65_535, 4], "10"],
  ["a small step back counts nothing", [500, 499, 501], "2"],
  ["texts and null count nothing", [500, null, "501", 502], "2"],
  ["integers beyond 2^53 are exact", [9_007_199_254_740_993n, 9_007_199_254_740_996n], "3"],
])("%s", (_, values, used) => {
  expect(countUsage(NEW, samples(...values), null).progress.used).toBe(used);
});

test("bad readings and those that are not newer count nothing", () => {
  const { progress } = countUsage(NEW, samples(10, 20), null);
  const again = countUsage(
    progress,
    [
      ...samples(10, 20),
      { time: 5_000, value: 900, quality: "BAD" },
      { time: 6_000, value: 25, quality: "GOOD" },
    ],
    null,
  );
  expect(again.progress).toEqual({ used: "15", seenAt: 6_000, seenValue: 25 });
});

test("a counter whose end is known counts through it", () => {
  expect(countUsage(NEW, samples(9_990, 9_998, 5), 9_999).progress.used).toBe("15");
});

test("a step that is not counted is told", () => {
  expect(countUsage(NEW, samples(500, 499), null).uncounted).toEqual([
    { from: 500, to: 499, time: 1_000, reason: "implausible fall" },
  ]);
});

test("however readings are divided into parts, the growth is the same", () => {
  const values = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(values, fc.nat(30), (list, cut) => {
      const all = samples(...list);
      const first = countUsage(NEW, all.slice(0, cut), null).progress;
      expect(countUsage(first, all.slice(cut), null).progress).toEqual(countUsage(NEW, all, null).progress);
    }),
  );
});

test.each([
  ["999.9", 1_000, 0, "999.9"],
  ["1000", 1_000, 1, "0"],
  ["3500.5", 1_000, 3, "500.5"],
  ["0.3", 0.1, 3, "0"],
  ["1e+21", 1e15, 1_000_000, "0"],
])("%s with every %s is due %s times and leaves %s", (used, every, count, rest) => {
  expect(usageDue(used, every)).toEqual({ count, rest });
});

test("the forecast goes on as it went", () => {
  const progress = { used: "250", seenAt: 10_000, seenValue: 1 };
  expect(usageForecast(progress, 1_000, 0)).toBe(40_000);
  expect(usageForecast({ ...progress, used: "0" }, 1_000, 0)).toBeNull();
  expect(usageForecast({ ...progress, seenAt: null }, 1_000, 0)).toBeNull();
});
