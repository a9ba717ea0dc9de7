import type { Clock } from "../kernel/clock.js";

/** The most that is slept in one go; timers take little more than three weeks. */
const LONGEST_SLEEP_MS = 3_600_000;

/** Calls back by key when its time has come. One timer, set to the next one. */
export class WakeUps {
  readonly #at = new Map<string, number>();
  readonly #clock: Clock;
  readonly #wake: (key: string) => void;
  #timer: NodeJS.Timeout | null = null;
  #next = Number.POSITIVE_INFINITY;

  /** @param options.wake must not throw. */
  constructor(options: { clock: Clock; wake: (key: string) => void }) {
    this.#clock = options.clock;
    this.#wake = options.wake;
  }

  /** @param at milliseconds, in place of the time before; infinite for never. */
  set(key: string, at: number): void {
    if (at === Number.POSITIVE_INFINITY) {
      this.#at.delete(key);
      return;
    }
    this.#at.set(key, at);
    if (at < this.#next) this.#arm(at);
  }

  clear(): void {
    this.#at.clear();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#next = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#next = at;
    // A millisecond later, because timers may fire one early.
    const ms = Math.min(Math.max(at - this.#clock.now() + 1, 0), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.#fire(), ms);
  }

  #fire(): void {
    this.#timer = null;
    this.#next = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    const due: string[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [key, at] of this.#at) {
      if (at <= now) due.push(key);
      else next = Math.min(next, at);
    }
    for (const key of due) this.#at.delete(key);
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next);
    for (const key of due) this.#wake(key);
  }
}
