import type { Clock } from "../kernel/clock.js";
import type { BulkSql, Sql } from "../kernel/sql.js";
import type { OrderChanged } from "../live/live-events.js";
import type { CountGrowth } from "../orders/operation-count.js";
import type { OrderService } from "../orders/order.service.js";
import { sumOf } from "./decimal.js";
import type { OperationGrowth } from "./operation-growth.js";
import type { ProductionStore } from "./production.store.js";
import { type ProductionRecord, recordsOf } from "./production-record.js";

/** Who completes operations whose machines have counted enough. */
const COUNTED = "machine counts";
/** Why a record is of a time that has passed. */
const COMMENTS = { LATE: "late data", BOOKED: "booked afterwards" } as const;

/** Takes to operations what machines count for them. */
export class ProductionService {
  readonly #store: ProductionStore;
  readonly #orders: OrderService;
  readonly #clock: Clock;

  constructor(deps: { store: ProductionStore; orders: OrderService; clock: Clock }) {
    this.#store = deps.store;
    this.#orders = deps.orders;
    this.#clock = deps.clock;
  }

  /** The operations that run on these machines stay as they are until the transaction ends. */
  hold(sql: Sql, machineIds: readonly string[]): Promise<void> {
    return this.#orders.lockRunning(sql, machineIds);
  }

  /**
   * Records what operations have made more, and completes those that reach their quantity. What comes late, also for an
   * operation that does not run any more, or is counted because an operation was booked afterwards, is a record that
   * says so.
   * @returns what to do once the transaction is committed.
   */
  async count(sql: BulkSql, growth: readonly OperationGrowth[]): Promise<() => void> {
    const now = this.#clock.now();
    const operations = await this.#orders.lockCounted(sql, [
      ...new Set(growth.map(({ operationId }) => operationId)),
    ]);
    const byId = new Map(operations.map((operation) => [operation.id, operation]));
    const records: ProductionRecord[] = [];
    const changes = new Map<string, OrderChanged>();
    const kept: OperationGrowth[] = [];
    for (const one of growth) {
      const { operationId, machine, good, scrap, at } = one;
      const operation = byId.get(operationId);
      if (!operation) continue;
      kept.push(one);
      const cause = one.cause === "COUNTED" && operation.status !== "RUNNING" ? "LATE" : one.cause;
      const comment = cause === "COUNTED" ? null : COMMENTS[cause];
      const source = { operationId, machineId: machine.id, countingSource: "MACHINE" } as const;
      const by = { recordedBy: machine.path, at };
      for (const record of recordsOf({ ...source, ...by }, good, scrap, now))
        records.push({ ...record, comment });
      const { orderId, orderNumber, machineIds } = operation;
      changes.set(orderId, this.#orders.changeOf(orderId, orderNumber, machineIds));
    }
    await this.#store.append(sql, records);
    const author = { principal: COUNTED, system: null, reason: null, recordedAt: new Date(now) };
    await this.#orders.addCounts(sql, sumsOf(kept, now), author);
    return () => this.#orders.publish(changes.values());
  }
}

/** One growth of each operation. What comes late is known from now on: an operation that it completes ran until now. */
function sumsOf(growth: readonly OperationGrowth[], now: number): CountGrowth[] {
  const found = new Map<string, CountGrowth>();
  for (const { operationId, good, scrap, cause, ...made } of growth) {
    const at = cause === "LATE" ? new Date(now) : made.at;
    const known = found.get(operationId) ?? { operationId, good: "0", scrap: "0", at };
    found.set(operationId, {
      operationId,
      good: sumOf([known.good, good]),
      scrap: sumOf([known.scrap, scrap]),
      at: new Date(Math.max(known.at.getTime(), at.getTime())),
    });
  }
  return [...found.values()];
}
