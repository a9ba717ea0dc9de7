import type { MigrationInterface, QueryRunner } from "typeorm";

/** How commands are proven, sent again, scheduled, and wait for each other. */
export class CommandPolicies1764800000000 implements MigrationInterface {
  name = "CommandPolicies1764800000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("scheduled commands would be sent at once: restore a backup instead");
  }
}

const STATEMENTS = [
  // Commands of before are proven by the device's reply, as their empty policy says.
  `ALTER TABLE command
     ADD scheduled_at timestamptz,
     ADD one_at_a_time boolean NOT NULL DEFAULT true,
     ADD policy jsonb NOT NULL DEFAULT '{}',
     ADD sends integer NOT NULL DEFAULT 0,
     ADD retry_at timestamptz,
     ADD proved_late_at timestamptz`,
  "UPDATE command SET sends = 1 WHERE sent_at IS NOT NULL",
  "CREATE INDEX command_scheduled ON command (scheduled_at) WHERE status = 'QUEUED' AND scheduled_at IS NOT NULL",
  // Those that others of the machine wait for: with the device, or perhaps with it.
  `CREATE INDEX command_in_flight ON command (machine_id) WHERE one_at_a_time
     AND (status IN ('SENT', 'ACCEPTED') OR status = 'QUEUED' AND send_started_at IS NOT NULL)`,
  "CREATE INDEX command_retry ON command (retry_at) WHERE retry_at IS NOT NULL",
  "CREATE INDEX command_unproven ON command (finished_at) WHERE status IN ('TIMED_OUT', 'EXPIRED')",
];
