import type { MigrationInterface, QueryRunner } from "typeorm";

/** What devices tell of themselves in births. */
export class Sparkplug1765100000000 implements MigrationInterface {
  name = "Sparkplug1765100000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error(
      "what devices told of themselves cannot be kept without its tables: restore a backup instead",
    );
  }
}

const STATEMENTS = [
  "ALTER TABLE machine_type ADD COLUMN learned jsonb NOT NULL DEFAULT '[]'",
  // What the next birth of an edge node (device empty) or a device is compared with, also after a restart.
  `CREATE TABLE sparkplug_node (
     source text NOT NULL,
     node text NOT NULL,
     device text NOT NULL,
     memory jsonb NOT NULL,
     PRIMARY KEY (source, node, device)
   )`,
  `CREATE TABLE metric_change (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     machine_id uuid NOT NULL REFERENCES equipment (id),
     metric text NOT NULL,
     kind text NOT NULL,
     type_before text,
     type_after text,
     at timestamptz NOT NULL
   )`,
  "CREATE INDEX metric_change_machine ON metric_change (machine_id, id)",
];
