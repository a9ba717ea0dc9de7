import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import { grouped } from "../kernel/grouped.js";
import { newId } from "../kernel/ids.js";
import type { Interval, Span } from "../kernel/intervals.js";
import type { Sql } from "../kernel/sql.js";
import { keyProblem, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Plant } from "../plant/plant.js";
import {
  afterAction,
  CLOSED_MAINTENANCE,
  edited,
  MAINTENANCE_STATUSES,
  type MaintenanceAction,
  type MaintenanceComment,
  type MaintenanceOrder,
  type NewMaintenanceOrder,
  OPEN_MAINTENANCE,
  type OrderEdit,
  problemsOf,
  versionConflict,
} from "./maintenance.js";
import type { MaintenanceFilter, MaintenancePageRequest, MaintenanceStore } from "./maintenance.store.js";
import {
  type Caller,
  itemsOf,
  type MaintenanceActionInput,
  type OpenedOrder,
  type OrderForAlarm,
  type OrderOfPlan,
  type OrderRequest,
  type OrderStep,
  orderOf,
  partsOf,
} from "./maintenance-request.js";
import { type MaintenanceWork, worked } from "./maintenance-spans.js";

/** A machine's list of maintenance orders has no pages: it ends here. */
export const MOST_ORDERS_OF_MACHINE = 200;
const MOST_ORDERS_OF_PLAN = 20;

/** What is stored for a replay: ids, never rows. */
interface Outcome {
  readonly id: string | null;
  readonly userErrors: readonly UserErrorValue[];
}

