import type { MigrationInterface, QueryRunner } from "typeorm";

/** Alarms of machines, what became of them, and which of them are shelved. */
export class Alarms1765350000000 implements MigrationInterface {
  name = "Alarms1765350000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("alarms cannot be kept without their tables: restore a backup instead");
  }
}

const STATEMENTS = [
  // How far each condition is, for the server that takes over. Whoever writes an alarm holds the row of its condition.
  `CREATE TABLE alarm_condition (
     machine_id uuid NOT NULL REFERENCES equipment (id),
     code text NOT NULL,
     phase text NOT NULL,
     since timestamptz NOT NULL,
     learned_at timestamptz NOT NULL,
     PRIMARY KEY (machine_id, code)
   )`,
  `CREATE TABLE alarm (
     id uuid PRIMARY KEY,
     machine_id uuid NOT NULL REFERENCES equipment (id),
     code text NOT NULL,
     severity text NOT NULL,
     message text NOT NULL,
     metric text,
     value jsonb,
     "limit" double precision,
     active boolean NOT NULL,
     raised_at timestamptz NOT NULL,
     last_raised_at timestamptz NOT NULL,
     occurrences integer NOT NULL,
     cleared_at timestamptz,
     acknowledged_at timestamptz,
     acknowledged_by text,
     comment text,
     maintenance jsonb
   )`,
  // What comes back while it is active or nobody has seen it is the same alarm.
  "CREATE UNIQUE INDEX alarm_open ON alarm (machine_id, code) WHERE active OR acknowledged_at IS NULL",
  "CREATE INDEX alarm_machine ON alarm (machine_id, id)",
  "CREATE INDEX alarm_active ON alarm (id) WHERE active",
  "CREATE INDEX alarm_maintenance ON alarm (id) WHERE maintenance IS NOT NULL",
  `CREATE TABLE alarm_event (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     alarm_id uuid NOT NULL REFERENCES alarm (id) ON DELETE CASCADE,
     kind text NOT NULL,
     at timestamptz NOT NULL,
     count integer NOT NULL,
     by text,
     comment text
   )`,
  "CREATE INDEX alarm_event_alarm ON alarm_event (alarm_id, id)",
  // An alarm that chatters gets no more lines than others.
  `CREATE UNIQUE INDEX alarm_event_counted ON alarm_event (alarm_id, kind)
     WHERE kind IN ('REPEATED', 'CLEARED')`,
  `CREATE TABLE alarm_shelf (
     machine_id uuid NOT NULL REFERENCES equipment (id),
     code text NOT NULL,
     until timestamptz NOT NULL,
     reason text NOT NULL,
     by text NOT NULL,
     at timestamptz NOT NULL,
     PRIMARY KEY (machine_id, code)
   )`,
  "CREATE INDEX alarm_shelf_until ON alarm_shelf (until)",
];
