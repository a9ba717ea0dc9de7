import type { Database } from "../db/database.js";
import { booleanArray, textArray } from "../kernel/pg-array.js";
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
    const ids = new Map<string, string>();
    // Level by level, because a statement does not see the parents that it makes itself.
    for (const level of byDepth(nodes)) {
      const rows = await sql.query<{ path: string; id: string }>(
        `INSERT INTO equipment (id, path, name, level, parent_id, machine_type_id, discovered)
         SELECT row.id, row.path, row.name, row.level, parent.id, row.type, row.discovered
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::boolean[])
           AS row (id, path, name, level, parent, type, discovered)
         LEFT JOIN equipment parent ON parent.path = row.parent
         ON CONFLICT (path) DO UPDATE SET name = excluded.name, level = excluded.level,
           machine_type_id = excluded.machine_type_id, discovered = excluded.discovered
         RETURNING path, id`,
        [
          textArray(level.map((node) => node.id)),
          textArray(level.map((node) => node.path)),
          textArray(level.map((node) => node.name)),
          textArray(level.map((node) => node.level)),
          textArray(level.map((node) => node.parent?.path ?? null)),
          textArray(level.map((node) => node.machineType?.id ?? null)),
          booleanArray(level.map((node) => node.discovered)),
        ],
      );
      for (const { path, id } of rows) ids.set(path, id);
    }
    return nodes.map((node) => ids.get(node.path) ?? node.id);
  }

  /** What sets this installation apart from others at the same broker. */
  async installationId(): Promise<string> {
    const rows = await this.#db.query<{ id: string }>("SELECT id FROM installation");
    const id = rows[0]?.id;
    if (id === undefined) throw new Error("the table installation is empty");
    return id;
  }
}

/** Nodes by the number of their path's levels, and each level by path, so that two servers lock rows in one order. */
function byDepth(nodes: readonly Equipment[]): Equipment[][] {
  const levels: Equipment[][] = [];
  for (const node of [...new Set(nodes)].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const depth = node.path.split("/").length;
    levels[depth] ??= [];
    levels[depth].push(node);
  }
  return levels.filter((level) => level !== undefined);
}
