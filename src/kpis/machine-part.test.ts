import { expect, test } from "vitest";
import type { CountSum } from "../activity/activity.js";
import type { Equipment } from "../plant/equipment.js";
import { operationsOf, outputSums, partSums } from "./machine-part.js";

function machine(idealCycleTimeMs?: number): Equipment {
  const type = { id: "t", name: "t", version: 1, appliesTo: [], staleAfterMs: 1, offlineAfterMs: null };
  const cycle = idealCycleTimeMs === undefined ? {} : { idealCycleTimeMs };
  return {
    ...{ id: "m", path: "m", name: "m", level: "MACHINE", parent: null, children: [], discovered: false },
    machineType: { ...type, metrics: [], commands: [], ...cycle },
  };
}

const count = (
  kind: CountSum["kind"],
  quantity: string,
  cycle: number | null,
  operationId: string | null = null,
) => ({
  kind,
  quantity,
  operationId,
  idealCycleTimeMs: cycle,
});

test("counts are rated with their operation's cycle time, or else with the machine type's", () => {
  const counts = [count("GOOD", "10", 2_000), count("GOOD", "5", null), count("SCRAP", "2", 3_000)];
  expect(outputSums(machine(1_000), counts)).toEqual({
    good: "15",
    scrap: "2",
    idealGoodMs: 25_000,
    idealScrapMs: 6_000,
    leftOut: "0",
    unrated: false,
  });
});

test.each<[string, CountSum[], boolean]>([
  ["a count without any ideal cycle time", [count("GOOD", "5", null, "o")], true],
  ["none of them", [count("GOOD", "0", null, "o")], false],
  ["what was made between operations", [count("GOOD", "5", null)], false],
  ["no counts", [], false],
])("%s is unrated: %#", (_, counts, unrated) => {
  expect(outputSums(machine(), counts).unrated).toBe(unrated);
});

test("what was made between operations without an ideal cycle time is made, but in no ideal time", () => {
  const counts = [count("GOOD", "10", 2_000, "o"), count("GOOD", "3", null), count("SCRAP", "0.5", null)];
  expect(outputSums(machine(), counts)).toEqual({
    good: "13",
    scrap: "0.5",
    idealGoodMs: 20_000,
    idealScrapMs: 0,
    leftOut: "3.5",
    unrated: false,
  });
  expect(outputSums(machine(1_000), counts)).toMatchObject({ idealGoodMs: 23_000, leftOut: "0" });
});

test("a machine's part has its time and its output, and knows its operations", () => {
  const value = { category: "PRODUCTION", planned: "BUSY", shift: null, downtime: null } as const;
  const part = {
    machine: machine(1_000),
    tiles: [
      { from: 0, to: 60, value: { ...value, run: { operationId: "a", orderId: "o" } } },
      { from: 60, to: 90, value: { ...value, run: null } },
    ],
    counts: [count("GOOD", "1", null, "b"), count("GOOD", "1", null)],
  };
  expect(partSums(part)).toMatchObject({ calendarMs: 90, productionMs: 90, good: "2", idealGoodMs: 2_000 });
  expect([...operationsOf(part)]).toEqual(["a", "b"]);
});
