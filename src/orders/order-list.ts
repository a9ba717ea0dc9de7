import { isUuid } from "../kernel/ids.js";
import { storable } from "../kernel/text.js";
import type { OrderStatus, ProductionOrder } from "./order.js";
import { isOrderNumber } from "./order-input.js";

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
  /** Of this priority or a higher one. */
  readonly minPriority: number | null;
  /** A part of the number or the product, in any case. */
  readonly search: string | null;
}

export const ORDER_SORTS = ["CREATED", "NUMBER", "DUE", "PRIORITY", "PLANNED_START"] as const;
export type OrderSort = (typeof ORDER_SORTS)[number];

/** Where an order stood in a sorted list, whatever becomes of it afterwards. */
export interface OrderPlace {
  /** What the list is sorted by, as text. */
  readonly key: string;
  readonly id: string;
}

/** A page of a list of orders; bounds are exclusive. */
export interface OrderPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: OrderPlace | null;
  readonly before: OrderPlace | null;
  readonly sort: OrderSort;
  readonly descending: boolean;
}

/** An order's place as a text that `orderPlace` understands. */
export function placeText(order: ProductionOrder, sort: OrderSort, descending: boolean): string {
  return sort === "CREATED" ? order.id : JSON.stringify([sort, keyOf(order, sort, descending), order.id]);
}

/** @returns null when the text is none of a list that is sorted so. */
export function orderPlace(text: string, sort: OrderSort): OrderPlace | null {
  if (sort === "CREATED") return isUuid(text) ? { key: text, id: text } : null;
  const [of, key, id] = arrayOf(text);
  if (of !== sort || typeof key !== "string" || typeof id !== "string" || !isUuid(id)) return null;
  return isKey(key, sort) ? { key, id } : null;
}

/** Those without a value stand last either way. */
function keyOf(order: ProductionOrder, sort: Exclude<OrderSort, "CREATED">, descending: boolean): string {
  if (sort === "NUMBER") return order.number;
  if (sort === "PRIORITY") return String(order.priority);
  const moment = sort === "DUE" ? order.dueAt : order.plannedStart;
  return moment?.toISOString() ?? (descending ? "-infinity" : "infinity");
}

function isKey(key: string, sort: OrderSort): boolean {
  if (sort === "NUMBER") return isOrderNumber(key);
  if (sort === "PRIORITY") return /^-?\d{1,10}$/.test(key) && Math.abs(Number(key)) < 2 ** 31;
  return /^-?infinity$/.test(key) || (/^\d{4}-.*Z$/.test(key) && storable(new Date(key)));
}

function arrayOf(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** The statuses of operations that are still to be worked on. */
export const DISPATCH_STATUSES = ["WAITING", "READY", "RUNNING", "HELD"] as const;
export type DispatchStatus = (typeof DISPATCH_STATUSES)[number];
