import type { Database } from "../db/database.js";
import type { Interval } from "../kernel/intervals.js";
import type { ProductionKind } from "./production-record.js";

/** What people recorded of one kind for one operation. */
export interface OperatorSum {
  readonly kind: ProductionKind;
  /** Decimal with a sign. */
  readonly quantity: string;
  readonly operationId: string;
  readonly idealCycleTimeMs: number | null;
}

interface Row extends OperatorSum {
  readonly machineId: string;
}

/** Sums what people recorded of machines: their reports, and corrections of what machines counted. */
export class OperatorCountStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Per machine, by the time it was made; sums of 0 are left out. One statement for all machines. */
  async recorded(
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly OperatorSum[]>> {
    const rows = await this.#db.query<Row>(
      `SELECT r.machine_id AS "machineId", r.kind, trim_scale(sum(r.quantity))::text AS quantity,
              r.operation_id AS "operationId", o.ideal_cycle_time_ms AS "idealCycleTimeMs"
       FROM production_record r JOIN operation o ON o.id = r.operation_id
       WHERE r.counting_source = 'OPERATOR' AND r.machine_id = ANY ($1::uuid[]) AND r.at >= $2 AND r.at < $3
       GROUP BY 1, 2, 4, 5 HAVING sum(r.quantity) <> 0`,
      [machineIds, new Date(range.from), new Date(range.to)],
    );
    const found = new Map<string, OperatorSum[]>();
    for (const { machineId, ...sum } of rows) {
      const known = found.get(machineId);
      if (known) known.push(sum);
      else found.set(machineId, [sum]);
    }
    return found;
  }
}
