import type { MachineTruth, OracleCount } from "./mes-oracle.js";
import type { Category, Piece } from "./mes-oracle-downtime.js";

const HOUR = 3_600_000;

/** What the server's report must say, by the names of its fields. */
export type OracleReport = Readonly<Record<string, number | null>>;

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What a report is about: a machine's part of a range, or an operation of it, from its start to its end. */
export class Part {
  readonly truth: MachineTruth;
  readonly range: Range;
  readonly #operation: string | null;

  constructor(truth: MachineTruth, range: Range, operation: string | null = null) {
    this.truth = truth;
    this.range = range;
    this.#operation = operation;
  }

  /** The pieces that belong to it, and how long each is within it. */
  pieces(): { readonly piece: Piece; readonly ms: number }[] {
    const { from, to } = this.range;
    const found: { piece: Piece; ms: number }[] = [];
    for (const piece of this.truth.pieces) {
      const ms = Math.min(piece.to, to) - Math.max(piece.from, from);
      const belongs = this.#operation === null || piece.operation === this.#operation;
      if (ms > 0 && belongs) found.push({ piece, ms });
    }
    return found;
  }

  /** Of an operation all that was ever made for it. */
  counts(): readonly OracleCount[] {
    const { from, to } = this.range;
    return this.truth.counts.filter(({ at, operation }) =>
      this.#operation === null ? from <= at && at < to : operation === this.#operation,
    );
  }
}

/** What was made in a part, with its ideal times. */
export function unitsMade(part: Part) {
  const made = { good: { quantity: 0, idealMs: 0 }, scrap: { quantity: 0, idealMs: 0 }, unrated: false };
  for (const { kind, quantity, operation, idealMs } of part.counts()) {
    made[kind].quantity += quantity;
    if (idealMs === null) made.unrated ||= operation !== null;
    else made[kind].idealMs += quantity * idealMs;
  }
  return made;
}

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
  /** What throughput counts. */
  delivered = 0;
  readonly made = { good: 0, scrap: 0 };
}

/** The KPIs of machines together. */
export function reportOf(parts: readonly Part[]): OracleReport {
  return reportFrom(sumsOf(parts));
}

/**
 * The KPIs of an operation, or of the operations of an order together.
 * @param parts in their sequence.
 */
export function workReportOf(parts: readonly Part[]): OracleReport {
  const sums = sumsOf(parts);
  const last = parts.at(-1);
  const made = last && unitsMade(last);
  sums.delivered = made ? made.good.quantity + made.scrap.quantity : 0;
  const begin = Math.min(...parts.map(({ range }) => range.from));
  sums.executionMs = Math.max(...parts.map(({ range }) => range.to)) - begin;
  return reportFrom(sums);
}

function sumsOf(parts: readonly Part[]): Sums {
  const sums = new Sums();
  for (const part of parts) {
    addTime(sums, part);
    const { good, scrap, unrated } = unitsMade(part);
    sums.made.good += good.quantity;
    sums.made.scrap += scrap.quantity;
    sums.delivered += good.quantity + scrap.quantity;
    sums.idealMs += good.idealMs + scrap.idealMs;
    sums.unrated ||= unrated;
  }
  return sums;
}

function addTime(sums: Sums, part: Part): void {
  // An unbroken stretch of down time is one failure, unless it is nothing but micro-stops.
  let down = { until: -1, ms: 0, failed: false };
  const restored = () => {
    if (down.failed) {
      sums.failureCount += 1;
      sums.failureMs += down.ms;
    }
    down = { until: -1, ms: 0, failed: false };
  };
  for (const { piece, ms } of part.pieces()) {
    const { category, operation } = piece;
    const busy = piece.planned === "BUSY";
    sums.calendarMs += ms;
    sums.ms[category] += ms;
    if (category === "PRODUCTION" || operation !== null) sums.executionMs += ms;
    if (busy && category !== "PLANNED_DOWN") sums.plannedBusyMs += ms;
    if (!busy && ["PRODUCTION", "SETUP", "DELAY", "DOWN"].includes(category)) sums.overtimeMs += ms;
    if (category !== "DOWN") continue;
    if (piece.from !== down.until) restored();
    down.until = piece.to;
    down.ms += ms;
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
    throughputPerHour: ratio(sums.delivered * HOUR, sums.executionMs),
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
