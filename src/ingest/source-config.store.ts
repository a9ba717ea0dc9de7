import type { Database, Tx } from "../db/database.js";
import { sqlWithin } from "../db/sql.js";

/** What is stored of a source's settings. */
export interface StoredSource {
  readonly name: string;
  /** As it was written through GraphQL; null for a source of the plant file, which may be paused here. */
  readonly definition: unknown;
  readonly paused: boolean;
  /** The number of its session at the broker, from 1. */
  readonly session: number;
  /** Grows by one with every change of the definition. */
  readonly version: number;
  /** Another one after every change, also where a source was removed and another one of its name made. */
  readonly change: string;
}

const COLUMNS = "name, definition, paused, session, version, change";

/** The sources that were made through GraphQL, and which sources are paused. */
export class SourceConfigStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** In the order in which they were made. */
  all(): Promise<StoredSource[]> {
    return this.#db.query<StoredSource>(`SELECT ${COLUMNS} FROM source_config ORDER BY created_at, name`);
  }

  /** The source, locked until the transaction ends. */
  async lock(tx: Tx, name: string): Promise<StoredSource | null> {
    const rows = await sqlWithin(tx).query<StoredSource>(
      `SELECT ${COLUMNS} FROM source_config WHERE name = $1 FOR UPDATE`,
      [name],
    );
    return rows[0] ?? null;
  }

  /** @returns false where there is one of that name already. */
  async insert(
    tx: Tx,
    source: { name: string; definition: unknown; paused: boolean; session: number },
  ): Promise<boolean> {
    const { name, definition, paused, session } = source;
    // The pause of a source that stood in the plant file may be left of it.
    const rows = await sqlWithin(tx).query(
      `INSERT INTO source_config (name, definition, paused, session) VALUES ($1, $2, $3, $4)
       ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, paused = excluded.paused,
         session = excluded.session, version = 1, change = excluded.change, created_at = excluded.created_at
       WHERE source_config.definition IS NULL
       RETURNING name`,
      [name, JSON.stringify(definition), paused, session],
    );
    return rows.length > 0;
  }

  async update(tx: Tx, source: { name: string; definition: unknown; session: number }): Promise<void> {
    await sqlWithin(tx).query(
      `UPDATE source_config SET definition = $2, session = $3, version = version + 1, change = nextval('source_change')
       WHERE name = $1`,
      [source.name, JSON.stringify(source.definition), source.session],
    );
  }

  /** Also for a source of the plant file, which has no row before. */
  async pause(tx: Tx, name: string, paused: boolean): Promise<void> {
    await sqlWithin(tx).query(
      `INSERT INTO source_config (name, paused) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET paused = excluded.paused, change = excluded.change
       WHERE source_config.paused <> excluded.paused`,
      [name, paused],
    );
  }

  async remove(tx: Tx, name: string): Promise<void> {
    await sqlWithin(tx).query("DELETE FROM source_config WHERE name = $1", [name]);
  }
}
