import { Level } from "level";

type Operation = { type: "put"; key: string; value: Buffer } | { type: "del"; key: string };

/**
 * The embedded broker's database. Writes are collected and go to disk in the order made, many in one batch; what
 * `committed` has resolved for survives a crash of the process and of the machine.
 */
export class BrokerStore {
  readonly #db: Level<string, Buffer>;
  #operations: Operation[] = [];
  #sync = false;
  #next: Promise<void> | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#db = new Level<string, Buffer>(folder, { keyEncoding: "utf8", valueEncoding: "buffer" });
  }

  /** Rejects with code LEVEL_DATABASE_NOT_OPEN when the folder cannot be used or another process uses it. */
  async open(): Promise<void> {
    await this.#db.open();
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#writing).catch(() => {});
    await this.#db.close();
  }

  put(key: string, value: Buffer): void {
    this.#operations.push({ type: "put", key, value });
    void this.#schedule();
  }

  delete(key: string): void {
    this.#operations.push({ type: "del", key });
    void this.#schedule();
  }

  /** Resolves when everything written so far is on disk. */
  committed(): Promise<void> {
    this.#sync = true;
    return this.#schedule();
  }

  /** Entries with `after < key < before` in the order of the keys, without those that wait to be written. */
  async range(after: string, before: string, limit = -1): Promise<[string, Buffer][]> {
    return await this.#db.iterator({ gt: after, lt: before, limit }).all();
  }

  async clear(after: string, before: string): Promise<void> {
    await this.committed();
    await this.#db.clear({ gt: after, lt: before });
  }

  #schedule(): Promise<void> {
    if (this.#next === null) {
      const write = this.#writing.catch(() => {}).then(() => new Promise<void>((go) => setImmediate(go)));
      this.#next = write.then(() => {
        const operations = this.#operations;
        const sync = this.#sync;
        this.#operations = [];
        this.#sync = false;
        this.#writing = this.#next ?? Promise.resolve();
        this.#next = null;
        return this.#db.batch(operations, { sync });
      });
      // Whoever asked for the outcome gets it; nobody else has to.
      this.#next.catch(() => {});
    }
    return this.#next;
  }
}
