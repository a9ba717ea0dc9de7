import type { OperationStatus } from "./operation.js";

/** An operation whose pieces are being counted; its order is locked. */
export interface CountedOperation {
  readonly id: string;
  readonly orderId: string;
  readonly orderNumber: string;
  readonly status: OperationStatus;
  /** Of all operations of the order. */
  readonly machineIds: readonly string[];
}

/** What an operation has made more. Decimals with a sign. */
export interface CountGrowth {
  readonly operationId: string;
  readonly good: string;
  readonly scrap: string;
  /** When the last of it was made. */
  readonly at: Date;
}
