export const OPERATION_STATUSES = ["WAITING", "READY", "RUNNING", "HELD", "COMPLETED", "ABORTED"] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

/** The one authority that counts an operation's pieces. */
export const COUNTING_SOURCES = ["MACHINE", "OPERATOR"] as const;
export type CountingSource = (typeof COUNTING_SOURCES)[number];

/** What completes an operation: the good quantity, or only someone who says so. */
export const OPERATION_COMPLETIONS = ["QUANTITY", "MANUAL"] as const;
export type OperationCompletion = (typeof OPERATION_COMPLETIONS)[number];

export const OPERATION_ACTIONS = ["start", "hold", "resume", "complete", "abort"] as const;
export type OperationAction = (typeof OPERATION_ACTIONS)[number];

/** One step of an order on a machine. */
export interface Operation {
  readonly id: string;
  readonly orderId: string;
  readonly sequence: number;
  readonly name: string;
  /** It may start once the operation before it has started, not only when that is completed. */
  readonly overlap: boolean;
  readonly status: OperationStatus;
  /** Since when it has this status. */
  readonly statusAt: Date;
  /** What the caller of the last action gave as its reason. */
  readonly statusReason: string | null;
  /** HELD because its order was: resuming the order resumes it. */
  readonly heldWithOrder: boolean;
  /** Where it is to run. */
  readonly plannedMachineId: string | null;
  /** Where it runs or ran: the planned machine, unless its start named another. */
  readonly machineId: string | null;
  readonly plannedStart: Date | null;
  readonly plannedEnd: Date | null;
  readonly idealCycleTimeMs: number | null;
  readonly countingSource: CountingSource;
  readonly completion: OperationCompletion;
  /** Decimal. */
  readonly goodQuantity: string;
  /** Decimal. */
  readonly scrapQuantity: string;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

/** WAITING > READY is not among them: it follows from the order's release and the operation before. */
const TRANSITIONS: Record<OperationAction, { from: readonly OperationStatus[]; to: OperationStatus }> = {
  start: { from: ["READY"], to: "RUNNING" },
  hold: { from: ["RUNNING"], to: "HELD" },
  resume: { from: ["HELD"], to: "RUNNING" },
  complete: { from: ["RUNNING", "HELD"], to: "COMPLETED" },
  abort: { from: ["READY", "RUNNING", "HELD"], to: "ABORTED" },
};

/** The status after an action; null when the status does not allow it. */
export function operationAfter(status: OperationStatus, action: OperationAction): OperationStatus | null {
  const { from, to } = TRANSITIONS[action];
  return from.includes(status) ? to : null;
}

/** Whether work on it has begun, so that what it is can no longer be edited. */
export function hasStarted(status: OperationStatus): boolean {
  return status !== "WAITING" && status !== "READY";
}
