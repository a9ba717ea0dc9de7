import { isDeepStrictEqual } from "node:util";
import type { Database } from "../db/database.js";
import { sqlOf } from "../db/sql.js";
import { newId } from "../kernel/ids.js";
import type { Logger } from "../kernel/logger.js";
import type { Sql } from "../kernel/sql.js";
import { alarmRuleOf } from "./alarm-settings.js";
import { calendarsOf, type PlantCalendars } from "./calendar-settings.js";
import { commandDefinitionOf } from "./command-settings.js";
import { downtimeSettingsOf } from "./downtime-settings.js";
import type { Equipment } from "./equipment.js";
import { DEFAULT_RETENTION, KEEP_ALL, policiesOf, type RetentionPolicies } from "./history-settings.js";
import { DEFAULT_LATE_DATA_MS } from "./kpi-settings.js";
import {
  DEFAULT_STALE_AFTER_MS,
  type MachineType,
  type MetricDefinition,
  withLearned,
} from "./machine-type.js";
import { Plant } from "./plant.js";
import type { PlantStore } from "./plant.store.js";
import type { MachineTypeConfig, PlantFile } from "./plant-file.js";

/** Keeps the plant in memory and in the database the same. */
export class PlantService {
  readonly plant = new Plant();
  #lateDataMs = DEFAULT_LATE_DATA_MS;
  #retention: RetentionPolicies = { [DEFAULT_RETENTION]: KEEP_ALL };
  #calendars: PlantCalendars = calendarsOf({ equipment: [] });
  readonly #store: PlantStore;
  readonly #db: Database;
  readonly #logger: Logger;

  constructor(deps: { store: PlantStore; db: Database; logger: Logger }) {
    this.#store = deps.store;
    this.#db = deps.db;
    this.#logger = deps.logger;
  }

  /** How long history is kept, as the plant file that was applied says; before that, for ever. */
  get retention(): RetentionPolicies {
    return this.#retention;
  }

  /** When people work, as the plant file that was applied says; before that, always. */
  get calendars(): PlantCalendars {
    return this.#calendars;
  }

  /** How long after its end a range may still change by data that come late, as the plant file that was applied says. */
  get lateDataMs(): number {
    return this.#lateDataMs;
  }

  /** Reads the plant as it was stored. */
  async load(): Promise<void> {
    await this.refresh();
  }

  /** Adds the types and the equipment that other servers have stored since. */
  async refresh(): Promise<void> {
    for (const { definition, id, version, learned } of await this.#store.types()) {
      const known = this.plant.type(definition.name);
      if (known && known.version >= version) continue;
      const type = { ...withLearned(machineTypeOf(definition, id, version), learned), version };
      if (known) this.plant.replaceType(known, type);
      else this.plant.setType(type);
    }
    const records = await this.#store.equipment((id) => this.plant.typeById(id)?.name ?? null);
    for (const record of records) this.plant.load(record);
  }

