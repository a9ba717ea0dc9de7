import { describe, expect, test } from "vitest";
import type { MachineType, MetricDefinition } from "../plant/machine-type.js";
import type { Quality, Scalar } from "../twin/sample.js";
import { checkWishes, type Desired, followWithinMs, isFollowed, worstStatus } from "./desired.js";

function metric(name: string, more: Partial<MetricDefinition> = {}): MetricDefinition {
  const none = { unit: null, role: null, min: null, max: null, staleAfterMs: null };
  return { name, dataType: "Double", writable: true, ...none, ...more };
}

const TYPE: MachineType = {
  ...{
    id: "1",
    name: "filler",
    version: 1,
    appliesTo: [],
    staleAfterMs: 1,
    offlineAfterMs: null,
    commands: [],
  },
  followWithinMs: 2_000,
  metrics: [
    metric("speed", { min: 0, max: 600 }),
    metric("batch", { dataType: "Int64", max: 9_007_199_254_740_992, followWithinMs: 500 }),
    metric("name", { dataType: "String" }),
    metric("on", { dataType: "Boolean" }),
    metric("temperature", { writable: false }),
  ],
};

function wanted(value: Scalar, dataType: Desired["dataType"] = "Double"): Desired {
  const at = new Date(0);
  const times = { requestedAt: at, sentAt: null, followBy: null, since: at };
  return {
    machineId: "1",
    metric: "m",
    value,
    dataType,
    version: 1,
    status: "SENT",
    reason: null,
    requestedBy: "anna",
    ...times,
  };
}

test.each<[string, Scalar, Scalar]>([
  ["speed", 250, 250],
  ["speed", "250.5", 250.5],
  ["speed", 600, 600],
  ["batch", "17", 17],
  ["batch", "9007199254740992", 9_007_199_254_740_992n],
  ["name", 5, "5"],
  ["on", "true", true],
  ["on", 0, false],
])("%s may be %j", (name, value, taken) => {
  const checked = checkWishes(TYPE, [{ name, value }]);
  expect(checked.ok && checked.value[0]?.value).toBe(taken);
});

test.each<[string, Scalar, string]>([
  ["speed", -0.1, "at least 0"],
  ["speed", 600.1, "at most 600"],
  ["speed", "fast", "not a value of type Double"],
  ["speed", Number.POSITIVE_INFINITY, "not a finite number"],
  ["batch", 1.5, "not a value of type Int64"],
  ["batch", "9007199254740993", "at most"],
  ["name", "a\u0000", "NUL"],
  ["on", "perhaps", "not a value of type Boolean"],
  ["temperature", 5, "not writable; writable: speed, batch, name, on"],
  ["nonsense", 5, "is no metric of the machine type filler"],
])("%s may not be %j", (name, value, problem) => {
  const checked = checkWishes(TYPE, [{ name, value }]);
  expect(checked.ok ? [] : checked.error.map(({ message }) => message)).toEqual([
    expect.stringContaining(problem),
  ]);
});

test("what the type no longer knows may still be cleared", () => {
  expect(checkWishes(null, [{ name: "gone", value: null }])).toMatchObject({
    ok: true,
    value: [{ metric: "gone", value: null }],
  });
  expect(checkWishes(null, [{ name: "gone", value: 1 }]).ok).toBe(false);
});

describe("a report", () => {
  const says = (value: Scalar, quality: Quality = "GOOD") => ({ value, quality, receivedAt: 0 });

  test.each<[Desired, Scalar, boolean]>([
    [wanted(250), 250, true],
    [wanted(250), 250.0002, true],
    [wanted(250), 250.0003, false],
    [wanted(0.1), Math.fround(0.1), true],
    [wanted(-5e12), -5_000_000_000_001, true],
    [wanted(0), 1e-300, false],
    [wanted(0), -0, true],
    [wanted(250), null, false],
    [wanted(2_000_000, "Int64"), 2_000_001, false],
    [wanted(2n ** 60n, "Int64"), 2n ** 60n, true],
    [wanted("cola", "String"), "Cola", false],
    [wanted(true, "Boolean"), true, true],
  ])("%# tells whether a value is followed", (desired, value, followed) => {
    expect(isFollowed(desired, says(value))).toBe(followed);
  });

  test("that is missing or bad tells nothing", () => {
    expect([isFollowed(wanted(1), null), isFollowed(wanted(1), says(1, "BAD"))]).toEqual([null, null]);
    expect(isFollowed(wanted(1), says(1, "UNCERTAIN"))).toBe(true);
  });
});

test("the time to follow is the metric's, else the type's, else 30 s", () => {
  const { followWithinMs: _, ...silent } = TYPE;
  expect([followWithinMs(TYPE, "batch"), followWithinMs(TYPE, "speed")]).toEqual([500, 2_000]);
  expect([followWithinMs(silent, "speed"), followWithinMs(null, "speed")]).toEqual([30_000, 30_000]);
});

test("a machine is as its worst value", () => {
  const of = (...statuses: Desired["status"][]) =>
    worstStatus(statuses.map((status) => ({ ...wanted(1), status })));
  expect([
    of(),
    of("SETTLED"),
    of("SETTLED", "SENT"),
    of("SENT", "PENDING"),
    of("PENDING", "NOT_FOLLOWED"),
  ]).toEqual([null, "SETTLED", "SENT", "PENDING", "NOT_FOLLOWED"]);
});
