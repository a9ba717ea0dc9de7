import type { Database } from "../db/database.js";
import type { Sql } from "../kernel/sql.js";
import type { Scalar } from "../twin/sample.js";
import type { MaintenanceKind } from "./maintenance.js";
import type { NewItem, NewPart } from "./maintenance-details.js";
import type { MaintenancePlan, PlanProgress, PlanState, Trigger } from "./plan.js";

/** What has been seen of a machine since the progress was last stored. */
export interface SeenProgress {
  readonly planId: string;
  readonly before: PlanProgress;
  readonly after: PlanProgress;
}

interface Row {
  id: string;
  machine_id: string;
  name: string;
  kind: MaintenanceKind;
  trigger: Trigger;
  title: string | null;
  description: string | null;
  priority: number;
  lockout: boolean;
  due_within: string | null;
  estimated_minutes: number | null;
  allow_several: boolean;
  checklist: NewItem[];
  parts: NewPart[];
  active: boolean;
  version: number;
  created_by: string;
  created_at: Date;
  occurrence: number;
  skipped: number;
  due_at: Date | null;
  make_at: Date | null;
  used: string;
  counted_since: Date;
  seen_at: Date | null;
  seen_value: string | null;
  met_since: Date | null;
  fired: boolean;
}

const SELECT = `SELECT p.*, g.occurrence, g.skipped, g.due_at, g.make_at, g.used::text AS used, g.counted_since,
                       g.seen_at, g.seen_value, g.met_since, g.fired
                FROM maintenance_plan p JOIN maintenance_plan_progress g ON g.plan_id = p.id`;

export class PlanStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async insert(sql: Sql, plan: MaintenancePlan, progress: PlanProgress): Promise<void> {
    await sql.query(
      `INSERT INTO maintenance_plan (id, machine_id, created_by, created_at, version, active, ${FIELDS.join(", ")})
       VALUES ($1, $2, $3, $4, $5, $6, ${FIELDS.map((_, index) => `$${index + 7}`).join(", ")})`,
      [plan.id, plan.machineId, plan.createdBy, plan.createdAt, plan.version, plan.active, ...fieldsOf(plan)],
    );
    await sql.query(
      `INSERT INTO maintenance_plan_progress (plan_id, ${PROGRESS.join(", ")})
       VALUES ($1, ${PROGRESS.map((_, index) => `$${index + 2}`).join(", ")})`,
      [plan.id, ...progressOf(progress)],
    );
  }

  async update(sql: Sql, plan: MaintenancePlan): Promise<void> {
    await sql.query(
      `UPDATE maintenance_plan SET version = $2, active = $3,
              ${FIELDS.map((name, index) => `${name} = $${index + 4}`).join(", ")} WHERE id = $1`,
      [plan.id, plan.version, plan.active, ...fieldsOf(plan)],
    );
  }

  async saveProgress(sql: Sql, planId: string, progress: PlanProgress): Promise<void> {
    await sql.query(
      `UPDATE maintenance_plan_progress SET ${PROGRESS.map((name, index) => `${name} = $${index + 2}`).join(", ")}
       WHERE plan_id = $1`,
      [planId, ...progressOf(progress)],
    );
  }

  /**
   * Stores what was seen, where nobody else has changed the progress meanwhile.
   * @returns the plans whose progress was stored.
   */
  async saveSeen(seen: readonly SeenProgress[]): Promise<ReadonlySet<string>> {
    const rows = seen.map(({ planId, before, after }) => ({
      ...{
        planId,
        occurrence: before.occurrence,
        before: date(before.seenAt),
        since: date(before.countedSince),
      },
      ...{ used: after.used, seenAt: date(after.seenAt), seenValue: text(after.seenValue) },
      ...{ metSince: date(after.metSince), fired: after.fired },
    }));
    const stored = await this.#db.query<{ plan_id: string }>(
      `WITH seen AS (
         SELECT * FROM jsonb_to_recordset($1::jsonb)
           AS x ("planId" uuid, occurrence integer, before timestamptz, since timestamptz, used numeric,
                 "seenAt" timestamptz, "seenValue" text, "metSince" timestamptz, fired boolean)
       ), held AS (
         SELECT g.plan_id FROM maintenance_plan_progress g JOIN seen s ON s."planId" = g.plan_id
         WHERE g.occurrence = s.occurrence AND g.seen_at IS NOT DISTINCT FROM s.before
           AND g.counted_since = s.since
         FOR UPDATE OF g SKIP LOCKED
       )
       UPDATE maintenance_plan_progress g
       SET used = s.used, seen_at = s."seenAt", seen_value = s."seenValue", met_since = s."metSince", fired = s.fired
       FROM seen s WHERE s."planId" = g.plan_id AND g.plan_id IN (SELECT plan_id FROM held)
       RETURNING g.plan_id`,
      [JSON.stringify(rows)],
    );
    return new Set(stored.map((row) => row.plan_id));
  }

  /** The plan and its progress, locked until the transaction ends. */
  async lock(sql: Sql, id: string): Promise<PlanState | null> {
    const rows = await sql.query<Row>(`${SELECT} WHERE p.id = $1 FOR UPDATE`, [id]);
    return rows[0] ? stateOf(rows[0]) : null;
  }

  /** In no order; those that there are. */
  async byIds(ids: readonly string[]): Promise<PlanState[]> {
    const rows = await this.#db.query<Row>(`${SELECT} WHERE p.id = ANY ($1::uuid[])`, [ids]);
    return rows.map(stateOf);
  }

  /** Oldest first. @param machineIds null: of all machines. */
  async ofMachines(machineIds: readonly string[] | null): Promise<PlanState[]> {
    const rows = await this.#db.query<Row>(
      `${SELECT} WHERE $1::uuid[] IS NULL OR p.machine_id = ANY ($1::uuid[]) ORDER BY p.id`,
      [machineIds],
    );
    return rows.map(stateOf);
  }

  /** The type of a metric's values; null where the machine has none of that name. Also of one that another server found. */
  async dataTypeOf(sql: Sql, machineId: string, metric: string): Promise<string | null> {
    const rows = await sql.query<{ type: string }>(
      "SELECT data_type AS type FROM series WHERE machine_id = $1 AND metric = $2",
      [machineId, metric],
    );
    return rows[0]?.type ?? null;
  }

  /** The active plans that look at metrics: which, and at which version. */
  async watching(): Promise<{ id: string; version: number }[]> {
    return await this.#db.query(
      "SELECT id, version FROM maintenance_plan WHERE active AND trigger->>'kind' <> 'CALENDAR'",
    );
  }

  /** The active calendar plans whose time to make an order has come. */
  async toMake(now: Date): Promise<string[]> {
    const rows = await this.#db.query<{ id: string }>(
      `SELECT p.id FROM maintenance_plan_progress g JOIN maintenance_plan p ON p.id = g.plan_id
       WHERE g.make_at <= $1 AND p.active ORDER BY g.make_at`,
      [now],
    );
    return rows.map((row) => row.id);
  }

  /** The oldest order of a plan that is not completed or cancelled. */
  async openOrder(sql: Sql, planId: string): Promise<{ id: string; machineId: string } | null> {
    const rows = await sql.query<{ id: string; machineId: string }>(
      `SELECT id, machine_id AS "machineId" FROM maintenance_order
       WHERE plan_id = $1 AND status IN ('PLANNED', 'OPEN', 'IN_PROGRESS') ORDER BY id LIMIT 1`,
      [planId],
    );
    return rows[0] ?? null;
  }
}

