import { newId } from "../kernel/ids.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { hasStarted, type Operation } from "./operation.js";
import { hasEnded, type ProductionOrder } from "./order.js";
import type { WantedOperation, WantedOrder } from "./order-input.js";
import { completed, type OrderState, settle, versionConflict } from "./order-state.js";

/** A new order, CREATED with all its operations WAITING. */
export function createOrder(wanted: WantedOrder, id: string, now: Date): OrderState {
  const order: ProductionOrder = {
    id,
    number: wanted.number,
    product: wanted.product,
    quantity: String(wanted.quantity),
    unit: wanted.unit,
    dueAt: wanted.dueAt,
    priority: wanted.priority,
    ...planOf(wanted.operations),
    status: "CREATED",
    statusAt: now,
    statusReason: null,
    version: 1,
    startedAt: null,
    endedAt: null,
    createdAt: now,
  };
  return { order, operations: wanted.operations.map((operation) => createOperation(operation, id, now)) };
}

function createOperation(wanted: WantedOperation, orderId: string, now: Date): Operation {
  return {
    id: newId(now.getTime()),
    orderId,
    ...editable(wanted),
    machineId: wanted.machineId,
    sequence: wanted.sequence,
    status: "WAITING",
    statusAt: now,
    statusReason: null,
    heldWithOrder: false,
    goodQuantity: "0",
    scrapQuantity: "0",
    startedAt: null,
    endedAt: null,
  };
}

/**
 * An order as it becomes when it is sent again. Before it runs everything may change. From then on only what harms
 * nothing does: priority, due time, quantity, and operations that have not started; when it has ended, priority and
 * due time.
 * @returns null when it is the same already, otherwise the order one version higher, or all that may not change.
 */
export function changeOrder(
  before: OrderState,
  wanted: WantedOrder,
  at: readonly string[],
  now: Date,
): Result<OrderState | null, UserErrorValue[]> {
  const conflict = versionConflict(before.order, wanted.expectedVersion, [...at, "expectedVersion"]);
  if (conflict) return err([conflict]);
  const fields = changedFields(before.order, wanted);
  const edits = operationEdits(before, wanted, at, now);
  if (fields.length === 0 && !edits.changed) return ok(null);
  const frozen = frozenFields(before.order);
  const problems = fields
    .filter((field) => frozen.has(field))
    .map((field) => frozenError(before.order, field, [...at, field]));
  problems.push(...edits.problems);
  if (problems.length > 0) return err(problems);
  const order: ProductionOrder = {
    ...before.order,
    product: wanted.product,
    quantity: String(wanted.quantity),
    unit: wanted.unit,
    dueAt: wanted.dueAt,
    priority: wanted.priority,
    ...planOf(edits.operations),
    version: before.order.version + 1,
  };
  return ok(completeReached(settle({ order, operations: edits.operations }, now), now));
}

type OrderField = "product" | "quantity" | "unit" | "dueAt" | "priority";

function changedFields(order: ProductionOrder, wanted: WantedOrder): OrderField[] {
  const fields: OrderField[] = [];
  if (order.product !== wanted.product) fields.push("product");
  if (Number(order.quantity) !== wanted.quantity) fields.push("quantity");
  if (order.unit !== wanted.unit) fields.push("unit");
  if (order.dueAt?.getTime() !== wanted.dueAt?.getTime()) fields.push("dueAt");
  if (order.priority !== wanted.priority) fields.push("priority");
  return fields;
}

function frozenFields(order: ProductionOrder): ReadonlySet<OrderField> {
  if (order.status === "CREATED" || order.status === "RELEASED") return new Set();
  return new Set(hasEnded(order.status) ? ["product", "unit", "quantity"] : ["product", "unit"]);
}

function frozenError(order: ProductionOrder, what: string, field: readonly string[]): UserErrorValue {
  const message = `order ${order.number} is ${order.status}: ${what} can no longer change`;
  return userError("PRECONDITION_FAILED", message, field);
}

interface OperationEdits {
  readonly operations: readonly Operation[];
  readonly changed: boolean;
  readonly problems: readonly UserErrorValue[];
}

function operationEdits(
  before: OrderState,
  wanted: WantedOrder,
  at: readonly string[],
  now: Date,
): OperationEdits {
  const { order } = before;
  const problems: UserErrorValue[] = [];
  const operations: Operation[] = [];
  const known = new Map(before.operations.map((operation) => [operation.sequence, operation]));
  const lastStarted = before.operations.findLast((operation) => hasStarted(operation.status))?.sequence;
  let changed = false;
  for (const operation of wanted.operations) {
    const present = known.get(operation.sequence);
    known.delete(operation.sequence);
    const field = present && changedField(present, operation);
    if (present && field === null) {
      operations.push(present);
      continue;
    }
    changed = true;
    const what = `${field ?? "sequence"} of operation ${operation.sequence}`;
    const tooLate = present
      ? hasStarted(present.status)
      : lastStarted !== undefined && operation.sequence < lastStarted;
    if (tooLate || hasEnded(order.status)) {
      problems.push(frozenError(order, what, [...operation.at, field ?? "sequence"]));
    }
    operations.push(
      present
        ? { ...present, ...editable(operation), machineId: operation.machineId }
        : createOperation(operation, order.id, now),
    );
  }
  for (const gone of known.values()) {
    changed = true;
    if (hasStarted(gone.status) || hasEnded(order.status)) {
      problems.push(frozenError(order, `operation ${gone.sequence}`, [...at, "operations"]));
    }
  }
  return { operations, changed, problems };
}

type EditableField = keyof ReturnType<typeof editable>;

function editable(wanted: WantedOperation) {
  const { name, overlap, idealCycleTimeMs, plannedStart, plannedEnd, countingSource, completion } = wanted;
  const plan = { name, overlap, idealCycleTimeMs, plannedStart, plannedEnd, countingSource, completion };
  return { ...plan, plannedMachineId: wanted.machineId };
}

/** The input field of the first difference. */
function changedField(operation: Operation, wanted: WantedOperation): string | null {
  for (const [name, value] of Object.entries(editable(wanted))) {
    const now = operation[name as EditableField];
    const same =
      now instanceof Date && value instanceof Date ? now.getTime() === value.getTime() : now === value;
    if (!same) return name === "plannedMachineId" ? "machine" : name;
  }
  return null;
}

/** Completes the operations under way of which a lower quantity of the order is already made. */
function completeReached(state: OrderState, now: Date): OrderState {
  const reached = state.operations.filter(
    (operation) =>
      (operation.status === "RUNNING" || operation.status === "HELD") &&
      operation.completion === "QUANTITY" &&
      Number(operation.goodQuantity) >= Number(state.order.quantity),
  );
  return reached.reduce((after, operation) => completed(after, operation, now), state);
}

/** When the first of these is to begin, and the last to end. */
function planOf(
  operations: readonly { readonly plannedStart: Date | null; readonly plannedEnd: Date | null }[],
): { plannedStart: Date | null; plannedEnd: Date | null } {
  const starts = operations.flatMap(({ plannedStart }) => plannedStart?.getTime() ?? []);
  const ends = operations.flatMap(({ plannedEnd }) => plannedEnd?.getTime() ?? []);
  return {
    plannedStart: starts.length === 0 ? null : new Date(Math.min(...starts)),
    plannedEnd: ends.length === 0 ? null : new Date(Math.max(...ends)),
  };
}
