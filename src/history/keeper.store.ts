import { setTimeout } from "node:timers";
import type pg from "pg";
import { to } from "pg-copy-streams";
import { CopyRows } from "../db/copy-rows.js";
import type { Database } from "../db/database.js";
import { LOCKS } from "../db/locks.js";
import { sqlOf } from "../db/sql.js";
import { messageOf } from "../kernel/result.js";
import type { BulkSql, CopyRow } from "../kernel/sql.js";
import { GATHERED_COLUMNS } from "./frame-gather.js";

/** An answer that takes longer does not come: the connection hangs. */
const ANSWER_MS = 120_000;
const LOCK_MS = 10_000;
/** Waiting for its lock, a drop keeps all that comes after it from reading. */
const DROP_LOCK_MS = 300;

/** The segment that takes frames. */
export interface OpenSegment {
  readonly id: number;
  /** About how many frames it has. */
  readonly frames: number;
  readonly bytes: number;
  /** When its first frame came, in milliseconds; null while it is empty. */
  readonly since: number | null;
}

/**
 * The right to keep the history, as long as its connection lasts. What the keeper writes it writes on this very
 * connection, so that nothing is written without the right.
 */
export class KeeperSession {
  readonly sql: BulkSql;
  readonly #db: Database;
  readonly #client: pg.Client;
  #reader: pg.Client | null = null;
  #lost = false;

  /** @param client holds the lock. */
  constructor(db: Database, client: pg.Client) {
    this.#db = db;
    this.#client = client;
    client.on("end", () => {
      this.#lost = true;
    });
    const sql = sqlOf(client);
    const within = <T>(answer: Promise<T>) => this.#within(client, answer);
    this.sql = {
      query: <Row>(text: string, values?: readonly unknown[]) => within(sql.query<Row>(text, values)),
      copyOut: (query, visit) => within(sql.copyOut(query, visit)),
      copyIn: (statement, data) => within(sql.copyIn(statement, data)),
    };
  }

