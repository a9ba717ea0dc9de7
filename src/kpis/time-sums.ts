import type { OperationRun, TimeCategory, TimeTile } from "../downtime/time-model.js";
import type { Span } from "../kernel/intervals.js";
import { NO_TIME, type TimeSums } from "./kpi.js";

/** Without an order a machine outside its calendar is not asked for anything. */
const BUSY_CATEGORIES: ReadonlySet<TimeCategory> = new Set(["PRODUCTION", "SETUP", "DELAY", "DOWN"]);

/** What KPIs need to know of a stretch of a machine's time, after what people have said of its downtimes. */
export interface KpiTile extends Pick<TimeTile, "category" | "planned" | "shift" | "downtime"> {
  readonly run: Pick<OperationRun, "operationId" | "orderId"> | null;
}

/**
 * Adds up one machine's tiles, which come in order. A failure is an unbroken stretch of DOWN, whatever its parts are
 * put down to, unless all of it are micro-stops; one that began before the tiles counts in them too.
 */
export function timeSumsOf(tiles: Iterable<Span<KpiTile>>): TimeSums {
  const sums: { -readonly [Key in keyof TimeSums]: number } = { ...NO_TIME };
  // The stretch of DOWN that the last tile belongs to.
  const down = { ms: 0, until: Number.NaN, failure: false };
  const endStretch = () => {
    if (down.failure) {
      sums.failureCount += 1;
      sums.failureMs += down.ms;
    }
    down.ms = 0;
    down.failure = false;
  };
  for (const { from, to, value } of tiles) {
    const ms = to - from;
    const { category, planned } = value;
    sums.calendarMs += ms;
    add(sums, category, ms);
    if (category === "PRODUCTION" || value.run !== null) sums.executionMs += ms;
    if (planned === "BUSY") {
      if (category !== "PLANNED_DOWN") sums.plannedBusyMs += ms;
    } else if (BUSY_CATEGORIES.has(category)) sums.overtimeMs += ms;
    if (category !== "DOWN") continue;
    if (from !== down.until) endStretch();
    down.ms += ms;
    down.until = to;
    down.failure ||= !(value.downtime?.microStop ?? false);
  }
  endStretch();
  return sums;
}

/** By name and not by key: a report has hundreds of thousands of tiles. */
function add(sums: { -readonly [Key in keyof TimeSums]: number }, category: TimeCategory, ms: number): void {
  switch (category) {
    case "PRODUCTION":
      sums.productionMs += ms;
      break;
    case "SETUP":
      sums.setupMs += ms;
      break;
    case "DELAY":
      sums.delayMs += ms;
      break;
    case "DOWN":
      sums.downMs += ms;
      break;
    case "PLANNED_DOWN":
      sums.plannedDownMs += ms;
      break;
    case "NOT_PLANNED":
      sums.notPlannedMs += ms;
      break;
    case "UNALLOCATED":
      sums.unallocatedMs += ms;
  }
}
