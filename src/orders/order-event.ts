import type { Operation } from "./operation.js";
import type { ProductionOrder } from "./order.js";
import type { OrderState } from "./order-state.js";

export const ORDER_EVENT_KINDS = [
  "CREATED",
  "CHANGED",
  "RELEASED",
  "READY",
  "WAITING",
  "STARTED",
  "HELD",
  "RESUMED",
  "COMPLETED",
  "CLOSED",
  "CANCELLED",
  "ABORTED",
  "ADDED",
  "REMOVED",
] as const;
export type OrderEventKind = (typeof ORDER_EVENT_KINDS)[number];

/** Who changes an order. */
export interface Author {
  readonly principal: string;
  /** The system that says so, as the caller names it. */
  readonly system: string | null;
  readonly reason: string | null;
  readonly recordedAt: Date;
}

/** A value that an edit changed; as text, null where there is none. A machine is told by its id. */
export interface FieldChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** Something that happened to an order or, with an operation's id, to one of its operations. Once written, never changed. */
export interface OrderEvent {
  readonly orderId: string;
  readonly operationId: string | null;
  readonly sequence: number | null;
  readonly machineId: string | null;
  readonly kind: OrderEventKind;
  /** Null where the status stays, and before there was any. */
  readonly fromStatus: string | null;
  readonly toStatus: string | null;
  /** True: from now on the operation runs on the machine; false: no longer; null: neither. */
  readonly runs: boolean | null;
  readonly changes: readonly FieldChange[] | null;
  /** When it happened. */
  readonly at: Date;
  /** When it became known. */
  readonly recordedAt: Date;
  readonly principal: string;
  readonly system: string | null;
  readonly reason: string | null;
}

/** What happened between two states of an order, causes before what follows from them. */
export function eventsOf(before: OrderState | null, after: OrderState, author: Author): OrderEvent[] {
  const log = new EventLog(after.order.id, author);
  if (before === null) {
    log.add("CREATED", { toStatus: "CREATED", at: author.recordedAt });
    if (after.order.status === "CREATED") return log.events;
  }
  const known = before ?? asMade(after);
  const { status: from } = known.order;
  const { status: to, statusAt: at } = after.order;
  const step = () => log.add(kindOf(from, to), { fromStatus: from, toStatus: to, at });
  // An order starts and completes because its operations do; whatever else happens to it, its operations follow.
  const follows = to === "COMPLETED" || (to === "RUNNING" && from === "RELEASED");
  const edits = changesOf(ORDER_FIELDS, known.order, after.order);
  if (edits.length > 0) log.add("CHANGED", { changes: edits, at: author.recordedAt });
  if (from !== to && !follows) step();
  addOperations(log, known.operations, after.operations);
  if (from !== to && follows) step();
  return log.events;
}

/** A new order as it was before it was released. */
function asMade({ order, operations }: OrderState): OrderState {
  return {
    order: { ...order, status: "CREATED" },
    operations: operations.map((operation) => ({ ...operation, status: "WAITING" })),
  };
}

function addOperations(log: EventLog, before: readonly Operation[], after: readonly Operation[]): void {
  const known = new Map(before.map((operation) => [operation.id, operation]));
  for (const operation of after) {
    const present = known.get(operation.id);
    known.delete(operation.id);
    if (present) addOperation(log, present, operation);
    else {
      const added = { ...subject(operation), toStatus: operation.status, at: log.author.recordedAt };
      log.add("ADDED", added);
    }
  }
  for (const gone of known.values()) {
    log.add("REMOVED", { ...subject(gone), fromStatus: gone.status, at: log.author.recordedAt });
  }
}

function addOperation(log: EventLog, before: Operation, after: Operation): void {
  if (before === after) return;
  const edits = changesOf(OPERATION_FIELDS, before, after);
  // A start on another machine than the planned one changes no plan.
  if (edits.length > 0) log.add("CHANGED", { ...subject(after), changes: edits, at: log.author.recordedAt });
  if (before.status === after.status) return;
  const kind = kindOf(before.status, after.status);
  const runs = after.status === "RUNNING" ? true : before.status === "RUNNING" ? false : null;
  log.add(kind, {
    ...subject(after),
    fromStatus: before.status,
    toStatus: after.status,
    runs: after.machineId === null ? null : runs,
    at: after.statusAt,
  });
}

class EventLog {
  readonly events: OrderEvent[] = [];
  readonly author: Author;
  readonly #orderId: string;

  constructor(orderId: string, author: Author) {
    this.#orderId = orderId;
    this.author = author;
  }

  add(kind: OrderEventKind, event: Partial<OrderEvent> & { at: Date }): void {
    const { principal, system, recordedAt, reason } = this.author;
    // What merely follows has no reason of its own.
    const follows = kind === "READY" || kind === "WAITING";
    this.events.push({
      orderId: this.#orderId,
      ...{ operationId: null, sequence: null, machineId: null },
      ...{ fromStatus: null, toStatus: null, runs: null, changes: null },
      ...{ kind, principal, system, recordedAt, reason: follows ? null : reason },
      ...event,
    });
  }
}

function subject({ id, sequence, machineId }: Operation) {
  return { operationId: id, sequence, machineId };
}

function kindOf(from: string, to: string): OrderEventKind {
  if (to === "RUNNING") return from === "HELD" ? "RESUMED" : "STARTED";
  return to as OrderEventKind;
}

const ORDER_FIELDS = ["product", "quantity", "unit", "dueAt", "priority"] as const;
const OPERATION_FIELDS = [
  "name",
  "plannedMachineId",
  "overlap",
  "idealCycleTimeMs",
  "plannedStart",
  "plannedEnd",
  "countingSource",
  "completion",
] as const;

function changesOf<Field extends keyof ProductionOrder | keyof Operation>(
  fields: readonly Field[],
  before: Readonly<Record<Field, unknown>>,
  after: Readonly<Record<Field, unknown>>,
): FieldChange[] {
  return fields.flatMap((field) => {
    const from = textOf(before[field]);
    const to = textOf(after[field]);
    // Decimals may be written in more than one way.
    const same = from === to || (field === "quantity" && Number(from) === Number(to));
    return same ? [] : [{ field: field === "plannedMachineId" ? "machine" : field, from, to }];
  });
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return value instanceof Date ? value.toISOString() : String(value);
}
