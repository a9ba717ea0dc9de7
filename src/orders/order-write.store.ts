import { LOCKS } from "../db/locks.js";
import type { Sql } from "../kernel/sql.js";
import type { Operation } from "./operation.js";
import type { CountedOperation, CountGrowth } from "./operation-count.js";
import { type Author, eventsOf } from "./order-event.js";
import type { OrderEventStore } from "./order-event.store.js";
import type { OrderState } from "./order-state.js";
import { arraysOf, type Row, type RowColumns, rowColumns } from "./row-columns.js";
import type { RunChange } from "./run-follower.js";

/** An order as it was locked, null when it is new, and as it shall be. */
export interface OrderWrite {
  readonly before: OrderState | null;
  readonly after: OrderState;
}

/** Orders in one statement; a statement's parameter stays well below what Postgres takes. */
const CHUNK = 1_000;

const ORDER_ROW =
  rowColumns(`id uuid, number text, product text, quantity numeric, unit text, due_at timestamptz,
  priority integer, planned_start timestamptz, planned_end timestamptz, status text, status_at timestamptz,
  status_reason text, version integer, started_at timestamptz, ended_at timestamptz, created_at timestamptz`);
const OPERATION_ROW =
  rowColumns(`id uuid, order_id uuid, sequence integer, name text, overlap boolean, status text,
  status_at timestamptz, status_reason text, held_with_order boolean, planned_machine_id uuid, machine_id uuid, planned_start timestamptz,
  planned_end timestamptz, ideal_cycle_time_ms double precision, counting_source text, completion text,
  started_at timestamptz, ended_at timestamptz`);

/** Writing orders that the caller has locked. */
export class OrderWriteStore {
  readonly #events: OrderEventStore;

  constructor(deps: { events: OrderEventStore }) {
    this.#events = deps.events;
  }

  /** Only one transaction at a time makes orders, so that none meets a number that another is just making. */
  async lockCreation(sql: Sql): Promise<void> {
    await sql.query("SELECT pg_advisory_xact_lock($1)", [LOCKS.orderCreation]);
  }

  /**
   * Writes orders and the operations that differ, and what thereby happened to them into their log; quantities made
   * are not among what it writes.
   * @returns where operations begin or cease to run by it.
   */
  async save(sql: Sql, writes: readonly OrderWrite[], author: Author): Promise<RunChange[]> {
    const runs: RunChange[] = [];
    for (let from = 0; from < writes.length; from += CHUNK) {
      const chunk = writes.slice(from, from + CHUNK);
      await this.#saveChunk(sql, chunk);
      const events = chunk.flatMap(({ before, after }) => eventsOf(before, after, author));
      await this.#events.append(sql, events);
      for (const { runs: changed, machineId, at } of events)
        if (changed !== null && machineId !== null) runs.push({ machineId, at });
    }
    return runs;
  }

