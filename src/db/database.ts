import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { DataSource, type EntityManager, type EntityTarget, type ObjectLiteral } from "typeorm";
import { migrations } from "../../migrations/index.js";
import type { Logger } from "../kernel/logger.js";
import type { BulkSql } from "../kernel/sql.js";
import { LOCKS } from "./locks.js";
import { sqlOf } from "./sql.js";

const MOST_ATTEMPTS = 6;
/** SQLSTATE of a deadlock, and of a transaction that cannot be put in order with others. */
const IN_THE_WAY = new Set(["40P01", "40001"]);

/** A transaction of the domain's connection: services pass it on, stores use it. */
export type Tx = EntityManager;

/**
 * The two ways to Postgres: TypeORM for the domain's reads and writes, and a plain pg pool for the
 * hot path (samples and twins).
 */
export class Database {
  readonly orm: DataSource;
  readonly pool: pg.Pool;
  readonly #url: string;
  readonly #logger: Logger;

  constructor(options: { url: string; entities: readonly EntityTarget<ObjectLiteral>[]; logger: Logger }) {
    this.#url = options.url;
    this.#logger = options.logger;
    this.orm = new DataSource({
      type: "postgres",
      url: options.url,
      entities: options.entities as unknown as (new () => ObjectLiteral)[],
      migrations,
      migrationsTableName: "migration",
      poolSize: 10,
      applicationName: "mes-twin",
      extra: { connectionTimeoutMillis: 10_000 },
      poolErrorHandler: (error: unknown) => this.#logger.warn({ err: error }, "a database connection broke"),
    });
    this.pool = new pg.Pool({
      connectionString: options.url,
      max: 10,
      application_name: "mes-twin-ingest",
      connectionTimeoutMillis: 10_000,
    });
    this.pool.on("error", (error) => this.#logger.warn({ err: error }, "a database connection broke"));
  }

  /** Connects and migrates. Servers that start together migrate one after the other. */
  async start(): Promise<void> {
    await this.orm.initialize();
    await this.exclusively(LOCKS.migrations, async () => {
      const done = await this.orm.runMigrations({ transaction: "each" });
      for (const migration of done) this.#logger.info({ migration: migration.name }, "database migrated");
    });
  }

  /** Runs `work` while no other server holds the lock; waits for it. */
  async exclusively<T>(lock: number, work: () => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: this.#url });
    client.on("error", () => undefined);
    await client.connect();
    try {
      await client.query("SELECT pg_advisory_lock($1)", [lock]);
      return await work();
    } finally {
      await client.end();
    }
  }

  /** Runs `work` in one transaction of the domain's connection; what it throws rolls everything back. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.orm.transaction(work);
  }

  /**
   * Like `transaction`, and begins anew when others' locks or writes undid it, as Postgres ends deadlocks so.
   * @param work has no effects but those of its transaction: it may run several times.
   */
  async repeatable<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.transaction(work);
      } catch (error) {
        if (attempt >= MOST_ATTEMPTS || !wasInTheWay(error)) throw error;
        // At different moments, so that the same ones do not meet again.
        await sleep(Math.random() * 50 * attempt);
      }
    }
  }

  /** Runs `work` on one connection of the hot path, without a transaction of its own. */
  async withConnection<T>(work: (sql: BulkSql, client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    // The pool listens to idle connections only, and an event that nobody listens to ends the process.
    const ignore = () => undefined;
    client.on("error", ignore);
    let broken: Error | undefined;
    try {
      return await work(sqlOf(client), client);
    } catch (error) {
      // A connection of unknown state must not go back into the pool.
      broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(broken);
      client.off("error", ignore);
    }
  }

  /** A statement on any connection of the hot path's pool. */
  async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(text, values as unknown[])).rows as Row[];
  }

  /** A connection of its own, for locks that last as long as the connection. The caller ends it. */
  async dedicatedClient(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: "mes-twin-lock",
      keepAlive: true,
    });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  async stop(): Promise<void> {
    if (this.orm.isInitialized) await this.orm.destroy();
    if (!this.pool.ended) await this.pool.end();
  }
}

function wasInTheWay(error: unknown): boolean {
  return IN_THE_WAY.has(String((error as { code?: unknown } | null)?.code ?? ""));
}
