import type { BulkSql, Sql } from "../kernel/sql.js";

/** An operation begins or ceases to run on a machine, or did at a time that has passed. */
export interface RunChange {
  readonly machineId: string;
  readonly at: Date;
}

/** Whether a machine counts good pieces; UNKNOWN while it has reported nothing and no machine type tells. */
export type MachineCounting = "COUNTS" | "COUNTS_NOTHING" | "UNKNOWN";

/** Keeps in step what depends on when operations run. */
export interface RunFollower {
  /**
   * Called in the transaction of the change, once it is written.
   * @returns what to do when that is committed.
   */
  runsChanged(sql: BulkSql, changes: readonly RunChange[]): Promise<() => void>;
  /** Whether operations on a machine have anything that counts for them. */
  countingOf(sql: Sql, machineId: string): Promise<MachineCounting>;
}
