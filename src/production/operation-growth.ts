import type { Equipment } from "../plant/equipment.js";

/** Why machines' counters say something of operations: it was just counted, came late, or the operation was booked afterwards. */
export type GrowthCause = "COUNTED" | "LATE" | "BOOKED";

/** What a machine's counters say that an operation has made more, or less than was known. */
export interface OperationGrowth {
  readonly operationId: string;
  readonly machine: Equipment;
  /** Decimals with a sign. */
  readonly good: string;
  readonly scrap: string;
  /** The device's time of the last of it. */
  readonly at: Date;
  readonly cause: GrowthCause;
}
