import { expect, test } from "vitest";
import { LIMITS, live, machineType, makeTwin, sample, T0 } from "../../test/support/twins.js";
import type { DataType } from "../plant/machine-type.js";
import type { Quality, Scalar } from "../twin/sample.js";
import { applySamples } from "../twin/twin.js";
import type { CommandWrite } from "./command-policy.js";
import { isEchoed, proofWindow, stateReached } from "./proof.js";

const TYPE = machineType([
  { name: "state", dataType: "String", role: "STATE" },
  { name: "Double" },
  { name: "Int64", dataType: "Int64" },
  { name: "String", dataType: "String" },
  { name: "Boolean", dataType: "Boolean" },
]);

/** A twin that reported everything at T0; `lagMs` is how far its clock is behind. */
function twinBefore(lagMs = 0) {
  const twin = makeTwin(TYPE);
  const values = { state: "IDLE", Double: -5, Int64: -5, String: "-", Boolean: null };
  const samples = Object.entries(values).map(([metric, value]) => sample(metric, value, T0 - lagMs));
  applySamples(twin, samples, live(T0), LIMITS);
  return twin;
}

function writing(dataType: DataType, value: Scalar): CommandWrite {
  return { metric: dataType, dataType, value };
}

/** Whether a report of the value proves the write. */
function echoes(dataType: DataType, written: Scalar, reported: Scalar): boolean {
  const twin = twinBefore();
  const window = proofWindow(twin, [writing(dataType, written)], T0 + 10);
  applySamples(twin, [sample(dataType, reported, T0 + 20)], live(T0 + 20), LIMITS);
  return isEchoed(twin, writing(dataType, written), window);
}

test.each<[DataType, Scalar, Scalar, boolean]>([
  ["Double", 250, 250, true],
  ["Double", 99.9, Math.fround(99.9), true],
  ["Double", 1e-7, Math.fround(1e-7), true],
  ["Double", -1234.567, Math.fround(-1234.567), true],
  ["Double", 16_777_217, Math.fround(16_777_217), true],
  ["Double", 0.1, 0.1001, false],
  ["Double", 0, 1e-9, false],
  ["Double", 1_000_000, 1_000_001, false],
  ["Double", 250, -250, false],
  ["Double", 250, null, false],
  ["Int64", 9_007_199_254_740_993n, 9_007_199_254_740_993n, true],
  ["Int64", 9_007_199_254_740_993n, 9_007_199_254_740_992n, false],
  ["Int64", 2_000_000_000, 2_000_000_001, false],
  ["String", "a", "a", true],
  ["String", "a", "A", false],
  ["Boolean", true, 1, true],
  ["Boolean", true, false, false],
])("a %s %s is echoed by %s: %s", (dataType, written, reported, expected) => {
  expect(echoes(dataType, written, reported)).toBe(expected);
});

test.each<[string, number, number, Quality, number, boolean]>([
  ["after it", 2_010, 2_010, "GOOD", 0, true],
  ["in the very millisecond of the sending", 2_000, 2_000, "GOOD", 0, false],
  ["before it", 1_995, 1_995, "GOOD", 0, false],
  ["after it, by a clock of whole seconds", 1_020, 2_010, "GOOD", 0, true],
  ["after it, though it was sampled before", 900, 2_010, "GOOD", 0, false],
  ["after it, by a clock that is a minute behind", -57_990, 2_010, "GOOD", 60_000, true],
  ["after it by a clock that is a minute behind, sampled before", -59_100, 2_010, "GOOD", 60_000, false],
  ["after it, by a clock that runs ahead", 62_010, 2_010, "GOOD", -60_000, true],
  ["after it in doubt", 2_010, 2_010, "UNCERTAIN", 0, false],
  ["after it and bad", 2_010, 2_010, "BAD", 0, false],
])("a report that comes %s", (_, time, receivedAt, quality, lagMs, expected) => {
  const twin = twinBefore(lagMs);
  const window = proofWindow(twin, [writing("Double", 1)], T0 + 2_000);
  const samples = [
    sample("Double", 1, T0 + time, { quality }),
    sample("state", "EXECUTE", T0 + time, { quality }),
  ];
  applySamples(twin, samples, live(T0 + receivedAt), LIMITS);
  expect(isEchoed(twin, writing("Double", 1), window)).toBe(expected);
  expect(stateReached(twin, ["HELD", "EXECUTE"], window)).toBe(expected ? "EXECUTE" : null);
});

test("of a metric that has not reported before, the first report counts, whatever its clock", () => {
  const twin = makeTwin(TYPE);
  applySamples(twin, [sample("state", "IDLE", T0)], live(T0), LIMITS);
  const window = proofWindow(twin, [writing("Double", 1)], T0);
  applySamples(twin, [sample("Double", 1, T0 - 86_400_000)], live(T0 + 1), LIMITS);
  expect(isEchoed(twin, writing("Double", 1), window)).toBe(true);
});

test("each metric has its own clock: they may come from different sources", () => {
  const twin = makeTwin(TYPE);
  applySamples(twin, [sample("Double", 0, T0 - 60_000)], live(T0), LIMITS);
  applySamples(twin, [sample("Int64", 0, T0), sample("state", "IDLE", T0)], live(T0), LIMITS);
  const writes = [writing("Double", 1), writing("Int64", 1)];
  const window = proofWindow(twin, writes, T0 + 10);
  applySamples(twin, [sample("Double", 1, T0 - 59_000)], live(T0 + 20), LIMITS);
  applySamples(twin, [sample("Int64", 1, T0 + 20)], live(T0 + 20), LIMITS);
  expect(writes.map((write) => isEchoed(twin, write, window))).toEqual([true, true]);
});

test("a metric that the machine does not report echoes nothing, and another state proves nothing", () => {
  const twin = twinBefore();
  const window = proofWindow(twin, [], T0);
  applySamples(twin, [sample("state", "HOLDING", T0 + 1)], live(T0 + 1), LIMITS);
  expect(isEchoed(twin, { ...writing("Double", 1), metric: "nowhere" }, window)).toBe(false);
  expect(stateReached(twin, ["HELD"], window)).toBeNull();
});
