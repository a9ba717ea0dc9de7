import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../db/database.js";
import type { HistoryService } from "../history/history.service.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { BulkSql } from "../kernel/sql.js";
import type { PlantService } from "../plant/plant.service.js";
import type { FactWriter } from "../twin/facts.js";
import type { TwinService } from "../twin/twin.service.js";
import { type Assembled, assemble, Entry, leave } from "./batch.js";
import { isDataError, isPassing } from "./data-error.js";
import type { DeadLetterStore } from "./dead-letter.store.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceLeaseStore } from "./source-lease.store.js";

/** The most messages in one transaction. */
const LARGEST_BATCH = 20_000;
/** An error that is neither the data's nor the connection's is believed after so many attempts. */
const PATIENCE = 5;
const SETTLE_MS = 20;
const RETRY_MS = [100, 250, 500, 1_000, 2_000];

/** What a committed transaction leaves to do. */
interface Committed {
  /** Samples that were there already. */
  readonly repeated: number;
  readonly afterCommit: readonly (() => void)[];
}

/** The connection broke while COMMIT was on its way: nobody can tell yet what became of the transaction. */
class OutcomeUnknown extends Error {
  readonly transaction: string;
  /** What is left to do if it was committed. */
  readonly committed: Committed;
  constructor(transaction: string, committed: Committed, cause: unknown) {
    super(messageOf(cause), { cause });
    this.transaction = transaction;
    this.committed = committed;
  }
}

/** Another server has taken a source over since its messages came: its consumer decides about them now. */
class LeaseEnded extends Error {
  constructor(leases: readonly SourceLease[]) {
    super(`another server consumes ${leases.map((lease) => lease.source).join(", ")} now`);
    for (const lease of leases) lease.end();
  }
}

/**
 * Writes entries in batches, one transaction each, and acknowledges their messages afterwards. Batches are small when
 * little comes, and grow while the database is busy.
 */
export class Committer {
  #pending: Entry[] = [];
  #running: Promise<void> | null = null;
  /** The leases under which something is being written, or may have been. */
  #writing: readonly SourceLease[] = [];
  #problem: string | null = null;
  #stopped = false;
  readonly #db: Database;
  readonly #plant: PlantService;
  readonly #twins: TwinService;
  readonly #history: HistoryService;
  readonly #facts: readonly FactWriter[];
  readonly #leases: SourceLeaseStore;
  readonly #deadLetters: DeadLetterStore;
  readonly #logger: Logger;

  constructor(deps: {
    db: Database;
    plant: PlantService;
    twins: TwinService;
    history: HistoryService;
    facts: readonly FactWriter[];
    leases: SourceLeaseStore;
    deadLetters: DeadLetterStore;
    logger: Logger;
  }) {
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#twins = deps.twins;
    this.#history = deps.history;
    this.#facts = deps.facts;
    this.#leases = deps.leases;
    this.#deadLetters = deps.deadLetters;
    this.#logger = deps.logger;
  }

  /** Entries that are not committed yet. */
  get backlog(): number {
    return this.#pending.length;
  }

  /** Why nothing is being committed; null while all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  add(entry: Entry): void {
    this.#pending.push(entry);
    this.#running ??= this.#run();
  }

  /** Resolves when all that was added so far is committed, or the database is away. */
  async drain(): Promise<void> {
    while (this.#running !== null && this.#problem === null) await Promise.race([this.#running, sleep(100)]);
  }

  /** Like `drain`, and takes up nothing after it: what is not committed then stays with the broker. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Messages that the socket brought together are committed together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const entries = this.#pending.splice(0, LARGEST_BATCH);
      const done = await this.#commitUntilDone(entries);
      this.#writing = [];
      if (!done) leaveAll(this.#pending.splice(0));
    }
    this.#running = null;
  }

  /**
   * Resolves when nothing is being written under a lease that has ended, nor can turn out to have been: what the
   * database holds is then all that it will hold of it.
   * @throws the signal's reason when that comes first.
   */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.#writing.some((lease) => !lease.valid)) await sleep(SETTLE_MS, undefined, { signal });
  }

