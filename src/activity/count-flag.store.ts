import type { Database } from "../db/database.js";
import type { Interval } from "../kernel/intervals.js";

/** A step of a counter that nobody can believe, so that its pieces were not counted. */
export interface StoredCountFlag {
  readonly metric: string;
  readonly at: Date;
  /** The readings, as numbers are written. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

interface Row extends StoredCountFlag {
  place: number;
}

/** Reads the steps of counters that were not counted. */
export class CountFlagStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Each machine's newest flags of a range, newest first, in one statement; in the order of the ids. */
  async flags(machineIds: readonly string[], range: Interval, most: number): Promise<StoredCountFlag[][]> {
    const found = machineIds.map((): StoredCountFlag[] => []);
    const rows: Row[] = await this.#db.query(
      `SELECT m.place::int, s.metric, f.at, f.from_value AS "from", f.to_value AS "to", f.reason
       FROM unnest($1::uuid[]) WITH ORDINALITY AS m (id, place)
       CROSS JOIN LATERAL (
         SELECT * FROM machine_count_flag
         WHERE machine_id = m.id AND at >= $2 AND at < $3 ORDER BY at DESC, series_id LIMIT $4) AS f
       JOIN series s ON s.id = f.series_id
       ORDER BY m.place, f.at DESC, f.series_id`,
      [machineIds, new Date(range.from), new Date(range.to), most],
    );
    for (const { place, ...flag } of rows) found[place - 1]?.push(flag);
    return found;
  }
}
