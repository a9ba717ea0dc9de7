import { expect, test } from "vitest";
import type { Downtime } from "../downtime/downtime.js";
import type { Span } from "../kernel/intervals.js";
import { NO_OUTPUT } from "./kpi.js";
import { type Loss, LossTree } from "./losses.js";
import type { KpiTile } from "./time-sums.js";

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

function stop(id: string, reason: string | null, microStop = false): Downtime {
  return {
    id,
    machineId: "m",
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
const MADE = { ...NO_OUTPUT, good: "9", scrap: "1", idealGoodMs: 90.4, idealScrapMs: 10 };

function text(losses: readonly Loss[]): string[] {
  return losses.map(({ key, durationMs, downtimeCount }) => `${key} ${durationMs} ${downtimeCount}`);
}

test("the tree says where every minute went, the longest first", () => {
  const tree = new LossTree({ downtimes: true });
  tree.add(TILES, MADE);
  expect(text(tree.list())).toEqual([
    "CALENDAR_TIME 475 5",
    "BUSY 325 4",
    "BUSY/PRODUCTION 200 0",
    "BUSY/PRODUCTION/SPEED_LOSS 100 0",
    "BUSY/PRODUCTION/PRODUCTIVE 90 0",
    "BUSY/PRODUCTION/QUALITY_LOSS 10 0",
    "BUSY/UNALLOCATED 50 0",
    "BUSY/SETUP 40 1",
    "BUSY/SETUP/REASON 40 1",
    "BUSY/SETUP/REASON/DOWNTIME:change 40 1",
    "BUSY/DOWN 32 2",
    "BUSY/DOWN/REASON:Jam 25 2",
    "BUSY/DOWN/REASON:Jam/DOWNTIME:jam-2 15 1",
    "BUSY/DOWN/REASON:Jam/DOWNTIME:jam-1 10 1",
    "BUSY/DOWN/REASON 7 0",
    "BUSY/DELAY 3 1",
    "BUSY/DELAY/MICRO_STOPS 3 1",
    "BUSY/DELAY/MICRO_STOPS/DOWNTIME:short 3 1",
    "NOT_PLANNED 120 0",
    "NOT_PLANNED/OFF_SHIFT 100 0",
    "NOT_PLANNED/BREAK 20 0",
    "PLANNED_DOWN 30 1",
    "PLANNED_DOWN/REASON:Lubrication 30 1",
    "PLANNED_DOWN/REASON:Lubrication/DOWNTIME:oil 30 1",
  ]);
  const reasons = new LossTree({ downtimes: false });
  reasons.add(TILES, MADE);
  expect(reasons.list()).toEqual(tree.list().filter(({ kind }) => kind !== "DOWNTIME"));
});

test("what is right below a branch adds up exactly to it, also for a group and a machine that is too fast", () => {
  const tree = new LossTree({ downtimes: true });
  tree.add(TILES, MADE);
  tree.add(TILES, { ...MADE, idealGoodMs: 333.3 });
  tree.add(TILES, { ...MADE, unrated: true });
  tree.add(day([5, { category: "UNALLOCATED" }]), MADE);
  const losses = tree.list();
  expect(losses[0]).toMatchObject({ kind: "CALENDAR_TIME", durationMs: 3 * 475 + 5, share: 1 });
  const parents = new Set(losses.flatMap(({ parentKey }) => parentKey ?? []));
  for (const key of parents) {
    const parts = losses.filter((loss) => loss.parentKey === key);
    const whole = losses.find((loss) => loss.key === key);
    expect(parts.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(whole?.durationMs);
  }
  expect(new Set(losses.map(({ key }) => key)).size).toBe(losses.length);
});

test("nothing has no share of nothing", () => {
  expect(new LossTree({ downtimes: true }).list()).toEqual([
    expect.objectContaining({ key: "CALENDAR_TIME", durationMs: 0, share: null }),
  ]);
});
