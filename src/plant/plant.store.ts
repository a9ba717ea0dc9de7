import type { Database } from "../db/database.js";
import type { Sql } from "../kernel/sql.js";
import type { Equipment, EquipmentLevel } from "./equipment.js";
import type { MachineType } from "./machine-type.js";
import { EquipmentEntity, MachineTypeEntity } from "./plant.entity.js";
import type { EquipmentRecord } from "./plant.js";
import type { MachineTypeConfig } from "./plant-file.js";

export class PlantStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async types(): Promise<{ id: string; name: string; version: number; definition: MachineTypeConfig }[]> {
    const rows = await this.#db.orm.getRepository(MachineTypeEntity).find({ order: { name: "ASC" } });
    return rows.map((row) => ({ ...row, definition: row.definition as MachineTypeConfig }));
  }

  async saveType(type: MachineType, definition: MachineTypeConfig): Promise<void> {
    const row = { id: type.id, name: type.name, version: type.version, definition };
    await this.#db.orm.getRepository(MachineTypeEntity).save(row);
  }

  /** All nodes, parents before their children. */
  async equipment(typeName: (id: string) => string | null): Promise<EquipmentRecord[]> {
    const rows = await this.#db.orm.getRepository(EquipmentEntity).find({ order: { path: "ASC" } });
    return rows.map((row) => ({
      id: row.id,
      path: row.path,
      name: row.name,
      level: row.level as EquipmentLevel,
      machineType: row.machineTypeId === null ? null : typeName(row.machineTypeId),
      discovered: row.discovered,
    }));
  }

  /**
   * Writes nodes, parents first. A path that another server has stored keeps that server's id.
   * @returns the id of each node as it is stored, in the order given.
   */
  async saveEquipment(sql: Sql, nodes: readonly Equipment[]): Promise<string[]> {
    const ids: string[] = [];
    for (const node of nodes) {
      const rows = await sql.query<{ id: string }>(
        `INSERT INTO equipment (id, path, name, level, parent_id, machine_type_id, discovered)
         VALUES ($1, $2, $3, $4, (SELECT id FROM equipment WHERE path = $5), $6, $7)
         ON CONFLICT (path) DO UPDATE SET name = excluded.name, level = excluded.level,
           machine_type_id = excluded.machine_type_id, discovered = excluded.discovered
         RETURNING id`,
        [
          node.id,
          node.path,
          node.name,
          node.level,
          node.parent?.path ?? null,
          node.machineType?.id ?? null,
          node.discovered,
        ],
      );
      ids.push(rows[0]?.id ?? node.id);
    }
    return ids;
  }

  /** What sets this installation apart from others at the same broker. */
  async installationId(): Promise<string> {
    const rows = await this.#db.query<{ id: string }>("SELECT id FROM installation");
    const id = rows[0]?.id;
    if (id === undefined) throw new Error("the table installation is empty");
    return id;
  }
}
