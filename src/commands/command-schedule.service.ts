import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { backoffMs } from "./command.js";
import type { HeldSources } from "./command-gate.service.js";
import type { CommandQueueStore } from "./command-queue.store.js";
import type { CommandSender } from "./command-sender.service.js";
import { type CommandWatch, LATE_MS } from "./command-watch.service.js";

/** Other servers take commands too, and may leave open ones behind. */
const LONGEST_SLEEP_MS = 1_000;

/**
 * Wakes the sender when a command's time has come: one that was scheduled, one that is to be sent again, one that
 * another server has taken or left. Looks into the database every second, and at the next time that it knows of.
 */
export class CommandSchedule {
  readonly #queue: CommandQueueStore;
  readonly #sender: CommandSender;
  readonly #watch: CommandWatch;
  readonly #sources: HeldSources;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #held: ReadonlySet<string> = new Set();
  #started = false;
  #timer: NodeJS.Timeout | null = null;
  #dueAt = Number.POSITIVE_INFINITY;
  #waking: Promise<void> | null = null;
  #failures = 0;

  constructor(deps: {
    queue: CommandQueueStore;
    sender: CommandSender;
    watch: CommandWatch;
    sources: HeldSources;
    clock: Clock;
    logger: Logger;
  }) {
    this.#queue = deps.queue;
    this.#sender = deps.sender;
    this.#watch = deps.watch;
    this.#sources = deps.sources;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /** Begins with what is due. @throws when the database cannot be asked. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#held = new Set();
    await this.#sweep();
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#started = false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#waking;
  }

  /** A command's time comes then. */
  at(time: Date): void {
    if (time.getTime() >= this.#dueAt) return;
    this.#dueAt = time.getTime();
    if (!this.#waking) this.#arm();
  }

  #arm(): void {
    if (!this.#started) return;
    if (this.#timer) clearTimeout(this.#timer);
    const ms = Math.min(Math.max(this.#dueAt - this.#clock.now(), 0), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.#wake(), ms);
  }

  #wake(): void {
    this.#waking ??= this.#sweepAgain().finally(() => {
      this.#waking = null;
      this.#arm();
    });
  }

  async #sweepAgain(): Promise<void> {
    try {
      await this.#sweep();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#dueAt = this.#clock.now() + backoffMs(this.#failures);
      if (this.#failures === 1)
        this.#logger.error({ err: error }, "cannot see whether commands are due; tried again");
    }
  }

  async #sweep(): Promise<void> {
    this.#dueAt = Number.POSITIVE_INFINITY;
    const now = new Date(this.#clock.now());
    this.#watch.prune();
    await this.#takeOver();
    for (const { machineId, retry } of await this.#queue.dueMachines(now))
      this.#sender.wake(machineId, { retry });
    const next = await this.#queue.nextDue(now);
    if (next) this.#dueAt = Math.min(this.#dueAt, next.getTime());
  }

  /** Reports of machines that this server has just begun to hear prove what another one has sent. */
  async #takeOver(): Promise<void> {
    const held = new Set(this.#sources.held());
    const fresh = [...held].filter((source) => !this.#held.has(source));
    if (fresh.length > 0) {
      const since = new Date(this.#clock.now() - LATE_MS);
      for (const command of await this.#queue.unproven(fresh, since)) this.#watch.add(command);
    }
    this.#held = held;
  }
}
