export const ORDER_STATUSES = [
  "CREATED",
  "RELEASED",
  "RUNNING",
  "HELD",
  "COMPLETED",
  "CLOSED",
  "ABORTED",
  "CANCELLED",
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** `start` and `complete` follow from the order's operations; the others are asked for. */
export const ORDER_ACTIONS = [
  "release",
  "start",
  "hold",
  "resume",
  "complete",
  "close",
  "cancel",
  "abort",
] as const;
export type OrderAction = (typeof ORDER_ACTIONS)[number];

/** So much of a product, made in operations one after the other. */
export interface ProductionOrder {
  readonly id: string;
  readonly number: string;
  readonly product: string;
  /** Decimal. */
  readonly quantity: string;
  readonly unit: string;
  readonly dueAt: Date | null;
  readonly priority: number;
  /** When its first operation is to begin, and its last to end; null when no operation says. */
  readonly plannedStart: Date | null;
  readonly plannedEnd: Date | null;
  readonly status: OrderStatus;
  /** Since when it has this status. */
  readonly statusAt: Date;
  /** What the caller of the last action gave as its reason. */
  readonly statusReason: string | null;
  readonly version: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly createdAt: Date;
}

/** What an order has made. */
export interface OrderQuantities {
  readonly orderId: string;
  /** Decimals. */
  readonly good: string;
  readonly scrap: string;
}

const TRANSITIONS: Record<OrderAction, { from: readonly OrderStatus[]; to: OrderStatus }> = {
  release: { from: ["CREATED"], to: "RELEASED" },
  start: { from: ["RELEASED"], to: "RUNNING" },
  hold: { from: ["RUNNING"], to: "HELD" },
  resume: { from: ["HELD"], to: "RUNNING" },
  complete: { from: ["RUNNING", "HELD"], to: "COMPLETED" },
  close: { from: ["COMPLETED"], to: "CLOSED" },
  cancel: { from: ["CREATED", "RELEASED"], to: "CANCELLED" },
  abort: { from: ["RELEASED", "RUNNING", "HELD"], to: "ABORTED" },
};

/** The status after an action; null when the status does not allow it. */
export function orderAfter(status: OrderStatus, action: OrderAction): OrderStatus | null {
  const { from, to } = TRANSITIONS[action];
  return from.includes(status) ? to : null;
}

/** Whether nothing can be made for it any more. */
export function hasEnded(status: OrderStatus): boolean {
  return status === "COMPLETED" || status === "CLOSED" || status === "ABORTED" || status === "CANCELLED";
}

/** Whether it was not done, or is still not done, when it was due; what was given up is never late. */
export function isLate(
  { dueAt, endedAt, status }: Pick<ProductionOrder, "dueAt" | "endedAt" | "status">,
  now: Date,
): boolean {
  if (dueAt === null || status === "CANCELLED" || status === "ABORTED") return false;
  return dueAt < (endedAt ?? now);
}
