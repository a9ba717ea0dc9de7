import type { MetricValue } from "./metric-value.js";

/** A value for a metric of a machine. */
export interface MachineWrite {
  readonly metric: string;
  readonly value: MetricValue;
}

/** Nothing was written. The message says why, for people. */
export class WriteRefused extends Error {
  override readonly name = "WriteRefused";
  /** Whether it never can be, as the machine is now: a birth with other metrics may change that. */
  readonly final: boolean;

  constructor(message: string, { final }: { final: boolean }) {
    super(message);
    this.final = final;
  }
}
