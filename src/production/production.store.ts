import type { Database } from "../db/database.js";
import type { Sql } from "../kernel/sql.js";
import type { ProductionRecord, ScrapSum } from "./production-record.js";

/** Which page of the records of each operation; bounds are ids and exclusive. */
export interface RecordPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

const COLUMNS = `r.id, r.operation_id AS "operationId", r.machine_id AS "machineId", r.kind, r.quantity, r.reason,
  r.counting_source AS "countingSource", r.recorded_by AS "recordedBy", r.system, r.at, r.recorded_at AS "recordedAt",
  r.corrects, r.comment`;

export class ProductionStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async append(sql: Sql, records: readonly ProductionRecord[]): Promise<void> {
    if (records.length === 0) return;
    await sql.query(
      `INSERT INTO production_record (id, operation_id, machine_id, kind, quantity, reason, counting_source,
         recorded_by, system, at, recorded_at, corrects, comment)
       SELECT id, "operationId", "machineId", kind, quantity, reason, "countingSource", "recordedBy", system, at,
         "recordedAt", corrects, comment
       FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, "operationId" uuid, "machineId" uuid, kind text,
         quantity numeric, reason text, "countingSource" text, "recordedBy" text, system text, at timestamptz,
         "recordedAt" timestamptz, corrects uuid, comment text)`,
      [JSON.stringify(records)],
    );
  }

  /** Where a record stands: the order is to be locked before the record is corrected. */
  async placeOf(sql: Sql, id: string): Promise<{ order: string; sequence: number } | null> {
    const rows = await sql.query<{ order: string; sequence: number }>(
      `SELECT p.number AS "order", o.sequence FROM production_record r JOIN operation o ON o.id = r.operation_id
       JOIN production_order p ON p.id = o.order_id WHERE r.id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

  /** A record with what its corrections have made of it. */
  async correctable(sql: Sql, id: string): Promise<(ProductionRecord & { total: string }) | null> {
    const rows = await sql.query<ProductionRecord & { total: string }>(
      `SELECT ${COLUMNS}, r.quantity + coalesce((SELECT sum(c.quantity) FROM production_record c
         WHERE c.corrects = r.id), 0) AS total
       FROM production_record r WHERE r.id = $1`,
      [id],
    );
    return rows[0] ?? null;
  }

  async byIds(ids: readonly string[]): Promise<ProductionRecord[]> {
    return await this.#db.query<ProductionRecord>(
      `SELECT ${COLUMNS} FROM production_record r WHERE r.id = ANY ($1::uuid[])`,
      [ids],
    );
  }

  /** A page of each operation's records, in the order they were written, with one more at its far side if there is. */
  async page(operationIds: readonly string[], request: RecordPageRequest): Promise<ProductionRecord[]> {
    const order = request.fromEnd ? "DESC" : "ASC";
    return await this.#db.query<ProductionRecord>(
      `SELECT ${COLUMNS} FROM unnest($1::uuid[]) AS o (id)
       CROSS JOIN LATERAL (
         SELECT * FROM production_record WHERE operation_id = o.id
           AND ($2::uuid IS NULL OR id > $2) AND ($3::uuid IS NULL OR id < $3)
         ORDER BY id ${order} LIMIT $4) r
       ORDER BY r.id`,
      [operationIds, request.after, request.before, request.limit + 1],
    );
  }

  async count(operationId: string): Promise<number> {
    const rows = await this.#db.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM production_record WHERE operation_id = $1",
      [operationId],
    );
    return rows[0]?.n ?? 0;
  }

  /** Scrap of each operation or order by reason, the most first; reasons that corrections have emptied are left out. */
  async scrapReasons(of: "operation" | "order", ids: readonly string[]): Promise<ScrapSum[]> {
    const key = of === "operation" ? "o.id" : "o.order_id";
    return await this.#db.query<ScrapSum>(
      `SELECT ${key} AS key, r.reason, sum(r.quantity) AS quantity
       FROM operation o JOIN production_record r ON r.operation_id = o.id
       WHERE ${key} = ANY ($1::uuid[]) AND r.kind = 'SCRAP'
       GROUP BY ${key}, r.reason HAVING sum(r.quantity) <> 0 ORDER BY sum(r.quantity) DESC, r.reason`,
      [ids],
    );
  }
}
