import type { MigrationInterface, QueryRunner } from "typeorm";

/** What the source of a discovered metric says of it. */
export class SeriesHints1765200000000 implements MigrationInterface {
  name = "SeriesHints1765200000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE series ADD COLUMN unit text, ADD COLUMN role text");
  }

  async down(): Promise<void> {
    throw new Error("what is said of metrics cannot be kept without its columns: restore a backup instead");
  }
}
