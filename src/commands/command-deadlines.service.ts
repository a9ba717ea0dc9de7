import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { backoffMs } from "./command.js";
import type { CommandQueueStore } from "./command-queue.store.js";
import type { CommandSteps } from "./command-steps.service.js";
import { LONGEST_TIMER_MS } from "./waiting.js";

const BATCH = 500;
// Another server may have ended and left open commands that this one was not told of.
const LONGEST_SLEEP_MS = 30_000;

/** Ends open commands when their time is over. One timer, set to the next one's expiry. */
export class CommandDeadlines {
  readonly #queue: CommandQueueStore;
  readonly #steps: CommandSteps;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #started = false;
  #timer: NodeJS.Timeout | null = null;
  #dueAt = Number.POSITIVE_INFINITY;
  #waking: Promise<void> | null = null;
  #failures = 0;

  constructor(deps: { queue: CommandQueueStore; steps: CommandSteps; clock: Clock; logger: Logger }) {
    this.#queue = deps.queue;
    this.#steps = deps.steps;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /** Ends what has expired meanwhile and sets the timer. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    await this.#wake();
  }

  async stop(): Promise<void> {
    this.#started = false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#waking;
  }

  /** A command is open until then, in milliseconds. */
  watch(expiresAt: number): void {
    if (expiresAt >= this.#dueAt) return;
    this.#dueAt = expiresAt;
    if (!this.#waking) this.#arm();
  }

  #arm(): void {
    if (!this.#started) return;
    if (this.#timer) clearTimeout(this.#timer);
    const ms = Math.min(Math.max(this.#dueAt - this.#clock.now(), 0), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => void this.#wake(), ms);
  }

  #wake(): Promise<void> {
    this.#waking ??= this.#sweep().finally(() => {
      this.#waking = null;
      this.#arm();
    });
    return this.#waking;
  }

  /** Never rejects: what fails is tried again. */
  async #sweep(): Promise<void> {
    this.#dueAt = this.#clock.now() + LONGEST_SLEEP_MS;
    try {
      while (this.#started) {
        const now = new Date(this.#clock.now());
        const ids = await this.#queue.due(now, BATCH);
        if (ids.length === 0) break;
        await this.#steps.make(ids, async () => {
          const ended = await this.#queue.expire(ids, now);
          for (const { id, status } of ended) this.#logger.info({ command: id, status }, "command ended");
          return { steps: ended, value: undefined };
        });
      }
      const next = await this.#queue.nextExpiry();
      if (next) this.#dueAt = Math.min(this.#dueAt, next.getTime());
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#dueAt = this.#clock.now() + backoffMs(this.#failures);
      this.#logger.error({ err: error }, "commands could not be timed out; tried again");
    }
  }
}
