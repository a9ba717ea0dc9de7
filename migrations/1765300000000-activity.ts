import type { MigrationInterface, QueryRunner } from "typeorm";

/** What machines did: changes of state, mode and fault, and what their counters counted. */
export class Activity1765300000000 implements MigrationInterface {
  name = "Activity1765300000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("facts outlive the samples that prove them: restore a backup instead");
  }
}

const STATEMENTS = [
  // One row per change. A value of '' is none, such as the end of a fault. Ranges are read off the index alone, in order.
  `CREATE TABLE machine_activity (
     machine_id uuid NOT NULL REFERENCES equipment (id),
     kind text NOT NULL,
     at timestamptz NOT NULL,
     series_id integer NOT NULL REFERENCES series (id),
     value text NOT NULL,
     PRIMARY KEY (machine_id, kind, at, series_id) INCLUDE (value)
   )`,
  // What a counter counted in a minute for one operation, and in steps each growth of it: two bytes for the millisecond
  // within the minute, then the amount. No operation is the id of zeros, no ideal cycle time is 0: a key has no nulls.
  `CREATE TABLE machine_count_minute (
     machine_id uuid NOT NULL REFERENCES equipment (id),
     at timestamptz NOT NULL,
     series_id integer NOT NULL REFERENCES series (id),
     kind text NOT NULL,
     operation_id uuid NOT NULL,
     ideal_cycle_time_ms double precision NOT NULL,
     quantity numeric NOT NULL,
     steps bytea NOT NULL,
     PRIMARY KEY (machine_id, at, series_id, kind, operation_id, ideal_cycle_time_ms)
   ) WITH (fillfactor = 70)`,
  // The sums of the minutes' rows, always in the transaction that writes these.
  `CREATE TABLE machine_count_hour (
     machine_id uuid NOT NULL REFERENCES equipment (id),
     at timestamptz NOT NULL,
     kind text NOT NULL,
     operation_id uuid NOT NULL,
     ideal_cycle_time_ms double precision NOT NULL,
     quantity numeric NOT NULL,
     PRIMARY KEY (machine_id, at, kind, operation_id, ideal_cycle_time_ms)
   ) WITH (fillfactor = 70)`,
  // Steps of counters that nobody can believe, and that count nothing.
  `CREATE TABLE machine_count_flag (
     machine_id uuid NOT NULL REFERENCES equipment (id),
     at timestamptz NOT NULL,
     series_id integer NOT NULL REFERENCES series (id),
     from_value text NOT NULL,
     to_value text NOT NULL,
     reason text NOT NULL,
     PRIMARY KEY (machine_id, at, series_id)
   )`,
  // What people recorded of machines, by time.
  `CREATE INDEX production_record_machine_operator ON production_record (machine_id, at)
     WHERE counting_source = 'OPERATOR'`,
];
