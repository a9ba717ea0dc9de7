import { describe, expect, test } from "vitest";
import { reportOf } from "../activity/derivation.js";
import type { AlarmCondition } from "../plant/alarm-rule.js";
import type { Scalar } from "../twin/sample.js";
import type { Verdict } from "./alarm-state.js";
import { boundVerdict, hasBit, hasOtherBit, isFaultCode, isOtherFault, probeOf } from "./probe.js";

describe("a bound", () => {
  test.each<[number, Verdict]>([
    [80.01, "met"],
    [80, "neither"],
    [78.01, "neither"],
    [78, "unmet"],
    [-5, "unmet"],
  ])("above 80 with a hysteresis of 2 says of %d: %s", (value, verdict) => {
    expect(boundVerdict(value, { above: 80, below: null, hysteresis: 2 })).toBe(verdict);
  });

  test.each<[number, Verdict]>([
    [9.99, "met"],
    [10, "neither"],
    [11.99, "neither"],
    [12, "unmet"],
  ])("below 10 with a hysteresis of 2 says of %d: %s", (value, verdict) => {
    expect(boundVerdict(value, { above: null, below: 10, hysteresis: 2 })).toBe(verdict);
  });

  test("without a hysteresis is left at the limit itself", () => {
    expect(boundVerdict(80, { above: 80, below: null, hysteresis: 0 })).toBe("unmet");
  });
});

const BOUND = { above: 5, below: null, hysteresis: 1 };
const LIMIT: AlarmCondition & { kind: "LIMIT" } = { kind: "LIMIT", metric: "t", ...BOUND };

test("a limit is not judged by what is no number, and not by a lost value", () => {
  const probe = probeOf(LIMIT);
  const verdictOf = (value: Scalar) => {
    probe.put("t", value, 0);
    return probe.verdict(0);
  };
  expect([6, 6n, 5, 4, null, "6", true].map(verdictOf)).toEqual([
    "met",
    "met",
    "neither",
    "unmet",
    "neither",
    "neither",
    "neither",
  ]);
  probe.put("t", 6, 0);
  probe.lose("t");
  expect(probe.verdict(0)).toBe("neither");
});

test("a rate is the change in its window, told for the time that it is per", () => {
  const probe = probeOf({ kind: "RATE", metric: "t", perMs: 60_000, overMs: 10_000, ...BOUND });
  probe.put("t", 20, 0);
  expect(probe.verdict(0)).toBe("neither");
  probe.put("t", 21, 10_000);
  expect([probe.verdict(10_000), probe.value]).toEqual(["met", 6]);
  probe.put("t", 21.5, 20_000);
  expect([probe.verdict(20_000), probe.value]).toEqual(["unmet", 3]);
  // Nothing comes any more: it does not change.
  expect([probe.verdict(30_000), probe.value]).toEqual(["unmet", 0]);
});

test("a rate settles after its window, or when the next sample is twice as late as the last one was", () => {
  const probe = probeOf({ kind: "RATE", metric: "t", perMs: 60_000, overMs: 10_000, ...BOUND });
  for (const [time, settles] of [
    [0, 10_000],
    [1_000, 10_000],
    [301_000, 600_000],
    [302_000, 10_000],
  ] as const) {
    probe.put("t", 20, time);
    expect(probe.settlesAfterMs).toBe(settles);
  }
});

test("a deviation is the distance from the setpoint, to both sides, once both are known", () => {
  const probe = probeOf({ kind: "DEVIATION", metric: "t", from: { metric: "set" }, above: 5, hysteresis: 1 });
  probe.put("t", 100, 0);
  expect(probe.verdict(0)).toBe("neither");
  probe.put("set", 94, 0);
  expect(probe.verdict(0)).toBe("met");
  probe.put("set", 106, 0);
  expect(probe.verdict(0)).toBe("met");
  probe.put("set", 104, 0);
  expect(probe.verdict(0)).toBe("unmet");
  probe.lose("set");
  expect(probe.verdict(0)).toBe("neither");
});

test("a deviation from the moving mean takes the value itself for no part of the mean", () => {
  const probe = probeOf({ kind: "DEVIATION", metric: "t", from: { meanMs: 1_000 }, above: 5, hysteresis: 1 });
  for (let time = 0; time <= 2_000; time += 100) probe.put("t", 50, time);
  expect(probe.verdict(2_000)).toBe("unmet");
  probe.put("t", 56, 2_100);
  expect(probe.verdict(2_100)).toBe("met");
});

describe("a fault", () => {
  test.each<[Scalar, boolean, boolean]>([
    [17, true, false],
    ["17", true, false],
    [17n, true, false],
    [23, false, true],
    ["E5", false, true],
    [true, false, true],
    [" 17 ", true, false],
    [0, false, false],
    [0n, false, false],
    ["0", false, false],
    ["", false, false],
    [" ", false, false],
    [null, false, false],
    [false, false, false],
    ["false", false, false],
  ])("%s is the one of code 17: %s, another: %s; and downtimes see it alike", (value, known, other) => {
    expect([isFaultCode("17")(value), isOtherFault(["17"])(value)]).toEqual([known, other]);
    expect(reportOf("FAULT", value) !== "").toBe(known || other);
  });

  test.each<[Scalar, boolean, boolean]>([
    [0b0001, true, false],
    [0b0101, true, true],
    [0b0100, false, true],
    [0, false, false],
    [-1, true, true],
    [2n ** 63n - 1n, true, true],
    [true, true, false],
    [null, false, false],
    ["1", false, false],
  ])("%s has bit 0: %s, another: %s", (value, bit, other) => {
    expect([hasBit("0")(value), hasOtherBit(["0"])(value)]).toEqual([bit, other]);
  });
});
