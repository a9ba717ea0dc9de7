import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceLeaseStore } from "./source-lease.store.js";

/** Where leases come from. */
export type Leases = Pick<SourceLeaseStore, "tryAcquire">;

const LOCK_RETRY_MS = 1_000;

/** Waits for a source's lock, works under it, and takes it again when it was lost. */
export class LeaseHold {
  readonly #source: string;
  readonly #leases: Leases;
  readonly #work: (lease: SourceLease, until: AbortSignal) => Promise<void>;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #holding: Promise<void> | null = null;
  #standby = false;
  #lease: SourceLease | null = null;

  /** @param deps.work consumes the source until the signal is aborted; what it throws is logged, and it is called again. */
  constructor(deps: {
    source: string;
    leases: Leases;
    work: (lease: SourceLease, until: AbortSignal) => Promise<void>;
    logger: Logger;
  }) {
    this.#source = deps.source;
    this.#leases = deps.leases;
    this.#work = deps.work;
    this.#logger = deps.logger;
  }

  /** Another server consumes the source. */
  get standby(): boolean {
    return this.#standby;
  }

  /** The right to write what the source brings; null while this server does not hold it. */
  get lease(): SourceLease | null {
    return this.#lease;
  }

  /** Idempotent. */
  start(): void {
    this.#holding ??= this.#hold();
  }

  /** Resolves when the work has ended and the lock is given back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#holding;
  }

  async #hold(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const lost = new AbortController();
      try {
        const held = await this.#leases.tryAcquire(this.#source, () => lost.abort());
        this.#standby = held === null;
        if (held !== null) {
          try {
            this.#lease = held.lease;
            await this.#work(held.lease, AbortSignal.any([signal, lost.signal]));
          } finally {
            await held.release();
            this.#lease = null;
          }
          if (lost.signal.aborted)
            this.#logger.warn({}, "lost the lock of the source with its database connection");
          continue;
        }
      } catch (error) {
        if (!signal.aborted) this.#logger.warn({}, `cannot consume the source: ${messageOf(error)}`);
      }
      await sleep(LOCK_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