  /** Adds the equipment that another server has discovered since, if there is any. */
  async followOthers(): Promise<void> {
    if ((await this.#store.equipmentCount()) > this.plant.size) await this.refresh();
  }

  /**
   * Applies a plant file. What it names is made or changed, what it does not name stays; applied again it changes
   * nothing.
   */
  async apply(file: PlantFile): Promise<void> {
    this.#retention = policiesOf(file.history);
    this.#lateDataMs = file.lateData ?? DEFAULT_LATE_DATA_MS;
    this.#calendars = calendarsOf(file);
    for (const definition of file.machineTypes) await this.#applyType(definition);
    const changed = new Set<Equipment>();
    for (const item of file.equipment) {
      const wanted = {
        path: item.path,
        ...(item.name === undefined ? {} : { name: item.name }),
        ...(item.level === undefined ? {} : { level: item.level }),
        ...(item.type === undefined ? {} : { type: item.type }),
      };
      for (const node of this.plant.declare(wanted)) changed.add(node);
    }
    for (const machine of this.plant.machines()) {
      const type = machine.machineType
        ? this.plant.type(machine.machineType.name)
        : this.plant.typeFor(machine.path);
      if (type && type !== machine.machineType) {
        machine.machineType = type;
        changed.add(machine);
      }
    }
    if (changed.size === 0) return;
    await this.#db.withConnection((_, client) => this.save(sqlOf(client), [...changed]));
    this.#logger.info({ changed: changed.size }, "plant file applied");
  }

  /** Writes nodes within the caller's transaction. */
  async save(sql: Sql, nodes: readonly Equipment[]): Promise<void> {
    const ids = await this.#store.saveEquipment(sql, nodes);
    nodes.forEach((node, index) => {
      const id = ids[index];
      if (id !== undefined && id !== node.id) this.plant.adoptId(node, id);
    });
  }

  /**
   * A device told of itself which metrics it has. Its type learns them; a machine without a type gets one of that name.
   * @returns the type and the machines that are new or changed, to be written with `saveLearned` and `save`; null when
   * nothing is.
   */
  learn(
    machine: Equipment,
    typeName: string,
    told: readonly MetricDefinition[],
  ): { readonly type: MachineType; readonly machines: readonly Equipment[] } | null {
    const { plant } = this;
    const known = machine.machineType ?? plant.type(typeName);
    const type = withLearned(known ?? machineTypeOf(undeclared(typeName), newId(), 0), told);
    if (type === known && machine.machineType === known) return null;
    const machines = known && known !== type ? plant.replaceType(known, type) : [];
    if (!known) plant.setType(type);
    if (machine.machineType === type) return { type, machines };
    machine.machineType = type;
    return { type, machines: [...machines, machine] };
  }

  /** Writes within the caller's transaction what types have learned. */
  async saveLearned(sql: Sql, types: readonly MachineType[]): Promise<void> {
    await this.#store.saveLearned(sql, types, undeclared);
  }

  installationId(): Promise<string> {
    return this.#store.installationId();
  }

  async #applyType(definition: MachineTypeConfig): Promise<void> {
    const known = this.plant.type(definition.name);
    const declared = machineTypeOf(definition, known?.id ?? newId(), known?.version ?? 1);
    const next = { ...withLearned(declared, known?.learned ?? []), version: declared.version };
    if (known && isDeepStrictEqual(known, next)) return;
    const type = known ? { ...next, version: known.version + 1 } : next;
    await this.#store.saveType(type, definition);
    this.plant.setType(type);
    this.#logger.info({ machineType: type.name, version: type.version }, "machine type applied");
  }
}

/** The definition of a type that devices alone have told of. */
function undeclared(name: string): MachineTypeConfig {
  return { name, appliesTo: [], staleAfter: DEFAULT_STALE_AFTER_MS, metrics: [], commands: [] };
}

function machineTypeOf(config: MachineTypeConfig, id: string, version: number): MachineType {
  return {
    id,
    name: config.name,
    version,
    appliesTo: config.appliesTo,
    staleAfterMs: config.staleAfter,
    offlineAfterMs: config.offlineAfter ?? null,
    ...(config.followWithin === undefined ? {} : { followWithinMs: config.followWithin }),
    metrics: config.metrics.map((metric) => ({
      name: metric.name,
      dataType: metric.type,
      unit: metric.unit ?? null,
      role: metric.role ?? null,
      writable: metric.writable,
      min: metric.min ?? null,
      max: metric.max ?? null,
      staleAfterMs: metric.staleAfter ?? null,
      ...(metric.followWithin === undefined ? {} : { followWithinMs: metric.followWithin }),
      ...(metric.retention === undefined ? {} : { retention: metric.retention }),
      ...(metric.counterMax === undefined ? {} : { counterMax: metric.counterMax }),
    })),
    commands: config.commands.map((command) => commandDefinitionOf(command, config)),
    ...downtimeSettingsOf(config),
    ...(config.alarms === undefined ? {} : { alarms: config.alarms.map(alarmRuleOf) }),
  };
}
