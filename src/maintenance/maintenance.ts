import { storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";

export const MAINTENANCE_KINDS = ["CORRECTIVE", "PREVENTIVE", "PREDICTIVE", "INSPECTION"] as const;
export type MaintenanceKind = (typeof MAINTENANCE_KINDS)[number];

export const MAINTENANCE_STATUSES = ["PLANNED", "OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED"] as const;
export type MaintenanceStatus = (typeof MAINTENANCE_STATUSES)[number];

/** Those in which something is still to be done. */
export const OPEN_MAINTENANCE: readonly MaintenanceStatus[] = ["PLANNED", "OPEN", "IN_PROGRESS"];
export const CLOSED_MAINTENANCE: readonly MaintenanceStatus[] = ["COMPLETED", "CANCELLED"];

export const MAINTENANCE_ACTIONS = ["start", "complete", "cancel"] as const;
export type MaintenanceAction = (typeof MAINTENANCE_ACTIONS)[number];

export interface MaintenanceOrder {
  readonly id: string;
  readonly number: string;
  readonly machineId: string;
  readonly kind: MaintenanceKind;
  readonly title: string;
  readonly description: string | null;
  readonly status: MaintenanceStatus;
  readonly priority: number;
  readonly version: number;
  readonly lockout: boolean;
  readonly plannedStart: Date | null;
  readonly dueAt: Date | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  readonly createdAt: Date;
}

export interface MaintenanceComment {
  readonly id: string;
  readonly maintenanceOrderId: string;
  readonly comment: string;
  readonly writtenBy: string;
  readonly writtenAt: Date;
}

/** PLANNED > OPEN > IN_PROGRESS > COMPLETED; a PLANNED order that is started passes OPEN on the way. */
const TRANSITIONS: Record<MaintenanceAction, { from: readonly MaintenanceStatus[]; to: MaintenanceStatus }> =
  {
    start: { from: ["PLANNED", "OPEN"], to: "IN_PROGRESS" },
    complete: { from: ["IN_PROGRESS"], to: "COMPLETED" },
    cancel: { from: ["PLANNED", "OPEN"], to: "CANCELLED" },
  };

/** The status after an action; null when the status does not allow it. */
export function statusAfter(status: MaintenanceStatus, action: MaintenanceAction): MaintenanceStatus | null {
  const { from, to } = TRANSITIONS[action];
  return from.includes(status) ? to : null;
}

/** A new order is PLANNED while its planned start lies in the future, otherwise OPEN. */
export function firstStatus(plannedStart: Date | null, now: number): MaintenanceStatus {
  return plannedStart !== null && plannedStart.getTime() > now ? "PLANNED" : "OPEN";
}

/** The order after an action, its version one higher, or why it stays as it is. */
export function afterAction(
  order: MaintenanceOrder,
  action: MaintenanceAction,
  expectedVersion: number | null,
  now: Date,
): { order: MaintenanceOrder } | { refused: UserErrorValue } {
  if (expectedVersion !== null && expectedVersion !== order.version) {
    const message = `maintenance order ${order.number} is at version ${order.version}, not ${expectedVersion}`;
    return { refused: userError("VERSION_CONFLICT", message, ["expectedVersion"]) };
  }
  const status = statusAfter(order.status, action);
  if (status === null) {
    const message = `maintenance order ${order.number} is ${order.status}: it cannot ${action}`;
    return { refused: userError("INVALID_TRANSITION", message, ["number"]) };
  }
  return {
    order: {
      ...order,
      status,
      version: order.version + 1,
      startedAt: action === "start" ? now : order.startedAt,
      completedAt: action === "complete" ? now : order.completedAt,
    },
  };
}

export interface NewMaintenanceOrder {
  readonly machine: string;
  readonly kind: MaintenanceKind;
  readonly title: string;
  readonly description: string | null;
  readonly priority: number;
  readonly lockout: boolean;
  readonly plannedStart: Date | null;
  readonly dueAt: Date | null;
}

/** Everything that is wrong with a new order but its machine. */
export function problemsOf(input: NewMaintenanceOrder): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  const refuse = (field: keyof NewMaintenanceOrder, problem: string | null) => {
    if (problem !== null) problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [field]));
  };
  refuse("title", textProblem(input.title, 200));
  if (input.description !== null && input.description !== "") {
    refuse("description", textProblem(input.description, 10_000));
  }
  for (const field of ["plannedStart", "dueAt"] as const) {
    const moment = input[field];
    if (moment !== null && !storable(moment)) refuse(field, "is not in the years 1 to 9999");
  }
  if (input.plannedStart !== null && input.dueAt !== null && input.dueAt < input.plannedStart) {
    refuse("dueAt", "must not be before plannedStart");
  }
  return problems;
}
