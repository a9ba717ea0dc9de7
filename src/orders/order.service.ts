import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import type { Sql } from "../kernel/sql.js";
import { textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { LiveBus } from "../live/live-bus.js";
import type { OrderChanged } from "../live/live-events.js";
import type { MaintenanceService } from "../maintenance/maintenance.service.js";
import type { Plant } from "../plant/plant.js";
import type { CountingSource, Operation } from "./operation.js";
import type { OrderStore } from "./order.store.js";
import { isOrderNumber } from "./order-input.js";
import {
  actOnOperation,
  actOnOrder,
  type Changed,
  edited,
  type OperationStep,
  type OrderState,
  type RequestedOperationAction,
  type RequestedOrderAction,
  versionConflict,
} from "./order-state.js";
import {
  type CountGrowth,
  type CountingOperation,
  lostMachineRace,
  type OrderWriteStore,
} from "./order-write.store.js";

/** Who asks, and the key that makes asking twice harmless. */
export interface Caller {
  readonly principal: string;
  readonly idempotencyKey: string | null;
}

export interface OrderActionRequest {
  readonly number: string;
  readonly expectedVersion: number | null;
  readonly reason: string | null;
}

export interface OperationActionRequest {
  readonly order: string;
  readonly sequence: number;
  /** A path. */
  readonly machine: string | null;
  readonly expectedVersion: number | null;
  readonly reason: string | null;
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

/** What an action has done, before it is stored as the outcome. */
interface Done extends Outcome {
  readonly changes: readonly OrderChanged[];
}

const MOST_RACES = 5;

/** Orders and their operations: every change but sending them, which is `OrderImportService`'s. */
export class OrderService {
  readonly #store: OrderStore;
  readonly #writes: OrderWriteStore;
  readonly #maintenance: MaintenanceService;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #clock: Clock;

  constructor(deps: {
    store: OrderStore;
    writes: OrderWriteStore;
    maintenance: MaintenanceService;
    db: Database;
    plant: Plant;
    live: LiveBus;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#writes = deps.writes;
    this.#maintenance = deps.maintenance;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#clock = deps.clock;
  }

  /** Releases, holds, resumes, closes, cancels or aborts an order, and what of its operations goes with it. */
  act(caller: Caller, action: RequestedOrderAction, request: OrderActionRequest): Promise<Outcome> {
    return this.#run(caller, `${action}Order`, request, async (tx, sql) => {
      const problem = reasonProblem(request.reason);
      if (problem) return refused(problem);
      const state = await this.#lock(sql, request.number);
      if (!state) return refused(noOrder(request.number, "number"));
      const conflict = versionConflict(state.order, request.expectedVersion, ["expectedVersion"]);
      if (conflict) return refused(conflict);
      const changed = actOnOrder(state, action, request.reason, this.#now());
      return this.#save(tx, sql, state, changed, state.order.id);
    });
  }

  /** Starts, holds, resumes or completes an operation, and what of its order goes with it. */
  actOnOperation(
    caller: Caller,
    action: RequestedOperationAction,
    request: OperationActionRequest,
  ): Promise<Outcome> {
    return this.#run(caller, `${action}Operation`, request, async (tx, sql) => {
      const problem = reasonProblem(request.reason);
      if (problem) return refused(problem);
      const machine = request.machine === null ? null : this.#plant.machine(request.machine);
      if (machine === undefined) {
        return refused(userError("NOT_FOUND", `there is no machine ${request.machine}`, ["machine"]));
      }
      const found = await this.lockOperation(sql, request.order, request.sequence);
      if ("code" in found) return refused(found);
      const { state, operation } = found;
      const conflict = versionConflict(state.order, request.expectedVersion, ["expectedVersion"]);
      if (conflict) return refused(conflict);
      const step: OperationStep = { action, reason: request.reason, machineId: machine?.id ?? null };
      const changed = actOnOperation(state, operation, step, this.#now());
      return this.#save(tx, sql, state, changed, operation.id);
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

  /** The running operations on these machines that `source` counts, locked until the transaction ends. */
  lockCounting(
    sql: Sql,
    machineIds: readonly string[],
    source: CountingSource,
  ): Promise<CountingOperation[]> {
    return this.#writes.lockCounting(sql, machineIds, source);
  }

  /**
   * Adds what was made to operations that the caller has locked, and completes those that reach their order's
   * quantity, with all that follows: the next operation READY, or the order COMPLETED.
   * @param edit whether someone reported it, which is an edit and grows the order's version; a machine's counts are none.
   */
  async addCounts(
    sql: Sql,
    growth: readonly CountGrowth[],
    edit: { orderIds: readonly string[] } | null = null,
  ): Promise<void> {
    const reached = await this.#writes.addCounts(sql, growth);
    const completed = new Map(reached.map((one) => [one.orderId, one.operationId]));
    const orderIds = new Set([...completed.keys(), ...(edit?.orderIds ?? [])]);
    if (orderIds.size === 0) return;
    const writes = (await this.#store.lockById(sql, [...orderIds])).map((before) => {
      const operationId = completed.get(before.order.id);
      const operation = before.operations.find((one) => one.id === operationId);
      return { before, after: operation ? this.#completed(before, operation) : edited(before) };
    });
    await this.#writes.save(sql, writes);
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

  #completed(state: OrderState, operation: Operation): OrderState {
    const step: OperationStep = { action: "complete", reason: null, machineId: null };
    const changed = actOnOperation(state, operation, step, this.#now());
    if (!changed.ok) throw new Error(`operation ${operation.id} cannot complete: ${changed.error.message}`);
    return changed.value;
  }

  async #save(tx: Tx, sql: Sql, before: OrderState, changed: Changed, id: string): Promise<Done> {
    if (!changed.ok) return refused(changed.error);
    const after = changed.value;
    const hindrance = await this.#hindrance(tx, sql, before, after);
    if (hindrance) return refused(hindrance);
    await this.#writes.save(sql, [{ before, after }]);
    const machineIds = [...before.operations, ...after.operations].map((operation) => operation.machineId);
    return { id, userErrors: [], changes: [this.changeOf(after.order.id, after.order.number, machineIds)] };
  }

  /** Why an operation cannot begin to run on its machine. */
  async #hindrance(tx: Tx, sql: Sql, before: OrderState, after: OrderState): Promise<UserErrorValue | null> {
    const ran = new Set(before.operations.filter((one) => one.status === "RUNNING").map((one) => one.id));
    for (const { id, status, machineId } of after.operations) {
      if (status !== "RUNNING" || machineId === null || ran.has(id)) continue;
      const path = this.#plant.byId(machineId)?.path ?? machineId;
      const lockout = await this.#maintenance.lockoutOf(machineId, tx);
      if (lockout) {
        const message = `machine ${path} is locked out by maintenance order ${lockout.number}`;
        return userError("MACHINE_LOCKED_OUT", message, ["machine"]);
      }
      const busy = await this.#store.runningOn(sql, machineId);
      if (busy && busy.id !== id) {
        const message = `machine ${path} is busy with operation ${busy.sequence} of order ${busy.number}`;
        return userError("MACHINE_BUSY", message, ["machine"]);
      }
    }
    return null;
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (tx: Tx, sql: Sql) => Promise<Done>,
  ): Promise<Outcome> {
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    for (let races = 0; ; races += 1) {
      let changes: readonly OrderChanged[] = [];
      try {
        const done = await this.#db.transaction((tx) =>
          once(tx, call, async () => {
            const { changes: made, ...outcome } = await work(tx, sqlWithin(tx));
            changes = made;
            return outcome;
          }),
        );
        if ("refused" in done) return { id: null, userErrors: [done.refused] };
        this.publish(changes);
        return done.payload;
      } catch (error) {
        // Another operation took the machine between the look and the write: the next look sees it.
        if (!lostMachineRace(error) || races === MOST_RACES) throw error;
      }
    }
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}

function refused(error: UserErrorValue): Done {
  return { id: null, userErrors: [error], changes: [] };
}

function noOrder(number: string, field: string): UserErrorValue {
  return userError("NOT_FOUND", `there is no order ${number}`, [field]);
}

function reasonProblem(reason: string | null): UserErrorValue | null {
  const problem = reason === null || reason === "" ? null : textProblem(reason, 1_000);
  return problem === null ? null : userError("INVALID_INPUT", `reason ${problem}`, ["reason"]);
}
