import type { MigrationInterface, QueryRunner } from "typeorm";

/** Plans that make maintenance orders; checklists, parts, work and events of the orders. */
export class MaintenancePlans1765340000000 implements MigrationInterface {
  name = "MaintenancePlans1765340000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error(
      "plans and what was done by them cannot be kept without their tables: restore a backup instead",
    );
  }
}

const STATEMENTS = [
  `CREATE TABLE maintenance_plan (
     id uuid PRIMARY KEY,
     machine_id uuid NOT NULL REFERENCES equipment (id),
     name text NOT NULL,
     kind text NOT NULL,
     trigger jsonb NOT NULL,
     title text,
     description text,
     priority integer NOT NULL,
     lockout boolean NOT NULL,
     due_within text,
     estimated_minutes double precision,
     allow_several boolean NOT NULL,
     checklist jsonb NOT NULL,
     parts jsonb NOT NULL,
     active boolean NOT NULL,
     version integer NOT NULL,
     created_by text NOT NULL,
     created_at timestamptz NOT NULL
   )`,
  "CREATE INDEX maintenance_plan_machine ON maintenance_plan (machine_id, id)",
  // Apart from its plan, because it changes with every look at the machine. Whoever makes an order holds this row.
  `CREATE TABLE maintenance_plan_progress (
     plan_id uuid PRIMARY KEY REFERENCES maintenance_plan (id) ON DELETE CASCADE,
     occurrence integer NOT NULL DEFAULT 0,
     skipped integer NOT NULL DEFAULT 0,
     due_at timestamptz,
     make_at timestamptz,
     used numeric NOT NULL,
     counted_since timestamptz NOT NULL,
     seen_at timestamptz,
     seen_value text,
     met_since timestamptz,
     fired boolean NOT NULL DEFAULT false
   )`,
  "CREATE INDEX maintenance_plan_make_at ON maintenance_plan_progress (make_at) WHERE make_at IS NOT NULL",

  `ALTER TABLE maintenance_order
     ADD COLUMN plan_id uuid REFERENCES maintenance_plan (id),
     ADD COLUMN occurrence integer,
     ADD COLUMN alarm_id uuid UNIQUE,
     ADD COLUMN estimated_minutes double precision,
     ADD COLUMN cancelled_at timestamptz,
     ADD COLUMN created_by text,
     ADD CONSTRAINT maintenance_order_occurrence UNIQUE (plan_id, occurrence)`,
  "CREATE INDEX maintenance_order_begins ON maintenance_order (planned_start) WHERE status = 'PLANNED'",
  "CREATE INDEX maintenance_order_worked ON maintenance_order (machine_id, started_at) WHERE started_at IS NOT NULL",
  "CREATE INDEX maintenance_order_due ON maintenance_order (due_at) WHERE due_at IS NOT NULL",
  "CREATE INDEX maintenance_comment_order ON maintenance_comment (maintenance_order_id, id)",

  `CREATE TABLE maintenance_checklist_item (
     id uuid PRIMARY KEY,
     order_id uuid NOT NULL REFERENCES maintenance_order (id) ON DELETE CASCADE,
     position integer NOT NULL,
     text text NOT NULL,
     required boolean NOT NULL,
     done boolean NOT NULL,
     value text,
     done_by text,
     done_at timestamptz,
     UNIQUE (order_id, position)
   )`,
  `CREATE TABLE maintenance_part (
     id uuid PRIMARY KEY,
     order_id uuid NOT NULL REFERENCES maintenance_order (id) ON DELETE CASCADE,
     part_number text NOT NULL,
     name text,
     quantity numeric NOT NULL,
     unit text NOT NULL,
     planned boolean NOT NULL,
     recorded_by text NOT NULL,
     recorded_at timestamptz NOT NULL
   )`,
  "CREATE INDEX maintenance_part_order ON maintenance_part (order_id, id)",
  `CREATE TABLE maintenance_work (
     id uuid PRIMARY KEY,
     order_id uuid NOT NULL REFERENCES maintenance_order (id) ON DELETE CASCADE,
     worker text NOT NULL,
     from_at timestamptz,
     to_at timestamptz,
     minutes double precision NOT NULL,
     note text,
     recorded_by text NOT NULL,
     recorded_at timestamptz NOT NULL
   )`,
  "CREATE INDEX maintenance_work_order ON maintenance_work (order_id, id)",
  // Several events of one step are of one millisecond: their number keeps them in order.
  `CREATE TABLE maintenance_event (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     order_id uuid NOT NULL REFERENCES maintenance_order (id) ON DELETE CASCADE,
     kind text NOT NULL,
     by text NOT NULL,
     at timestamptz NOT NULL,
     detail text
   )`,
  "CREATE INDEX maintenance_event_order ON maintenance_event (order_id, id)",
];
