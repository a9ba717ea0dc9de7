import { In, type SelectQueryBuilder } from "typeorm";
import type { Database, Tx } from "../db/database.js";
import type { Interval, Span } from "../kernel/intervals.js";
import type { Sql } from "../kernel/sql.js";
import { MaintenanceCommentEntity, MaintenanceOrderEntity } from "./maintenance.entity.js";
import {
  type MaintenanceComment,
  type MaintenanceKind,
  type MaintenanceOrder,
  type MaintenanceStatus,
  OPEN_MAINTENANCE,
} from "./maintenance.js";
import type { ChecklistItem, MaintenanceEvent, Part } from "./maintenance-details.js";
import type { MaintenanceWork } from "./maintenance-spans.js";

/** Which maintenance orders; null does not restrict. */
export interface MaintenanceFilter {
  readonly status: readonly MaintenanceStatus[] | null;
  readonly machineIds: readonly string[] | null;
}

/** Bounds are ids and exclusive; the list is ordered by id, which is the order of creation. */
export interface MaintenancePageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

export class MaintenanceStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async nextNumber(sql: Sql): Promise<string> {
    const rows = await sql.query<{ next: string }>("SELECT nextval('maintenance_order_number') AS next");
    return `MO-${String(rows[0]?.next).padStart(6, "0")}`;
  }

  /** @returns false when there is an order of that alarm, or of that plan's occurrence, already: nothing is written then. */
  async insert(sql: Sql, order: MaintenanceOrder): Promise<boolean> {
    const inserted = await sql.query(
      `INSERT INTO maintenance_order
         (id, number, machine_id, kind, title, description, status, priority, version, lockout, planned_start, due_at,
          started_at, completed_at, created_at, plan_id, occurrence, alarm_id, estimated_minutes, cancelled_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
       ON CONFLICT DO NOTHING RETURNING id`,
      [
        ...[
          order.id,
          order.number,
          order.machineId,
          order.kind,
          order.title,
          order.description,
          order.status,
        ],
        ...[order.priority, order.version, order.lockout, order.plannedStart, order.dueAt, order.startedAt],
        ...[order.completedAt, order.createdAt, order.planId, order.occurrence, order.alarmId],
        ...[order.estimatedMinutes, order.cancelledAt, order.createdBy],
      ],
    );
    return inserted.length > 0;
  }

  async insertChecklist(sql: Sql, items: readonly ChecklistItem[]): Promise<void> {
    if (items.length === 0) return;
    await sql.query(
      `INSERT INTO maintenance_checklist_item (id, order_id, position, text, required, done)
       SELECT id, "orderId", position, text, required, done FROM jsonb_to_recordset($1::jsonb)
         AS x (id uuid, "orderId" uuid, position integer, text text, required boolean, done boolean)`,
      [JSON.stringify(items)],
    );
  }

  async insertParts(sql: Sql, parts: readonly Part[]): Promise<void> {
    if (parts.length === 0) return;
    await sql.query(
      `INSERT INTO maintenance_part
         (id, order_id, part_number, name, quantity, unit, planned, recorded_by, recorded_at)
       SELECT id, "orderId", "partNumber", name, quantity, unit, planned, "recordedBy", "recordedAt"
       FROM jsonb_to_recordset($1::jsonb)
         AS x (id uuid, "orderId" uuid, "partNumber" text, name text, quantity numeric, unit text, planned boolean,
               "recordedBy" text, "recordedAt" timestamptz)`,
      [JSON.stringify(parts)],
    );
  }

  async addEvents(sql: Sql, events: readonly MaintenanceEvent[]): Promise<void> {
    await sql.query(
      `INSERT INTO maintenance_event (order_id, kind, by, at, recorded_at, detail)
       SELECT "orderId", kind, by, at, "recordedAt", detail FROM jsonb_to_recordset($1::jsonb)
         AS x ("orderId" uuid, kind text, by text, at timestamptz, "recordedAt" timestamptz, detail text)`,
      [JSON.stringify(events)],
    );
  }

  /** Everything of it that can change. */
  async update(tx: Tx, order: MaintenanceOrder): Promise<void> {
    const { id, status, version, startedAt, completedAt, cancelledAt } = order;
    const { title, description, priority, lockout, plannedStart, dueAt, estimatedMinutes } = order;
    await tx.getRepository(MaintenanceOrderEntity).update(
      { id },
      {
        ...{ status, version, startedAt, completedAt, cancelledAt },
        ...{ title, description, priority, lockout, plannedStart, dueAt, estimatedMinutes },
      },
    );
  }

  /** The required checklist items of an order that are not done, in their order. */
  async undone(sql: Sql, orderId: string): Promise<{ position: number; text: string }[]> {
    return await sql.query(
      `SELECT position, text FROM maintenance_checklist_item
       WHERE order_id = $1 AND required AND NOT done ORDER BY position`,
      [orderId],
    );
  }

  /** Opens the orders that were planned for a moment until now, with the event of it. */
  async openPlanned(sql: Sql, now: Date, by: string): Promise<{ id: string; machineId: string }[]> {
    return await sql.query(
      `WITH opened AS (
         UPDATE maintenance_order SET status = 'OPEN', version = version + 1
         WHERE status = 'PLANNED' AND planned_start <= $1 RETURNING id, machine_id
       ), told AS (
         INSERT INTO maintenance_event (order_id, kind, by, at, recorded_at)
         SELECT id, 'OPENED', $2, $1, $1 FROM opened
       )
       SELECT id, machine_id AS "machineId" FROM opened`,
      [now, by],
    );
  }

  /** The order that was opened for an alarm. */
  async ofAlarm(sql: Sql, alarmId: string): Promise<{ id: string; number: string } | null> {
    const rows = await sql.query<{ id: string; number: string }>(
      "SELECT id, number FROM maintenance_order WHERE alarm_id = $1",
      [alarmId],
    );
    return rows[0] ?? null;
  }

  /** The order, locked until the transaction ends, where something is still to be done; null otherwise. */
  async lockOpen(sql: Sql, id: string): Promise<{ id: string; number: string } | null> {
    const rows = await sql.query<{ id: string; number: string }>(
      "SELECT id, number FROM maintenance_order WHERE id = $1 AND status = ANY ($2) FOR UPDATE",
      [id, OPEN_MAINTENANCE],
    );
    return rows[0] ?? null;
  }

  /**
   * The times in which orders of machines were in progress, those that touch the range; of one still in progress to
   * the end of the range.
   */
  async inProgress(
    machineIds: readonly string[],
    range: Interval,
  ): Promise<(Span<MaintenanceWork> & { machineId: string })[]> {
    const rows = await this.#db.query<{
      id: string;
      number: string;
      machine_id: string;
      kind: MaintenanceKind;
      started_at: Date;
      completed_at: Date | null;
    }>(
      `SELECT id, number, machine_id, kind, started_at, completed_at FROM maintenance_order
       WHERE machine_id = ANY ($1::uuid[]) AND started_at < $2 AND (completed_at > $3 OR completed_at IS NULL)`,
      [machineIds, new Date(range.to), new Date(range.from)],
    );
    return rows.map((row) => ({
      machineId: row.machine_id,
      from: row.started_at.getTime(),
      to: row.completed_at?.getTime() ?? range.to,
      value: { orderId: row.id, number: row.number, kind: row.kind },
    }));
  }

  async addComment(tx: Tx, comment: MaintenanceComment): Promise<void> {
    await tx.getRepository(MaintenanceCommentEntity).insert({ ...comment });
  }

  /** The order, locked until the transaction ends. */
  async lock(tx: Tx, number: string): Promise<MaintenanceOrder | null> {
    return await tx
      .getRepository(MaintenanceOrderEntity)
      .findOne({ where: { number }, lock: { mode: "pessimistic_write" } });
  }

  async byNumber(number: string): Promise<MaintenanceOrder | null> {
    return await this.#db.orm.getRepository(MaintenanceOrderEntity).findOneBy({ number });
  }

  async byId(id: string): Promise<MaintenanceOrder | null> {
    return await this.#db.orm.getRepository(MaintenanceOrderEntity).findOneBy({ id });
  }

  /** The oldest order in progress that locks the machine out. */
  async lockoutOf(machineId: string, tx?: Tx): Promise<MaintenanceOrder | null> {
    const manager = tx ?? this.#db.orm.manager;
    return await manager.getRepository(MaintenanceOrderEntity).findOne({
      where: { machineId, status: "IN_PROGRESS", lockout: true },
      order: { id: "ASC" },
    });
  }

  async page(
    filter: MaintenanceFilter,
    request: MaintenancePageRequest,
  ): Promise<{ items: MaintenanceOrder[]; hasMore: boolean }> {
    const query = this.#filtered(filter);
    if (request.after !== null) query.andWhere("m.id > :after", { after: request.after });
    if (request.before !== null) query.andWhere("m.id < :before", { before: request.before });
    query.orderBy("m.id", request.fromEnd ? "DESC" : "ASC").take(request.limit + 1);
    const rows = await query.getMany();
    const items = rows.slice(0, request.limit);
    return { items: request.fromEnd ? items.reverse() : items, hasMore: rows.length > request.limit };
  }

  count(filter: MaintenanceFilter): Promise<number> {
    return this.#filtered(filter).getCount();
  }

  /** The newest `most` orders of each machine, newest first. */
  async newestOf(
    machineIds: readonly string[],
    status: readonly MaintenanceStatus[],
    most: number,
  ): Promise<MaintenanceOrder[]> {
    const ids: { id: string }[] = await this.#db.orm.query(
      `SELECT o.id FROM unnest($1::uuid[]) AS machine (id)
       CROSS JOIN LATERAL (
         SELECT id FROM maintenance_order
         WHERE machine_id = machine.id AND status = ANY ($2) ORDER BY id DESC LIMIT $3
       ) o`,
      [[...new Set(machineIds)], status, most],
    );
    return await this.#db.orm
      .getRepository(MaintenanceOrderEntity)
      .find({ where: { id: In(ids.map((row) => row.id)) }, order: { id: "DESC" } });
  }

  /** The newest `most` orders of each plan, newest first. */
  async newestOfPlans(planIds: readonly string[], most: number): Promise<MaintenanceOrder[]> {
    const ids: { id: string }[] = await this.#db.orm.query(
      `SELECT o.id FROM unnest($1::uuid[]) AS plan (id)
       CROSS JOIN LATERAL (
         SELECT id FROM maintenance_order WHERE plan_id = plan.id ORDER BY occurrence DESC LIMIT $2
       ) o`,
      [[...new Set(planIds)], most],
    );
    return await this.#db.orm
      .getRepository(MaintenanceOrderEntity)
      .find({ where: { id: In(ids.map((row) => row.id)) }, order: { occurrence: "DESC" } });
  }

  /** In no order; those that there are. */
  async byIds(ids: readonly string[]): Promise<MaintenanceOrder[]> {
    return await this.#db.orm.getRepository(MaintenanceOrderEntity).findBy({ id: In([...ids]) });
  }

  /** Oldest first. */
  async commentsOf(orderIds: readonly string[]): Promise<MaintenanceComment[]> {
    return await this.#db.orm
      .getRepository(MaintenanceCommentEntity)
      .find({ where: { maintenanceOrderId: In([...orderIds]) }, order: { id: "ASC" } });
  }

  #filtered(filter: MaintenanceFilter): SelectQueryBuilder<MaintenanceOrderEntity> {
    const query = this.#db.orm.getRepository(MaintenanceOrderEntity).createQueryBuilder("m").where("true");
    if (filter.status !== null) query.andWhere("m.status = ANY (:status)", { status: filter.status });
    if (filter.machineIds !== null) {
      query.andWhere("m.machine_id = ANY (:machineIds::uuid[])", { machineIds: filter.machineIds });
    }
    return query;
  }
}
