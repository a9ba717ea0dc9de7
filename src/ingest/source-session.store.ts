import type { Database, Tx } from "../db/database.js";
import { sqlWithin } from "../db/sql.js";

/** A session that nobody wants any more and that a broker may still keep. */
export interface LeftSession {
  readonly clientId: string;
  readonly source: string;
  /** All that the broker may have subscribed in it. */
  readonly filters: readonly string[];
  /** The source as it was then. */
  readonly definition: unknown;
  /** Whether what waits in it is to be taken before it is ended. */
  readonly drain: boolean;
  readonly leftAt: Date;
}

/** The sources' sessions at their brokers. */
export class SourceSessionStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What the broker may have subscribed in a session; nothing of one that is not known. */
  async filters(clientId: string): Promise<readonly string[]> {
    const rows = await this.#db.query<{ filters: string[] }>(
      "SELECT filters FROM source_session WHERE client_id = $1",
      [clientId],
    );
    return rows[0]?.filters ?? [];
  }

  async setFilters(clientId: string, source: string, filters: readonly string[]): Promise<void> {
    await this.#db.query(
      `INSERT INTO source_session (client_id, source, filters) VALUES ($1, $2, $3)
       ON CONFLICT (client_id) DO UPDATE SET filters = excluded.filters`,
      [clientId, source, filters],
    );
  }

  /** Those to be ended, oldest first. */
  left(): Promise<LeftSession[]> {
    return this.#db.query<LeftSession>(
      `SELECT client_id AS "clientId", source, filters, definition, drain, left_at AS "leftAt"
       FROM source_session WHERE left_at IS NOT NULL ORDER BY left_at, client_id`,
    );
  }

  async forget(clientId: string): Promise<void> {
    await this.#db.query("DELETE FROM source_session WHERE client_id = $1", [clientId]);
  }

  /** The number for a new session of a source: one that is still to be ended must not be taken for it. */
  async nextNumber(tx: Tx, source: string): Promise<number> {
    const rows = await sqlWithin(tx).query<{ next: number }>(
      "SELECT coalesce(max(number), 0) + 1 AS next FROM source_session WHERE source = $1 AND left_at IS NOT NULL",
      [source],
    );
    return rows[0]?.next ?? 1;
  }

  /** From now on the session is to be ended at the broker that `definition` names. */
  async leave(
    tx: Tx,
    session: { clientId: string; source: string; number: number; definition: unknown; drain: boolean },
  ): Promise<void> {
    const { clientId, source, number, definition, drain } = session;
    await sqlWithin(tx).query(
      `INSERT INTO source_session (client_id, source, number, definition, drain, left_at)
       VALUES ($1, $2, $3, $4, $5, now())
       ON CONFLICT (client_id) DO UPDATE SET number = excluded.number, definition = excluded.definition,
         drain = excluded.drain, left_at = excluded.left_at`,
      [clientId, source, number, JSON.stringify(definition), drain],
    );
  }

  /** Nothing that waits in the left sessions of a source is wanted any more. */
  async dropWaiting(tx: Tx, source: string): Promise<void> {
    await sqlWithin(tx).query("UPDATE source_session SET drain = false WHERE source = $1", [source]);
  }
}
