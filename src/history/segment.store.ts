import type { Sql } from "../kernel/sql.js";

const MOST_ATTEMPTS = 10;

/** Which segments there are. A segment takes frames until it is closed, and holds them until it is sealed. */
export class SegmentStore {
  /**
   * The segment that takes frames, which stays open until the caller's transaction ends.
   * @returns its number; its frames are the table `frame_<number>`.
   */
  async open(sql: Sql): Promise<number> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const rows = await sql.query<{ id: number }>(
        "SELECT id FROM segment WHERE closed_at IS NULL ORDER BY id DESC LIMIT 1 FOR SHARE",
      );
      // A segment that was closed while this waited for its row is no answer; the next one is open then.
      if (rows[0]) return rows[0].id;
    }
    throw new Error("no segment of the history is open");
  }
}

/** Readers look into these segments only, in the statement, or at least the snapshot, in which they read blocks. */
export const UNSEALED = "segment = ANY(ARRAY(SELECT id FROM segment WHERE sealed_at IS NULL))";
