import type { MigrationInterface, QueryRunner } from "typeorm";

const STATEMENTS = [
  `ALTER TABLE production_order
     ADD COLUMN status_at timestamptz,
     ADD COLUMN planned_start timestamptz,
     ADD COLUMN planned_end timestamptz`,
  `UPDATE production_order p SET
     status_at = CASE WHEN p.status IN ('CREATED', 'RELEASED') THEN p.created_at
                      ELSE coalesce(p.ended_at, p.started_at, p.created_at) END,
     planned_start = (SELECT min(planned_start) FROM operation WHERE order_id = p.id),
     planned_end = (SELECT max(planned_end) FROM operation WHERE order_id = p.id)`,
  "ALTER TABLE production_order ALTER COLUMN status_at SET NOT NULL",
  "CREATE INDEX production_order_due ON production_order ((coalesce(due_at, 'infinity'::timestamptz)), id)",
  `ALTER TABLE operation
     ADD COLUMN status_at timestamptz,
     ADD COLUMN overlap boolean NOT NULL DEFAULT false`,
  `UPDATE operation o SET status_at = coalesce(o.ended_at, o.started_at, p.created_at)
   FROM production_order p WHERE p.id = o.order_id`,
  "ALTER TABLE operation ALTER COLUMN status_at SET NOT NULL",
  // Those that are still to be worked on are few beside those that are done.
  `CREATE INDEX operation_to_do ON operation (machine_id)
     WHERE status IN ('WAITING', 'READY', 'RUNNING', 'HELD')`,

  `CREATE TABLE order_event (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     order_id uuid NOT NULL REFERENCES production_order (id) ON DELETE CASCADE,
     operation_id uuid,
     sequence integer,
     machine_id uuid REFERENCES equipment (id),
     kind text NOT NULL,
     from_status text,
     to_status text,
     runs boolean,
     changes jsonb,
     at timestamptz NOT NULL,
     recorded_at timestamptz NOT NULL,
     principal text NOT NULL,
     system text,
     reason text
   )`,
  "CREATE INDEX order_event_order ON order_event (order_id, id)",
  // runs: true where an operation begins to run on the machine, false where it no longer does.
  "CREATE INDEX order_event_run ON order_event (machine_id, at, id) WHERE runs IS NOT NULL",

  // What is known of orders that are older than the log. When an operation was held was never written down: one that is
  // held is taken to have run until now.
  `INSERT INTO order_event (order_id, kind, to_status, at, recorded_at, principal)
   SELECT id, 'CREATED', 'CREATED', created_at, created_at, 'migration' FROM production_order ORDER BY id`,
  `INSERT INTO order_event
     (order_id, operation_id, sequence, machine_id, kind, from_status, to_status, runs, at, recorded_at, principal, reason)
   SELECT order_id, id, sequence, machine_id, kind, from_status, to_status, runs, at, now(), 'migration', reason
   FROM (
     SELECT o.*, 'STARTED' AS kind, 'READY' AS from_status, 'RUNNING' AS to_status, o.machine_id IS NOT NULL AS runs,
            o.started_at AS at, NULL AS reason, 1 AS step
     FROM operation o WHERE o.started_at IS NOT NULL
     UNION ALL
     SELECT o.*, o.status, CASE WHEN o.started_at IS NULL THEN 'READY' ELSE 'RUNNING' END, o.status,
            CASE WHEN o.started_at IS NULL OR o.machine_id IS NULL THEN NULL ELSE false END,
            coalesce(o.ended_at, greatest(now(), o.started_at)), o.status_reason, 2
     FROM operation o WHERE o.status IN ('HELD', 'COMPLETED', 'ABORTED')
   ) steps
   -- Where one ends and the next one starts at the same time, the end comes first.
   ORDER BY at, CASE WHEN step = 2 AND started_at < at THEN 0 ELSE step END`,
  `INSERT INTO order_event (order_id, kind, from_status, to_status, at, recorded_at, principal, reason)
   SELECT id, kind, from_status, to_status, at, now(), 'migration', reason
   FROM (
     SELECT p.*, 'STARTED' AS kind, 'RELEASED' AS from_status, 'RUNNING' AS to_status, p.started_at AS at,
            NULL AS reason, 1 AS step
     FROM production_order p WHERE p.started_at IS NOT NULL
     UNION ALL
     SELECT p.*, p.status, NULL, p.status, p.ended_at, p.status_reason, 2
     FROM production_order p WHERE p.ended_at IS NOT NULL
   ) steps ORDER BY at, step`,

  `ALTER TABLE production_record
     ADD COLUMN corrects uuid REFERENCES production_record (id),
     ADD COLUMN recorded_at timestamptz,
     ADD COLUMN system text,
     ADD COLUMN comment text`,
  "UPDATE production_record SET recorded_at = at",
  "ALTER TABLE production_record ALTER COLUMN recorded_at SET NOT NULL",
  "CREATE INDEX production_record_corrects ON production_record (corrects) WHERE corrects IS NOT NULL",
];

/** What happened to orders and when, and corrections of what was counted. */
export class OrderEvents1765360000000 implements MigrationInterface {
  name = "OrderEvents1765360000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("what happened to orders cannot be kept without its table: restore a backup instead");
  }
}