  /** @returns false when it gave up because the server stops. */
  async #commitUntilDone(all: readonly Entry[]): Promise<boolean> {
    let entries = all;
    let batch = assemble([]);
    let unknown: OutcomeUnknown | null = null;
    for (let attempt = 0; ; attempt += 1) {
      try {
        if (unknown !== null) {
          if (await this.#wasCommitted(unknown.transaction)) {
            this.#done(entries, unknown.committed);
            return true;
          }
          unknown = null;
        }
        // What was rolled back has no ids: the next batch, or a part of this one, must register its series again.
        for (const { series } of batch.series) series.id = null;
        entries = entries.flatMap((entry) => (entry.lease?.valid === false ? abandoned(entry) : entry));
        batch = assemble(entries);
        this.#writing = batch.leases;
        this.#done(entries, await this.#commit(batch));
        return true;
      } catch (error) {
        if (error instanceof OutcomeUnknown) unknown = error;
        if (isDataError(error) || (attempt >= PATIENCE && !isPassing(error)))
          return this.#isolate(entries, batch, error);
        this.#problem = `the database does not take data: ${messageOf(error)}`;
        this.#logger.warn({ attempt, entries: entries.length }, this.#problem);
        if (this.#stopped) {
          leaveAll(entries);
          return false;
        }
        if (!(error instanceof LeaseEnded)) await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      }
    }
  }

  /** One bad message must not hold up the others: halves the batch until it stands alone, as a dead letter. */
  async #isolate(entries: readonly Entry[], batch: Assembled, error: unknown): Promise<boolean> {
    for (const { series } of batch.series) series.id = null;
    const [only, ...others] = entries;
    if (only && others.length === 0) {
      this.#logger.error({ err: error, topic: only.message?.topic }, "the database refuses a message");
      const less = refusedEntry(only, messageOf(error));
      if (less !== null) return this.#commitUntilDone([less]);
      // Nothing of it can be stored: its message must not come again and again.
      this.#done([only], { repeated: 0, afterCommit: [] });
      return true;
    }
    const middle = entries.length >> 1;
    if (await this.#commitUntilDone(entries.slice(0, middle)))
      return this.#commitUntilDone(entries.slice(middle));
    leaveAll(entries.slice(middle));
    return false;
  }

  #done(entries: readonly Entry[], outcome: Committed): void {
    this.#problem = null;
    for (const entry of entries) {
      const { message, stats } = entry;
      message?.ack();
      if (!stats) continue;
      stats.dead += entry.deadLetters.length;
      stats.samples += entry.samples.length;
      if (message) {
        stats.committed += 1;
        stats.committedUpTo = message.receivedAt;
      }
    }
    const stats = entries.find((entry) => entry.stats)?.stats;
    if (stats) {
      stats.repeated += outcome.repeated;
      stats.samples -= outcome.repeated;
    }
    for (const action of outcome.afterCommit) this.#follow(action);
  }

  /** What is committed stays so, whatever its followers make of it. */
  #follow(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#logger.error({ err: error }, "telling of a committed batch failed");
    }
  }

  async #commit(batch: Assembled): Promise<Committed> {
    return this.#db.withConnection(async (sql, client) => {
      const begun = (await client.query("BEGIN; SELECT pg_current_xact_id()::text AS id")) as unknown as {
        rows: { id: string }[];
      }[];
      const ended = await this.#leases.confirm(sql, batch.leases);
      if (ended.length > 0) throw new LeaseEnded(ended);
      const committed = await this.#write(sql, batch);
      try {
        await client.query("COMMIT");
      } catch (error) {
        throw new OutcomeUnknown(begun[1]?.rows[0]?.id ?? "", committed, error);
      }
      return committed;
    });
  }

  async #write(sql: BulkSql, batch: Assembled): Promise<Committed> {
    if (batch.types.length > 0) await this.#plant.saveLearned(sql, batch.types);
    if (batch.equipment.length > 0) await this.#plant.save(sql, batch.equipment);
    await this.#twins.register(sql, batch.series);
    const { repeated } = await this.#history.append(sql, batch.fresh, batch.old);
    const afterCommit = [await this.#twins.save(sql, batch.twins)];
    for (const writer of this.#facts) afterCommit.push(await writer.write(sql, batch));
    await this.#deadLetters.append(sql, batch.deadLetters);
    return { repeated, afterCommit };
  }

  /** Asks the database what became of a transaction whose COMMIT was never answered. */
  async #wasCommitted(transaction: string): Promise<boolean> {
    for (;;) {
      const rows = await this.#db
        .query<{ status: string | null }>("SELECT pg_xact_status($1::xid8) AS status", [transaction])
        .catch((error: { code?: string }) => {
          // A replica that took over never saw the transaction: its number is in the future.
          if (error.code === "22023") return [];
          throw error;
        });
      const status = rows[0]?.status ?? null;
      if (status !== "in progress") return status === "committed";
      await sleep(100);
    }
  }
}

function leaveAll(entries: readonly Entry[]): void {
  for (const { message, stats } of entries) if (message && stats) leave(message, stats);
}

/** What remains of an entry whose lease has ended: the equipment, which is known here and right whoever stores it. */
function abandoned(entry: Entry): Entry[] {
  leaveAll([entry]);
  if (entry.equipment.length === 0 && entry.types.length === 0) return [];
  const rest = new Entry(null, null, null);
  rest.types = entry.types;
  rest.equipment = entry.equipment;
  return [rest];
}

/**
 * What remains of an entry that the database refuses: the dead letter, and the equipment, which the next messages of
 * its machine rely on. Of an entry that holds no more than these, the dead letter alone; null when that is refused.
 */
function refusedEntry(entry: Entry, reason: string): Entry | null {
  const { message, stats } = entry;
  if (entry.twin === null && entry.equipment.length === 0) return null;
  const rest = new Entry(message, stats, entry.lease);
  if (entry.twin !== null) {
    rest.types = entry.types;
    rest.equipment = entry.equipment;
  }
  if (message && stats) {
    const { topic, payload, receivedAt } = message;
    const { source } = stats;
    rest.deadLetters = [
      { receivedAt, source, topic, mapping: null, reason: `the database refuses it: ${reason}`, payload },
    ];
  }
  return rest;
}
