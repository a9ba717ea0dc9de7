import { type ListPage, listPages } from "./list-pages.js";
import type { EventPageRequest, OrderEventStore, StoredOrderEvent } from "./order-event.store.js";

/** Reading what happened to orders. */
export class OrderEventService {
  readonly #store: OrderEventStore;

  constructor(deps: { store: OrderEventStore }) {
    this.#store = deps.store;
  }

  /** The same page of the events of each order, in the order in which they became known. */
  async pages(orderIds: readonly string[], request: EventPageRequest): Promise<ListPage<StoredOrderEvent>[]> {
    const rows = await this.#store.page([...new Set(orderIds)], request);
    const count = (id: string) => this.#store.count(id);
    return listPages(orderIds, rows, (event) => event.orderId, request, count);
  }
}
