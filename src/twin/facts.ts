import type { Sql } from "../kernel/sql.js";
import type { Equipment } from "../plant/equipment.js";
import type { CounterMove } from "./twin-model.js";

/** A counter of a machine that moved. */
export interface CounterFact {
  readonly machine: Equipment;
  readonly move: CounterMove;
  /** Milliseconds. */
  readonly receivedAt: number;
}

/** What a batch of messages proves, besides the samples themselves. */
export interface Facts {
  readonly counters: readonly CounterFact[];
}

/** Derives and writes facts in the very transaction that stores the samples behind them. */
export interface FactWriter {
  /**
   * Called at most once per committed batch; a batch that is rolled back is written again.
   * @returns what to do once the transaction is committed, such as telling subscribers.
   */
  write(sql: Sql, facts: Facts): Promise<() => void>;
}
