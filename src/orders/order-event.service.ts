import type { EventPageRequest, OrderEventStore, StoredOrderEvent } from "./order-event.store.js";

/** A page of the events of one order. */
export interface EventPage {
  readonly items: readonly StoredOrderEvent[];
  readonly hasMore: boolean;
  readonly total: () => Promise<number>;
}

/** Reading what happened to orders. */
export class OrderEventService {
  readonly #store: OrderEventStore;

  constructor(deps: { store: OrderEventStore }) {
    this.#store = deps.store;
  }

  /** The same page of the events of each order, in the order in which they became known. */
  async pages(orderIds: readonly string[], request: EventPageRequest): Promise<EventPage[]> {
    const found = new Map<string, StoredOrderEvent[]>(orderIds.map((id) => [id, []]));
    for (const event of await this.#store.page([...found.keys()], request))
      found.get(event.orderId)?.push(event);
    return orderIds.map((id) => {
      const rows = found.get(id) ?? [];
      const hasMore = rows.length > request.limit;
      const items = hasMore ? (request.fromEnd ? rows.slice(1) : rows.slice(0, -1)) : rows;
      return { items, hasMore, total: () => this.#store.count(id) };
    });
  }
}