export interface MaintenanceResult {
  readonly order: MaintenanceOrder | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** Who does what nobody asked for, in the events of orders. */
const SERVER = "mes-twin";

const NOTHING = () => undefined;

const EVENT_OF = { open: "OPENED", start: "STARTED", complete: "COMPLETED", cancel: "CANCELLED" } as const;

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
      const made = await this.#open(sqlWithin(tx), {
        ...{ ...input, machineId: machine.id, by: caller.principal, alarmId: null },
        ...{ planId: null, occurrence: null },
      });
      if (!made) throw new Error("a new maintenance order has the number of another one");
      const { id } = made;
      return { id, userErrors: [] };
    });
  }

  /**
   * Starts, completes or cancels an order. Starting one with lockout while an operation runs on the machine is
   * allowed, because machines break down while they run; the operation is not touched.
   */
  act(caller: Caller, action: MaintenanceAction, input: MaintenanceActionInput): Promise<MaintenanceResult> {
    return this.change(caller, `${action}Maintenance`, input, async (tx, order, now) => {
      const comment = input.comment?.trim() ? input.comment : null;
      const problem = comment === null ? null : textProblem(comment, 10_000);
      if (problem !== null) return refused("INVALID_INPUT", `comment ${problem}`, "comment");
      const after = afterAction(order, action, { asked: input.at, now });
      if ("refused" in after) return { refused: [after.refused] };
      const undone = action === "complete" ? await this.#store.undone(sqlWithin(tx), order.id) : [];
      if (undone.length > 0) {
        const items = undone.map(({ position, text }) => `${position} (${text})`).join(", ");
        return refused("PRECONDITION_FAILED", `required checklist items are not done: ${items}`, "number");
      }
      if (comment !== null) {
        const written = { id: newId(now.getTime()), writtenBy: caller.principal, writtenAt: now };
        await this.#store.addComment(tx, { ...written, maintenanceOrderId: order.id, comment });
      }
      const passesOpen = action === "start" && order.status === "PLANNED";
      const events = [{ kind: EVENT_OF[action], detail: comment }];
      return {
        ...after,
        events: passesOpen ? [{ kind: "OPENED", detail: null }, ...events] : events,
      };
    });
  }

  /** Plans an order anew that is not completed or cancelled. */
  edit(
    caller: Caller,
    input: OrderEdit & { number: string; expectedVersion: number | null },
  ): Promise<MaintenanceResult> {
    return this.change(caller, "updateMaintenanceOrder", input, async (_, order) => {
      const { number: _number, expectedVersion: _expected, ...edit } = input;
      const after = edited(order, edit);
      return "refused" in after
        ? after
        : { order: after.order, events: [{ kind: "CHANGED", detail: Object.keys(edit).join(", ") }] };
    });
  }

  /**
   * Changes an order, which is locked meanwhile, within one transaction, and keeps and tells what happened.
   * @param operation the mutation's name.
   */
  change(
    caller: Caller,
    operation: string,
    input: { readonly number: string; readonly expectedVersion: number | null },
    work: (tx: Tx, order: MaintenanceOrder, now: Date) => Promise<OrderStep>,
  ): Promise<MaintenanceResult> {
    return this.#run(caller, operation, input, async (tx) => {
      const order = isNumber(input.number) ? await this.#store.lock(tx, input.number) : null;
      if (!order) {
        const { refused: userErrors } = refused(
          "NOT_FOUND",
          `there is no maintenance order ${input.number}`,
          "number",
        );
        return { id: null, userErrors };
      }
      const conflict = versionConflict(order, input.expectedVersion);
      if (conflict) return { id: null, userErrors: [conflict] };
      const now = new Date(this.#clock.now());
      const step = await work(tx, order, now);
      if ("refused" in step) return { id: null, userErrors: step.refused };
      await this.#store.update(tx, step.order);
      const from = { orderId: order.id, by: caller.principal, at: step.at ?? now, recordedAt: now };
      await this.#store.addEvents(
        sqlWithin(tx),
        step.events.map((event) => ({ ...from, ...event })),
      );
      return { id: order.id, userErrors: [] };
    });
  }

  /**
   * Opens an order for an alarm within the caller's transaction: the first call of an alarm makes it, all others find it.
   * Where an earlier one is still open that is the alarm's, and its log says so.
   * @param request.machineId a machine of the plant.
   * @returns `told` is to be called once the transaction is committed; it does nothing when nothing is new.
   */
  async openFor(sql: Sql, { earlierId, ...request }: OrderForAlarm): Promise<OpenedOrder> {
    const found = await this.#store.ofAlarm(sql, request.alarmId);
    if (found) return { ...found, made: false, told: NOTHING };
    const earlier = earlierId == null ? null : await this.#store.lockOpen(sql, earlierId);
    if (earlier) {
      await this.dueAgain(sql, earlier.id, request.by, request.description ?? request.title);
      return { ...earlier, made: false, told: () => this.publish({ ...request, id: earlier.id }) };
    }
    const made = await this.#open(sql, {
      ...{ description: null, priority: 50, lockout: false, plannedStart: null, dueAt: null },
      ...{ estimatedMinutes: null, checklist: [], parts: [], planId: null, occurrence: null },
      ...request,
    });
    if (made) return { id: made.id, number: made.number, made: true, told: () => this.publish(made) };
    const other = await this.#store.ofAlarm(sql, request.alarmId);
    if (!other)
      throw new Error(`the maintenance order of alarm ${request.alarmId} is neither there nor can be made`);
    return { ...other, made: false, told: NOTHING };
  }

  /**
   * Makes the order of a plan's occurrence within the caller's transaction.
   * @returns null when that occurrence has its order already. Who gets one calls `publish` after the commit.
   */
  openForPlan(sql: Sql, request: OrderOfPlan): Promise<MaintenanceOrder | null> {
    return this.#open(sql, { ...request, alarmId: null });
  }

  /** Opens the PLANNED orders whose planned start has come: each once, whichever server is first. */
  async openPlanned(): Promise<void> {
    const at = new Date(this.#clock.now());
    const opened = await this.#db.transaction((tx) => this.#store.openPlanned(sqlWithin(tx), at, SERVER));
    for (const order of opened) this.publish(order);
  }

  /** Keeps with an open order that its plan was due, or its alarm raised, again, within the caller's transaction. */
  async dueAgain(sql: Sql, orderId: string, by: string, why: string): Promise<void> {
    const at = new Date(this.#clock.now());
    await this.#store.addEvents(sql, [{ orderId, kind: "DUE_AGAIN", by, at, recordedAt: at, detail: why }]);
  }

  /**
   * When orders of machines were in progress, per machine in order and apart, within the range; an order in progress
   * lasts to the end of the range. Where several were at once a corrective one counts, then the one that began first.
   */
  async spans(
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Span<MaintenanceWork>[]>> {
    const orders = await this.#store.inProgress(machineIds, range);
    const ofMachine = new Map<string, Span<MaintenanceWork>[]>();
    for (const { machineId, ...order } of orders) {
      const known = ofMachine.get(machineId);
      if (known) known.push(order);
      else ofMachine.set(machineId, [order]);
    }
    return new Map(machineIds.map((id) => [id, worked(ofMachine.get(id) ?? [], range)]));
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
    return grouped(machineIds, orders, ({ machineId }) => machineId);
  }

  /** The newest orders of each plan, newest first, in the order of `planIds`. */
  async ofPlans(planIds: readonly string[]): Promise<MaintenanceOrder[][]> {
    const orders = await this.#store.newestOfPlans(planIds, MOST_ORDERS_OF_PLAN);
    return grouped(planIds, orders, ({ planId }) => planId);
  }

  /** In the order of `ids`; null where there is none. */
  async byIds(ids: readonly string[]): Promise<(MaintenanceOrder | null)[]> {
    const orders = new Map((await this.#store.byIds(ids)).map((order) => [order.id, order]));
    return ids.map((id) => orders.get(id) ?? null);
  }

  /** The comments of each order, oldest first, in the order of `orderIds`. */
  async commentsOf(orderIds: readonly string[]): Promise<MaintenanceComment[][]> {
    const comments = await this.#store.commentsOf(orderIds);
    return grouped(orderIds, comments, ({ maintenanceOrderId }) => maintenanceOrderId);
  }

  async #open(sql: Sql, request: OrderRequest): Promise<MaintenanceOrder | null> {
    const now = this.#clock.now();
    const order = orderOf(request, await this.#store.nextNumber(sql), now);
    if (!(await this.#store.insert(sql, order))) return null;
    const { checklist, parts, by } = request;
    await this.#store.insertChecklist(sql, itemsOf(order.id, checklist, now));
    await this.#store.insertParts(sql, partsOf(order, parts, by, now));
    const made = { orderId: order.id, by, at: order.createdAt, recordedAt: order.createdAt, detail: null };
    await this.#store.addEvents(sql, [{ ...made, kind: "CREATED" }]);
    return order;
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
    if (order && !done.replayed) this.publish(order);
    return { order, userErrors };
  }

  /** Tells subscribers that an order is another than before; after the commit. */
  publish(order: Pick<MaintenanceOrder, "id" | "machineId">): void {
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

function refused(
  code: UserErrorValue["code"],
  message: string,
  field: string,
): { refused: UserErrorValue[] } {
  return { refused: [userError(code, message, [field])] };
}
