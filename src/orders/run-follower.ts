import type { BulkSql } from "../kernel/sql.js";

/** An operation begins or ceases to run on a machine, or did at a time that has passed. */
export interface RunChange {
  readonly machineId: string;
  readonly at: Date;
}

/** Keeps in step what depends on when operations run. */
export interface RunFollower {
  /**
   * Called in the transaction of the change, once it is written.
   * @returns what to do when that is committed.
   */
  runsChanged(sql: BulkSql, changes: readonly RunChange[]): Promise<() => void>;
}
