import { describe, expect, test } from "vitest";
import {
  type ConditionState,
  dueAt,
  elapse,
  expire,
  judge,
  NORMAL,
  type Phase,
  type Verdict,
} from "./alarm-state.js";

const DELAYS = { delayMs: 10, clearDelayMs: 20 };
const AT_ONCE = { delayMs: 0, clearDelayMs: 0 };

/** In that phase since 100 by the device's clock, which is 1,000 behind the server's. */
function since100(phase: Phase): ConditionState {
  return phase === "NORMAL" ? NORMAL : { phase, since: 100, learnedAt: 1_100 };
}

function moment(time: number) {
  return { time, learnedAt: time + 1_000 };
}

describe("a look at the readings", () => {
  test.each<[Phase, Verdict, typeof DELAYS, Phase, string | null]>([
    ["NORMAL", "met", AT_ONCE, "ACTIVE", "RAISED"],
    ["NORMAL", "met", DELAYS, "PENDING", null],
    ["NORMAL", "unmet", DELAYS, "NORMAL", null],
    ["NORMAL", "neither", DELAYS, "NORMAL", null],
    ["PENDING", "met", DELAYS, "PENDING", null],
    ["PENDING", "unmet", DELAYS, "NORMAL", null],
    ["PENDING", "neither", DELAYS, "NORMAL", null],
    ["ACTIVE", "met", DELAYS, "ACTIVE", null],
    ["ACTIVE", "unmet", AT_ONCE, "NORMAL", "CLEARED"],
    ["ACTIVE", "unmet", DELAYS, "CLEARING", null],
    ["ACTIVE", "neither", DELAYS, "ACTIVE", null],
    ["CLEARING", "met", DELAYS, "ACTIVE", null],
    ["CLEARING", "unmet", DELAYS, "CLEARING", null],
    ["CLEARING", "neither", DELAYS, "ACTIVE", null],
  ])("that finds %s %s with %j leaves it %s, and it is %s", (phase, verdict, delays, next, turn) => {
    const before = since100(phase);
    const step = judge(before, verdict, moment(105), delays);
    if (phase === next) expect(step).toBeNull();
    else {
      expect(step?.state).toEqual({ phase: next, since: 105, learnedAt: 1_105 });
      expect(step?.turn ?? null).toEqual(turn && { kind: turn, at: 105 });
    }
  });
});

describe("time", () => {
  test.each<[Phase, number, Phase, string | null, number]>([
    ["NORMAL", 1_000, "NORMAL", null, 0],
    ["ACTIVE", 1_000, "ACTIVE", null, 0],
    ["PENDING", 109, "PENDING", null, 0],
    ["PENDING", 110, "ACTIVE", "RAISED", 110],
    ["PENDING", 400, "ACTIVE", "RAISED", 110],
    ["CLEARING", 119, "CLEARING", null, 0],
    ["CLEARING", 120, "NORMAL", "CLEARED", 120],
  ])(
    "makes %s until %i %s, and it is %s at the moment when the wait was over",
    (phase, time, next, kind, at) => {
      const step = elapse(since100(phase), moment(time), DELAYS);
      if (kind === null) expect(step).toBeNull();
      else
        expect(step).toEqual({
          state: { phase: next, since: at, learnedAt: time + 1_000 },
          turn: { kind, at },
        });
    },
  );

  test("is over by the server's clock where the device says no more", () => {
    expect(dueAt(since100("PENDING"), DELAYS)).toBe(1_110);
    expect(dueAt(since100("CLEARING"), DELAYS)).toBe(1_120);
    expect([dueAt(NORMAL, DELAYS), dueAt(since100("ACTIVE"), DELAYS)]).toEqual([null, null]);
    expect(expire(since100("PENDING"), 1_111, DELAYS)?.turn).toEqual({ kind: "RAISED", at: 110 });
    expect(expire(since100("ACTIVE"), 1_111, DELAYS)).toBeNull();
  });
});
