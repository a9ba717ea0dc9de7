import { newId } from "../kernel/ids.js";
import { type Equipment, type EquipmentLevel, lastLevel, levelOfGroup, parentPath } from "./equipment.js";
import { type MachineType, patternTakes } from "./machine-type.js";

/** What is written of a node. */
export interface EquipmentRecord {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly level: EquipmentLevel;
  readonly machineType: string | null;
  readonly discovered: boolean;
}

/** The whole plant in memory: the equipment tree and the machine types. It is small, and everything asks it. */
export class Plant {
  readonly #byPath = new Map<string, Equipment>();
  readonly #byId = new Map<string, Equipment>();
  readonly #types = new Map<string, MachineType>();
  readonly #roots: Equipment[] = [];
  #machines = 0;

  get roots(): readonly Equipment[] {
    return this.#roots;
  }

  /** How much equipment there is, at any depth. */
  get size(): number {
    return this.#byPath.size;
  }

  get machineCount(): number {
    return this.#machines;
  }

  get types(): readonly MachineType[] {
    return [...this.#types.values()];
  }

  byPath(path: string): Equipment | undefined {
    return this.#byPath.get(path);
  }

  byId(id: string): Equipment | undefined {
    return this.#byId.get(id);
  }

  machine(path: string): Equipment | undefined {
    const found = this.#byPath.get(path);
    return found?.level === "MACHINE" ? found : undefined;
  }

  type(name: string): MachineType | undefined {
    return this.#types.get(name);
  }

  typeById(id: string): MachineType | undefined {
    return this.types.find((type) => type.id === id);
  }

  setType(type: MachineType): void {
    this.#types.set(type.name, type);
  }

  /** Puts a type in the place of an earlier version of it. @returns the machines that have it. */
  replaceType(before: MachineType, type: MachineType): Equipment[] {
    this.#types.set(type.name, type);
    const machines: Equipment[] = [];
    for (const machine of this.machines()) {
      if (machine.machineType !== before) continue;
      machine.machineType = type;
      machines.push(machine);
    }
    return machines;
  }

  /** All nodes below `root`, itself included, parents first. */
  *below(root: Equipment): Generator<Equipment> {
    yield root;
    for (const child of root.children) yield* this.below(child);
  }

  /** All machines, or those at or below `under`, ordered by path within each branch. */
  *machines(under?: Equipment): Generator<Equipment> {
    const roots = under ? [under] : this.#roots;
    for (const root of roots) for (const node of this.below(root)) if (node.level === "MACHINE") yield node;
  }

  /** Puts a stored node into the tree, or its id where the node is known; its parent must be there already. */
  load(record: EquipmentRecord): Equipment {
    const known = this.#byPath.get(record.path);
    if (known) {
      if (known.id !== record.id) this.adoptId(known, record.id);
      if (record.level === "MACHINE") this.#becomeMachine(known);
      return known;
    }
    const parent = parentPath(record.path);
    return this.#add(record, parent === null ? null : (this.#byPath.get(parent) ?? null));
  }

  /**
   * The machine at `path`, made together with its missing parents when it is unknown. A group that turns out to
   * report becomes a machine.
   * @returns the machine, and the nodes that are new or changed and must be stored, parents first.
   */
  discover(path: string): { machine: Equipment; changed: readonly Equipment[] } {
    const known = this.#byPath.get(path);
    if (known?.level === "MACHINE") return { machine: known, changed: [] };
    if (known) {
      this.#becomeMachine(known);
      return { machine: known, changed: [known] };
    }
    const changed: Equipment[] = [];
    const parent = this.#ensureParent(path, changed);
    const machine = this.#add(
      { id: newId(), path, name: lastLevel(path), level: "MACHINE", machineType: null, discovered: true },
      parent,
    );
    machine.machineType = this.typeFor(path);
    changed.push(machine);
    return { machine, changed };
  }

  /** Makes or changes a node as the plant file says. Returns the nodes that are new or changed, parents first. */
  declare(wanted: {
    path: string;
    name?: string;
    level?: EquipmentLevel;
    type?: string;
  }): readonly Equipment[] {
    const changed: Equipment[] = [];
    const level = wanted.level ?? (wanted.type === undefined ? levelOfGroup(wanted.path) : "MACHINE");
    const type = wanted.type === undefined ? null : (this.#types.get(wanted.type) ?? null);
    const known = this.#byPath.get(wanted.path);
    if (!known) {
      const parent = this.#ensureParent(wanted.path, changed);
      const record = { id: newId(), path: wanted.path, name: wanted.name ?? lastLevel(wanted.path), level };
      changed.push(this.#add({ ...record, machineType: wanted.type ?? null, discovered: false }, parent));
      return changed;
    }
    const name = wanted.name ?? known.name;
    // A machine that was discovered stays one, also where the file names it without a type.
    const keeps = known.level === "MACHINE" && wanted.level === undefined;
    const nextLevel = keeps ? "MACHINE" : level;
    const nextType = wanted.type === undefined ? known.machineType : type;
    if (
      known.name !== name ||
      known.level !== nextLevel ||
      known.machineType !== nextType ||
      known.discovered
    ) {
      known.name = name;
      if (nextLevel === "MACHINE") this.#becomeMachine(known);
      else {
        if (known.level === "MACHINE") this.#machines -= 1;
        known.level = nextLevel;
      }
      known.machineType = nextType;
      known.discovered = false;
      changed.push(known);
    }
    return changed;
  }

  /** Another server stored the same path first: its id counts. */
  adoptId(node: Equipment, id: string): void {
    this.#byId.delete(node.id);
    node.id = id;
    this.#byId.set(id, node);
  }

  /** The type whose `appliesTo` takes a path. */
  typeFor(path: string): MachineType | null {
    for (const type of this.#types.values()) {
      if (type.appliesTo.some((pattern) => patternTakes(pattern, path))) return type;
    }
    return null;
  }

  #becomeMachine(node: Equipment): void {
    if (node.level === "MACHINE") return;
    node.level = "MACHINE";
    node.machineType ??= this.typeFor(node.path);
    this.#machines += 1;
  }

  #ensureParent(path: string, changed: Equipment[]): Equipment | null {
    const parent = parentPath(path);
    if (parent === null) return null;
    const known = this.#byPath.get(parent);
    if (known) return known;
    const above = this.#ensureParent(parent, changed);
    const group = this.#add(
      {
        id: newId(),
        path: parent,
        name: lastLevel(parent),
        level: levelOfGroup(parent),
        machineType: null,
        discovered: true,
      },
      above,
    );
    changed.push(group);
    return group;
  }

  #add(record: EquipmentRecord, parent: Equipment | null): Equipment {
    const node: Equipment = {
      id: record.id,
      path: record.path,
      name: record.name,
      level: record.level,
      parent,
      children: [],
      machineType: record.machineType === null ? null : (this.#types.get(record.machineType) ?? null),
      discovered: record.discovered,
    };
    this.#byPath.set(node.path, node);
    this.#byId.set(node.id, node);
    insertSorted(parent ? parent.children : this.#roots, node);
    if (node.level === "MACHINE") this.#machines += 1;
    return node;
  }
}

function insertSorted(siblings: Equipment[], node: Equipment): void {
  let low = 0;
  let high = siblings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((siblings[middle]?.path ?? "") < node.path) low = middle + 1;
    else high = middle;
  }
  siblings.splice(low, 0, node);
}
