import type { MigrationInterface, QueryRunner } from "typeorm";

/** Stops that people plan while the server runs. */
export class Calendar1765310000000 implements MigrationInterface {
  name = "Calendar1765310000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("planned stops cannot be kept without their table: restore a backup instead");
  }
}

const STATEMENTS = [
  `CREATE TABLE planned_stop (
     id uuid PRIMARY KEY,
     equipment_id uuid NOT NULL REFERENCES equipment (id),
     from_time timestamptz NOT NULL,
     to_time timestamptz NOT NULL,
     reason text NOT NULL,
     planned_by text NOT NULL,
     planned_at timestamptz NOT NULL,
     cancelled_at timestamptz,
     cancelled_by text,
     CHECK (from_time < to_time)
   )`,
  "CREATE INDEX planned_stop_holding ON planned_stop (equipment_id, to_time) WHERE cancelled_at IS NULL",
];
