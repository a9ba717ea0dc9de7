import type { Database } from "../db/database.js";
import { booleanArray, numberArray, textArray } from "../kernel/pg-array.js";
import type { Sql } from "../kernel/sql.js";
import type { Equipment, EquipmentLevel } from "./equipment.js";
import type { MachineType, MetricDefinition } from "./machine-type.js";
import { EquipmentEntity, MachineTypeEntity } from "./plant.entity.js";
import type { EquipmentRecord } from "./plant.js";
import type { MachineTypeConfig } from "./plant-file.js";

export interface StoredType {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly definition: MachineTypeConfig;
  readonly learned: readonly MetricDefinition[];
}

export class PlantStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async types(): Promise<StoredType[]> {
    const rows = await this.#db.orm.getRepository(MachineTypeEntity).find({ order: { name: "ASC" } });
    return rows.map((row) => ({
      ...row,
      definition: row.definition as MachineTypeConfig,
      learned: row.learned as readonly MetricDefinition[],
    }));
  }

  async saveType(type: MachineType, definition: MachineTypeConfig): Promise<void> {
    const { id, name, version, learned = [] } = type;
    await this.#db.orm.getRepository(MachineTypeEntity).save({ id, name, version, definition, learned });
  }

  /** Writes what types have learned; one that is not stored yet has `definition`, and nothing else is declared of it. */
  async saveLearned(
    sql: Sql,
    types: readonly MachineType[],
    definition: (name: string) => MachineTypeConfig,
  ): Promise<void> {
    // In one order, as whoever else writes several at once: else two of them could wait for each other.
    const sorted = types.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    await sql.query(
      `INSERT INTO machine_type (id, name, version, definition, learned)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::jsonb[], $5::jsonb[])
       ON CONFLICT (name) DO UPDATE SET version = excluded.version, learned = excluded.learned`,
      [
        textArray(sorted.map((type) => type.id)),
        textArray(sorted.map((type) => type.name)),
        numberArray(sorted.map((type) => type.version)),
        textArray(sorted.map((type) => JSON.stringify(definition(type.name)))),
        textArray(sorted.map((type) => JSON.stringify(type.learned ?? []))),
      ],
    );
  }

  equipmentCount(): Promise<number> {
    return this.#db.orm.getRepository(EquipmentEntity).count();
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
         SELECT row.id, row.path, row.name, row.level, parent.id, type.id, row.discovered
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[])
           AS row (id, path, name, level, parent, type, discovered)
         LEFT JOIN equipment parent ON parent.path = row.parent
         LEFT JOIN machine_type type ON type.name = row.type
         ON CONFLICT (path) DO UPDATE SET name = excluded.name, level = excluded.level,
           machine_type_id = excluded.machine_type_id, discovered = excluded.discovered
         RETURNING path, id`,
        [
          textArray(level.map((node) => node.id)),
          textArray(level.map((node) => node.path)),
          textArray(level.map((node) => node.name)),
          textArray(level.map((node) => node.level)),
          textArray(level.map((node) => node.parent?.path ?? null)),
          textArray(level.map((node) => node.machineType?.name ?? null)),
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
