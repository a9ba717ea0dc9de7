import type { Database, Tx } from "../db/database.js";
import { sqlWithin } from "../db/sql.js";
import type { Interval } from "../kernel/intervals.js";
import type { Cut, Statement } from "./downtime.js";

/** What people said of machines' time within a range, by machine, in the order in which it was said. */
export interface Sayings {
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  readonly cuts: ReadonlyMap<string, readonly Cut[]>;
}

type Row<Said extends Interval> = Omit<Said, "number" | "from" | "to"> & {
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
    return { statements: byMachine(statements), cuts: byMachine(cuts) };
  }

  /** In the order in which they were made. */
  async statements(machineIds: readonly string[], range: Interval): Promise<Statement[]> {
    const rows = await this.#db.query<Row<Statement>>(
      `SELECT number, machine_id AS "machineId", from_at AS "from", to_at AS "to", category, reason, comment,
              stated_by AS "statedBy", stated_at AS "statedAt"
       FROM downtime_statement WHERE machine_id = ANY ($1::uuid[]) AND to_at > $2 AND from_at < $3 ORDER BY number`,
      [machineIds, new Date(range.from), new Date(range.to)],
    );
    return rows.map(saidOf);
  }

  async #cuts(machineIds: readonly string[], range: Interval): Promise<Cut[]> {
    const rows = await this.#db.query<Row<Cut>>(
      `SELECT number, machine_id AS "machineId", kind, from_at AS "from", to_at AS "to",
              made_by AS "madeBy", made_at AS "madeAt"
       FROM downtime_cut WHERE machine_id = ANY ($1::uuid[]) AND to_at >= $2 AND from_at <= $3 ORDER BY number`,
      [machineIds, new Date(range.from), new Date(range.to)],
    );
    return rows.map(saidOf);
  }

  async addStatement(tx: Tx, said: Omit<Statement, "number">): Promise<void> {
    const { machineId, from, to, category, reason, comment, statedBy, statedAt } = said;
    await sqlWithin(tx).query(
      `INSERT INTO downtime_statement (machine_id, from_at, to_at, category, reason, comment, stated_by, stated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [machineId, new Date(from), new Date(to), category, reason, comment, statedBy, statedAt],
    );
  }

  async addCut(tx: Tx, cut: Omit<Cut, "number">): Promise<void> {
    const { machineId, kind, from, to, madeBy, madeAt } = cut;
    await sqlWithin(tx).query(
      `INSERT INTO downtime_cut (machine_id, kind, from_at, to_at, made_by, made_at)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [machineId, kind, new Date(from), new Date(to), madeBy, madeAt],
    );
  }
}

function saidOf<Said extends Interval>(row: Row<Said>): Said {
  const numbers = { number: Number(row.number), from: row.from.getTime(), to: row.to.getTime() };
  return { ...row, ...numbers } as unknown as Said;
}

function byMachine<Said extends { readonly machineId: string }>(said: readonly Said[]): Map<string, Said[]> {
  const grouped = new Map<string, Said[]>();
  for (const one of said) {
    const known = grouped.get(one.machineId);
    if (known) known.push(one);
    else grouped.set(one.machineId, [one]);
  }
  return grouped;
}
