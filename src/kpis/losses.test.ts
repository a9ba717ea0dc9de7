import fc from "fast-check";
import { expect, test } from "vitest";
import { machineFacts } from "../../test/support/machine-facts.js";
import { deriveDowntimes } from "../downtime/derivation.js";
import type { Downtime } from "../downtime/downtime.js";
import { factTiles } from "../downtime/time-model.js";
import type { Span } from "../kernel/intervals.js";
import { NO_OUTPUT, type OutputSums } from "./kpi.js";
import { type Loss, LossTree } from "./losses.js";
import { type KpiTile, timeSumsOf } from "./time-sums.js";

function day(...tiles: [number, Partial<KpiTile>][]): Span<KpiTile>[] {
  let at = 0;
  return tiles.map(([ms, some]) => {
    const from = at;
    at += ms;
    const value = {
      category: "DOWN",
      planned: "BUSY",
      shift: null,
      run: null,
      downtime: null,
      ...some,
    } as const;
    return { from, to: at, value };
  });
}

function stop(machineId: string, reason: string | null, microStop = false): Downtime {
  return {
    machineId,
    from: 0,
    to: null,
    durationMs: 1,
    state: "HELD",
    category: "UNCLASSIFIED",
    reason,
    comment: null,
    classifiedBy: "DERIVED",
    microStop,
    fault: null,
    operationId: null,
    maintenanceOrderId: null,
  };
}

const TILES = day(
  [100, { category: "NOT_PLANNED", planned: "OFF_SHIFT" }],
  [20, { category: "NOT_PLANNED", planned: "BREAK" }],
  [30, { category: "PLANNED_DOWN", downtime: stop("oil", "Lubrication") }],
  [50, { category: "UNALLOCATED" }],
  [10, { downtime: stop("jam-1", "Jam") }],
  [200, { category: "PRODUCTION" }],
  [15, { downtime: stop("jam-2", "Jam") }],
  [3, { category: "DELAY", downtime: stop("short", null, true) }],
  [40, { category: "SETUP", downtime: stop("change", null) }],
  [7, { category: "DOWN", planned: "OFF_SHIFT" }],
);
const FAULTS = new Map([
  ["E1", { code: "oil", name: "Oil", category: "PLANNED" as const, children: [] }],
  ["E2", { code: "jam", name: "Jam", category: null, children: [] }],
]);
const ALL = { downtimes: true };
const MADE = { ...NO_OUTPUT, good: "9", scrap: "1", idealGoodMs: 90.4, idealScrapMs: 10 };

function add(tree: LossTree, tiles: readonly Span<KpiTile>[], made: OutputSums): void {
  tree.addTime(tiles);
  tree.addProduction({ ...made, productionMs: timeSumsOf(tiles).productionMs });
}

function text(losses: readonly Loss[]): string[] {
  return losses.map(({ key, durationMs, downtimeCount }) => `${key} ${durationMs} ${downtimeCount}`);
}

test("the tree says where every minute went, the longest first", () => {
  const tree = new LossTree({ downtimes: true });
  add(tree, TILES, MADE);
  expect(text(tree.list(ALL))).toEqual([
    "CALENDAR_TIME 475 5",
    "BUSY 325 4",
    "BUSY/PRODUCTION 200 0",
    "BUSY/PRODUCTION/SPEED_LOSS 100 0",
    "BUSY/PRODUCTION/PRODUCTIVE 90 0",
    "BUSY/PRODUCTION/QUALITY_LOSS 10 0",
    "BUSY/UNALLOCATED 50 0",
    "BUSY/SETUP 40 1",
    "BUSY/SETUP/REASON 40 1",
    "BUSY/SETUP/REASON/DOWNTIME:Downtime%3Achange%3A0 40 1",
    "BUSY/DOWN 32 2",
    "BUSY/DOWN/REASON:Jam 25 2",
    "BUSY/DOWN/REASON:Jam/DOWNTIME:Downtime%3Ajam-2%3A0 15 1",
    "BUSY/DOWN/REASON:Jam/DOWNTIME:Downtime%3Ajam-1%3A0 10 1",
    "BUSY/DOWN/REASON 7 0",
    "BUSY/DELAY 3 1",
    "BUSY/DELAY/MICRO_STOPS 3 1",
    "BUSY/DELAY/MICRO_STOPS/DOWNTIME:Downtime%3Ashort%3A0 3 1",
    "NOT_PLANNED 120 0",
    "NOT_PLANNED/OFF_SHIFT 100 0",
    "NOT_PLANNED/BREAK 20 0",
    "PLANNED_DOWN 30 1",
    "PLANNED_DOWN/REASON:Lubrication 30 1",
    "PLANNED_DOWN/REASON:Lubrication/DOWNTIME:Downtime%3Aoil%3A0 30 1",
  ]);
  const reasons = new LossTree({ downtimes: false });
  add(reasons, TILES, MADE);
  const withoutDowntimes = tree.list(ALL).filter(({ kind }) => kind !== "DOWNTIME");
  expect(reasons.list(ALL)).toEqual(withoutDowntimes);
  expect(tree.list({ downtimes: false })).toEqual(withoutDowntimes);
});

