import type { Database } from "../db/database.js";
import { LOCKS } from "../db/locks.js";
import { timeLiteral } from "../kernel/pg-literal.js";
import type { Sql } from "../kernel/sql.js";
import { BLOCK_TABLES, type BlockTable, policyTable, type Span, spanOf, spanTable } from "./retention.js";

/** Waiting for it, a drop keeps all that comes after it from reading. */
const DROP_LOCK_MS = 300;

/** A partition of one policy's part of a table. */
export interface Partition extends Span {
  readonly table: BlockTable;
  readonly policy: string;
  readonly name: string;
}

/** The partitions of sealed history: below each table one part per retention policy, below that one per span of time. */
export class PartitionStore {
  readonly #db: Database;
  /** Names of those that are known to be there. */
  readonly #known = new Set<string>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Makes the partitions that these rows need, outside of any transaction of the caller's. */
  async ensure(table: BlockTable, rows: readonly { policy: string; time: number }[]): Promise<void> {
    const missing = new Map<string, Partition>();
    for (const { policy, time } of rows) {
      const span = spanOf(table, time);
      const name = spanTable(table, policy, span);
      if (!this.#known.has(name)) missing.set(name, { ...span, table, policy, name });
    }
    if (missing.size === 0) return;
    await this.#db.withConnection(async (sql) => {
      await sql.query("SELECT pg_advisory_lock($1)", [LOCKS.partitions]);
      try {
        for (const partition of missing.values()) await create(sql, partition);
      } finally {
        await sql.query("SELECT pg_advisory_unlock($1)", [LOCKS.partitions]);
      }
    });
    for (const name of missing.keys()) this.#known.add(name);
  }

  /** Forgets what it knows: another server may have dropped partitions since. */
  forget(): void {
    this.#known.clear();
  }

  /** All there are. */
  async all(): Promise<Partition[]> {
    const found: Partition[] = [];
    for (const table of Object.keys(BLOCK_TABLES) as BlockTable[]) {
      const rows = await this.#db.query<{ name: string; policy: string; from: string }>(
        `SELECT leaf.relid::regclass::text AS name,
                substr(leaf.parentrelid::regclass::text, length($1::text) + 2) AS policy,
                extract(epoch FROM substring(pg_get_expr(c.relpartbound, c.oid) FROM $2)::timestamptz) * 1000 AS from
         FROM pg_partition_tree($1::text::regclass) AS leaf JOIN pg_class c ON c.oid = leaf.relid
         WHERE leaf.isleaf AND leaf.level = 2 ORDER BY 3, 2`,
        [table, "FROM \\('([^']*)'\\)"],
      );
      for (const { name, policy, from } of rows)
        found.push({ table, policy, name, ...spanOf(table, Math.round(Number(from))) });
    }
    return found;
  }

  /** @throws where somebody reads it for longer than a moment; then nothing has changed. */
  async drop({ name }: Partition): Promise<void> {
    this.#known.delete(name);
    await this.#db.withConnection(async (sql) => {
      await sql.query("BEGIN");
      await sql.query(`SET LOCAL lock_timeout = ${DROP_LOCK_MS}`);
      await sql.query(`DROP TABLE ${name}`);
      await sql.query("COMMIT");
    });
  }
}

async function create(sql: Sql, { table, policy, name, from, to }: Partition): Promise<void> {
  const parent = policyTable(table, policy);
  const { time } = BLOCK_TABLES[table];
  await attach(sql, parent, table, `PARTITION BY RANGE (${time})`, `IN ('${policy}')`);
  await attach(sql, name, parent, "", `FROM (${timeLiteral(from)}) TO (${timeLiteral(to)})`);
}

/** Attaching takes a weaker lock on the parent than CREATE TABLE … PARTITION OF, which would wait for every reader. */
async function attach(sql: Sql, name: string, parent: string, more: string, values: string): Promise<void> {
  const known = await sql.query("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1)", [name]);
  if (known.length > 0) return;
  await sql.query(`CREATE TABLE IF NOT EXISTS ${name} (LIKE ${parent} INCLUDING ALL) ${more}`);
  await sql.query(`ALTER TABLE ${parent} ATTACH PARTITION ${name} FOR VALUES ${values}`);
}
