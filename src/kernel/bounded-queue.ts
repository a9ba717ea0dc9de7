/** What a full queue does with one item more. */
export type OverflowPolicy =
  /** The oldest item makes room and is counted in `dropped`. */
  | "drop-oldest"
  /** The new item is not taken and is counted in `dropped`. */
  | "drop-newest";

/**
 * A first-in-first-out queue with one asynchronous reader. It never holds more than `max` items;
 * what happens beyond that is its policy, and every item lost to it is counted.
 */
export class BoundedQueue<T> {
  #items: T[] = [];
  #head = 0;
  #wake: (() => void) | null = null;
  #closed = false;
  #dropped = 0;
  readonly #max: number;
  readonly #onFull: OverflowPolicy;

  constructor(options: { max: number; onFull: OverflowPolicy }) {
    this.#max = options.max;
    this.#onFull = options.onFull;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** How many items the policy has thrown away so far. */
  get dropped(): number {
    return this.#dropped;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Adds an item; false when the queue is closed or the policy refused it. */
  push(item: T): boolean {
    if (this.#closed) return false;
    if (this.size >= this.#max) {
      this.#dropped += 1;
      if (this.#onFull === "drop-newest") return false;
      this.shift();
    }
    this.#items.push(item);
    this.#wake?.();
    return true;
  }

  /** Takes the oldest item, or undefined when there is none. */
  shift(): T | undefined {
    if (this.#head >= this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined as T;
    this.#head += 1;
    // Moving the rest only when half is consumed keeps shift at constant cost.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    } else if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return item;
  }

  /** Removes and returns up to `count` of the oldest items. */
  take(count: number): T[] {
    const end = Math.min(this.#items.length, this.#head + count);
    const taken = this.#items.slice(this.#head, end);
    if (end === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else {
      this.#items = this.#items.slice(end);
      this.#head = 0;
    }
    return taken;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** Resolves when there is an item to take or the queue is closed. */
  async ready(): Promise<void> {
    if (this.size > 0 || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }

  /** Takes no more items; those inside may still be read. Wakes the reader. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}