  /** True for ever once the connection is gone. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Ends the connection and gives the right back; what was not committed is rolled back, what still runs fails. */
  async release(): Promise<void> {
    this.#lost = true;
    await Promise.all([this.#reader?.end(), this.#client.end()].map((end) => end?.catch(() => undefined)));
  }

  /**
   * Reads the frames of a closed segment in the order that FrameGather wants, on a connection of its own. Between pieces the
   * reader may take its time.
   */
  async *frames(segment: number, visit: (row: CopyRow) => void): AsyncGenerator<void> {
    const client = await this.#db.dedicatedClient();
    this.#reader = client;
    try {
      // Room to sort in memory, and no worker of its own beside ingest's.
      await client.query("SET work_mem = '64MB'; SET max_parallel_workers_per_gather = 0");
      const rows = new CopyRows(visit);
      const stream = client.query(
        to(
          `COPY (SELECT ${GATHERED_COLUMNS} FROM frame_${segment} ORDER BY machine_id, time, revision)
           TO STDOUT (FORMAT binary)`,
        ),
      );
      const pieces = stream[Symbol.asyncIterator]();
      for (;;) {
        const piece = await this.#within(client, pieces.next());
        if (piece.done) break;
        rows.push(piece.value as Buffer);
        yield;
      }
    } finally {
      this.#reader = null;
      await client.end().catch(() => undefined);
    }
  }

  /** @throws when the answer does not come; the connection is over then. */
  async #within<T>(client: pg.Client, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`the database has not answered within ${ANSWER_MS / 1000} s`));
        client.end().catch(() => undefined);
      }, ANSWER_MS);
      timer.unref();
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Segments of the history, from their keeper's side. */
export class KeeperStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Tries once to become the keeper. @returns null while another server is. */
  async tryAcquire(): Promise<KeeperSession | null> {
    const client = await this.#db.dedicatedClient();
    try {
      // Without these a database whose network was cut off keeps the lock for hours.
      await client.query(
        `SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
         SET lock_timeout = ${LOCK_MS}`,
      );
      const answer = await client.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [
        LOCKS.historyKeeper,
      ]);
      if (answer.rows[0]?.held) return new KeeperSession(this.#db, client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    await client.end();
    return null;
  }

  /** @returns null when none is open, which only somebody else's change of the tables can bring about. */
  async open({ sql }: KeeperSession): Promise<OpenSegment | null> {
    const segments = await sql.query<{ id: number }>(
      "SELECT id FROM segment WHERE closed_at IS NULL ORDER BY id DESC LIMIT 1",
    );
    const id = segments[0]?.id;
    if (id === undefined) return null;
    // The first row that was written is the first one found.
    const rows = await sql.query<{ frames: string; bytes: string; since: Date | null }>(
      `SELECT pg_stat_get_tuples_inserted($1::regclass) AS frames, pg_total_relation_size($1::regclass) AS bytes,
              (SELECT received_time FROM frame_${id} LIMIT 1) AS since`,
      [`frame_${id}`],
    );
    const row = rows[0];
    if (!row) return null;
    const since = row.since?.getTime() ?? null;
    return { id, frames: Number(row.frames), bytes: Number(row.bytes), since };
  }

  /** Opens a new segment and closes all before it. Frames that are being committed stay in the segment they are in. */
  async rotate({ sql }: KeeperSession): Promise<void> {
    await sql.query("BEGIN");
    const [row] = await sql.query<{ id: number }>("INSERT INTO segment DEFAULT VALUES RETURNING id");
    const name = `frame_${row?.id}`;
    // Attaching takes a weaker lock on the parent than CREATE TABLE … PARTITION OF. A segment lives for an hour or less,
    // which is not worth a vacuum.
    await sql.query(
      `CREATE TABLE ${name} (LIKE frame INCLUDING ALL) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false)`,
    );
    await sql.query(`ALTER TABLE frame ATTACH PARTITION ${name} FOR VALUES IN (${row?.id})`);
    await sql.query("COMMIT");
    await this.closeOld({ sql });
  }

  /** Closes all segments but the newest. Waits for transactions that still write to them. */
  async closeOld({ sql }: Pick<KeeperSession, "sql">): Promise<void> {
    await sql.query(
      `UPDATE segment SET closed_at = now()
       WHERE closed_at IS NULL AND id < (SELECT max(id) FROM segment WHERE closed_at IS NULL)`,
    );
  }

  /** The segments that are to be sealed, in the order in which they took frames. */
  async closed({ sql }: KeeperSession): Promise<number[]> {
    const rows = await sql.query<{ id: number }>(
      "SELECT id FROM segment WHERE closed_at IS NOT NULL AND sealed_at IS NULL ORDER BY id",
    );
    return rows.map((row) => row.id);
  }

  /** Says, in the caller's transaction, that all of a segment's samples are in blocks. @throws when they were before. */
  async markSealed(sql: BulkSql, segment: number): Promise<void> {
    const rows = await sql.query(
      "UPDATE segment SET sealed_at = now() WHERE id = $1 AND closed_at IS NOT NULL AND sealed_at IS NULL RETURNING id",
      [segment],
    );
    if (rows.length !== 1) throw new Error(`segment ${segment} is not to be sealed`);
  }

  /** The metrics of series. */
  async series(
    sql: BulkSql,
    ids: readonly number[],
  ): Promise<{ id: number; machine_id: string; metric: string }[]> {
    return sql.query("SELECT id, machine_id, metric FROM series WHERE id = ANY($1::int[])", [ids]);
  }

  /**
   * Drops the frames of sealed segments.
   * @returns how many were dropped, and why one stays: somebody reads it, and it can be tried again.
   */
  async dropSealed({ sql }: KeeperSession): Promise<{ dropped: number; problem: string | null }> {
    const rows = await sql.query<{ id: number }>(
      "SELECT id FROM segment WHERE sealed_at IS NOT NULL ORDER BY id",
    );
    let dropped = 0;
    for (const { id } of rows) {
      try {
        await sql.query("BEGIN");
        await sql.query(`SET LOCAL lock_timeout = ${DROP_LOCK_MS}`);
        await sql.query(`DROP TABLE IF EXISTS frame_${id}`);
        await sql.query("DELETE FROM segment WHERE id = $1", [id]);
        await sql.query("COMMIT");
        dropped += 1;
      } catch (error) {
        await sql.query("ROLLBACK");
        return { dropped, problem: messageOf(error) };
      }
    }
    return { dropped, problem: null };
  }
}
