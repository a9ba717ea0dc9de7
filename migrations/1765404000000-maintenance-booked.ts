import type { MigrationInterface, QueryRunner } from "typeorm";

/** Steps of maintenance orders may be told afterwards: their log says when they happened and when they were recorded. */
export class MaintenanceBooked1765404000000 implements MigrationInterface {
  name = "MaintenanceBooked1765404000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE maintenance_event ADD COLUMN recorded_at timestamptz");
    await runner.query("UPDATE maintenance_event SET recorded_at = at");
    await runner.query("ALTER TABLE maintenance_event ALTER COLUMN recorded_at SET NOT NULL");
  }

  async down(): Promise<void> {
    throw new Error("when steps were recorded cannot be kept without its column: restore a backup instead");
  }
}
