import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import type { BulkSql, Sql } from "../kernel/sql.js";
import { textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { LiveBus } from "../live/live-bus.js";
import type { OrderChanged } from "../live/live-events.js";
import type { MaintenanceService } from "../maintenance/maintenance.service.js";
import type { Plant } from "../plant/plant.js";
import { authorOf, type Caller, callOf, systemProblem } from "./caller.js";
import type { Operation } from "./operation.js";
import type { CountedOperation, CountGrowth } from "./operation-count.js";
import type { OrderStore } from "./order.store.js";
import type { Author } from "./order-event.js";
import type { Occupancy, OrderEventStore } from "./order-event.store.js";
import { isOrderNumber } from "./order-input.js";
import {
  actOnOperation,
  actOnOrder,
  type Changed,
  completed,
  edited,
  type OperationStep,
  type OrderState,
  type RequestedOperationAction,
  type RequestedOrderAction,
  versionConflict,
} from "./order-state.js";
import type { OrderWriteStore } from "./order-write.store.js";
import type { RunChange, RunFollower } from "./run-follower.js";
import type { StepTime } from "./step-time.js";

export interface OrderActionRequest {
  readonly number: string;
  readonly expectedVersion: number | null;
  readonly reason: string | null;
  /** When it happened; null: now. */
  readonly at: Date | null;
}

export interface OperationActionRequest {
  readonly order: string;
  readonly sequence: number;
  /** A path. */
  readonly machine: string | null;
  readonly expectedVersion: number | null;
  readonly reason: string | null;
  /** When it happened; null: now. */
  readonly at: Date | null;
}

/** What became of a mutation: the id of what it was about, null when nothing was done. */
export interface Outcome {
  readonly id: string | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** An operation of a locked order. */
export interface LockedOperation {
  readonly state: OrderState;
  readonly operation: Operation;
}

interface StepWork {
  readonly caller: Caller;
  readonly request: { readonly at: Date | null; readonly reason: string | null };
  readonly before: OrderState;
  readonly machineIds: readonly (string | null)[];
}

/** What an action has done, before it is stored as the outcome. */
interface Done extends Outcome {
  readonly changes: readonly OrderChanged[];
  /** What to do once it is committed. */
  readonly followed: () => void;
}

const NOTHING = () => undefined;

/** Orders and their operations: every change but sending them, which is `OrderImportService`'s. */
export class OrderService {
  readonly #store: OrderStore;
  readonly #writes: OrderWriteStore;
  readonly #events: OrderEventStore;
  readonly #maintenance: MaintenanceService;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #follower: RunFollower;
  readonly #clock: Clock;

  constructor(deps: {
    store: OrderStore;
    writes: OrderWriteStore;
    events: OrderEventStore;
    maintenance: MaintenanceService;
    db: Database;
    plant: Plant;
    live: LiveBus;
    follower: RunFollower;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#writes = deps.writes;
    this.#events = deps.events;
    this.#maintenance = deps.maintenance;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#follower = deps.follower;
    this.#clock = deps.clock;
  }

  /** Releases, holds, resumes, closes, cancels or aborts an order, and what of its operations goes with it. */
  act(caller: Caller, action: RequestedOrderAction, request: OrderActionRequest): Promise<Outcome> {
    return this.#run(caller, `${action}Order`, request, async (tx, sql) => {
      const problem = reasonProblem(request.reason) ?? systemProblem(caller);
      if (problem) return refused(problem);
      const before = await this.#lock(sql, request.number);
      if (!before) return refused(noOrder(request.number, "number"));
      const conflict = versionConflict(before.order, request.expectedVersion, ["expectedVersion"]);
      if (conflict) return refused(conflict);
      const resumed = action === "resume" ? before.operations.filter((one) => one.heldWithOrder) : [];
      const work = { caller, request, before, machineIds: resumed.map((one) => one.machineId) };
      return this.#step(tx, sql, work, before.order.id, (time) =>
        actOnOrder(before, action, request.reason, time),
      );
    });
  }

  /** Starts, holds, resumes or completes an operation, and what of its order goes with it. */
  actOnOperation(
    caller: Caller,
    action: RequestedOperationAction,
    request: OperationActionRequest,
  ): Promise<Outcome> {
    return this.#run(caller, `${action}Operation`, request, async (tx, sql) => {
      const problem = reasonProblem(request.reason) ?? systemProblem(caller);
      if (problem) return refused(problem);
      const machine = request.machine === null ? null : this.#plant.machine(request.machine);
      if (machine === undefined) {
        return refused(userError("NOT_FOUND", `there is no machine ${request.machine}`, ["machine"]));
      }
      const found = await this.lockOperation(sql, request.order, request.sequence);
      if ("code" in found) return refused(found);
      const { state: before, operation } = found;
      const conflict = versionConflict(before.order, request.expectedVersion, ["expectedVersion"]);
      if (conflict) return refused(conflict);
      const runsOn = machine?.id ?? operation.machineId;
      if (action === "start" && operation.status === "READY" && operation.countingSource === "MACHINE") {
        const uncounted = runsOn === null ? null : await this.uncounted(sql, runsOn);
        if (uncounted?.sure) return refused(uncounted.error);
      }
      const step: OperationStep = { action, reason: request.reason, machineId: machine?.id ?? null };
      const runs = action === "start" || action === "resume";
      const machineIds = runs ? [runsOn] : [];
      const work = { caller, request, before, machineIds };
      return this.#step(tx, sql, work, operation.id, (time) => actOnOperation(before, operation, step, time));
    });
  }

  /** An operation with its order, locked until the transaction ends; or why there is none. */
  async lockOperation(sql: Sql, number: string, sequence: number): Promise<LockedOperation | UserErrorValue> {
    const state = await this.#lock(sql, number);
    if (!state) return noOrder(number, "order");
    const operation = state.operations.find((one) => one.sequence === sequence);
    if (operation) return { state, operation };
    return userError("NOT_FOUND", `order ${number} has no operation ${sequence}`, ["sequence"]);
  }

  /** Why nothing counts on a machine, and whether that is sure: one that has reported nothing yet may count later. */
  async uncounted(sql: Sql, machineId: string): Promise<{ error: UserErrorValue; sure: boolean } | null> {
    const counting = await this.#follower.countingOf(sql, machineId);
    if (counting === "COUNTS") return null;
    const path = this.#plant.byId(machineId)?.path ?? machineId;
    const message = `${path} has no metric with the role GOOD_COUNT or TOTAL_COUNT: give it a machine type that has one, or send the order with countingSource OPERATOR`;
    return {
      error: userError("PRECONDITION_FAILED", message, ["machine"]),
      sure: counting === "COUNTS_NOTHING",
    };
  }

  /** The operations that run on these machines stay as they are until the transaction ends. */
  lockRunning(sql: Sql, machineIds: readonly string[]): Promise<void> {
    return this.#writes.lockRunning(sql, machineIds);
  }

  /** Operations by their ids, locked until the transaction ends. */
  lockCounted(sql: Sql, ids: readonly string[]): Promise<CountedOperation[]> {
    return this.#writes.lockCounted(sql, ids);
  }

  /**
   * Adds what was made to operations that the caller has locked, and completes those that reach their order's
   * quantity, with all that follows: the next operation READY, or the order COMPLETED.
   * @param edit whether someone reported it, which is an edit and grows the order's version; a machine's counts are none.
   * @returns what to do once the transaction is committed.
   */
  async addCounts(
    sql: BulkSql,
    growth: readonly CountGrowth[],
    author: Author,
    edit: { orderIds: readonly string[] } | null = null,
  ): Promise<() => void> {
    const reached = await this.#writes.addCounts(sql, growth);
    const orderIds = new Set([...reached.map((one) => one.orderId), ...(edit?.orderIds ?? [])]);
    if (orderIds.size === 0) return NOTHING;
    const reachedAt = new Map(growth.map((one) => [one.operationId, one.at]));
    const ends = new Set(reached.map((one) => one.operationId));
    const writes = (await this.#store.lockById(sql, [...orderIds])).map((before) => {
      let after = edited(before);
      for (const operation of before.operations) {
        if (!ends.has(operation.id)) continue;
        const at = reachedAt.get(operation.id)?.getTime() ?? Number.POSITIVE_INFINITY;
        // A device's clock may run ahead.
        after = completed(after, operation, new Date(Math.min(at, author.recordedAt.getTime())));
      }
      return { before, after };
    });
    const runs = await this.#writes.save(sql, writes, author);
    // Whoever counts for machines knows what the pieces of now belong to.
    return edit === null ? NOTHING : this.followRuns(sql, runs);
  }

  /**
   * Called in the transaction that changes when operations run, once that is written.
   * @returns what to do when it is committed.
   */
  async followRuns(sql: BulkSql, changes: readonly RunChange[]): Promise<() => void> {
    return changes.length === 0 ? NOTHING : this.#follower.runsChanged(sql, changes);
  }

  /** Tells subscribers; only after the transaction committed. */
  publish(changes: Iterable<OrderChanged>): void {
    for (const change of changes) this.#live.publish("orderChanged", change);
  }

  /** What to publish of an order. */
  changeOf(id: string, number: string, machineIds: Iterable<string | null>): OrderChanged {
    const machines = [...new Set(machineIds)].flatMap((machineId) => {
      const machine = machineId === null ? undefined : this.#plant.byId(machineId);
      return machine ? [machine] : [];
    });
    return { id, number, machines };
  }

  async #lock(sql: Sql, number: string): Promise<OrderState | null> {
    if (!isOrderNumber(number)) return null;
    const [state] = await this.#store.lockByNumber(sql, [number]);
    return state ?? null;
  }

  /**
   * One step of an order.
   * @param work.machineIds where operations begin to run by it.
   */
  async #step(
    tx: Tx,
    sql: BulkSql,
    work: StepWork,
    id: string,
    step: (time: StepTime) => Changed,
  ): Promise<Done> {
    const { caller, request, before } = work;
    const machineIds = [...new Set(work.machineIds)].filter((one) => one !== null);
    const occupied = machineIds.length === 0 ? [] : await this.#events.occupy(sql, machineIds);
    const now = new Date(this.#clock.now());
    const changed = step({ asked: request.at, now, machineTaken: lastOn(occupied) });
    if (!changed.ok) return refused(changed.error);
    for (const one of occupied) {
      const hindrance = await this.#hindrance(tx, one);
      if (hindrance) return refused(hindrance);
    }
    const after = changed.value;
    const author = { ...authorOf(caller), reason: request.reason, recordedAt: now };
    const runs = await this.#writes.save(sql, [{ before, after }], author);
    const followed = await this.followRuns(sql, runs);
    const concerned = [...before.operations, ...after.operations].map((operation) => operation.machineId);
    const change = this.changeOf(after.order.id, after.order.number, concerned);
    return { id, userErrors: [], changes: [change], followed };
  }

  /** Why an operation cannot begin to run on a machine. */
  async #hindrance(tx: Tx, { machineId, running }: Occupancy): Promise<UserErrorValue | null> {
    const path = this.#plant.byId(machineId)?.path ?? machineId;
    const lockout = await this.#maintenance.lockoutOf(machineId, tx);
    if (lockout) {
      const message = `machine ${path} is locked out by maintenance order ${lockout.number}`;
      return userError("MACHINE_LOCKED_OUT", message, ["machine"]);
    }
    if (!running) return null;
    const message = `machine ${path} is busy with operation ${running.sequence} of order ${running.order}`;
    return userError("MACHINE_BUSY", message, ["machine"]);
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (tx: Tx, sql: BulkSql) => Promise<Done>,
  ): Promise<Outcome> {
    const call = callOf(caller, operation, input);
    let changes: readonly OrderChanged[] = [];
    let follow = NOTHING as () => void;
    const done = await this.#db.repeatable((tx) =>
      once(tx, call, async () => {
        const { changes: made, followed, ...outcome } = await work(tx, sqlWithin(tx));
        [changes, follow] = [made, followed];
        return outcome;
      }),
    );
    if ("refused" in done) return { id: null, userErrors: [done.refused] };
    if (!done.replayed) {
      this.publish(changes);
      follow();
    }
    return done.payload;
  }
}

/** When the last operation on any of these machines ended. */
function lastOn(occupied: readonly Occupancy[]): { until: Date; by: string } | null {
  const ended = occupied.flatMap(({ last }) => last ?? []);
  ended.sort((a, b) => b.until.getTime() - a.until.getTime());
  const [last] = ended;
  return last ? { until: last.until, by: `operation ${last.sequence} of order ${last.order}` } : null;
}

function refused(error: UserErrorValue): Done {
  return { id: null, userErrors: [error], changes: [], followed: NOTHING };
}

function noOrder(number: string, field: string): UserErrorValue {
  return userError("NOT_FOUND", `there is no order ${number}`, [field]);
}

function reasonProblem(reason: string | null): UserErrorValue | null {
  const problem = reason === null ? null : textProblem(reason, 1_000);
  return problem === null ? null : userError("INVALID_INPUT", `reason ${problem}`, ["reason"]);
}
