import { BoundedQueue } from "../kernel/bounded-queue.js";
import type { LiveEventKind, LiveEvents } from "./live-events.js";

type Listener<Kind extends LiveEventKind> = (event: LiveEvents[Kind]) => void;

/**
 * The typed events of the running server. Publishing calls the listeners at once, in the order they came; a slow
 * subscriber loses events from its own bounded queue and never slows the publisher or others.
 */
export class LiveBus {
  readonly #listeners = new Map<LiveEventKind, Set<Listener<LiveEventKind>>>();

  publish<Kind extends LiveEventKind>(kind: Kind, event: LiveEvents[Kind]): void {
    const listeners = this.#listeners.get(kind);
    if (!listeners) return;
    for (const listener of listeners) listener(event as LiveEvents[LiveEventKind]);
  }

  hasListeners(kind: LiveEventKind): boolean {
    return (this.#listeners.get(kind)?.size ?? 0) > 0;
  }

  /** How many listeners there are of all kinds. */
  get listenerCount(): number {
    let count = 0;
    for (const listeners of this.#listeners.values()) count += listeners.size;
    return count;
  }

  /** @returns how to stop listening. The listener must not throw and must not wait. */
  listen<Kind extends LiveEventKind>(kind: Kind, listener: Listener<Kind>): () => void {
    let listeners = this.#listeners.get(kind);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(kind, listeners);
    }
    const added = listener as Listener<LiveEventKind>;
    listeners.add(added);
    return () => {
      listeners.delete(added);
    };
  }

  /**
   * The events of one kind for one subscriber, mapped on arrival; `null` from `map` is left out. A subscriber that falls
   * more than `max` events behind loses the oldest.
   */
  stream<Kind extends LiveEventKind, Item>(
    kind: Kind,
    options: { max: number; map: (event: LiveEvents[Kind]) => Item | null },
  ): AsyncIterableIterator<Item> {
    const queue = new BoundedQueue<Item>({ max: options.max, onFull: "drop-oldest" });
    const stop = this.listen(kind, (event) => {
      const item = options.map(event);
      if (item !== null) queue.push(item);
    });
    return iterate(queue, (item) => item, stop);
  }
}

/**
 * Reads a queue until it is closed or the reader goes; `onEnd` runs exactly once either way, also while a read waits.
 * @param map what the reader gets for an item, made when it is read; null leaves the item out.
 */
export function iterate<Item, Out>(
  queue: BoundedQueue<Item>,
  map: (item: Item) => Out | null,
  onEnd: () => void,
): AsyncIterableIterator<Out> {
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    onEnd();
    queue.close();
    queue.clear();
  };
  return {
    async next(): Promise<IteratorResult<Out>> {
      while (!ended) {
        await queue.ready();
        const item = queue.shift();
        if (item === undefined) {
          if (queue.closed) break;
          continue;
        }
        const value = map(item);
        if (value !== null) return { done: false, value };
      }
      end();
      return { done: true, value: undefined };
    },
    async return(): Promise<IteratorResult<Out>> {
      end();
      return { done: true, value: undefined };
    },
    async throw(error: unknown): Promise<IteratorResult<Out>> {
      end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