  async #saveChunk(sql: Sql, writes: readonly OrderWrite[]): Promise<void> {
    const created = writes.filter((write) => write.before === null);
    const changed = writes.filter((write) => write.before !== null);
    await insert(sql, "production_order", ORDER_ROW, created.map(orderRow));
    await update(sql, "production_order", ORDER_ROW, changed.map(orderRow));
    const gone: string[] = [];
    const inserted: Operation[] = [];
    const updated: Operation[] = [];
    for (const { before, after } of writes) {
      const known = new Map(before?.operations.map((operation) => [operation.id, operation]));
      for (const operation of after.operations) {
        const present = known.get(operation.id);
        known.delete(operation.id);
        if (!present) inserted.push(operation);
        else if (present !== operation) updated.push(operation);
      }
      gone.push(...known.keys());
    }
    if (gone.length > 0) await sql.query("DELETE FROM operation WHERE id = ANY ($1::uuid[])", [gone]);
    // One that ends must have freed its machine before another starts there: the index is checked row by row.
    await update(
      sql,
      "operation",
      OPERATION_ROW,
      updated.filter((one) => one.status !== "RUNNING").map(operationRow),
    );
    await update(
      sql,
      "operation",
      OPERATION_ROW,
      updated.filter((one) => one.status === "RUNNING").map(operationRow),
    );
    await insert(sql, "operation", OPERATION_ROW, inserted.map(operationRow));
  }

  /** Locks the operations that run on these machines, and their orders, until the transaction ends. */
  async lockRunning(sql: Sql, machineIds: readonly string[]): Promise<void> {
    await sql.query(
      `SELECT FROM operation o JOIN production_order p ON p.id = o.order_id
       WHERE o.machine_id = ANY ($1::uuid[]) AND o.status = 'RUNNING' ORDER BY p.id, o.id FOR UPDATE OF p, o`,
      [machineIds],
    );
  }

  /** Operations whose pieces are being counted, their orders locked. */
  async lockCounted(sql: Sql, ids: readonly string[]): Promise<CountedOperation[]> {
    return await sql.query<CountedOperation>(
      `SELECT o.id, o.order_id AS "orderId", p.number AS "orderNumber", o.status,
              ARRAY(SELECT DISTINCT x.machine_id FROM operation x
                    WHERE x.order_id = p.id AND x.machine_id IS NOT NULL) AS "machineIds"
       FROM operation o JOIN production_order p ON p.id = o.order_id
       WHERE o.id = ANY ($1::uuid[]) ORDER BY p.id, o.id FOR UPDATE OF p, o`,
      [ids],
    );
  }

  /**
   * Adds what was made to operations whose orders are locked.
   * @returns those that are now to be completed, because their good quantity reaches the order's.
   */
  async addCounts(
    sql: Sql,
    growth: readonly CountGrowth[],
  ): Promise<{ operationId: string; orderId: string }[]> {
    const rows = await sql.query<{ operationId: string; orderId: string; reached: boolean }>(
      `UPDATE operation o
       SET good_quantity = o.good_quantity + x.good, scrap_quantity = o.scrap_quantity + x.scrap
       FROM jsonb_to_recordset($1::jsonb) AS x ("operationId" uuid, good numeric, scrap numeric), production_order p
       WHERE o.id = x."operationId" AND p.id = o.order_id
       RETURNING o.id AS "operationId", o.order_id AS "orderId",
         o.completion = 'QUANTITY' AND o.status IN ('RUNNING', 'HELD') AND o.good_quantity >= p.quantity AS reached`,
      [JSON.stringify(growth)],
    );
    return rows.filter((row) => row.reached);
  }
}

async function insert(sql: Sql, table: string, columns: RowColumns, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const names = columns.names.join(", ");
  await sql.query(`INSERT INTO ${table} (${names}) SELECT * FROM ${columns.source}`, arraysOf(columns, rows));
}

async function update(sql: Sql, table: string, columns: RowColumns, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const set = columns.names.filter((name) => name !== "id").map((name) => `${name} = x.${name}`);
  await sql.query(
    `UPDATE ${table} t SET ${set.join(", ")} FROM ${columns.source} AS x (${columns.names.join(", ")}) WHERE t.id = x.id`,
    arraysOf(columns, rows),
  );
}

function orderRow({ after: { order } }: OrderWrite): Row {
  const { id, number, product, quantity, unit, priority, status, version } = order;
  return {
    ...{ id, number, product, quantity, unit, priority, status, version },
    due_at: order.dueAt,
    planned_start: order.plannedStart,
    planned_end: order.plannedEnd,
    status_at: order.statusAt,
    status_reason: order.statusReason,
    started_at: order.startedAt,
    ended_at: order.endedAt,
    created_at: order.createdAt,
  };
}

function operationRow(operation: Operation): Row {
  const { id, sequence, name, overlap, status, completion } = operation;
  return {
    ...{ id, sequence, name, overlap, status, completion },
    order_id: operation.orderId,
    status_at: operation.statusAt,
    status_reason: operation.statusReason,
    held_with_order: operation.heldWithOrder,
    planned_machine_id: operation.plannedMachineId,
    machine_id: operation.machineId,
    planned_start: operation.plannedStart,
    planned_end: operation.plannedEnd,
    ideal_cycle_time_ms: operation.idealCycleTimeMs,
    counting_source: operation.countingSource,
    started_at: operation.startedAt,
    ended_at: operation.endedAt,
  };
}
