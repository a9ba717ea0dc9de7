import fc from "fast-check";
import { expect, test } from "vitest";
import type { Scalar } from "../twin/sample.js";
import {
  type ConditionProgress,
  type ConditionTrigger,
  followCondition,
  meets,
} from "./condition-trigger.js";
import type { MetricSample } from "./usage-trigger.js";

const NEW: ConditionProgress = { seenAt: null, metSince: null, fired: false };
const HOT: ConditionTrigger = {
  ...{ kind: "CONDITION", metric: "temperature", operator: "GT", threshold: 80 },
  ...{ forMs: 60_000, hysteresis: 5 },
};

/** Readings as [second, value]. */
function readings(...list: [number, Scalar][]): MetricSample[] {
  return list.map(([second, value]) => ({ time: second * 1_000, value, quality: "GOOD" }));
}

function due(list: MetricSample[], until: number | null = null, trigger = HOT): number[] {
  return followCondition(trigger, NEW, list, until).due.map((at) => at / 1_000);
}

test.each([
  ["GT", 80, false],
  ["GT", 81, true],
  ["GTE", 80, true],
  ["LT", 80, false],
  ["LT", 79, true],
  ["LTE", 80, true],
  ["EQ", 80, true],
  ["EQ", 81, false],
  ["NEQ", 80, false],
  ["NEQ", 81, true],
] as const)("%s 80 is met by %s: %s", (operator, value, met) => {
  expect(meets({ ...HOT, operator }, value)).toBe(met);
});

test("it is due when it has been met for so long, and once", () => {
  const list = readings([0, 70], [10, 81], [40, 85], [70, 90], [200, 95]);
  expect(due(list)).toEqual([70]);
});

test("a shorter excursion is none", () => {
  expect(due(readings([0, 81], [59, 79], [61, 81], [100, 79]))).toEqual([]);
});

test("a reading holds until the next one, and as long as the machine is known to stand by it", () => {
  expect(due(readings([0, 81], [300, 70]))).toEqual([60]);
  expect(due(readings([0, 81]), 59_999)).toEqual([]);
  expect(due(readings([0, 81]), 60_000)).toEqual([60]);
  expect(due(readings([0, 81]), null)).toEqual([]);
});

test("it is due again only after the value was back by the hysteresis", () => {
  const once = readings([0, 81], [60, 81], [70, 79], [80, 81], [200, 81]);
  expect(due(once)).toEqual([60]);
  const twice = readings([0, 81], [60, 81], [70, 75], [80, 81], [200, 81]);
  expect(due(twice)).toEqual([60, 140]);
});

test("below a threshold it is back when it is above it by the hysteresis", () => {
  const low: ConditionTrigger = { ...HOT, operator: "LT", threshold: 2, hysteresis: 1, forMs: 0 };
  const list = readings([0, 3], [1, 1.9], [2, 2.5], [3, 1.9], [4, 3], [5, 1]);
  expect(due(list, null, low)).toEqual([1, 5]);
});

test("null and bad readings end what was going on", () => {
  expect(due(readings([0, 81], [30, null], [31, 81], [61, 81]))).toEqual([]);
  const bad = readings([0, 81], [30, 81], [61, 81]);
  bad[1] = { time: 30_000, value: 81, quality: "BAD" };
  expect(due(bad)).toEqual([]);
});

test("a Boolean counts as 1 and 0", () => {
  const fault: ConditionTrigger = { ...HOT, operator: "EQ", threshold: 1, hysteresis: 0, forMs: 0 };
  expect(due(readings([0, false], [1, true], [2, true], [3, false], [4, true]), null, fault)).toEqual([1, 4]);
});

test("however readings are divided into parts, it is due at the same moments", () => {
  const values = fc.array(fc.integer({ min: 70, max: 90 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(values, fc.nat(40), (list, cut) => {
      const all = readings(...list.map((value, index): [number, number] => [index * 20, value]));
      const first = followCondition(HOT, NEW, all.slice(0, cut), null);
      const second = followCondition(HOT, first.progress, all.slice(cut), null);
      const whole = followCondition(HOT, NEW, all, null);
      expect([...first.due, ...second.due]).toEqual(whole.due);
      expect(second.progress).toEqual(whole.progress);
    }),
  );
});
