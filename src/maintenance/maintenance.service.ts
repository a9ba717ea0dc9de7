import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import { keyProblem, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Plant } from "../plant/plant.js";
import {
  afterAction,
  CLOSED_MAINTENANCE,
  firstStatus,
  MAINTENANCE_STATUSES,
  type MaintenanceAction,
  type MaintenanceComment,
  type MaintenanceOrder,
  type NewMaintenanceOrder,
  OPEN_MAINTENANCE,
  problemsOf,
} from "./maintenance.js";
import type { MaintenanceFilter, MaintenancePageRequest, MaintenanceStore } from "./maintenance.store.js";

/** A machine's list of maintenance orders has no pages: it ends here. */
export const MOST_ORDERS_OF_MACHINE = 200;

/** Who asks, and the key that makes asking twice harmless. */
export interface Caller {
  readonly principal: string;
  readonly idempotencyKey: string | null;
}

export interface MaintenanceActionInput {
  readonly number: string;
  readonly expectedVersion: number | null;
  readonly comment: string | null;
}

/** What is stored for a replay: ids, never rows. */
interface Outcome {
  readonly id: string | null;
  readonly userErrors: readonly UserErrorValue[];
}

export interface MaintenanceResult {
  readonly order: MaintenanceOrder | null;
  readonly userErrors: readonly UserErrorValue[];
}

export class MaintenanceService {
  readonly #store: MaintenanceStore;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #clock: Clock;

  constructor(deps: { store: MaintenanceStore; db: Database; plant: Plant; live: LiveBus; clock: Clock }) {
    this.#store = deps.store;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#clock = deps.clock;
  }

  /** Makes an order: PLANNED while its planned start lies in the future, otherwise OPEN. */
  create(caller: Caller, input: NewMaintenanceOrder): Promise<MaintenanceResult> {
    return this.#run(caller, "createMaintenanceOrder", input, async (tx) => {
      const userErrors = problemsOf(input);
      const machine = this.#plant.machine(input.machine);
      if (!machine)
        userErrors.push(userError("NOT_FOUND", `there is no machine ${input.machine}`, ["machine"]));
      if (!machine || userErrors.length > 0) return { id: null, userErrors };
      const now = this.#clock.now();
      const id = newId(now);
      const { kind, title, description, priority, lockout, plannedStart, dueAt } = input;
      await this.#store.insert(tx, {
        ...{ id, kind, title, description, priority, lockout, plannedStart, dueAt },
        number: await this.#store.nextNumber(tx),
        machineId: machine.id,
        status: firstStatus(plannedStart, now),
        version: 1,
        startedAt: null,
        completedAt: null,
        createdAt: new Date(now),
      });
      return { id, userErrors: [] };
    });
  }

  /**
   * Starts, completes or cancels an order. Starting one with lockout while an operation runs on the machine is
   * allowed, because machines break down while they run; the operation is not touched.
   */
  act(caller: Caller, action: MaintenanceAction, input: MaintenanceActionInput): Promise<MaintenanceResult> {
    return this.#run(caller, `${action}Maintenance`, input, async (tx) => {
      const comment = input.comment?.trim() ? input.comment : null;
      const problem = comment === null ? null : textProblem(comment, 10_000);
      if (problem !== null) return refused("INVALID_INPUT", `comment ${problem}`, "comment");
      const order = isNumber(input.number) ? await this.#store.lock(tx, input.number) : null;
      if (!order) return refused("NOT_FOUND", `there is no maintenance order ${input.number}`, "number");
      const now = new Date(this.#clock.now());
      const after = afterAction(order, action, input.expectedVersion, now);
      if ("refused" in after) return { id: null, userErrors: [after.refused] };
      await this.#store.update(tx, after.order);
      if (comment !== null) {
        const written = { id: newId(now.getTime()), writtenBy: caller.principal, writtenAt: now };
        await this.#store.addComment(tx, { ...written, maintenanceOrderId: order.id, comment });
      }
      return { id: order.id, userErrors: [] };
    });
  }

  /** The maintenance order in progress that locks a machine out, if there is one. */
  async lockoutOf(machineId: string, tx?: Tx): Promise<{ number: string } | null> {
    return await this.#store.lockoutOf(machineId, tx);
  }

  async byNumber(number: string): Promise<MaintenanceOrder | null> {
    return isNumber(number) ? this.#store.byNumber(number) : null;
  }

  byId(id: string): Promise<MaintenanceOrder | null> {
    return this.#store.byId(id);
  }

  /** @param filter.under only machines at or below this path. */
  async page(
    filter: { status: MaintenanceFilter["status"]; under: string | null },
    request: MaintenancePageRequest,
  ): Promise<{ items: MaintenanceOrder[]; hasMore: boolean; total: () => Promise<number> }> {
    const wanted = { status: filter.status, machineIds: this.#machineIdsUnder(filter.under) };
    return { ...(await this.#store.page(wanted, request)), total: () => this.#store.count(wanted) };
  }

  /**
   * The newest orders of each machine, in the order of `machineIds`.
   * @param open true: only those not completed or cancelled; false: only those; null: all.
   */
  async ofMachines(machineIds: readonly string[], open: boolean | null): Promise<MaintenanceOrder[][]> {
    const status = open === null ? MAINTENANCE_STATUSES : open ? OPEN_MAINTENANCE : CLOSED_MAINTENANCE;
    const orders = await this.#store.newestOf(machineIds, status, MOST_ORDERS_OF_MACHINE);
    return machineIds.map((id) => orders.filter((order) => order.machineId === id));
  }

  /** The comments of each order, oldest first, in the order of `orderIds`. */
  async commentsOf(orderIds: readonly string[]): Promise<MaintenanceComment[][]> {
    const comments = await this.#store.commentsOf(orderIds);
    return orderIds.map((id) => comments.filter((comment) => comment.maintenanceOrderId === id));
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (tx: Tx) => Promise<Outcome>,
  ): Promise<MaintenanceResult> {
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    const done = await this.#db.transaction((tx) => once(tx, call, () => work(tx)));
    if ("refused" in done) return { order: null, userErrors: [done.refused] };
    const { id, userErrors } = done.payload;
    const order = id === null ? null : await this.#store.byId(id);
    if (order && !done.replayed) this.#publish(order);
    return { order, userErrors };
  }

  #publish(order: MaintenanceOrder): void {
    const machine = this.#plant.byId(order.machineId);
    this.#live.publish("maintenanceOrderChanged", { id: order.id, machines: machine ? [machine] : [] });
  }

  #machineIdsUnder(under: string | null): string[] | null {
    if (under === null) return null;
    const root = this.#plant.byPath(under);
    return root ? [...this.#plant.machines(root)].map((machine) => machine.id) : [];
  }
}

/** What cannot be stored must not be looked for either. */
function isNumber(number: string): boolean {
  return keyProblem(number, 100) === null;
}

function refused(code: UserErrorValue["code"], message: string, field: string): Outcome {
  return { id: null, userErrors: [userError(code, message, [field])] };
}
