import type pg from "pg";
import type { Database } from "../db/database.js";
import { SOURCE_LOCKS } from "../db/locks.js";

/** Who holds a source's lock consumes it. The lock lasts as long as its connection. */
export class SourceLockStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Tries once to take the lock.
   * @param onLost called when the connection, and with it the lock, is gone.
   * @returns how to give it back, or null when another server holds it.
   */
  async tryAcquire(source: string, onLost: () => void): Promise<(() => Promise<void>) | null> {
    const client: pg.Client = await this.#db.dedicatedClient();
    try {
      const answer = await client.query<{ held: boolean }>(
        "SELECT pg_try_advisory_lock($1, hashtext($2)) AS held",
        [SOURCE_LOCKS, source],
      );
      if (answer.rows[0]?.held) {
        let released = false;
        client.on("end", () => {
          if (!released) onLost();
        });
        return async () => {
          released = true;
          await client.end();
        };
      }
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    await client.end();
    return null;
  }
}
