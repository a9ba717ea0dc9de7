import { newId } from "../kernel/ids.js";
import type { UserErrorValue } from "../kernel/user-error.js";
import { firstStatus, type MaintenanceOrder, type NewMaintenanceOrder } from "./maintenance.js";
import type { ChecklistItem, MaintenanceEvent, NewItem, NewPart, Part } from "./maintenance-details.js";

/** Who asks, and the key that makes asking twice harmless. */
export interface Caller {
  readonly principal: string;
  readonly idempotencyKey: string | null;
}

export interface MaintenanceActionInput {
  readonly number: string;
  readonly expectedVersion: number | null;
  readonly comment: string | null;
  /** When it happened; null: now. */
  readonly at: Date | null;
}

/** What an order is made of, besides what the server gives it. */
export type OrderRequest = Omit<NewMaintenanceOrder, "machine"> & {
  readonly machineId: string;
  /** Who or what makes it. */
  readonly by: string;
  readonly planId: string | null;
  readonly occurrence: number | null;
  readonly alarmId: string | null;
};

export type OrderOfPlan = Omit<OrderRequest, "alarmId"> & {
  readonly planId: string;
  readonly occurrence: number;
};

/** An order wanted for an alarm; what is left out is null, empty, false, or a priority of 50. */
export type OrderForAlarm = Pick<OrderRequest, "machineId" | "kind" | "title" | "by"> & {
  readonly alarmId: string;
  /** The order that the alarm's code had last on the machine: it is taken where it is still open. */
  readonly earlierId?: string | null;
} & Partial<
    Pick<
      OrderRequest,
      | "description"
      | "priority"
      | "lockout"
      | "plannedStart"
      | "dueAt"
      | "estimatedMinutes"
      | "checklist"
      | "parts"
    >
  >;

export interface OpenedOrder {
  readonly id: string;
  readonly number: string;
  /** Whether this call made it. */
  readonly made: boolean;
  /** Tells subscribers; to be called after the commit. */
  readonly told: () => void;
}

/** What a change makes of an order, or everything that is wrong with it. */
export type OrderStep =
  | { readonly refused: UserErrorValue[] }
  | {
      readonly order: MaintenanceOrder;
      readonly events: readonly Pick<MaintenanceEvent, "kind" | "detail">[];
      /** When it happened; left out: when it is recorded. */
      readonly at?: Date;
    };

/** A new order of version 1. @param now in ms. */
export function orderOf(request: OrderRequest, number: string, now: number): MaintenanceOrder {
  const { machineId, kind, title, description, priority, lockout, plannedStart, dueAt } = request;
  const { planId, occurrence, alarmId, estimatedMinutes } = request;
  return {
    ...{
      id: newId(now),
      number,
      machineId,
      kind,
      title,
      description,
      priority,
      lockout,
      plannedStart,
      dueAt,
    },
    ...{ planId, occurrence, alarmId, estimatedMinutes },
    status: firstStatus(plannedStart, now),
    version: 1,
    startedAt: null,
    completedAt: null,
    cancelledAt: null,
    createdAt: new Date(now),
    createdBy: request.by,
  };
}

/** A new order's checklist: nothing is done yet. */
export function itemsOf(orderId: string, items: readonly NewItem[], now: number): ChecklistItem[] {
  const open = { orderId, done: false, value: null, doneBy: null, doneAt: null };
  return items.map((item, index) => ({ ...open, id: newId(now), position: index + 1, ...item }));
}

/** The parts that a new order wants to be had ready. */
export function partsOf(order: MaintenanceOrder, parts: readonly NewPart[], by: string, now: number): Part[] {
  const planned = { orderId: order.id, planned: true, recordedBy: by, recordedAt: order.createdAt };
  return parts.map((part) => ({ ...planned, id: newId(now), ...part, quantity: String(part.quantity) }));
}
