import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { type Operation, type OperationAction, operationAfter } from "./operation.js";
import { type OrderAction, orderAfter, type ProductionOrder } from "./order.js";

/** An order with its operations in their sequence: what one action changes as a whole. */
export interface OrderState {
  readonly order: ProductionOrder;
  readonly operations: readonly Operation[];
}

export type Changed = Result<OrderState, UserErrorValue>;

/** The order actions that a caller may ask for; the others follow from operations. */
export type RequestedOrderAction = Exclude<OrderAction, "start" | "complete">;
export type RequestedOperationAction = Exclude<OperationAction, "abort">;

/** Null when the order is at the version that the caller expects, or the caller expects none. */
export function versionConflict(
  order: ProductionOrder,
  expected: number | null,
  field: readonly string[],
): UserErrorValue | null {
  if (expected === null || expected === order.version) return null;
  const message = `order ${order.number} is at version ${order.version}, not ${expected}`;
  return userError("VERSION_CONFLICT", message, field);
}

/** The order after an action, with what the action does to its operations; its version is one higher. */
export function actOnOrder(
  state: OrderState,
  action: RequestedOrderAction,
  reason: string | null,
  now: Date,
): Changed {
  const { order } = state;
  const status = orderAfter(order.status, action);
  if (status === null) {
    const message = `order ${order.number} is ${order.status}: it cannot ${action}`;
    return err(userError("INVALID_TRANSITION", message, ["number"]));
  }
  const ends = action === "cancel" || action === "abort";
  const next = {
    ...order,
    status,
    statusReason: reason,
    version: order.version + 1,
    endedAt: ends ? now : order.endedAt,
  };
  const operations = state.operations.map((operation) => withOrder(operation, action, reason, now));
  return ok(settle({ order: next, operations }, now));
}

function withOrder(
  operation: Operation,
  action: RequestedOrderAction,
  reason: string | null,
  now: Date,
): Operation {
  switch (action) {
    case "hold":
      if (operation.status !== "RUNNING") return operation;
      return { ...operation, status: "HELD", statusReason: reason, heldWithOrder: true };
    case "resume":
      // One that was held by itself before stays held.
      if (!operation.heldWithOrder) return operation;
      return { ...operation, status: "RUNNING", statusReason: reason, heldWithOrder: false };
    case "cancel":
    case "abort": {
      const status = operationAfter(operation.status, "abort");
      if (status === null) return operation;
      return { ...operation, status, statusReason: reason, heldWithOrder: false, endedAt: now };
    }
    case "release":
    case "close":
      return operation;
  }
}

/** An action on one operation. */
export interface OperationStep {
  readonly action: RequestedOperationAction;
  readonly reason: string | null;
  /** The machine that the caller names; null: the operation's own. */
  readonly machineId: string | null;
}

/** The order after an action on one of its operations; its version is one higher. */
export function actOnOperation(
  state: OrderState,
  operation: Operation,
  step: OperationStep,
  now: Date,
): Changed {
  const { order } = state;
  const { action, reason } = step;
  const name = `operation ${operation.sequence} of order ${order.number}`;
  const status = operationAfter(operation.status, action);
  if (status === null) {
    const message = `${name} is ${operation.status}: it cannot ${action}`;
    return err(userError("INVALID_TRANSITION", message, ["sequence"]));
  }
  // Nothing runs while the order is held.
  if (status === "RUNNING" && order.status !== "RUNNING" && orderAfter(order.status, "start") === null) {
    const message = `order ${order.number} is ${order.status}: its operations cannot ${action}`;
    return err(userError("INVALID_TRANSITION", message, ["order"]));
  }
  const machineId = step.machineId ?? operation.machineId;
  if (action === "start" && machineId === null) {
    const message = `${name} has no planned machine: name one`;
    return err(userError("INVALID_INPUT", message, ["machine"]));
  }
  if (action !== "start" && machineId !== operation.machineId) {
    return err(userError("INVALID_INPUT", `${name} is on another machine`, ["machine"]));
  }
  const next: Operation = {
    ...operation,
    status,
    statusReason: reason,
    machineId,
    heldWithOrder: false,
    startedAt: action === "start" ? now : operation.startedAt,
    endedAt: status === "COMPLETED" ? now : operation.endedAt,
  };
  const starts = action === "start" && order.status === "RELEASED";
  const changed: ProductionOrder = {
    ...order,
    version: order.version + 1,
    ...(starts ? { status: "RUNNING", startedAt: now } : {}),
  };
  const operations = state.operations.map((one) => (one.id === operation.id ? next : one));
  return ok(settle({ order: changed, operations }, now));
}

/** Someone's edit that changes only quantities. */
export function edited(state: OrderState): OrderState {
  return { ...state, order: { ...state.order, version: state.order.version + 1 } };
}

/**
 * What follows from the states of the operations: in an order that was released, the first one not completed is READY
 * and all after it WAITING; when all are completed, so is the order.
 */
export function settle(state: OrderState, now: Date): OrderState {
  const { order } = state;
  if (order.status !== "RELEASED" && order.status !== "RUNNING" && order.status !== "HELD") return state;
  const first = state.operations.findIndex((operation) => operation.status !== "COMPLETED");
  if (first < 0) {
    const status = orderAfter(order.status, "complete");
    return status === null ? state : { ...state, order: { ...order, status, endedAt: now } };
  }
  const operations = state.operations.map((operation, index) => {
    const { status } = operation;
    const wanted = index === first ? "READY" : "WAITING";
    const unstarted = status === "WAITING" || status === "READY";
    return unstarted && status !== wanted ? { ...operation, status: wanted } : operation;
  }) as readonly Operation[];
  return { order, operations };
}
