import type { Database } from "../db/database.js";
import { BLOCK_TABLES, type BlockTable, spanOf } from "./retention.js";

/** A partition of sealed history on disk. */
export interface Leaf {
  readonly table: BlockTable;
  readonly retention: string;
  readonly name: string;
  /** The beginning of its span. */
  readonly from: Date;
  /** Indexes and all included. */
  readonly bytes: number;
  readonly pages: number;
  /** Changes with every write, as far as PostgreSQL's statistics know. */
  readonly version: string;
}

export interface FrameUsage {
  readonly open: number;
  readonly closed: number;
  readonly waiting: number;
}

/** A table of more pages is counted by a sample of about as many. */
const COUNTED_PAGES = 1_000;

export class StorageStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async databaseBytes(): Promise<number> {
    const rows = await this.#db.query<{ bytes: string }>(
      "SELECT pg_database_size(current_database()) AS bytes",
    );
    return Number(rows[0]?.bytes ?? 0);
  }

  /** The folder in which the database keeps its data; null where its user may not know. */
  async folder(): Promise<string | null> {
    const rows = await this.#db.query<{ folder: string | null }>(
      "SELECT setting AS folder FROM pg_settings WHERE name = 'data_directory'",
    );
    return rows[0]?.folder ?? null;
  }

  async frames(): Promise<FrameUsage> {
    const rows = await this.#db.query<{ open: string; closed: string; waiting: string }>(
      `SELECT coalesce(sum(bytes) FILTER (WHERE closed_at IS NULL), 0) AS open,
              coalesce(sum(bytes) FILTER (WHERE closed_at IS NOT NULL), 0) AS closed,
              count(*) FILTER (WHERE closed_at IS NOT NULL AND sealed_at IS NULL) AS waiting
       FROM (SELECT closed_at, sealed_at, pg_total_relation_size(to_regclass('frame_' || id)) AS bytes FROM segment) s`,
    );
    const row = rows[0];
    return {
      open: Number(row?.open ?? 0),
      closed: Number(row?.closed ?? 0),
      waiting: Number(row?.waiting ?? 0),
    };
  }

  async leaves(): Promise<Leaf[]> {
    const found: Leaf[] = [];
    for (const table of Object.keys(BLOCK_TABLES) as BlockTable[]) {
      const rows = await this.#db.query<LeafRow>(
        `SELECT relid::regclass::text AS name, substr(parentrelid::regclass::text, length($1::text) + 2) AS retention,
                extract(epoch FROM substring(pg_get_expr(c.relpartbound, c.oid) FROM $2)::timestamptz) * 1000 AS from,
                pg_total_relation_size(relid) AS bytes,
                pg_relation_size(relid) / current_setting('block_size')::int AS pages,
                pg_stat_get_tuples_inserted(relid) + pg_stat_get_tuples_deleted(relid) AS version
         FROM pg_partition_tree($1::text::regclass) JOIN pg_class c ON c.oid = relid
         WHERE isleaf AND level = 2 ORDER BY 2, 3`,
        [table, "FROM \\('([^']*)'\\)"],
      );
      for (const row of rows)
        found.push({
          table,
          retention: row.retention,
          name: row.name,
          from: new Date(spanOf(table, Math.round(Number(row.from))).from),
          bytes: Number(row.bytes),
          pages: Number(row.pages),
          version: `${row.bytes} ${row.version}`,
        });
    }
    return found;
  }

  /** About how many samples a partition of `sample_block` holds; exact for a small one. */
  async samples({ name, pages }: Leaf): Promise<number> {
    if (pages <= COUNTED_PAGES) {
      const rows = await this.#db.query<{ samples: string | null }>(
        `SELECT sum(count) AS samples FROM ${name}`,
      );
      return Number(rows[0]?.samples ?? 0);
    }
    const percent = (100 * COUNTED_PAGES) / pages;
    const rows = await this.#db.query<{ samples: string | null; pages: string }>(
      `SELECT sum(count) AS samples, count(DISTINCT (ctid::text::point)[0]) AS pages
       FROM ${name} TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)`,
    );
    const counted = Number(rows[0]?.pages ?? 0);
    return counted === 0 ? 0 : Math.round((Number(rows[0]?.samples ?? 0) / counted) * pages);
  }
}

interface LeafRow {
  name: string;
  retention: string;
  from: string;
  bytes: string;
  pages: string;
  version: string;
}
