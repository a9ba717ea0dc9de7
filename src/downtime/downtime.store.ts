import type { Database, Tx } from "../db/database.js";
import { sqlWithin } from "../db/sql.js";
import { groupedBy } from "../kernel/grouped.js";
import type { Interval } from "../kernel/intervals.js";
import type { Cut, Said, Statement } from "./downtime.js";

/** What people said of machines' time within a range, by machine, in the order in which it was said. */
export interface Sayings {
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  readonly cuts: ReadonlyMap<string, readonly Cut[]>;
}

type Row<Stored extends Interval> = Omit<Stored, "number" | "from" | "to"> & {
  number: string;
  from: Date;
  to: Date;
};

export class DowntimeStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What touches the range of each machine. */
  async sayings(machineIds: readonly string[], range: Interval): Promise<Sayings> {
    const [statements, cuts] = await Promise.all([
      this.statements(machineIds, range),
      this.#cuts(machineIds, range),
    ]);
    return { statements, cuts };
  }

  /** What was said of each machine's time that touches the range, in the order in which it was said. */
  async statements(
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Statement[]>> {
    const rows = await this.#db.query<Row<Statement>>(
      `SELECT number, machine_id AS "machineId", from_at AS "from", to_at AS "to", category, reason, comment,
              stated_by AS "statedBy", stated_at AS "statedAt"
       FROM downtime_statement WHERE machine_id = ANY ($1::uuid[]) AND to_at > $2 AND from_at < $3 ORDER BY number`,
      [machineIds, new Date(range.from), new Date(range.to)],
    );
    return byMachine(rows.map(storedOf));
  }

  async #cuts(machineIds: readonly string[], range: Interval): Promise<ReadonlyMap<string, readonly Cut[]>> {
    const rows = await this.#db.query<Row<Cut>>(
      `SELECT number, machine_id AS "machineId", kind, from_at AS "from", to_at AS "to",
              made_by AS "madeBy", made_at AS "madeAt"
       FROM downtime_cut WHERE machine_id = ANY ($1::uuid[]) AND to_at >= $2 AND from_at <= $3 ORDER BY number`,
      [machineIds, new Date(range.from), new Date(range.to)],
    );
    return byMachine(rows.map(storedOf));
  }

  /** The numbers of what was said last of a machine's time within a range, statement and cut; another pair: something new. */
  async lastSaid(machineId: string, range: Interval, tx?: Tx): Promise<string> {
    const text = `SELECT
        (SELECT coalesce(max(number), 0) FROM downtime_statement WHERE machine_id = $1 AND to_at > $2 AND from_at < $3)
        || '/' ||
        (SELECT coalesce(max(number), 0) FROM downtime_cut WHERE machine_id = $1 AND to_at >= $2 AND from_at <= $3) AS last`;
    const values = [machineId, new Date(range.from), new Date(range.to)];
    const rows = tx
      ? await sqlWithin(tx).query<{ last: string }>(text, values)
      : await this.#db.query<{ last: string }>(text, values);
    return rows[0]?.last ?? "";
  }

  /** Nobody else says anything of the machine's downtimes until the transaction ends. */
  async hold(tx: Tx, machineId: string): Promise<void> {
    await sqlWithin(tx).query("SELECT id FROM equipment WHERE id = $1 FOR NO KEY UPDATE", [machineId]);
  }

  async add(tx: Tx, machineId: string, { statement, cut }: Said, by: string, at: Date): Promise<void> {
    const sql = sqlWithin(tx);
    if (cut) {
      const { kind, from, to } = cut;
      await sql.query(
        `INSERT INTO downtime_cut (machine_id, kind, from_at, to_at, made_by, made_at)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [machineId, kind, new Date(from), new Date(to), by, at],
      );
    }
    if (statement) {
      const { from, to, category, reason, comment } = statement;
      await sql.query(
        `INSERT INTO downtime_statement (machine_id, from_at, to_at, category, reason, comment, stated_by, stated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [machineId, new Date(from), new Date(to), category, reason, comment, by, at],
      );
    }
  }
}

function storedOf<Stored extends Interval>(row: Row<Stored>): Stored {
  const numbers = { number: Number(row.number), from: row.from.getTime(), to: row.to.getTime() };
  return { ...row, ...numbers } as unknown as Stored;
}

function byMachine<Of extends { readonly machineId: string }>(said: readonly Of[]): Map<string, Of[]> {
  return groupedBy(said, ({ machineId }) => machineId);
}
