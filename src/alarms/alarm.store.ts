import type { Sql } from "../kernel/sql.js";
import type { Alarm, AlarmEvent, Shelf } from "./alarm.js";
import type { AlarmFact } from "./alarm-fact.js";
import { COLUMNS, writable } from "./alarm-rows.js";
import type { ConditionState } from "./alarm-state.js";

/** A condition that is not as it normally is. */
export interface StoredCondition extends ConditionState {
  readonly machineId: string;
  readonly code: string;
}

/** An alarm of a machine, raised or not. */
export interface AlarmKey {
  readonly machineId: string;
  readonly code: string;
}

const KEYS = `jsonb_to_recordset($1::jsonb) AS k ("machineId" uuid, code text)`;

/** What is written of alarms, within the transactions of whoever writes. */
export class AlarmStore {
  readonly #db: Sql;

  /** @param db for what is read on its own. */
  constructor(db: Sql) {
    this.#db = db;
  }

  /** Every condition that is not NORMAL. */
  async conditions(): Promise<StoredCondition[]> {
    const rows = await this.#db.query<Omit<StoredCondition, "since" | "learnedAt"> & Record<string, unknown>>(
      `SELECT machine_id AS "machineId", code, phase, since AS "sinceAt", learned_at AS "learned"
       FROM alarm_condition WHERE phase <> 'NORMAL'`,
    );
    return rows.map(({ machineId, code, phase, sinceAt, learned }) => ({
      ...{ machineId, code, phase },
      since: (sinceAt as Date).getTime(),
      learnedAt: (learned as Date).getTime(),
    }));
  }

  /** At most one fact of each condition. Keeps others from writing the same ones until the transaction ends. */
  async saveConditions(sql: Sql, facts: readonly AlarmFact[]): Promise<void> {
    const rows = facts.map(({ machine, code, state }) => ({
      machineId: machine.id,
      code,
      phase: state.phase,
      since: new Date(state.since),
      learnedAt: new Date(state.learnedAt),
    }));
    // In one order, so that two servers cannot wait for each other.
    await sql.query(
      `INSERT INTO alarm_condition (machine_id, code, phase, since, learned_at)
       SELECT "machineId", code, phase, since, "learnedAt"
       FROM jsonb_to_recordset($1::jsonb) AS x ("machineId" uuid, code text, phase text, since timestamptz,
         "learnedAt" timestamptz)
       ORDER BY "machineId", code
       ON CONFLICT (machine_id, code) DO UPDATE
         SET phase = excluded.phase, since = excluded.since, learned_at = excluded.learned_at`,
      [JSON.stringify(rows)],
    );
  }

  /** Those that are not over, locked until the transaction ends. */
  lockOpen(sql: Sql, keys: readonly AlarmKey[]): Promise<Alarm[]> {
    return sql.query<Alarm>(
      `SELECT ${COLUMNS} FROM alarm a JOIN ${KEYS} ON a.machine_id = k."machineId" AND a.code = k.code
       WHERE a.active OR a.acknowledged_at IS NULL ORDER BY a.id FOR UPDATE OF a`,
      [JSON.stringify(keys)],
    );
  }

  /** Locked until the transaction ends. */
  lock(sql: Sql, ids: readonly string[]): Promise<Alarm[]> {
    return sql.query<Alarm>(
      `SELECT ${COLUMNS} FROM alarm a WHERE a.id = ANY ($1::uuid[]) ORDER BY a.id FOR UPDATE`,
      [ids],
    );
  }

  async save(sql: Sql, alarms: readonly Alarm[]): Promise<void> {
    if (alarms.length === 0) return;
    await sql.query(
      `INSERT INTO alarm AS a (id, machine_id, code, severity, message, metric, value, "limit", active, raised_at,
         last_raised_at, occurrences, cleared_at, acknowledged_at, acknowledged_by, comment, maintenance)
       SELECT id, "machineId", code, severity, message, metric, value, "limit", active, "raisedAt",
         "lastRaisedAt", occurrences, "clearedAt", "acknowledgedAt", "acknowledgedBy", comment, maintenance
       FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, "machineId" uuid, code text, severity text, message text,
         metric text, value jsonb, "limit" float8, active boolean, "raisedAt" timestamptz, "lastRaisedAt" timestamptz,
         occurrences integer, "clearedAt" timestamptz, "acknowledgedAt" timestamptz, "acknowledgedBy" text,
         comment text, maintenance jsonb)
       ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, message = excluded.message,
         metric = excluded.metric, value = excluded.value, "limit" = excluded."limit", active = excluded.active,
         last_raised_at = excluded.last_raised_at, occurrences = excluded.occurrences,
         cleared_at = excluded.cleared_at, acknowledged_at = excluded.acknowledged_at,
         acknowledged_by = excluded.acknowledged_by, comment = excluded.comment, maintenance = excluded.maintenance`,
      [JSON.stringify(alarms.map(writable))],
    );
  }

  /** Repeats of an alarm, and its clearings, are counted in one line each. At most one of these kinds of each alarm. */
  async log(sql: Sql, events: readonly AlarmEvent[]): Promise<void> {
    if (events.length === 0) return;
    await sql.query(
      `INSERT INTO alarm_event AS e (alarm_id, kind, at, count, by, comment)
       SELECT "alarmId", kind, at, count, by, comment
       FROM jsonb_to_recordset($1::jsonb) AS x ("alarmId" uuid, kind text, at timestamptz, count integer, by text,
         comment text)
       ON CONFLICT (alarm_id, kind) WHERE kind IN ('REPEATED', 'CLEARED')
         DO UPDATE SET at = excluded.at, count = e.count + excluded.count, comment = excluded.comment`,
      [JSON.stringify(events)],
    );
  }

  /** The shelves among these that last at `now`. */
  shelves(sql: Sql, keys: readonly AlarmKey[], now: Date): Promise<Shelf[]> {
    return sql.query<Shelf>(
      `SELECT s.machine_id AS "machineId", s.code, s.until, s.reason, s.by, s.at
       FROM alarm_shelf s JOIN ${KEYS} ON s.machine_id = k."machineId" AND s.code = k.code WHERE s.until > $2`,
      [JSON.stringify(keys), now],
    );
  }

  async putShelf(sql: Sql, { machineId, code, until, reason, by, at }: Shelf): Promise<void> {
    await sql.query(
      `INSERT INTO alarm_shelf (machine_id, code, until, reason, by, at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (machine_id, code) DO UPDATE
         SET until = excluded.until, reason = excluded.reason, by = excluded.by, at = excluded.at`,
      [machineId, code, until, reason, by, at],
    );
  }

  async removeShelf(sql: Sql, { machineId, code }: AlarmKey): Promise<void> {
    await sql.query("DELETE FROM alarm_shelf WHERE machine_id = $1 AND code = $2", [machineId, code]);
  }

  /**
   * Removes the shelves that have ended.
   * @returns them, and the alarms on them that are not over, locked until the transaction ends.
   */
  async endShelves(sql: Sql, now: Date): Promise<{ shelves: Shelf[]; alarms: Alarm[] }> {
    // Alarms before shelves, like whoever shelves them, so that the two cannot wait for each other.
    const alarms = await sql.query<Alarm>(
      `SELECT ${COLUMNS} FROM alarm a JOIN alarm_shelf s ON s.machine_id = a.machine_id AND s.code = a.code
       WHERE s.until <= $1 AND (a.active OR a.acknowledged_at IS NULL) ORDER BY a.id FOR UPDATE OF a`,
      [now],
    );
    const shelves = await sql.query<Shelf>(
      `DELETE FROM alarm_shelf WHERE until <= $1
       RETURNING machine_id AS "machineId", code, until, reason, by, at`,
      [now],
    );
    return { shelves, alarms };
  }

  /**
   * Alarms that are to open a maintenance order and are not shelved, locked; without those that another server has. Of the
   * alarms of a machine and code the oldest, because the next ones may find its order open.
   */
  wanting(sql: Sql, now: Date, most: number): Promise<Alarm[]> {
    return sql.query<Alarm>(
      `SELECT ${COLUMNS} FROM alarm a
       WHERE a.maintenance IS NOT NULL AND NOT EXISTS (
         SELECT FROM alarm_shelf s WHERE s.machine_id = a.machine_id AND s.code = a.code AND s.until > $1
       ) AND NOT EXISTS (
         SELECT FROM alarm b WHERE b.machine_id = a.machine_id AND b.code = a.code AND b.id < a.id
           AND b.maintenance IS NOT NULL
       )
       ORDER BY a.id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [now, most],
    );
  }

  /** The last maintenance orders of alarms of the same machines and codes, by the alarms' ids. */
  async lastOrders(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await sql.query<{ id: string; orderId: string }>(
      `SELECT a.id, last."orderId" FROM alarm a CROSS JOIN LATERAL (
         SELECT b.maintenance_order_id AS "orderId" FROM alarm b
         WHERE b.machine_id = a.machine_id AND b.code = a.code AND b.maintenance_order_id IS NOT NULL
         ORDER BY b.id DESC LIMIT 1
       ) last
       WHERE a.id = ANY ($1::uuid[])`,
      [ids],
    );
    return new Map(rows.map(({ id, orderId }) => [id, orderId]));
  }

  /** Those alarms want no order any more: they have one. */
  async maintenanceOpened(
    sql: Sql,
    opened: readonly { readonly id: string; readonly orderId: string }[],
  ): Promise<void> {
    await sql.query(
      `UPDATE alarm SET maintenance = NULL, maintenance_order_id = x."orderId"
       FROM jsonb_to_recordset($1::jsonb) AS x (id uuid, "orderId" uuid) WHERE alarm.id = x.id`,
      [JSON.stringify(opened)],
    );
  }
}
