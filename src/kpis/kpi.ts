import { sumOf } from "../production/decimal.js";

/** Where the time of a machine went, in milliseconds; the names of ISO 22400-2 behind the ISO names in brackets. */
export interface TimeSums {
  /** The whole range. */
  readonly calendarMs: number;
  /** Actual production time (APT). */
  readonly productionMs: number;
  /** Actual unit set-up time (AUST). */
  readonly setupMs: number;
  /** Actual unit delay time (ADET). */
  readonly delayMs: number;
  /** Actual unit down time (ADOT). */
  readonly downMs: number;
  /** Planned down time, such as preventive maintenance. */
  readonly plannedDownMs: number;
  /** Within the calendar, but nothing was asked of the machine. */
  readonly unallocatedMs: number;
  /** Outside the calendar's busy time, and no production, set-up or maintenance. */
  readonly notPlannedMs: number;
  /** Planned busy time (PBT): busy time of the calendar less planned down time within it. */
  readonly plannedBusyMs: number;
  /** Production, set-up, delay and down time outside the calendar's busy time. */
  readonly overtimeMs: number;
  /** Actual order execution time (AOET): while an operation was running, or the machine produced without one. */
  readonly executionMs: number;
  readonly failureCount: number;
  /** What restoring after those failures took. */
  readonly failureMs: number;
}

/** What was made. */
export interface OutputSums {
  /** Good quantity (GQ), decimal. */
  readonly good: string;
  /** Scrap quantity (SQ), decimal. */
  readonly scrap: string;
  /** Planned run time per unit times good quantity (PRU x GQ), in milliseconds, of what has an ideal cycle time. */
  readonly idealGoodMs: number;
  /** Likewise of scrap. */
  readonly idealScrapMs: number;
  /** Of both the quantity, decimal, that was made while no operation ran and has no ideal cycle time: no ratio of times has it. */
  readonly leftOut: string;
  /** Something was made for operations that has no ideal cycle time. */
  readonly unrated: boolean;
}

/** All that KPIs are computed from. Sums of several machines, operations or ranges are sums again. */
export interface KpiSums extends TimeSums, OutputSums {}

/** Ratios are never capped, and null when a denominator is zero; times are means in milliseconds. */
export interface Kpis {
  readonly oee: number | null;
  readonly availability: number | null;
  readonly effectiveness: number | null;
  readonly qualityRatio: number | null;
  readonly netEquipmentEffectiveness: number | null;
  readonly utilizationEfficiency: number | null;
  readonly allocationEfficiency: number | null;
  readonly technicalEfficiency: number | null;
  readonly setupRatio: number | null;
  readonly scrapRatio: number | null;
  readonly firstPassYield: number | null;
  /** Units an hour. */
  readonly throughputPerHour: number | null;
  readonly mtbfMs: number | null;
  readonly mttfMs: number | null;
  readonly mttrMs: number | null;
}

const HOUR_MS = 3_600_000;

export const NO_TIME: TimeSums = {
  calendarMs: 0,
  productionMs: 0,
  setupMs: 0,
  delayMs: 0,
  downMs: 0,
  plannedDownMs: 0,
  unallocatedMs: 0,
  notPlannedMs: 0,
  plannedBusyMs: 0,
  overtimeMs: 0,
  executionMs: 0,
  failureCount: 0,
  failureMs: 0,
};

export const NO_OUTPUT: OutputSums = {
  good: "0",
  scrap: "0",
  idealGoodMs: 0,
  idealScrapMs: 0,
  leftOut: "0",
  unrated: false,
};

/**
 * The sums of a group: numerators and denominators are added up, so that a machine weighs in every ratio as much as it
 * has of what the ratio divides by. Ratios themselves are never averaged.
 */
export function addUp(all: readonly KpiSums[]): KpiSums {
  const time = { ...NO_TIME } as Record<keyof TimeSums, number>;
  const keys = Object.keys(NO_TIME) as (keyof TimeSums)[];
  for (const one of all) for (const key of keys) time[key] += one[key];
  return {
    ...time,
    good: sumOf(all.map(({ good }) => good)),
    scrap: sumOf(all.map(({ scrap }) => scrap)),
    idealGoodMs: all.reduce((sum, one) => sum + one.idealGoodMs, 0),
    idealScrapMs: all.reduce((sum, one) => sum + one.idealScrapMs, 0),
    leftOut: sumOf(all.map(({ leftOut }) => leftOut)),
    unrated: all.some(({ unrated }) => unrated),
  };
}

/** Actual unit processing time (AUPT): production and set-up. */
export function unitProcessingMs({ productionMs, setupMs }: TimeSums): number {
  return productionMs + setupMs;
}

/** Actual unit busy time (AUBT): processing, delay and down time. */
export function unitBusyMs(sums: TimeSums): number {
  return unitProcessingMs(sums) + sums.delayMs + sums.downMs;
}

/** Produced quantity (PQ), decimal. */
export function producedQuantity({ good, scrap }: OutputSums): string {
  return sumOf([good, scrap]);
}

/**
 * The KPIs of ISO 22400-2, and what is customary beside them.
 * @param delivered what throughput counts, a decimal: in an order of several operations not every piece of each.
 */
export function kpisOf(sums: KpiSums, delivered = producedQuantity(sums)): Kpis {
  const good = Number(sums.good);
  const scrap = Number(sums.scrap);
  const produced = Number(producedQuantity(sums));
  const { productionMs, setupMs, delayMs, plannedBusyMs, failureCount } = sums;
  const processingMs = unitProcessingMs(sums);
  const busyMs = unitBusyMs(sums);
  const availability = ratio(productionMs, plannedBusyMs);
  const effectiveness = sums.unrated ? null : ratio(sums.idealGoodMs + sums.idealScrapMs, productionMs);
  const qualityRatio = ratio(good, produced);
  const mttfMs = ratio(productionMs, failureCount);
  const mttrMs = ratio(sums.failureMs, failureCount);
  return {
    oee: product(availability, effectiveness, qualityRatio),
    availability,
    effectiveness,
    qualityRatio,
    netEquipmentEffectiveness: product(ratio(processingMs, plannedBusyMs), effectiveness, qualityRatio),
    utilizationEfficiency: ratio(productionMs, busyMs),
    allocationEfficiency: ratio(busyMs, plannedBusyMs),
    technicalEfficiency: ratio(productionMs, productionMs + delayMs),
    setupRatio: ratio(setupMs, processingMs),
    scrapRatio: ratio(scrap, produced),
    // Every piece is counted once, when it is first inspected: GP is the good and IP the produced quantity.
    firstPassYield: qualityRatio,
    throughputPerHour: ratio(Number(delivered) * HOUR_MS, sums.executionMs),
    mtbfMs: mttfMs === null || mttrMs === null ? null : mttfMs + mttrMs,
    mttfMs,
    mttrMs,
  };
}

function ratio(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}

function product(...factors: readonly (number | null)[]): number | null {
  let result = 1;
  for (const factor of factors) {
    if (factor === null) return null;
    result *= factor;
  }
  return result;
}
