/** The numbers of an edge node's messages: 0 to 255, and 0 again. */
const SPAN = 256;
/** A number up to this far ahead is taken for one whose forerunners are missing, one further for an older one. */
const AHEAD = 127;

/** What may be kept back per edge node. */
export interface ReorderLimits {
  /** How long a missing message is waited for; 0: not at all, for brokers that keep the order. */
  readonly timeoutMs: number;
  /** Messages; at most 127. */
  readonly messages: number;
  /** Bytes of payload. */
  readonly bytes: number;
}

export const DEFAULT_REORDER_LIMITS: ReorderLimits = { timeoutMs: 2_000, messages: 100, bytes: 1_048_576 };

/** Where a message stands among those of its edge node. */
export type Place =
  /** It is the one awaited. */
  | "next"
  /** Messages before it are missing. */
  | "ahead"
  /** It was there. */
  | "again"
  /** Its number lies behind the awaited one, and it was not there: it is late, or the node counts otherwise. */
  | "behind";

interface Held<T> {
  readonly item: T;
  readonly stamp: number | null;
  readonly bytes: number;
  readonly heldAt: number;
}

/** Puts an edge node's messages into the order of their sequence numbers; what is not due yet is kept back, bounded. */
export class Reorder<T> {
  readonly #limits: ReorderLimits;
  readonly #held = new Map<number, Held<T>>();
  /** By sequence number, the payload's time of the message that had it last: a message that comes again has the same. */
  readonly #stamps = new Float64Array(SPAN).fill(Number.NaN);
  #expected: number | null = null;
  #bytes = 0;

  constructor(limits: ReorderLimits = DEFAULT_REORDER_LIMITS) {
    this.#limits = limits;
  }

  /** How many messages are kept back. */
  get held(): number {
    return this.#held.size;
  }

  /** When the oldest of them has waited long enough; null when there is none. */
  get deadline(): number | null {
    if (this.#held.size === 0) return null;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { heldAt } of this.#held.values()) oldest = Math.min(oldest, heldAt);
    return oldest + this.#limits.timeoutMs;
  }

  /** A birth of the node numbered so: what comes next is one more. Forgets what it keeps back. */
  begin(seq: number): void {
    this.clear();
    this.#expected = (seq + 1) % SPAN;
    this.#stamps.fill(Number.NaN);
  }

  /** The next number is taken as it is. Forgets what it keeps back. */
  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
    this.#expected = null;
  }

  /**
   * Where a message stands. One that is next counts as taken.
   * @param stamp the payload's time, if it has one.
   */
  place(seq: number, stamp: number | null): Place {
    const ahead = this.#expected === null ? 0 : (seq - this.#expected + SPAN) % SPAN;
    if (ahead === 0) {
      this.#took(seq, stamp);
      return "next";
    }
    const held = this.#held.get(seq);
    if (held?.stamp === stamp) return "again";
    if (ahead <= AHEAD) return "ahead";
    return stamp !== null && this.#stamps[seq] === stamp ? "again" : "behind";
  }

  /**
   * Keeps back a message that is out of order.
   * @param now the caller's clock; the time-out counts from the first that waits for a gap.
   * @returns false when there is no room, when another of its number waits, or when nothing is waited for.
   */
  hold(message: { seq: number; stamp: number | null; bytes: number }, item: T, now: number): boolean {
    const { timeoutMs, messages, bytes: most } = this.#limits;
    const { seq, stamp, bytes } = message;
    if (timeoutMs <= 0 || this.#held.size >= messages || this.#bytes + bytes > most) return false;
    if (this.#held.has(seq)) return false;
    this.#held.set(seq, { item, stamp, bytes, heldAt: now });
    this.#bytes += bytes;
    return true;
  }

  /** Takes the message kept back that is next now; undefined when none is. */
  shift(): T | undefined {
    if (this.#held.size === 0 || this.#expected === null) return undefined;
    const seq = this.#expected;
    const next = this.#held.get(seq);
    if (next === undefined) return undefined;
    this.#held.delete(seq);
    this.#bytes -= next.bytes;
    this.#took(seq, next.stamp);
    return next.item;
  }

  /** Gives up what is missing. @returns all that is kept back, in order; the number after the last is awaited. */
  giveUp(): T[] {
    const items: T[] = [];
    const from = this.#expected ?? 0;
    const numbers = [...this.#held.keys()].sort(
      (a, b) => ((a - from + SPAN) % SPAN) - ((b - from + SPAN) % SPAN),
    );
    for (const seq of numbers) {
      const held = this.#held.get(seq);
      if (held === undefined) continue;
      this.#took(seq, held.stamp);
      items.push(held.item);
    }
    this.#held.clear();
    this.#bytes = 0;
    return items;
  }

  /** A message out of order is taken all the same: the number after it is awaited. */
  skipTo(seq: number, stamp: number | null): void {
    this.#took(seq, stamp);
  }

  #took(seq: number, stamp: number | null): void {
    this.#expected = (seq + 1) % SPAN;
    this.#stamps[seq] = stamp ?? Number.NaN;
  }
}
