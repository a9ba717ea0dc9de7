import { storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { HIGHEST_PRIORITY } from "../orders/order-input.js";
import { detailProblems, type NewItem, type NewPart } from "./maintenance-details.js";

export const MAINTENANCE_KINDS = ["CORRECTIVE", "PREVENTIVE", "PREDICTIVE", "INSPECTION"] as const;
export type MaintenanceKind = (typeof MAINTENANCE_KINDS)[number];

export const MAINTENANCE_STATUSES = ["PLANNED", "OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED"] as const;
export type MaintenanceStatus = (typeof MAINTENANCE_STATUSES)[number];

/** Those in which something is still to be done. */
export const OPEN_MAINTENANCE: readonly MaintenanceStatus[] = ["PLANNED", "OPEN", "IN_PROGRESS"];
export const CLOSED_MAINTENANCE: readonly MaintenanceStatus[] = ["COMPLETED", "CANCELLED"];

/** `open` is the server's own, when the planned start has come; the others are asked for. */
export const MAINTENANCE_ACTIONS = ["open", "start", "complete", "cancel"] as const;
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
  /** The plan that made it, and which of its occurrences it is: no two orders of a plan have the same. */
  readonly planId: string | null;
  readonly occurrence: number | null;
  /** The alarm that it was opened for: there is one order of an alarm at most. */
  readonly alarmId: string | null;
  readonly estimatedMinutes: number | null;
  readonly cancelledAt: Date | null;
  /** Null for orders from before it was kept. */
  readonly createdBy: string | null;
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
    open: { from: ["PLANNED"], to: "OPEN" },
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

/** Why the order is another than expected; null when it is not. */
export function versionConflict(
  { number, version }: MaintenanceOrder,
  expectedVersion: number | null,
): UserErrorValue | null {
  if (expectedVersion === null || expectedVersion === version) return null;
  const message = `maintenance order ${number} is at version ${version}, not ${expectedVersion}`;
  return userError("VERSION_CONFLICT", message, ["expectedVersion"]);
}

/** The order after an action, its version one higher, and when it happened; or why it stays as it is. */
export function afterAction(
  order: MaintenanceOrder,
  action: MaintenanceAction,
  time: { asked: Date | null; now: Date },
): { order: MaintenanceOrder; at: Date } | { refused: UserErrorValue } {
  const status = statusAfter(order.status, action);
  if (status === null) {
    const message = `maintenance order ${order.number} is ${order.status}: it cannot ${action}`;
    return { refused: userError("INVALID_TRANSITION", message, ["number"]) };
  }
  const at = timeOfAction(order, action, time);
  if ("code" in at) return { refused: at };
  return {
    order: {
      ...order,
      status,
      version: order.version + 1,
      startedAt: action === "start" ? at : order.startedAt,
      completedAt: action === "complete" ? at : order.completedAt,
      cancelledAt: action === "cancel" ? at : order.cancelledAt,
    },
    at,
  };
}

/**
 * As asked, but not in the future nor before the step before it. Work may begin before its order is made: machines are
 * repaired first and paperwork comes after. Nobody having asked, it is now, or, where a server's clock was ahead of
 * this one's, that step's time.
 */
function timeOfAction(
  { createdAt, startedAt }: MaintenanceOrder,
  action: MaintenanceAction,
  { asked, now }: { asked: Date | null; now: Date },
): Date | UserErrorValue {
  const last = action === "start" ? null : action === "complete" ? startedAt : createdAt;
  if (asked === null) return last !== null && last > now ? last : now;
  const refuse = (problem: string) => userError("INVALID_INPUT", `at ${problem}`, ["at"]);
  if (!storable(asked)) return refuse("is not in the years 1 to 9999");
  if (asked > now) return refuse("must not be in the future");
  if (last === null || asked >= last) return asked;
  const step = action === "complete" ? "start" : "making";
  return refuse(`must not be before the order's ${step}, which was at ${last.toISOString()}`);
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
  readonly estimatedMinutes: number | null;
  readonly checklist: readonly NewItem[];
  /** To be had ready. */
  readonly parts: readonly NewPart[];
}

const LONGEST_ESTIMATE = 1_000_000;

/** Why it is no estimate of minutes; null when it is one. */
export function estimateProblem(minutes: number | null): string | null {
  if (minutes === null || (minutes > 0 && minutes <= LONGEST_ESTIMATE)) return null;
  return `must be above 0 and at most ${LONGEST_ESTIMATE} minutes`;
}

/** Why it is no priority; null when it is one. */
export function priorityProblem(priority: number): string | null {
  if (priority >= 0 && priority <= HIGHEST_PRIORITY) return null;
  return `must be 0 to ${HIGHEST_PRIORITY.toLocaleString("en")}`;
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
  refuse("priority", priorityProblem(input.priority));
  for (const field of ["plannedStart", "dueAt"] as const) {
    const moment = input[field];
    if (moment !== null && !storable(moment)) refuse(field, "is not in the years 1 to 9999");
  }
  if (input.plannedStart !== null && input.dueAt !== null && input.dueAt < input.plannedStart) {
    refuse("dueAt", "must not be before plannedStart");
  }
  refuse("estimatedMinutes", estimateProblem(input.estimatedMinutes));
  return [...problems, ...detailProblems(input.checklist, input.parts)];
}

/** What of an order is changed; what is left out stays as it is. */
export type OrderEdit = Partial<
  Pick<
    MaintenanceOrder,
    "title" | "description" | "priority" | "lockout" | "plannedStart" | "dueAt" | "estimatedMinutes"
  >
>;

/** The order as it is planned anew, its version one higher, or everything that is wrong with that. */
export function edited(
  order: MaintenanceOrder,
  edit: OrderEdit,
): { order: MaintenanceOrder } | { refused: UserErrorValue[] } {
  const refuse = (message: string, field: string) => ({
    refused: [userError("INVALID_TRANSITION", `maintenance order ${order.number} ${message}`, [field])],
  });
  if (CLOSED_MAINTENANCE.includes(order.status)) {
    return refuse(`is ${order.status}: it cannot be changed`, "number");
  }
  const after = { ...order, ...edit, version: order.version + 1 };
  if (after.plannedStart?.getTime() !== order.plannedStart?.getTime() && order.status !== "PLANNED") {
    return refuse(`is ${order.status}: its planned start is past`, "plannedStart");
  }
  if (after.plannedStart === null && order.status === "PLANNED") {
    return refuse("is PLANNED: it needs a planned start", "plannedStart");
  }
  const problems = problemsOf({ ...after, machine: order.machineId, checklist: [], parts: [] });
  return problems.length > 0 ? { refused: problems } : { order: after };
}
