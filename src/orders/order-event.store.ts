import type { Database } from "../db/database.js";
import type { Interval } from "../kernel/intervals.js";
import type { Sql } from "../kernel/sql.js";
import type { RunStep } from "./operation-run.js";
import type { OrderEvent } from "./order-event.js";
import { arraysOf, type Row, rowColumns } from "./row-columns.js";

/** An event as it is kept: ids grow with every event. */
export interface StoredOrderEvent extends OrderEvent {
  /** A whole number, as text. */
  readonly id: string;
}

/** Which page of the events of each order; bounds are ids and exclusive. */
export interface EventPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

/** What a machine does and did that a start there must know. */
export interface Occupancy {
  readonly machineId: string;
  /** The operation that runs there. */
  readonly running: {
    readonly operationId: string;
    readonly order: string;
    readonly sequence: number;
  } | null;
  /** The last one that ran there. */
  readonly last: { readonly until: Date; readonly order: string; readonly sequence: number } | null;
}

const RUN_COLUMNS = `e.machine_id AS "machineId", e.runs, e.at, e.operation_id AS "operationId", p.id AS "orderId",
  p.number AS "orderNumber", o.sequence, p.product, o.ideal_cycle_time_ms AS "idealCycleTimeMs",
  o.counting_source AS "countingSource"`;
const EVENT_COLUMNS = `e.id, e.order_id AS "orderId", e.operation_id AS "operationId", e.sequence,
  e.machine_id AS "machineId", e.kind, e.from_status AS "fromStatus", e.to_status AS "toStatus", e.runs, e.changes,
  e.at, e.recorded_at AS "recordedAt", e.principal, e.system, e.reason`;
const EVENT_ROW = rowColumns(`order_id uuid, operation_id uuid, sequence integer, machine_id uuid, kind text,
  from_status text, to_status text, runs boolean, changes jsonb, at timestamptz, recorded_at timestamptz, principal text,
  system text, reason text`);

/** The log of what happened to orders. */
export class OrderEventStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async append(sql: Sql, events: readonly OrderEvent[]): Promise<void> {
    if (events.length === 0) return;
    const names = EVENT_ROW.names.join(", ");
    await sql.query(
      `INSERT INTO order_event (${names}) SELECT ${names}
       FROM ${EVENT_ROW.source} WITH ORDINALITY AS x (${names}, place) ORDER BY place`,
      arraysOf(EVENT_ROW, events.map(eventRow)),
    );
  }

  /**
   * What runs and ran on these machines. Until the transaction ends no other one can begin something there: whoever
   * starts operations asks this first, and the machines' rows are locked by id.
   */
  async occupy(sql: Sql, machineIds: readonly string[]): Promise<Occupancy[]> {
    await sql.query("SELECT FROM equipment WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", [
      machineIds,
    ]);
    // A statement of its own, so that it sees what was committed while the first one waited.
    const rows = await sql.query<Occupancy & { until: Date | null }>(
      `SELECT m.id AS "machineId", r.running, l.last, l.until
       FROM unnest($1::uuid[]) AS m (id)
       LEFT JOIN LATERAL (
         SELECT jsonb_build_object('operationId', o.id, 'order', p.number, 'sequence', o.sequence) AS running
         FROM operation o JOIN production_order p ON p.id = o.order_id
         WHERE o.machine_id = m.id AND o.status = 'RUNNING') r ON true
       LEFT JOIN LATERAL (
         SELECT e.at AS until, jsonb_build_object('order', p.number, 'sequence', e.sequence) AS last
         FROM order_event e JOIN production_order p ON p.id = e.order_id
         WHERE e.machine_id = m.id AND e.runs IS NOT NULL AND NOT e.runs
         ORDER BY e.at DESC, e.id DESC LIMIT 1) l ON true`,
      [machineIds],
    );
    return rows.map(occupancyOf);
  }

  /** Per machine by time: the last step before the range, and all within it. One statement for all machines. */
  async runSteps(machineIds: readonly string[], range: Interval, sql: Sql = this.#db): Promise<RunStep[]> {
    return await sql.query<RunStep>(
      `SELECT ${RUN_COLUMNS}
       FROM unnest($1::uuid[]) WITH ORDINALITY AS m (id, place)
       CROSS JOIN LATERAL (
         (SELECT * FROM order_event WHERE machine_id = m.id AND runs IS NOT NULL AND at <= $2
          ORDER BY at DESC, id DESC LIMIT 1)
         UNION ALL
         SELECT * FROM order_event WHERE machine_id = m.id AND runs IS NOT NULL AND at > $2 AND at < $3) e
       JOIN operation o ON o.id = e.operation_id
       JOIN production_order p ON p.id = o.order_id
       ORDER BY m.place, e.at, e.id`,
      [machineIds, new Date(range.from), new Date(range.to)],
    );
  }

  /** A page of each order's events with one more at its far side when there are more, in the order they were written. */
  async page(orderIds: readonly string[], request: EventPageRequest): Promise<StoredOrderEvent[]> {
    const order = request.fromEnd ? "DESC" : "ASC";
    return await this.#db.query<StoredOrderEvent>(
      `SELECT ${EVENT_COLUMNS} FROM unnest($1::uuid[]) AS p (id)
       CROSS JOIN LATERAL (
         SELECT * FROM order_event WHERE order_id = p.id
           AND ($2::bigint IS NULL OR id > $2) AND ($3::bigint IS NULL OR id < $3)
         ORDER BY id ${order} LIMIT $4) e
       ORDER BY e.id`,
      [orderIds, request.after, request.before, request.limit + 1],
    );
  }

  async count(orderId: string): Promise<number> {
    const rows = await this.#db.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM order_event WHERE order_id = $1",
      [orderId],
    );
    return rows[0]?.n ?? 0;
  }
}

function occupancyOf(row: Occupancy & { readonly until: Date | null }): Occupancy {
  const { machineId, running, last, until } = row;
  return { machineId, running, last: last && until ? { ...last, until } : null };
}

function eventRow(event: OrderEvent): Row {
  const { kind, sequence, runs, changes, at, principal, system, reason } = event;
  return {
    ...{ kind, sequence, runs, at, principal, system, reason },
    changes: changes && JSON.stringify(changes),
    order_id: event.orderId,
    operation_id: event.operationId,
    machine_id: event.machineId,
    from_status: event.fromStatus,
    to_status: event.toStatus,
    recorded_at: event.recordedAt,
  };
}
