import { expect, test } from "vitest";
import type { Scalar } from "../twin/sample.js";
import { growthOf } from "./counting.js";
import { sumOf } from "./decimal.js";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

// from, to, elapsed, ideal cycle time, what it counts or why it is flagged
test.each<[string, Scalar, Scalar, number, number | null, string | null]>([
  ["a piece", 10, 11, SECOND, 1_000, "1"],
  ["a fraction, exactly", 0.1, 0.3, SECOND, 1_000, "0.2"],
  ["integers beyond 2^53", 9_007_199_254_740_993n, 9_007_199_254_740_995n, SECOND, null, "2"],
  ["neighbours beyond 2^53", 9_007_199_254_740_992n, 9_007_199_254_740_993n, SECOND, null, "1"],
  ["a fall beyond 2^53", 9_007_199_254_740_993n, 9_007_199_254_740_992n, SECOND, null, "implausible fall"],
  ["a repeat of another type", 10, 10n, SECOND, 1_000, null],
  ["a repeat", 10, 10, SECOND, 1_000, null],
  ["nothing read before", null, 10, SECOND, 1_000, null],
  ["nothing read now", 10, null, SECOND, 1_000, null],
  ["a text", 10, "11", SECOND, 1_000, null],
  ["a reset to 0", 5_000, 0, SECOND, 1_000, null],
  ["a reset", 5_000, 7, SECOND, 1_000, "7"],
  ["a reset while away for an hour", 500_000, 30_000, HOUR, 200, "30000"],
  ["a reset without a cycle time", 500_000, 900, SECOND, null, "900"],
  ["a roll-over of 16 bits", 65_530, 4, SECOND, 1_000, "10"],
  ["a roll-over of 32 bits", 4_294_967_290, 4, SECOND, 1_000, "10"],
  ["a roll-over without a cycle time", 65_500, 64, SECOND, null, "100"],
  ["far below the bound it is a reset", 60_000, 4, SECOND, 1_000, "4"],
  ["far below the bound it is a reset, after long", 1_000, 5, HOUR, 200, "5"],
  ["100 pieces are always plausible", 0, 100, 0, 60_000, "100"],
  ["ten times the ideal speed", 0, 3_000, 60 * SECOND, 200, "3000"],
  ["a jump beyond it", 0, 3_001, 60 * SECOND, 200, "implausible jump"],
  ["a jump in no time", 0, 101, 0, 1_000, "implausible jump"],
  ["a jump against the clock", 0, 101, -HOUR, 1_000, "implausible jump"],
  ["any rise without a cycle time", 0, 1e9, SECOND, null, "1000000000"],
  ["a fall not near zero", 5_000, 4_000, SECOND, 1_000, "implausible fall"],
  ["a counter set back a little", 20, 15, SECOND, 1_000, "implausible fall"],
  ["below zero", 5, -3, SECOND, 1_000, "negative counter"],
  ["back from below zero", -3, 5, SECOND, 1_000, "negative counter"],
])("%s", (_, from, to, elapsedMs, idealCycleTimeMs, expected) => {
  const growth = growthOf({ from, to, elapsedMs, idealCycleTimeMs });
  const got = growth.kind === "counted" ? growth.amount : growth.kind === "flagged" ? growth.reason : null;
  expect(got).toBe(expected);
});

test("a counter whose highest value is known goes on at 0 after it, and nowhere else", () => {
  const step = { elapsedMs: SECOND, idealCycleTimeMs: 1_000, counterMax: 9_999 };
  expect(growthOf({ ...step, from: 9_998, to: 3 })).toEqual({ kind: "counted", amount: "5", by: "rollover" });
  expect(growthOf({ ...step, from: 65_534, to: 3 })).toMatchObject({ by: "reset", amount: "3" });
});

test.each([
  [["0.1", "0.2"], "0.3"],
  [["12", "-5", "0"], "7"],
  [["9007199254740992", "1"], "9007199254740993"],
  [["999999999999999", "999999999999999"], "1999999999999998"],
  [["1e+21", "-1"], "999999999999999999999"],
  [["1e-7", "1"], "1.0000001"],
  [["-0.05", "0.02"], "-0.03"],
  [["1.5", "-1.5"], "0"],
  [[], "0"],
])("the sum of %j is %s", (terms, sum) => {
  expect(sumOf(terms)).toBe(sum);
});
