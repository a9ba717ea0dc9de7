import { backoffMs } from "../commands/command.js";
import { pause } from "../commands/waiting.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { DesiredStore } from "./desired.store.js";
import type { DesiredBook } from "./desired-book.js";
import type { DesiredRecords } from "./desired-records.service.js";
import type { DesiredWatchStore } from "./desired-watch.store.js";

const BATCH = 500;

/** Keeps what this server knows of desired values the same as what is stored, whichever server wrote it. */
export class DesiredSync {
  readonly #store: DesiredStore;
  readonly #watch: DesiredWatchStore;
  readonly #book: DesiredBook;
  readonly #records: DesiredRecords;
  readonly #logger: Logger;
  /** Machines that were written, with the revision of the last write. */
  readonly #written = new Map<string, number>();
  #reading: Promise<void> | null = null;
  #abort: AbortController | null = null;
  #following: Promise<void> = Promise.resolve();

  constructor(deps: {
    store: DesiredStore;
    watch: DesiredWatchStore;
    book: DesiredBook;
    records: DesiredRecords;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#watch = deps.watch;
    this.#book = deps.book;
    this.#records = deps.records;
    this.#logger = deps.logger;
  }

  /** Resolves when everything stored is known; from then on it follows by itself. */
  start(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    return new Promise((resolve, reject) => {
      this.#following = this.#follow(abort.signal, resolve).catch(reject);
    });
  }

  async stop(): Promise<void> {
    this.#abort?.abort();
    await Promise.all([this.#following, this.#reading]);
  }

  /** Rejects when the first time fails; later it tries again. */
  async #follow(signal: AbortSignal, known: () => void): Promise<void> {
    let started = false;
    for (let failures = 0; !signal.aborted; ) {
      const ready = async () => {
        await this.#store.loadAll((machines) => {
          for (const machine of machines) {
            // At the start nothing changes: it is only learned.
            if (started) this.#records.take(machine);
            else this.#book.put(machine);
          }
        });
        started = true;
        failures = 0;
        known();
      };
      const written = (machineId: string, revision: number) => this.#note(machineId, revision, signal);
      try {
        await this.#watch.listen({ ready, written }, signal);
      } catch (error) {
        if (!started) throw error;
        if (failures === 0)
          this.#logger.warn({}, `desired values of other servers are not heard: ${messageOf(error)}`);
      }
      failures += 1;
      if (!signal.aborted) await pause(backoffMs(failures), signal);
    }
    known();
  }

  #note(machineId: string, revision: number, signal: AbortSignal): void {
    if ((this.#book.get(machineId)?.revision ?? 0) >= revision) return;
    this.#written.set(machineId, revision);
    this.#reading ??= this.#read(signal);
  }

  async #read(signal: AbortSignal): Promise<void> {
    // What this server has written itself is mostly known by the time that it would be read.
    await new Promise((resolve) => setImmediate(resolve));
    for (let failures = 0; this.#written.size > 0 && !signal.aborted; ) {
      const ids = [...this.#written.keys()].slice(0, BATCH);
      const news = ids.filter((id) => (this.#book.get(id)?.revision ?? 0) < (this.#written.get(id) ?? 0));
      for (const id of ids) this.#written.delete(id);
      try {
        if (news.length > 0) for (const machine of await this.#store.load(news)) this.#records.take(machine);
        failures = 0;
      } catch (error) {
        this.#logger.warn({}, `desired values of other servers cannot be read yet: ${messageOf(error)}`);
        failures += 1;
        for (const id of news) if (!this.#written.has(id)) this.#written.set(id, Number.MAX_SAFE_INTEGER);
        await pause(backoffMs(failures), signal);
      }
    }
    this.#reading = null;
  }
}
