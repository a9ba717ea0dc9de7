import { expect, test } from "vitest";
import type { Downtime } from "../downtime/downtime.js";
import type { Span } from "../kernel/intervals.js";
import { NO_TIME } from "./kpi.js";
import { type KpiTile, timeSumsOf } from "./time-sums.js";

/** Tiles one after the other, each so many milliseconds long. */
function day(...tiles: [number, Partial<KpiTile>][]): Span<KpiTile>[] {
  let at = 1_000;
  return tiles.map(([ms, some]) => {
    const from = at;
    at += ms;
    const value = {
      category: "UNALLOCATED",
      planned: "BUSY",
      shift: null,
      run: null,
      downtime: null,
      ...some,
    } as const;
    return { from, to: at, value };
  });
}

const RUN = { operationId: "o", orderId: "p" };

test("every category has its own time, and together they are the range", () => {
  const sums = timeSumsOf(
    day(
      [1, { category: "PRODUCTION", run: RUN }],
      [2, { category: "SETUP" }],
      [4, { category: "DELAY", run: RUN }],
      [8, { category: "DOWN" }],
      [16, { category: "PLANNED_DOWN" }],
      [32, { category: "UNALLOCATED" }],
      [64, { category: "NOT_PLANNED", planned: "BREAK" }],
    ),
  );
  expect(sums).toEqual({
    calendarMs: 127,
    productionMs: 1,
    setupMs: 2,
    delayMs: 4,
    downMs: 8,
    plannedDownMs: 16,
    unallocatedMs: 32,
    notPlannedMs: 64,
    plannedBusyMs: 1 + 2 + 4 + 8 + 32,
    overtimeMs: 0,
    executionMs: 1 + 4,
    failureCount: 1,
    failureMs: 8,
  });
  expect(timeSumsOf([])).toEqual(NO_TIME);
});

test("work outside the calendar is overtime and no planned busy time", () => {
  const sums = timeSumsOf(
    day(
      [5, { category: "PRODUCTION", planned: "OFF_SHIFT", run: RUN }],
      [7, { category: "DOWN", planned: "HOLIDAY" }],
      [9, { category: "PLANNED_DOWN", planned: "OFF_SHIFT" }],
      [11, { category: "NOT_PLANNED", planned: "OFF_SHIFT" }],
      [13, { category: "UNALLOCATED", planned: "OFF_SHIFT" }],
    ),
  );
  expect(sums).toMatchObject({ plannedBusyMs: 0, overtimeMs: 12, productionMs: 5, plannedDownMs: 9 });
});

test("production without an operation is execution time too", () => {
  expect(timeSumsOf(day([5, { category: "PRODUCTION" }]))).toMatchObject({ executionMs: 5 });
});

const stop = (machineId: string, microStop = false): Downtime => ({
  machineId,
  from: 0,
  to: null,
  durationMs: 1,
  state: "HELD",
  category: "UNCLASSIFIED",
  reason: null,
  comment: null,
  classifiedBy: "DERIVED",
  microStop,
  fault: null,
  operationId: null,
  maintenanceOrderId: null,
});

test.each<[string, [number, Partial<KpiTile>][], number, number]>([
  [
    "two stretches with production between",
    [
      [5, {}],
      [1, { category: "PRODUCTION" }],
      [7, {}],
    ],
    2,
    12,
  ],
  [
    "one stretch in parts",
    [
      [5, { downtime: stop("a") }],
      [7, { downtime: stop("b") }],
    ],
    1,
    12,
  ],
  ["a micro-stop", [[5, { downtime: stop("a", true) }]], 0, 0],
  [
    "a stretch of which a part is short",
    [
      [5, { downtime: stop("a", true) }],
      [70, { downtime: stop("b") }],
    ],
    1,
    75,
  ],
])("failures: %s", (_, tiles, count, ms) => {
  const sums = timeSumsOf(
    day(
      ...tiles.map(([length, some]) => [length, { category: "DOWN", ...some }] as [number, Partial<KpiTile>]),
    ),
  );
  expect(sums).toMatchObject({ failureCount: count, failureMs: ms });
});

test("down time on both sides of a hole is two failures", () => {
  const [first, , last] = day([5, { category: "DOWN" }], [1, {}], [7, { category: "DOWN" }]);
  expect(timeSumsOf([first, last].filter((tile) => tile !== undefined))).toMatchObject({ failureCount: 2 });
});
