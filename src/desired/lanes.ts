/**
 * Runs work by key: at most `max` at a time in each lane, never twice at a time for one key. A key that is added while
 * it waits is run once; one that is added while it runs is run again.
 */
export class Lanes {
  readonly #waiting = new Map<string, Set<string>>();
  readonly #active = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #max: number;
  readonly #work: (key: string) => Promise<void>;

  /** @param options.work must not reject. */
  constructor(options: { max: number; work: (key: string) => Promise<void> }) {
    this.#max = options.max;
    this.#work = options.work;
  }

  add(lane: string, key: string): void {
    const waiting = this.#waiting.get(lane);
    if (waiting) waiting.add(key);
    else this.#waiting.set(lane, new Set([key]));
    this.#next(lane);
  }

  /** Forgets what waits; resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  #next(lane: string): void {
    const waiting = this.#waiting.get(lane);
    if (!waiting) return;
    for (const key of waiting) {
      const active = this.#active.get(lane) ?? 0;
      if (active >= this.#max) return;
      if (this.#running.has(key)) continue;
      waiting.delete(key);
      this.#active.set(lane, active + 1);
      this.#running.set(key, this.#run(lane, key));
    }
    if (waiting.size === 0) this.#waiting.delete(lane);
  }

  async #run(lane: string, key: string): Promise<void> {
    // Begins when it stands among those that run.
    await Promise.resolve();
    await this.#work(key);
    this.#running.delete(key);
    this.#active.set(lane, (this.#active.get(lane) ?? 1) - 1);
    this.#next(lane);
  }
}
