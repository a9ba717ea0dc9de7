import type { Database } from "../db/database.js";
import type { Sql } from "../kernel/sql.js";
import type { ChecklistItem, MaintenanceEvent, Part, WorkLog } from "./maintenance-details.js";

const ITEM = `id, order_id AS "orderId", position, text, required, done, value, done_by AS "doneBy", done_at AS "doneAt"`;

/** What is recorded with maintenance orders. */
export class MaintenanceRecordsStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** An item of an order that is locked. */
  async item(sql: Sql, orderId: string, position: number): Promise<ChecklistItem | null> {
    const rows = await sql.query<ChecklistItem>(
      `SELECT ${ITEM} FROM maintenance_checklist_item WHERE order_id = $1 AND position = $2`,
      [orderId, position],
    );
    return rows[0] ?? null;
  }

  async saveItem(sql: Sql, { id, done, value, doneBy, doneAt }: ChecklistItem): Promise<void> {
    await sql.query(
      "UPDATE maintenance_checklist_item SET done = $2, value = $3, done_by = $4, done_at = $5 WHERE id = $1",
      [id, done, value, doneBy, doneAt],
    );
  }

  /** How much of a part an order has used, decimal; of an order that is locked. */
  async used(sql: Sql, orderId: string, partNumber: string, unit: string): Promise<string> {
    const rows = await sql.query<{ used: string }>(
      `SELECT coalesce(sum(quantity), 0)::text AS used FROM maintenance_part
       WHERE order_id = $1 AND part_number = $2 AND unit = $3 AND NOT planned`,
      [orderId, partNumber, unit],
    );
    return rows[0]?.used ?? "0";
  }

  async addWork(sql: Sql, work: WorkLog): Promise<void> {
    await sql.query(
      `INSERT INTO maintenance_work
         (id, order_id, worker, from_at, to_at, minutes, note, recorded_by, recorded_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        ...[work.id, work.orderId, work.worker, work.from, work.to, work.minutes, work.note],
        ...[work.recordedBy, work.recordedAt],
      ],
    );
  }

  /** By their place. */
  async items(orderIds: readonly string[]): Promise<ChecklistItem[]> {
    return await this.#db.query<ChecklistItem>(
      `SELECT ${ITEM} FROM maintenance_checklist_item WHERE order_id = ANY ($1::uuid[]) ORDER BY position`,
      [orderIds],
    );
  }

  /** Oldest first. */
  async parts(orderIds: readonly string[]): Promise<Part[]> {
    return await this.#db.query<Part>(
      `SELECT id, order_id AS "orderId", part_number AS "partNumber", name, quantity::text AS quantity, unit, planned,
              recorded_by AS "recordedBy", recorded_at AS "recordedAt"
       FROM maintenance_part WHERE order_id = ANY ($1::uuid[]) ORDER BY recorded_at, id`,
      [orderIds],
    );
  }

  /** Oldest first. */
  async work(orderIds: readonly string[]): Promise<WorkLog[]> {
    return await this.#db.query<WorkLog>(
      `SELECT id, order_id AS "orderId", worker, from_at AS "from", to_at AS "to", minutes, note,
              recorded_by AS "recordedBy", recorded_at AS "recordedAt"
       FROM maintenance_work WHERE order_id = ANY ($1::uuid[]) ORDER BY recorded_at, id`,
      [orderIds],
    );
  }

  /** As they were recorded. */
  async events(orderIds: readonly string[]): Promise<MaintenanceEvent[]> {
    return await this.#db.query<MaintenanceEvent>(
      `SELECT order_id AS "orderId", kind, by, at, recorded_at AS "recordedAt", detail FROM maintenance_event
       WHERE order_id = ANY ($1::uuid[]) ORDER BY id`,
      [orderIds],
    );
  }
}
