import type { MigrationInterface, QueryRunner } from "typeorm";

const STATEMENTS = [
  // What one material is, from one making or delivery. Numbers are unique per material, as suppliers choose their own.
  `CREATE TABLE material_lot (
     id uuid PRIMARY KEY,
     number text NOT NULL,
     material text NOT NULL,
     unit text NOT NULL,
     created_at timestamptz NOT NULL,
     UNIQUE (number, material)
   )`,
  // Once written, only reversed is ever changed: it is true of one that was taken back, and of the one that does so.
  `CREATE TABLE lot_movement (
     id uuid PRIMARY KEY,
     lot_id uuid NOT NULL REFERENCES material_lot (id),
     operation_id uuid NOT NULL REFERENCES operation (id),
     machine_id uuid REFERENCES equipment (id),
     kind text NOT NULL,
     quantity numeric NOT NULL,
     exact boolean NOT NULL,
     at timestamptz NOT NULL,
     recorded_at timestamptz NOT NULL,
     principal text NOT NULL,
     system text,
     reason text,
     reverses uuid REFERENCES lot_movement (id),
     reversed boolean NOT NULL DEFAULT false
   )`,
  "CREATE INDEX lot_movement_lot ON lot_movement (lot_id, id)",
  "CREATE INDEX lot_movement_operation ON lot_movement (operation_id, id)",
  // Lots that became others by being split, merged or, where that is told exactly, made from others.
  `CREATE TABLE lot_link (
     id uuid PRIMARY KEY,
     from_lot uuid NOT NULL REFERENCES material_lot (id),
     to_lot uuid NOT NULL REFERENCES material_lot (id),
     kind text NOT NULL,
     movement_id uuid REFERENCES lot_movement (id),
     quantity numeric,
     at timestamptz NOT NULL,
     recorded_at timestamptz NOT NULL,
     principal text NOT NULL,
     system text
   )`,
  "CREATE INDEX lot_link_from ON lot_link (from_lot)",
  "CREATE INDEX lot_link_to ON lot_link (to_lot)",
  "CREATE INDEX lot_link_movement ON lot_link (movement_id) WHERE movement_id IS NOT NULL",
  `CREATE TABLE lot_serial (
     movement_id uuid NOT NULL REFERENCES lot_movement (id),
     material text NOT NULL,
     serial text NOT NULL,
     kind text NOT NULL,
     reversed boolean NOT NULL DEFAULT false,
     PRIMARY KEY (movement_id, serial)
   )`,
  "CREATE INDEX lot_serial_serial ON lot_serial (serial, material)",
  // A thing is made once.
  `CREATE UNIQUE INDEX lot_serial_made_once ON lot_serial (material, serial)
     WHERE kind = 'PRODUCED' AND NOT reversed`,
];

/** Lots of material: what was consumed and produced, and which came from which. */
export class Genealogy1765370000000 implements MigrationInterface {
  name = "Genealogy1765370000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error("where lots came from cannot be kept without its tables: restore a backup instead");
  }
}
