import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import {
  hasStarted,
  OPERATION_ACTIONS,
  type Operation,
  type OperationAction,
  operationAfter,
} from "./operation.js";
import { ORDER_ACTIONS, type OrderAction, orderAfter, type ProductionOrder } from "./order.js";
import { type StepTime, timeOfStep } from "./step-time.js";

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

const PASSIVE = {
  ...{ release: "released", start: "started", hold: "held", resume: "resumed", complete: "completed" },
  ...{ close: "closed", cancel: "cancelled", abort: "aborted" },
} as const;

/** What a caller may ask of an order, for whoever asked for something else. */
function whatCan({ status }: ProductionOrder): string {
  const asked = ORDER_ACTIONS.filter((one) => one !== "start" && one !== "complete");
  return only(asked.filter((one) => orderAfter(status, one) !== null).map((one) => PASSIVE[one]));
}

function whatOperationCan({ status }: Operation): string {
  if (status === "WAITING") return "only once its order is released and what comes before it is done";
  const asked = OPERATION_ACTIONS.filter((one) => one !== "abort");
  return only(asked.filter((one) => operationAfter(status, one) !== null).map((one) => PASSIVE[one]));
}

function only(steps: readonly string[]): string {
  return steps.length === 0 ? "nor anything else" : `only ${steps.join(" or ")}`;
}

/** The order after an action, with what the action does to its operations; its version is one higher. */
export function actOnOrder(
  state: OrderState,
  action: RequestedOrderAction,
  reason: string | null,
  time: StepTime,
): Changed {
  const { order } = state;
  const status = orderAfter(order.status, action);
  if (status === null) {
    const message = `order ${order.number} is ${order.status}: it cannot be ${PASSIVE[action]}, ${whatCan(order)}`;
    return err(userError("INVALID_TRANSITION", message, ["number"]));
  }
  const concerned = state.operations.filter((one) => withOrder(one, action, reason, time.now) !== one);
  // An order may have been sent long after it was released and begun.
  const steps = order.status === "CREATED" ? [] : [order, ...concerned];
  const timed = timeOfStep(time, steps);
  if (!timed.ok) return timed;
  const at = timed.value;
  const ends = action === "cancel" || action === "abort";
  const next = {
    ...order,
    ...{ status, statusReason: reason, statusAt: at },
    version: order.version + 1,
    endedAt: ends ? at : order.endedAt,
  };
  const operations = state.operations.map((operation) => withOrder(operation, action, reason, at));
  return ok(settle({ order: next, operations }, at));
}

/** The operation itself when the action leaves it as it is. */
function withOrder(
  operation: Operation,
  action: RequestedOrderAction,
  reason: string | null,
  at: Date,
): Operation {
  const changed = { statusReason: reason, statusAt: at, heldWithOrder: false };
  switch (action) {
    case "hold":
      if (operation.status !== "RUNNING") return operation;
      return { ...operation, ...changed, status: "HELD", heldWithOrder: true };
    case "resume":
      // One that was held by itself before stays held.
      return operation.heldWithOrder ? { ...operation, ...changed, status: "RUNNING" } : operation;
    case "cancel":
    case "abort": {
      const status = operationAfter(operation.status, "abort");
      return status === null ? operation : { ...operation, ...changed, status, endedAt: at };
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
  time: StepTime,
): Changed {
  const { order } = state;
  const { action, reason } = step;
  const name = `operation ${operation.sequence} of order ${order.number}`;
  const status = operationAfter(operation.status, action);
  if (status === null) {
    const message = `${name} is ${operation.status}: it cannot be ${PASSIVE[action]}, ${whatOperationCan(operation)}`;
    return err(userError("INVALID_TRANSITION", message, ["sequence"]));
  }
  // Nothing runs while the order is held.
  if (status === "RUNNING" && order.status !== "RUNNING" && orderAfter(order.status, "start") === null) {
    const message = `order ${order.number} is ${order.status}: its operations cannot be ${PASSIVE[action]}`;
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
  const timed = timeOfStep(time, status === "RUNNING" ? [operation, order] : [operation]);
  if (!timed.ok) return timed;
  const at = timed.value;
  const next: Operation = {
    ...operation,
    ...{ status, statusReason: reason, statusAt: at, machineId },
    heldWithOrder: false,
    startedAt: action === "start" ? at : operation.startedAt,
    endedAt: status === "COMPLETED" ? at : operation.endedAt,
  };
  const starts = action === "start" && order.status === "RELEASED";
  const changed: ProductionOrder = {
    ...order,
    version: order.version + 1,
    ...(starts ? { status: "RUNNING", statusAt: at, startedAt: at } : {}),
  };
  const operations = state.operations.map((one) => (one.id === operation.id ? next : one));
  return ok(settle({ order: changed, operations }, at));
}

/** Someone's edit that changes only quantities. */
export function edited(state: OrderState): OrderState {
  return { ...state, order: { ...state.order, version: state.order.version + 1 } };
}

/**
 * Completes an operation whose quantity is reached, as a part of an edit: the version stays. It is completed at `at`,
 * or at its last step when that was later.
 */
export function completed(state: OrderState, operation: Operation, at: Date): OrderState {
  const step: OperationStep = { action: "complete", reason: null, machineId: null };
  const done = actOnOperation(state, operation, step, { asked: null, now: at });
  if (!done.ok) throw new Error(`operation ${operation.id} cannot complete: ${done.error.message}`);
  return { ...done.value, order: { ...done.value.order, version: state.order.version } };
}

/**
 * What follows from the states of the operations: in an order that was released, an operation is READY when all before
 * it are completed, or when it overlaps and the one before it has started, and WAITING until then; when all are
 * completed, so is the order.
 */
export function settle(state: OrderState, at: Date): OrderState {
  const { order } = state;
  if (order.status !== "RELEASED" && order.status !== "RUNNING" && order.status !== "HELD") return state;
  if (state.operations.every((operation) => operation.status === "COMPLETED")) {
    const status = orderAfter(order.status, "complete");
    if (status === null) return state;
    // The last one in the sequence need not be the last one in time.
    const ended = latest([at, order.statusAt, ...state.operations.map((operation) => operation.statusAt)]);
    return { ...state, order: { ...order, status, statusAt: ended, endedAt: ended } };
  }
  let allBefore = true;
  let before: Operation | null = null;
  const operations: Operation[] = [];
  for (const operation of state.operations) {
    const { status } = operation;
    const started = before === null || hasStarted(before.status);
    const wanted = allBefore || (operation.overlap && started) ? "READY" : "WAITING";
    const unstarted = status === "WAITING" || status === "READY";
    operations.push(
      unstarted && status !== wanted ? { ...operation, status: wanted, statusAt: at } : operation,
    );
    allBefore &&= status === "COMPLETED";
    before = operation;
  }
  return { order, operations };
}

function latest(moments: readonly Date[]): Date {
  return new Date(Math.max(...moments.map((moment) => moment.getTime())));
}