const FIELDS = [
  ...["name", "kind", "trigger", "title", "description", "priority", "lockout", "due_within"],
  ...["estimated_minutes", "allow_several", "checklist", "parts"],
];

function fieldsOf(plan: MaintenancePlan): unknown[] {
  return [
    ...[plan.name, plan.kind, JSON.stringify(plan.trigger), plan.title, plan.description, plan.priority],
    ...[plan.lockout, plan.dueWithin, plan.estimatedMinutes, plan.allowSeveral],
    ...[JSON.stringify(plan.checklist), JSON.stringify(plan.parts)],
  ];
}

const PROGRESS = [
  ...["occurrence", "skipped", "due_at", "make_at", "used", "counted_since", "seen_at", "seen_value"],
  ...["met_since", "fired"],
];

function progressOf(progress: PlanProgress): unknown[] {
  const { occurrence, skipped, dueAt, makeAt, used, countedSince, seenAt, seenValue, metSince, fired } =
    progress;
  return [
    ...[occurrence, skipped, date(dueAt), date(makeAt), used, date(countedSince), date(seenAt)],
    ...[text(seenValue), date(metSince), fired],
  ];
}

function stateOf(row: Row): PlanState {
  const plan: MaintenancePlan = {
    ...{ id: row.id, machineId: row.machine_id, name: row.name, kind: row.kind, trigger: row.trigger },
    ...{ title: row.title, description: row.description, priority: row.priority, lockout: row.lockout },
    ...{
      dueWithin: row.due_within,
      estimatedMinutes: row.estimated_minutes,
      allowSeveral: row.allow_several,
    },
    ...{ checklist: row.checklist, parts: row.parts, active: row.active, version: row.version },
    ...{ createdBy: row.created_by, createdAt: row.created_at },
  };
  const progress: PlanProgress = {
    ...{ occurrence: row.occurrence, skipped: row.skipped, used: row.used, fired: row.fired },
    dueAt: row.due_at?.getTime() ?? null,
    makeAt: row.make_at?.getTime() ?? null,
    countedSince: row.counted_since.getTime(),
    seenAt: row.seen_at?.getTime() ?? null,
    seenValue: number(row.seen_value),
    metSince: row.met_since?.getTime() ?? null,
  };
  return { plan, progress };
}

function date(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

function text(value: Scalar): string | null {
  return value === null ? null : String(value);
}

/** A counter's reading as it was: integers beyond 2^53 stay exact. */
function number(stored: string | null): Scalar {
  if (stored === null) return null;
  const value = Number(stored);
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(stored)
    ? BigInt(stored)
    : value;
}
