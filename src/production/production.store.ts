import type { Sql } from "../kernel/sql.js";

export type ProductionKind = "GOOD" | "SCRAP";

/** What was made, once written never changed: a correction is another record, with its sign. */
export interface ProductionRecord {
  readonly id: string;
  readonly operationId: string;
  readonly machineId: string | null;
  readonly kind: ProductionKind;
  /** Decimal with a sign. */
  readonly quantity: string;
  readonly reason: string | null;
  readonly countingSource: "MACHINE" | "OPERATOR";
  readonly recordedBy: string;
  readonly at: Date;
}

export class ProductionStore {
  async append(sql: Sql, records: readonly ProductionRecord[]): Promise<void> {
    if (records.length === 0) return;
    await sql.query(
      `INSERT INTO production_record
         (id, operation_id, machine_id, kind, quantity, reason, counting_source, recorded_by, at)
       SELECT id, "operationId", "machineId", kind, quantity, reason, "countingSource", "recordedBy", at
       FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, "operationId" uuid, "machineId" uuid, kind text,
         quantity numeric, reason text, "countingSource" text, "recordedBy" text, at timestamptz)`,
      [JSON.stringify(records)],
    );
  }
}
