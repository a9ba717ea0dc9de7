import type { OrderStatus } from "./order.js";

/** Which orders; null does not restrict. */
export interface OrderFilter {
  readonly status: readonly OrderStatus[] | null;
  /** Orders with an operation on one of these machines. */
  readonly machineIds: readonly string[] | null;
  readonly product: string | null;
  /** Due at this time or later. */
  readonly dueAfter: Date | null;
  /** Due before this time. */
  readonly dueBefore: Date | null;
  /** Those that are late as of now, or those that are not. */
  readonly late: { readonly is: boolean; readonly now: Date } | null;
  /** A part of the number or the product, in any case. */
  readonly search: string | null;
}

export const ORDER_SORTS = ["CREATED", "NUMBER", "DUE", "PRIORITY", "PLANNED_START"] as const;
export type OrderSort = (typeof ORDER_SORTS)[number];

/** A page of a list of orders; bounds are orders' ids and exclusive. */
export interface OrderPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
  readonly sort: OrderSort;
  readonly descending: boolean;
}

/** The statuses of operations that are still to be worked on. */
export const DISPATCH_STATUSES = ["WAITING", "READY", "RUNNING", "HELD"] as const;
export type DispatchStatus = (typeof DISPATCH_STATUSES)[number];
