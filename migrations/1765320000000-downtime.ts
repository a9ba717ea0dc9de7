import type { MigrationInterface, QueryRunner } from "typeorm";

/** What people say of downtimes, which themselves are derived and stored nowhere. */
export class Downtime1765320000000 implements MigrationInterface {
  name = "Downtime1765320000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("what people said of downtimes would be lost: restore a backup instead");
  }
}

const STATEMENTS = [
  // Rows are added only: a later one counts, and the earlier ones tell who said what before.
  `CREATE TABLE downtime_statement (
     number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     machine_id uuid NOT NULL REFERENCES equipment (id),
     from_at timestamptz NOT NULL,
     to_at timestamptz NOT NULL,
     category text NOT NULL,
     reason text,
     comment text,
     stated_by text NOT NULL,
     stated_at timestamptz NOT NULL,
     CHECK (from_at < to_at)
   )`,
  // By the end: of a time not long ago, what ends after its beginning is little.
  "CREATE INDEX downtime_statement_machine ON downtime_statement (machine_id, to_at)",
  `CREATE TABLE downtime_cut (
     number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     machine_id uuid NOT NULL REFERENCES equipment (id),
     kind text NOT NULL,
     from_at timestamptz NOT NULL,
     to_at timestamptz NOT NULL,
     made_by text NOT NULL,
     made_at timestamptz NOT NULL,
     CHECK (CASE kind WHEN 'CUT' THEN from_at = to_at WHEN 'JOIN' THEN from_at < to_at ELSE false END)
   )`,
  "CREATE INDEX downtime_cut_machine ON downtime_cut (machine_id, to_at)",
];
