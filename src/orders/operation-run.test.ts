import { expect, test } from "vitest";
import { type RunStep, runsOf } from "./operation-run.js";

function steps(...of: [operation: string, runs: boolean, at: number][]): RunStep[] {
  return of.map(([operationId, runs, at]) => ({
    ...{
      operationId,
      runs,
      at: new Date(at),
      machineId: "m",
      orderId: "o",
      orderNumber: "PO-1",
      sequence: 10,
    },
    ...{ product: "water", idealCycleTimeMs: null, countingSource: "MACHINE" as const },
  }));
}

test.each<[string, RunStep[], [string, number, number][]]>([
  ["nothing", [], []],
  ["a run within the range", steps(["a", true, 20], ["a", false, 30]), [["a", 20, 30]]],
  ["a run over the whole range", steps(["a", true, 0]), [["a", 10, 100]]],
  ["an end before the range", steps(["a", false, 5], ["b", true, 90]), [["b", 90, 100]]],
  ["a run of no time", steps(["a", true, 20], ["a", false, 20]), []],
  [
    "one after the other at once",
    steps(["a", true, 20], ["a", false, 30], ["b", true, 30]),
    [
      ["a", 20, 30],
      ["b", 30, 100],
    ],
  ],
  // Logs that were made from what orders told of themselves can have these.
  [
    "one that begins before the other has ended",
    steps(["a", true, 20], ["b", true, 30], ["a", false, 40], ["b", false, 50]),
    [
      ["a", 20, 30],
      ["b", 30, 50],
    ],
  ],
])("runs are told of %s", (_, of, expected) => {
  const found = runsOf(of, { from: 10, to: 100 });
  expect(found.map(({ from, to, value }) => [value.operationId, from, to])).toEqual(expected);
});
