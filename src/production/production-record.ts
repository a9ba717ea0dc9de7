import { newId } from "../kernel/ids.js";

export const PRODUCTION_KINDS = ["GOOD", "SCRAP"] as const;
export type ProductionKind = (typeof PRODUCTION_KINDS)[number];

/** What was made, once written never changed: a correction is another record, with its sign. */
export interface ProductionRecord {
  readonly id: string;
  readonly operationId: string;
  readonly machineId: string | null;
  readonly kind: ProductionKind;
  /** Decimal with a sign. */
  readonly quantity: string;
  /** Why it was spoilt. */
  readonly reason: string | null;
  /** Who says so: the machine by its counters, or someone. */
  readonly countingSource: "MACHINE" | "OPERATOR";
  readonly recordedBy: string;
  /** The system that said so, as the caller named it. */
  readonly system: string | null;
  /** When it was made. */
  readonly at: Date;
  /** When it became known. */
  readonly recordedAt: Date;
  /** The record that this one corrects. */
  readonly corrects: string | null;
  /** Why it is corrected. */
  readonly comment: string | null;
}

/** What was spoilt for one reason. */
export interface ScrapSum {
  /** The operation's id, or the order's. */
  readonly key: string;
  /** Null: none was given. */
  readonly reason: string | null;
  /** Decimal. */
  readonly quantity: string;
}

type Source = Pick<ProductionRecord, "operationId" | "machineId" | "countingSource" | "recordedBy" | "at"> &
  Partial<Pick<ProductionRecord, "reason" | "system">>;

/** New records of one source, one per kind that there is any of; the reason belongs to the scrap. */
export function recordsOf(source: Source, good: string, scrap: string, now: number): ProductionRecord[] {
  const common = {
    ...{ system: null, corrects: null, comment: null, reason: null },
    ...source,
    recordedAt: new Date(now),
  };
  const records: ProductionRecord[] = [];
  if (Number(good) !== 0) {
    records.push({ ...common, id: newId(now), kind: "GOOD", quantity: good, reason: null });
  }
  if (Number(scrap) !== 0) records.push({ ...common, id: newId(now), kind: "SCRAP", quantity: scrap });
  return records;
}
