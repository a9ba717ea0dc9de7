import type { Sql } from "../kernel/sql.js";
import type { AlarmSeverity } from "../plant/alarm-rule.js";
import type { AlarmEvent, Shelf, ShownAlarm } from "./alarm.js";
import { COLUMNS, SHELF_COLUMNS, type ShownRow, shownAlarm } from "./alarm-rows.js";

/** Which alarms; null does not restrict. */
export interface AlarmFilter {
  readonly machineIds: readonly string[] | null;
  readonly active: boolean | null;
  readonly acknowledged: boolean | null;
  readonly shelved: boolean | null;
  readonly severity: readonly AlarmSeverity[] | null;
  readonly code: string | null;
}

/** Bounds are ids and exclusive; the list is ordered by id, which is the order in which they were first raised. */
export interface AlarmPageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

/** An alarm that is over is on no shelf, whatever its successor is. */
const SHELF = `LEFT JOIN alarm_shelf s ON s.machine_id = a.machine_id AND s.code = a.code AND s.until > $1
  AND (a.active OR a.acknowledged_at IS NULL)`;
const SHOWN = `SELECT ${COLUMNS}, ${SHELF_COLUMNS} FROM alarm a ${SHELF}`;

/** Reads alarms as people see them. */
export class AlarmQueryStore {
  readonly #db: Sql;

  constructor(db: Sql) {
    this.#db = db;
  }

  async byIds(ids: readonly string[], now: Date): Promise<ShownAlarm[]> {
    const rows = await this.#db.query<ShownRow>(`${SHOWN} WHERE a.id = ANY ($2::uuid[])`, [now, ids]);
    return rows.map(shownAlarm);
  }

  async page(
    filter: AlarmFilter,
    request: AlarmPageRequest,
    now: Date,
  ): Promise<{ items: ShownAlarm[]; hasMore: boolean }> {
    const values: unknown[] = [now];
    let where = conditionsOf(filter, values);
    if (request.after !== null) where += ` AND a.id > $${values.push(request.after)}`;
    if (request.before !== null) where += ` AND a.id < $${values.push(request.before)}`;
    const order = request.fromEnd ? "DESC" : "ASC";
    const rows = await this.#db.query<ShownRow>(
      `${SHOWN} WHERE ${where} ORDER BY a.id ${order} LIMIT $${values.push(request.limit + 1)}`,
      values,
    );
    const items = rows.slice(0, request.limit).map(shownAlarm);
    return { items: request.fromEnd ? items.reverse() : items, hasMore: rows.length > request.limit };
  }

  async count(filter: AlarmFilter, now: Date): Promise<number> {
    const values: unknown[] = [now];
    const rows = await this.#db.query<{ count: string }>(
      `SELECT count(*) FROM alarm a ${SHELF} WHERE ${conditionsOf(filter, values)}`,
      values,
    );
    return Number(rows[0]?.count);
  }

  /** The newest `most` alarms of each machine, newest first. @param active null: all. */
  async newestOf(
    machineIds: readonly string[],
    active: boolean | null,
    most: number,
    now: Date,
  ): Promise<ShownAlarm[]> {
    const rows = await this.#db.query<ShownRow>(
      `SELECT ${COLUMNS}, ${SHELF_COLUMNS} FROM unnest($2::uuid[]) AS machine (id)
       CROSS JOIN LATERAL (
         SELECT * FROM alarm WHERE machine_id = machine.id AND ($3::boolean IS NULL OR active = $3)
         ORDER BY alarm.id DESC LIMIT $4
       ) a ${SHELF}
       ORDER BY a.id DESC`,
      [now, [...new Set(machineIds)], active, most],
    );
    return rows.map(shownAlarm);
  }

  /** By time. */
  eventsOf(alarmIds: readonly string[]): Promise<AlarmEvent[]> {
    return this.#db.query<AlarmEvent>(
      `SELECT alarm_id AS "alarmId", kind, at, count, by, comment FROM alarm_event
       WHERE alarm_id = ANY ($1::uuid[]) ORDER BY at, id`,
      [alarmIds],
    );
  }

  /** The shelves that last at `now`, the first to end first. @param machineIds null: of all machines. */
  shelves(machineIds: readonly string[] | null, now: Date): Promise<Shelf[]> {
    return this.#db.query<Shelf>(
      `SELECT machine_id AS "machineId", code, until, reason, by, at FROM alarm_shelf
       WHERE until > $1 AND ($2::uuid[] IS NULL OR machine_id = ANY ($2)) ORDER BY until, machine_id, code`,
      [now, machineIds],
    );
  }
}

/** @param values of the statement, to which those of the filter are added. */
function conditionsOf(filter: AlarmFilter, values: unknown[]): string {
  const { machineIds, active, acknowledged, shelved, severity, code } = filter;
  const conditions = ["true"];
  if (machineIds !== null) conditions.push(`a.machine_id = ANY ($${values.push(machineIds)}::uuid[])`);
  if (active !== null) conditions.push(active ? "a.active" : "NOT a.active");
  if (acknowledged !== null) conditions.push(`a.acknowledged_at IS ${acknowledged ? "NOT NULL" : "NULL"}`);
  if (shelved !== null) conditions.push(`s.until IS ${shelved ? "NOT NULL" : "NULL"}`);
  if (severity !== null) conditions.push(`a.severity = ANY ($${values.push(severity)})`);
  if (code !== null) conditions.push(`a.code = $${values.push(code)}`);
  return conditions.join(" AND ");
}
