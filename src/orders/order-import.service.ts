import type { Database } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { BulkSql } from "../kernel/sql.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { OrderChanged } from "../live/live-events.js";
import type { Plant } from "../plant/plant.js";
import { authorOf, type Caller, callOf, systemProblem } from "./caller.js";
import type { OrderService } from "./order.service.js";
import type { OrderStore } from "./order.store.js";
import { changeOrder, createOrder } from "./order-change.js";
import { checkOrder, type OrderRequest, type WantedOrder } from "./order-input.js";
import { actOnOrder, type OrderState } from "./order-state.js";
import type { OrderWrite, OrderWriteStore } from "./order-write.store.js";

/** What became of one order that was sent. */
export interface ImportResult {
  readonly number: string;
  /** The order's; null when nothing was done. */
  readonly id: string | null;
  readonly created: boolean;
  readonly userErrors: readonly UserErrorValue[];
}

interface Imported {
  readonly results: readonly ImportResult[];
  readonly changes: readonly OrderChanged[];
  /** What to do once it is committed. */
  readonly followed: () => void;
}

/** Takes orders in bulk, as ERP systems send them. */
export class OrderImportService {
  readonly #store: OrderStore;
  readonly #writes: OrderWriteStore;
  readonly #orders: OrderService;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #clock: Clock;

  constructor(deps: {
    store: OrderStore;
    writes: OrderWriteStore;
    orders: OrderService;
    db: Database;
    plant: Plant;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#writes = deps.writes;
    this.#orders = deps.orders;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#clock = deps.clock;
  }

  /**
   * Makes or changes orders by their number, all in one transaction; those that are wrong are left out and told.
   * @returns one result per order, in the order sent; or why none was looked at.
   */
  async upsert(
    caller: Caller,
    requests: readonly OrderRequest[],
  ): Promise<{ results: readonly ImportResult[] } | { refused: UserErrorValue }> {
    const call = callOf(caller, "upsertOrders", requests);
    const problem = systemProblem(caller);
    if (problem) return { refused: problem };
    let changes: readonly OrderChanged[] = [];
    let followed: () => void = () => undefined;
    const done = await this.#db.repeatable((tx) =>
      once(tx, call, async () => {
        const imported = await this.#import(sqlWithin(tx), caller, requests);
        changes = imported.changes;
        followed = imported.followed;
        return imported.results;
      }),
    );
    if ("refused" in done) return done;
    if (!done.replayed) {
      this.#orders.publish(changes);
      followed();
    }
    return { results: done.payload };
  }

  async #import(sql: BulkSql, caller: Caller, requests: readonly OrderRequest[]): Promise<Imported> {
    const now = this.#clock.now();
    const recordedAt = new Date(now);
    const checked = this.#check(requests);
    await this.#writes.lockCreation(sql);
    const numbers = checked.flatMap((one) => ("wanted" in one ? [one.wanted.number] : []));
    const known = new Map<string, OrderState>();
    for (const state of await this.#store.lockByNumber(sql, numbers)) known.set(state.order.number, state);
    // Sorted, so that the order sent is the order of creation also within one millisecond.
    const ids = numbers.flatMap((number) => (known.has(number) ? [] : newId(now))).sort();
    const writes: OrderWrite[] = [];
    const results = requests.map((request, index): ImportResult => {
      const one = checked[index];
      const { number } = request;
      if (!one || "problems" in one) {
        return { number, id: null, created: false, userErrors: one?.problems ?? [] };
      }
      const before = known.get(number) ?? null;
      const at = ["orders", String(index)];
      const outcome = before
        ? changeOrder(before, one.wanted, at, recordedAt)
        : create(one.wanted, at, () => ids.shift() ?? newId(now), recordedAt);
      if (!outcome.ok) return { number, id: null, created: false, userErrors: outcome.error };
      const sent = outcome.value ?? before;
      const after = sent && one.wanted.release ? released(sent, recordedAt) : sent;
      if (after && after !== before) writes.push({ before, after });
      return { number, id: after?.order.id ?? null, created: before === null, userErrors: [] };
    });
    const runs = await this.#writes.save(sql, writes, { ...authorOf(caller), reason: null, recordedAt });
    const followed = await this.#orders.followRuns(sql, runs);
    return { results, changes: writes.map((write) => this.#changeOf(write)), followed };
  }

  #check(requests: readonly OrderRequest[]): ({ wanted: WantedOrder } | { problems: UserErrorValue[] })[] {
    const seen = new Set<string>();
    return requests.map((request, index) => {
      const at = ["orders", String(index)];
      const checked = checkOrder(request, at, (path) => this.#plant.machine(path)?.id);
      const problems = checked.ok ? [] : checked.error;
      if (seen.has(request.number)) {
        const message = `order ${request.number} stands in this call before`;
        problems.push(userError("INVALID_INPUT", message, [...at, "number"]));
      }
      seen.add(request.number);
      return checked.ok && problems.length === 0 ? { wanted: checked.value } : { problems };
    });
  }

  #changeOf({ before, after }: OrderWrite): OrderChanged {
    const operations = [...(before?.operations ?? []), ...after.operations];
    const machineIds = operations.map((operation) => operation.machineId);
    return this.#orders.changeOf(after.order.id, after.order.number, machineIds);
  }
}

/** The order itself when it is no longer CREATED. */
function released(state: OrderState, now: Date): OrderState {
  if (state.order.status !== "CREATED") return state;
  const done = actOnOrder(state, "release", null, { asked: null, now });
  if (!done.ok) throw new Error(`order ${state.order.number} cannot be released: ${done.error.message}`);
  return done.value;
}

function create(
  wanted: WantedOrder,
  at: readonly string[],
  id: () => string,
  now: Date,
): Result<OrderState, UserErrorValue[]> {
  if (wanted.expectedVersion === null) return ok(createOrder(wanted, id(), now));
  const message = `order ${wanted.number} does not exist, so it is not at version ${wanted.expectedVersion}`;
  return err([userError("VERSION_CONFLICT", message, [...at, "expectedVersion"])]);
}
