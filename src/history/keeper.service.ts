import { setTimeout } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { PlantService } from "../plant/plant.service.js";
import type { KeeperSession, KeeperStore } from "./keeper.store.js";
import type { PartitionStore } from "./partition.store.js";
import { BLOCK_TABLES, isTooOld, policyOf } from "./retention.js";
import type { Sealer, SealReport } from "./sealer.service.js";

const EVERY_MS = 2_000;
const RETENTION_EVERY_MS = 3_600_000;
const DROP_EVERY_MS = 10_000;
/** Until what the stopping server still does in the database is broken off. */
const STOP_MS = 5_000;
const RETRY_MS = [1_000, 2_000, 5_000, 15_000, 60_000];

/** When the open segment is closed. */
const MOST_FRAMES = 1_000_000;
const MOST_BYTES = 512 * 1_048_576;
const LONGEST_MS = 3_600_000;

/** What the keeper is about. */
export interface KeeperStatus {
  /** Standby: another server keeps the history. */
  readonly phase: "stopped" | "standby" | "keeping";
  /** Why history is not being sealed or dropped; null while all is well. What comes in is stored all the same. */
  readonly problem: string | null;
  /** The last segment that this server sealed. */
  readonly last: SealReport | null;
}

/**
 * Keeps the history: closes segments, seals them, and drops what is sealed or too old. Of all servers one does; the
 * others stand by.
 */
export class HistoryKeeper {
  readonly #store: KeeperStore;
  readonly #sealer: Sealer;
  readonly #partitions: PartitionStore;
  readonly #plant: PlantService;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #session: KeeperSession | null = null;
  #stopping = new AbortController();
  #loop: Promise<void> | null = null;
  /** One run at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #phase: KeeperStatus["phase"] = "stopped";
  #problem: string | null = null;
  #last: SealReport | null = null;
  #nextDrop = 0;
  #nextRetention = 0;

  constructor(deps: {
    store: KeeperStore;
    sealer: Sealer;
    partitions: PartitionStore;
    plant: PlantService;
    clock: Clock;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#sealer = deps.sealer;
    this.#partitions = deps.partitions;
    this.#plant = deps.plant;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  get status(): KeeperStatus {
    return { phase: this.#phase, problem: this.#problem, last: this.#last };
  }

  /** Begins to keep the history in the background. */
  start(): void {
    if (this.#loop !== null) return;
    this.#stopping = new AbortController();
    this.#loop = this.#run(this.#stopping.signal);
  }

  /** Cancels what is being done, which then is as if it had not begun, and gives the right to keep the history back. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the server stops"));
    // A database that does not answer is not waited for.
    const patience = setTimeout(() => void this.#session?.release(), STOP_MS);
    await this.#loop;
    this.#loop = null;
    await this.#turn;
    clearTimeout(patience);
    await this.#release();
    this.#phase = "stopped";
  }

  /**
   * Does once what is to be done now.
   * @returns the segments that were sealed; null when another server keeps the history.
   * @throws when something failed. What was done before stays done.
   */
  runOnce(): Promise<readonly SealReport[] | null> {
    return this.#inTurn(() => this.#keep({ close: false }));
  }

  /** Like `runOnce`, but closes the open segment whatever its size and age, unless it is empty. */
  sealNow(): Promise<readonly SealReport[] | null> {
    return this.#inTurn(() => this.#keep({ close: true }));
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.runOnce();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.#logger.warn(
          { err: error, attempt: failures },
          "the history could not be sealed: it stays as it is",
        );
      }
      const pause =
        failures === 0 ? EVERY_MS : (RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? EVERY_MS);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #keep({ close }: { close: boolean }): Promise<readonly SealReport[] | null> {
    try {
      const session = await this.#right();
      if (!session) return null;
      const reports = await this.#sealAll(session, close);
      await this.#dropSealed(session);
      await this.#dropOld();
      this.#problem = null;
      return reports;
    } catch (error) {
      this.#problem = messageOf(error);
      // Its transaction may still be open.
      await this.#release();
      throw error;
    }
  }

  async #right(): Promise<KeeperSession | null> {
    if (this.#session?.lost) await this.#release();
    if (this.#session) return this.#session;
    this.#session = await this.#store.tryAcquire();
    const phase = this.#session ? "keeping" : "standby";
    if (phase !== this.#phase)
      this.#logger.info(
        {},
        phase === "keeping" ? "this server keeps the history" : "another server keeps the history",
      );
    this.#phase = phase;
    if (phase === "standby") this.#problem = null;
    this.#partitions.forget();
    return this.#session;
  }

  async #release(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.release();
  }

  async #sealAll(session: KeeperSession, close: boolean): Promise<readonly SealReport[]> {
    const { signal } = this.#stopping;
    await this.#store.closeOld(session);
    const open = await this.#store.open(session);
    if (open === null || (open.since !== null && (close || this.#isFull(open))))
      await this.#store.rotate(session);
    const reports: SealReport[] = [];
    for (const segment of await this.#store.closed(session)) {
      signal.throwIfAborted();
      const report = await this.#sealer.seal(session, segment, signal);
      reports.push(report);
      this.#last = report;
      this.#nextDrop = 0;
      this.#logger.info({ ...report }, "history sealed");
    }
    return reports;
  }

  #isFull({ frames, bytes, since }: { frames: number; bytes: number; since: number | null }): boolean {
    const age = since === null ? 0 : this.#clock.now() - since;
    return frames >= MOST_FRAMES || bytes >= MOST_BYTES || age >= LONGEST_MS;
  }

  async #dropSealed(session: KeeperSession): Promise<void> {
    const now = this.#clock.now();
    if (now < this.#nextDrop) return;
    this.#nextDrop = now + DROP_EVERY_MS;
    const { dropped, problem } = await this.#store.dropSealed(session);
    if (dropped > 0) this.#logger.info({ segments: dropped }, "sealed frames dropped");
    if (problem !== null)
      this.#logger.info({ reason: problem }, "sealed frames are still being read: dropped later");
  }

  async #dropOld(): Promise<void> {
    const now = this.#clock.now();
    if (now < this.#nextRetention) return;
    for (const partition of await this.#partitions.all()) {
      const policy = policyOf(this.#plant.retention, partition.policy);
      const { level } = BLOCK_TABLES[partition.table];
      if (!isTooOld(partition, policy[level], now)) continue;
      try {
        await this.#partitions.drop(partition);
      } catch (error) {
        this.#logger.info(
          { table: partition.name, reason: messageOf(error) },
          "old history is dropped later",
        );
        this.#nextRetention = now + DROP_EVERY_MS;
        return;
      }
      this.#logger.info(
        { table: partition.name, until: new Date(partition.to).toISOString() },
        "history dropped that is older than its retention",
      );
    }
    this.#nextRetention = now + RETENTION_EVERY_MS;
  }
}
