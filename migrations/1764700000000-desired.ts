import type { MigrationInterface, QueryRunner } from "typeorm";

/** What metrics of machines shall be. */
export class Desired1764700000000 implements MigrationInterface {
  name = "Desired1764700000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("what is desired cannot be kept without its tables: restore a backup instead");
  }
}

const STATEMENTS = [
  // The row of a machine is what its writers lock. It stays when nothing is desired any more: versions only grow.
  `CREATE TABLE desired_machine (
     machine_id uuid PRIMARY KEY REFERENCES equipment (id),
     version integer NOT NULL,
     revision integer NOT NULL,
     changed_at timestamptz NOT NULL,
     withdrawn boolean NOT NULL
   )`,
  // Values as text, by their data type.
  `CREATE TABLE desired (
     machine_id uuid NOT NULL REFERENCES desired_machine (machine_id),
     metric text NOT NULL,
     value text NOT NULL,
     data_type text NOT NULL,
     version integer NOT NULL,
     status text NOT NULL,
     reason text,
     requested_by text NOT NULL,
     requested_at timestamptz NOT NULL,
     sent_at timestamptz,
     follow_by timestamptz,
     since timestamptz NOT NULL,
     PRIMARY KEY (machine_id, metric)
   )`,
];
