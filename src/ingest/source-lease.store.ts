import { setInterval } from "node:timers";
import type pg from "pg";
import type { Database } from "../db/database.js";
import { SOURCE_LOCKS } from "../db/locks.js";
import type { Sql } from "../kernel/sql.js";
import { SourceLease } from "./source-lease.js";

const HEARTBEAT_MS = 5_000;

/** A source that this server consumes. */
export interface HeldSource {
  readonly lease: SourceLease;
  /** Gives the source back. */
  release(): Promise<void>;
}

/** Who holds a source's lock consumes it. The lock lasts as long as its connection. */
export class SourceLeaseStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Tries once to take a source.
   * @param onLost called when the lock is gone without being given back.
   * @returns null when another server holds it.
   */
  async tryAcquire(source: string, onLost: () => void): Promise<HeldSource | null> {
    const client: pg.Client = await this.#db.dedicatedClient();
    try {
      const answer = await client.query<{ held: boolean }>(
        "SELECT pg_try_advisory_lock($1, hashtext($2)) AS held",
        [SOURCE_LOCKS, source],
      );
      if (answer.rows[0]?.held) return await hold(client, source, onLost);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    await client.end();
    return null;
  }

  /**
   * Keeps leases from ending until the caller's transaction does.
   * @returns those that have ended already.
   */
  async confirm(sql: Sql, leases: readonly SourceLease[]): Promise<readonly SourceLease[]> {
    if (leases.length === 0) return [];
    const rows = await sql.query<{ source: string; epoch: string }>(
      "SELECT source, epoch FROM source_lease WHERE source = ANY($1) FOR SHARE",
      [leases.map((lease) => lease.source)],
    );
    const epochs = new Map(rows.map((row) => [row.source, row.epoch]));
    return leases.filter((lease) => epochs.get(lease.source) !== lease.epoch);
  }
}

async function hold(client: pg.Client, source: string, onLost: () => void): Promise<HeldSource> {
  // Without these a database whose network was cut off keeps the lock for hours.
  await client.query(
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3",
  );
  const epochs = await client.query<{ epoch: string }>(
    `INSERT INTO source_lease (source, epoch) VALUES ($1, 1)
     ON CONFLICT (source) DO UPDATE SET epoch = source_lease.epoch + 1 RETURNING epoch`,
    [source],
  );
  const lease = new SourceLease(source, epochs.rows[0]?.epoch ?? "");
  let over = false;
  const lost = () => {
    if (over) return;
    over = true;
    clearInterval(heartbeat);
    lease.end();
    onLost();
  };
  client.on("end", lost);
  let asked = false;
  const heartbeat = setInterval(() => {
    // No answer since the last question: the connection hangs.
    if (asked) {
      lost();
      client.end().catch(() => undefined);
      return;
    }
    asked = true;
    client.query("SELECT 1").then(
      () => {
        asked = false;
      },
      () => lost(),
    );
  }, HEARTBEAT_MS);
  return {
    lease,
    async release() {
      const mine = !over;
      over = true;
      clearInterval(heartbeat);
      lease.end();
      if (mine) await client.end();
    },
  };
}
