import type { MachineTruth } from "./mes-oracle.js";
import type { OracleDowntime, Piece } from "./mes-oracle-downtime.js";
import { type Part, unitsMade } from "./mes-oracle-report.js";

/** A branch of the loss tree. */
export interface OracleLoss {
  ms: number;
  readonly downtimes: Set<OracleDowntime>;
}

/**
 * Where the time of parts went: the branches of the tree by the kinds and reasons from below the root on, such as
 * `BUSY/DOWN/REASON:jam`; the root is `CALENDAR_TIME`. What is made of machines' ideal times is not rounded.
 */
export function lossesOf(parts: readonly Part[]): Map<string, OracleLoss> {
  const losses = new Map<string, OracleLoss>();
  for (const part of parts) {
    let producing = 0;
    for (const { piece, ms } of part.pieces()) {
      if (piece.category === "PRODUCTION") producing += ms;
      else add(losses, placeOf(piece), ms, piece.downtime);
    }
    addProduction(losses, part, producing);
  }
  return losses;
}

function addProduction(losses: Map<string, OracleLoss>, part: Part, ms: number): void {
  const { good, scrap, unrated } = unitsMade(part);
  if (unrated) {
    add(losses, "BUSY/PRODUCTION/UNRATED", ms, null);
    return;
  }
  add(losses, "BUSY/PRODUCTION/PRODUCTIVE", good.idealMs, null);
  add(losses, "BUSY/PRODUCTION/QUALITY_LOSS", scrap.idealMs, null);
  add(losses, "BUSY/PRODUCTION/SPEED_LOSS", ms - good.idealMs - scrap.idealMs, null);
}

function placeOf({ category, planned, downtime }: Piece): string {
  if (category === "NOT_PLANNED") return `NOT_PLANNED/${planned}`;
  if (category === "UNALLOCATED") return "BUSY/UNALLOCATED";
  const lost = category === "PLANNED_DOWN" ? category : `BUSY/${category}`;
  return downtime?.microStop ? `${lost}/MICRO_STOPS` : `${lost}/REASON:${downtime?.reason ?? ""}`;
}

function add(
  losses: Map<string, OracleLoss>,
  place: string,
  ms: number,
  downtime: OracleDowntime | null,
): void {
  const steps = place.split("/");
  const places = ["CALENDAR_TIME", ...steps.map((_, index) => steps.slice(0, index + 1).join("/"))];
  for (const one of places) {
    const loss = losses.get(one) ?? { ms: 0, downtimes: new Set() };
    losses.set(one, loss);
    loss.ms += ms;
    if (downtime) loss.downtimes.add(downtime);
  }
}

/** How much energy machines took in a range, by unit, and what they made meanwhile. */
export function energyOf(
  parts: readonly Part[],
): { readonly unit: string; readonly amount: number; readonly perGoodPiece: number | null }[] {
  const units = new Map<string, { amount: number; good: number }>();
  for (const part of parts) {
    const { machine, energy }: MachineTruth = part.truth;
    if (machine.energyUnit === null) continue;
    const { from, to } = part.range;
    const sums = units.get(machine.energyUnit) ?? { amount: 0, good: 0 };
    units.set(machine.energyUnit, sums);
    for (const { at, amount } of energy) if (from <= at && at < to) sums.amount += amount;
    sums.good += unitsMade(part).good.quantity;
  }
  return Array.from(units, ([unit, { amount, good }]) => {
    return { unit, amount, perGoodPiece: good === 0 ? null : amount / good };
  });
}
