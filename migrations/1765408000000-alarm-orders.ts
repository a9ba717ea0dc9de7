import type { MigrationInterface, QueryRunner } from "typeorm";

/** The maintenance order of each alarm: several alarms may have one. */
export class AlarmOrders1765408000000 implements MigrationInterface {
  name = "AlarmOrders1765408000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("the orders of alarms cannot be kept without their column: restore a backup instead");
  }
}

const STATEMENTS = [
  "ALTER TABLE alarm ADD COLUMN maintenance_order_id uuid",
  "UPDATE alarm SET maintenance_order_id = o.id FROM maintenance_order o WHERE o.alarm_id = alarm.id",
  // The last order of an alarm's code is looked for when another one is wanted.
  "CREATE INDEX alarm_ordered ON alarm (machine_id, code, id) WHERE maintenance_order_id IS NOT NULL",
];
