import type { AlarmFact } from "../alarms/alarm-fact.js";
import type { BulkSql } from "../kernel/sql.js";
import type { Equipment } from "../plant/equipment.js";
import type { CounterMove, Reported } from "./twin-model.js";

/** A counter of a machine that moved. */
export interface CounterFact {
  readonly machine: Equipment;
  readonly move: CounterMove;
  /** Milliseconds. */
  readonly receivedAt: number;
  /** The machine counts all pieces and not the good ones: these are all less the rejected ones. */
  readonly byTotal: boolean;
}

/** A machine whose state, mode or fault is another one, or was another one than was known. */
export interface StateFact {
  readonly machine: Equipment;
  readonly report: Reported;
}

/** How a metric of a machine changed when a device told anew which it has. */
export interface MetricChange {
  readonly machine: Equipment;
  readonly metric: string;
  readonly kind: "ADDED" | "DROPPED" | "RETYPED";
  /** Data types, by the names that the device's protocol has for them; null where there is none. */
  readonly before: string | null;
  readonly after: string | null;
  /** Milliseconds. */
  readonly at: number;
}

/** A device told anew which metrics it has. */
export interface BirthFact {
  readonly source: string;
  /** The edge node that told it, unique within the source. */
  readonly node: string;
  /** The device that it is about; empty for the edge node itself. */
  readonly device: string;
  /** What to remember of it, as JSON. */
  readonly memory: object;
  readonly changes: readonly MetricChange[];
}

/** What a batch of messages proves, besides the samples themselves. */
export interface Facts {
  readonly counters: readonly CounterFact[];
  readonly states: readonly StateFact[];
  readonly births: readonly BirthFact[];
  /** Those of a machine in the order in which they came to be. */
  readonly alarms: readonly AlarmFact[];
}

/** Derives and writes facts in the very transaction that stores the samples behind them. */
export interface FactWriter {
  /**
   * Called at most once per committed batch; a batch that is rolled back is written again.
   * @returns what to do once the transaction is committed, such as telling subscribers.
   */
  write(sql: BulkSql, facts: Facts): Promise<() => void>;
}
