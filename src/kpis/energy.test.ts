import { expect, test } from "vitest";
import { energyOf, energyUse } from "./energy.js";

const sample = (value: number) => ({ value, min: value, max: value });

test.each<[string, number | null, Parameters<typeof energyOf>[1], number]>([
  ["nothing", 5, [], 0],
  ["growth since the reading before", 100, [sample(101), sample(104)], 4],
  ["growth since the first reading", null, [sample(100), sample(104)], 4],
  ["integers beyond 32 bits", 1, [{ value: 5_000_000_000n, min: 2, max: 5_000_000_000 }], 4_999_999_999],
  ["a reset", 100, [sample(110), sample(3), sample(5)], 15],
  ["a reset within a stretch", 100, [{ value: 7, min: 0, max: 120 }], 27],
  ["a reset and more than before", 100, [{ value: 130, min: 0, max: 130 }], 130],
  ["a meter that was set back a little", 100, [sample(98), sample(99)], 1],
  ["no numbers", 100, [{ value: null, min: null, max: null }, sample(101)], 1],
  ["a stretch whose beginning is not known", null, [{ value: 20, min: 10, max: 20 }], 10],
])("energy: %s", (_, before, points, expected) => {
  expect(energyOf(before, points)).toBe(expected);
});

test("energy per good piece counts the pieces of the machines that have a counter, by unit", () => {
  const counters = [
    { machineId: "a", unit: "kWh", amount: 10 },
    { machineId: "a", unit: "kWh", amount: 5 },
    { machineId: "b", unit: "kWh", amount: 5 },
    { machineId: "b", unit: "m3", amount: 1 },
  ];
  const good = new Map([
    ["a", "30"],
    ["b", "10"],
    ["without a counter", "1000"],
  ]);
  expect(energyUse(counters, good)).toEqual([
    { unit: "kWh", amount: 20, perGoodPiece: 0.5 },
    { unit: "m3", amount: 1, perGoodPiece: 0.1 },
  ]);
  expect(energyUse(counters.slice(0, 1), new Map())).toEqual([
    { unit: "kWh", amount: 10, perGoodPiece: null },
  ]);
});
