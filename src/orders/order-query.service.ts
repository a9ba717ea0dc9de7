import type { Operation } from "./operation.js";
import type { OrderQuantities, ProductionOrder } from "./order.js";
import type { OrderStore } from "./order.store.js";
import { isOrderNumber } from "./order-input.js";
import type { DispatchStatus, OrderFilter, OrderPageRequest } from "./order-list.js";
import type { OrderListStore } from "./order-list.store.js";

/** Reading orders. What takes a list of keys gives one result for each, in their order. */
export class OrderQueryService {
  readonly #store: OrderStore;
  readonly #lists: OrderListStore;

  constructor(deps: { store: OrderStore; lists: OrderListStore }) {
    this.#store = deps.store;
    this.#lists = deps.lists;
  }

  async byNumber(number: string): Promise<ProductionOrder | null> {
    return isOrderNumber(number) ? this.#store.byNumber(number) : null;
  }

  async byIds(ids: readonly string[]): Promise<(ProductionOrder | null)[]> {
    const found = new Map((await this.#store.byIds(ids)).map((order) => [order.id, order]));
    return ids.map((id) => found.get(id) ?? null);
  }

  async operationsByIds(ids: readonly string[]): Promise<(Operation | null)[]> {
    const found = new Map((await this.#store.operationsByIds(ids)).map((one) => [one.id, one]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** By sequence. */
  async operationsOf(orderIds: readonly string[]): Promise<Operation[][]> {
    const found = new Map<string, Operation[]>(orderIds.map((id) => [id, []]));
    for (const operation of await this.#store.operationsOf(orderIds)) {
      found.get(operation.orderId)?.push(operation);
    }
    return orderIds.map((id) => found.get(id) ?? []);
  }

  async runningOn(machineIds: readonly string[]): Promise<(Operation | null)[]> {
    const found = new Map(
      (await this.#store.runningOnMachines(machineIds)).map((one) => [one.machineId, one]),
    );
    return machineIds.map((id) => found.get(id) ?? null);
  }

  async quantitiesOf(orderIds: readonly string[]): Promise<OrderQuantities[]> {
    const found = new Map((await this.#store.quantitiesOf(orderIds)).map((one) => [one.orderId, one]));
    return orderIds.map((id) => found.get(id) ?? { orderId: id, good: "0", scrap: "0" });
  }

  async page(
    filter: OrderFilter,
    request: OrderPageRequest,
  ): Promise<{ items: ProductionOrder[]; hasMore: boolean; total: () => Promise<number> }> {
    return { ...(await this.#lists.page(filter, request)), total: () => this.#lists.count(filter) };
  }

  /** What each machine runs and is to run next, the next first. One statement for all machines. */
  async dispatchLists(
    machineIds: readonly string[],
    statuses: readonly DispatchStatus[],
    limit: number,
  ): Promise<Operation[][]> {
    const found = new Map<string | null, Operation[]>(machineIds.map((id) => [id, []]));
    for (const operation of await this.#lists.dispatch([...new Set(machineIds)], statuses, limit)) {
      found.get(operation.machineId)?.push(operation);
    }
    return machineIds.map((id) => found.get(id) ?? []);
  }
}
