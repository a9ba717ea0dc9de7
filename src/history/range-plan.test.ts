import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Coverage, gridFor, LEVEL_MS, type Level, levelFor, partsOf } from "./range-plan.js";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const T0 = Date.UTC(2026, 0, 5);

function covered(samples: number, gone: Partial<Coverage> = {}): Coverage {
  return { samples, firstSample: T0, firstMinute: T0, firstHour: T0, ...gone };
}

const days = (count: number) => ({ from: T0, to: T0 + count * DAY });

describe("a question is answered from", () => {
  test.each<[Level, string, Coverage[], { from: number; to: number }]>([
    ["samples", "an hour of a hundred metrics at 1 Hz", Array(100).fill(covered(3_600)), days(1 / 24)],
    ["samples", "a month of a metric once a minute", [covered(43_200)], days(30)],
    [
      "samples",
      "nothing at all",
      [covered(0, { firstSample: null, firstMinute: null, firstHour: null })],
      days(1),
    ],
    ["minutes", "a month of a metric at 1 Hz", [covered(30 * 86_400)], days(30)],
    ["hours", "five years of a metric at 1 Hz", [covered(1_826 * 86_400)], days(1_826)],
    ["days", "five years of two metrics at 1 Hz", Array(2).fill(covered(1_826 * 86_400)), days(1_826)],
    ["minutes", "samples whose retention is over", [covered(100, { firstSample: null })], days(30)],
    ["minutes", "samples of which some are gone", [covered(100, { firstSample: T0 + 5 * DAY })], days(30)],
    [
      "hours",
      "minutes whose retention is over",
      [covered(9, { firstSample: null, firstMinute: null })],
      days(30),
    ],
  ])("%s: %s", (level, _, series, span) => {
    expect(levelFor(series, span)).toBe(level);
  });
});

const spans = fc
  .tuple(fc.integer({ min: T0, max: T0 + 400 * DAY }), fc.integer({ min: 1, max: 400 * DAY }))
  .map(([from, length]) => ({ from, to: from + length }));
const levels = fc.constantFrom<Level>("samples", "minutes", "hours", "days");

test("the parts of a range follow each other and are all of it; whole spans come from their level", () => {
  fc.assert(
    fc.property(spans, levels, (span, level) => {
      const parts = partsOf(span, level);
      expect(parts[0]?.from).toBe(span.from);
      expect(parts.at(-1)?.to).toBe(span.to);
      for (const [index, part] of parts.entries()) {
        expect(part.to).toBeGreaterThan(part.from);
        expect([part.from % LEVEL_MS[part.level], part.to % LEVEL_MS[part.level]]).toEqual([0, 0]);
        if (index > 0) expect(part.from).toBe(parts[index - 1]?.to);
      }
    }),
  );
  const from = T0 + 30 * MINUTE + 1;
  expect(partsOf({ from, to: T0 + 2 * DAY }, "hours")).toEqual([
    { level: "samples", from, to: T0 + 31 * MINUTE },
    { level: "minutes", from: T0 + 31 * MINUTE, to: T0 + HOUR },
    { level: "hours", from: T0 + HOUR, to: T0 + 2 * DAY },
  ]);
});

test("a grid covers the range with at most as many buckets as asked for, and no span lies in two of them", () => {
  fc.assert(
    fc.property(spans, levels, fc.integer({ min: 1, max: 20_000 }), (span, level, points) => {
      const { from, widthMs, buckets } = gridFor(span, points, level);
      expect(buckets).toBeLessThanOrEqual(Math.min(points, 10_000));
      expect([from % LEVEL_MS[level], widthMs % LEVEL_MS[level]]).toEqual([0, 0]);
      expect(from).toBeLessThanOrEqual(span.from);
      expect(from + widthMs).toBeGreaterThan(span.from);
      expect(from + widthMs * buckets).toBeGreaterThanOrEqual(span.to);
    }),
  );
});
