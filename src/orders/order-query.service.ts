import type { Operation } from "./operation.js";
import type { OrderQuantities, ProductionOrder } from "./order.js";
import type { OrderFilter, OrderPageRequest, OrderStore } from "./order.store.js";
import { isOrderNumber } from "./order-input.js";

/** Reading orders. What takes a list of keys gives one result for each, in their order. */
export class OrderQueryService {
  readonly #store: OrderStore;

  constructor(deps: { store: OrderStore }) {
    this.#store = deps.store;
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
    return { ...(await this.#store.page(filter, request)), total: () => this.#store.count(filter) };
  }
}
