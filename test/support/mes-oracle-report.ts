import type { Category, MachineTruth } from "./mes-oracle.js";

const HOUR = 3_600_000;

/** What the server's report must say, by the names of its fields. */
export type OracleReport = Readonly<Record<string, number | null>>;

/** What a report is made of. */
class Sums {
  readonly ms: Record<Category, number> = {
    PRODUCTION: 0,
    SETUP: 0,
    DELAY: 0,
    DOWN: 0,
    PLANNED_DOWN: 0,
    NOT_PLANNED: 0,
    UNALLOCATED: 0,
  };
  calendarMs = 0;
  plannedBusyMs = 0;
  overtimeMs = 0;
  executionMs = 0;
  failureCount = 0;
  failureMs = 0;
  idealMs = 0;
  unrated = false;
  readonly made = { good: 0, scrap: 0 };
}

/**
 * The KPIs of machines together within a range.
 * @param order only the time in which its operation ran, and what was made for it: then the range is from its first
 * start to its end.
 */
export function reportOf(
  truths: readonly MachineTruth[],
  range: { readonly from: number; readonly to: number },
  order: string | null = null,
): OracleReport {
  const sums = new Sums();
  for (const truth of truths) {
    addTime(sums, truth, range, order);
    for (const { at, kind, quantity, idealMs, order: whose } of truth.counts) {
      if (at < range.from || at >= range.to || (order !== null && whose !== order)) continue;
      sums.made[kind] += quantity;
      if (idealMs === null) sums.unrated = true;
      else sums.idealMs += quantity * idealMs;
    }
  }
  if (order !== null) sums.executionMs = range.to - range.from;
  return reportFrom(sums);
}

function addTime(
  sums: Sums,
  { pieces }: MachineTruth,
  range: { readonly from: number; readonly to: number },
  order: string | null,
): void {
  // An unbroken stretch of down time is one failure, unless it is nothing but micro-stops.
  let down = { until: -1, ms: 0, failed: false };
  const restored = () => {
    if (down.failed) {
      sums.failureCount += 1;
      sums.failureMs += down.ms;
    }
    down = { until: -1, ms: 0, failed: false };
  };
  for (const piece of pieces) {
    const length = Math.min(piece.to, range.to) - Math.max(piece.from, range.from);
    if (length <= 0 || (order !== null && piece.order !== order)) continue;
    const { category, busy } = piece;
    sums.calendarMs += length;
    sums.ms[category] += length;
    if (category === "PRODUCTION" || piece.order !== null) sums.executionMs += length;
    if (busy && category !== "PLANNED_DOWN") sums.plannedBusyMs += length;
    if (!busy && ["PRODUCTION", "SETUP", "DELAY", "DOWN"].includes(category)) sums.overtimeMs += length;
    if (category !== "DOWN") continue;
    if (piece.from !== down.until) restored();
    down.until = piece.to;
    down.ms += length;
    if (!piece.downtime?.microStop) down.failed = true;
  }
  restored();
}

function reportFrom(sums: Sums): OracleReport {
  const { ms, made, plannedBusyMs, failureCount } = sums;
  const processing = ms.PRODUCTION + ms.SETUP;
  const unitBusy = processing + ms.DELAY + ms.DOWN;
  const produced = made.good + made.scrap;
  const availability = ratio(ms.PRODUCTION, plannedBusyMs);
  const effectiveness = sums.unrated ? null : ratio(sums.idealMs, ms.PRODUCTION);
  const qualityRatio = ratio(made.good, produced);
  const mttfMs = ratio(ms.PRODUCTION, failureCount);
  const mttrMs = ratio(sums.failureMs, failureCount);
  return {
    oee: product(availability, effectiveness, qualityRatio),
    availability,
    effectiveness,
    qualityRatio,
    netEquipmentEffectiveness: product(ratio(processing, plannedBusyMs), effectiveness, qualityRatio),
    utilizationEfficiency: ratio(ms.PRODUCTION, unitBusy),
    allocationEfficiency: ratio(unitBusy, plannedBusyMs),
    technicalEfficiency: ratio(ms.PRODUCTION, ms.PRODUCTION + ms.DELAY),
    setupRatio: ratio(ms.SETUP, processing),
    scrapRatio: ratio(made.scrap, produced),
    firstPassYield: qualityRatio,
    throughputPerHour: ratio(produced * HOUR, sums.executionMs),
    mtbfMs: mttfMs === null || mttrMs === null ? null : mttfMs + mttrMs,
    mttfMs,
    mttrMs,
    failureCount,
    goodQuantity: made.good,
    scrapQuantity: made.scrap,
    producedQuantity: produced,
    calendarTimeMs: sums.calendarMs,
    actualProductionTimeMs: ms.PRODUCTION,
    actualSetupTimeMs: ms.SETUP,
    actualDelayTimeMs: ms.DELAY,
    actualDownTimeMs: ms.DOWN,
    actualProcessingTimeMs: processing,
    actualBusyTimeMs: unitBusy,
    plannedBusyTimeMs: plannedBusyMs,
    plannedDownTimeMs: ms.PLANNED_DOWN,
    notPlannedTimeMs: ms.NOT_PLANNED,
    unallocatedTimeMs: ms.UNALLOCATED,
    overtimeMs: sums.overtimeMs,
    orderExecutionTimeMs: sums.executionMs,
  };
}

function ratio(one: number, other: number): number | null {
  return other === 0 ? null : one / other;
}

function product(...factors: readonly (number | null)[]): number | null {
  return factors.reduce<number | null>((all, one) => (all === null || one === null ? null : all * one), 1);
}
