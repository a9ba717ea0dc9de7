import type { Sql } from "../kernel/sql.js";
import type { Quality, Scalar } from "./sample.js";

/** A reading that history brings, to be the stored one where that is not newer. Times in milliseconds. */
export interface FoldedReading {
  readonly seriesId: number;
  readonly value: Scalar;
  readonly quality: Quality;
  readonly time: number;
  readonly receivedAt: number;
}

/** How far a twin had come. */
export interface FoldedHead {
  readonly machineId: string;
  readonly revision: number;
  /** When the machine was last heard of, in milliseconds; null: not at all. */
  readonly seenAt: number | null;
}

/** Keeps the stored twins up to date with what leaves the part of the history that is read at a start. */
export interface TwinFolding {
  /** Within the caller's transaction. At most one reading of each series. */
  foldReadings(sql: Sql, readings: readonly FoldedReading[]): Promise<void>;
  /**
   * Within the caller's transaction, which should end soon: until then the twins' rows are locked. At most one head of each
   * machine.
   */
  foldHeads(sql: Sql, heads: readonly FoldedHead[]): Promise<void>;
}