test("what is right below a branch adds up exactly to it, also for a group and a machine that is too fast", () => {
  const tree = new LossTree({ downtimes: true });
  add(tree, TILES, MADE);
  add(tree, TILES, { ...MADE, idealGoodMs: 333.3 });
  add(tree, TILES, { ...MADE, unrated: true });
  add(tree, day([5, { category: "UNALLOCATED" }]), MADE);
  const losses = tree.list(ALL);
  expect(losses[0]).toMatchObject({ kind: "CALENDAR_TIME", durationMs: 3 * 475 + 5, share: 1 });
  const parents = new Set(losses.flatMap(({ parentKey }) => parentKey ?? []));
  for (const key of parents) {
    const parts = losses.filter((loss) => loss.parentKey === key);
    const whole = losses.find((loss) => loss.key === key);
    expect(parts.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(whole?.durationMs);
  }
  expect(new Set(losses.map(({ key }) => key)).size).toBe(losses.length);
});

test("trees of machines put together are the tree of all of them", () => {
  const [one, other, all, together] = Array.from({ length: 4 }, () => new LossTree(ALL)) as [
    ...[LossTree, LossTree, LossTree, LossTree],
  ];
  const elsewhere = day([12, { downtime: stop("jam-3", "Jam") }], [4, { category: "SETUP" }]);
  add(one, TILES, MADE);
  add(other, elsewhere, NO_OUTPUT);
  add(all, TILES, MADE);
  add(all, elsewhere, NO_OUTPUT);
  together.addTree(one);
  together.addTree(other);
  expect(together.list(ALL)).toEqual(all.list(ALL));
});

test("a downtime whose time counts as several things is counted once in each branch that has time of it", () => {
  const tree = new LossTree({ downtimes: false });
  const jam = { downtime: stop("jam", "Jam") };
  const again = { downtime: { ...stop("jam", "Jam"), durationMs: 2 } };
  tree.addTime(
    day(
      [5, jam],
      [7, { category: "DELAY", ...jam }],
      [9, jam],
      [11, { category: "PLANNED_DOWN", ...again }],
      [100, { category: "UNALLOCATED" }],
      [13, { downtime: stop("other", "Jam") }],
    ),
  );
  expect(text(tree.list(ALL))).toEqual([
    "CALENDAR_TIME 145 2",
    "BUSY 134 2",
    "BUSY/UNALLOCATED 100 0",
    "BUSY/DOWN 27 2",
    "BUSY/DOWN/REASON:Jam 27 2",
    "BUSY/DELAY 7 1",
    "BUSY/DELAY/REASON:Jam 7 1",
    "PLANNED_DOWN 11 1",
    "PLANNED_DOWN/REASON:Jam 11 1",
  ]);
});

test("what is busy is exactly the planned busy time and the overtime", () => {
  fc.assert(
    fc.property(machineFacts(100), fc.boolean(), (facts, producesWithoutOrder) => {
      const range = { from: 0, to: 100 };
      const rules = {
        machineId: "m",
        now: 100,
        microStopMs: 5,
        faultReasons: FAULTS,
        statements: [],
        cuts: [],
      };
      const { tiles } = deriveDowntimes(factTiles(range, facts, { producesWithoutOrder }), rules);
      const { plannedBusyMs, overtimeMs, plannedDownMs, notPlannedMs } = timeSumsOf(tiles);
      const tree = new LossTree({ downtimes: false });
      add(tree, tiles, NO_OUTPUT);
      const msOf = (wanted: string) => tree.list(ALL).find(({ key }) => key === wanted)?.durationMs ?? 0;
      expect(msOf("BUSY")).toBe(plannedBusyMs + overtimeMs);
      expect(msOf("PLANNED_DOWN")).toBe(plannedDownMs);
      expect(msOf("NOT_PLANNED")).toBe(notPlannedMs);
      expect(msOf("CALENDAR_TIME")).toBe(100);
    }),
    { numRuns: 300 },
  );
});

test("nothing has no share of nothing", () => {
  expect(new LossTree({ downtimes: true }).list(ALL)).toEqual([
    expect.objectContaining({ key: "CALENDAR_TIME", durationMs: 0, share: null }),
  ]);
});
