import { Arg, FieldResolver, Query, Resolver, Root } from "type-graphql";
import type { NodeSource } from "../graphql/node.types.js";
import { GraphQLEquipmentPath } from "../graphql/scalars.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import type { Equipment as EquipmentNode } from "./equipment.js";
import type { Plant } from "./plant.js";
import { Equipment, EquipmentGroup } from "./plant.types.js";
import { type GroupValue, groupValue, machineTypeValue } from "./plant-view.js";

/** Shows machines, which belong to the twin. */
export interface MachineViews {
  view(machine: EquipmentNode): object;
}

@Resolver(() => EquipmentGroup)
export class PlantResolver {
  readonly #plant: Plant;
  readonly #machines: MachineViews;

  constructor(deps: { plant: Plant; machines: MachineViews }) {
    this.#plant = deps.plant;
    this.#machines = deps.machines;
  }

  @Query(() => Equipment, {
    nullable: true,
    description: "The equipment at a path; null when there is none.",
  })
  equipment(
    @Arg("path", () => GraphQLEquipmentPath, { description: "The equipment's path." }) path: string,
  ): object | null {
    const found = this.#plant.byPath(path);
    return found ? this.#value(found) : null;
  }

  @Query(() => [EquipmentGroup], { description: "The tops of the equipment hierarchy." })
  equipmentRoots(): object[] {
    return this.#plant.roots.filter((node) => node.level !== "MACHINE").map(groupValue);
  }

  @FieldResolver(() => EquipmentGroup, { nullable: true })
  parent(@Root() group: GroupValue): object | null {
    return group.equipment.parent ? groupValue(group.equipment.parent) : null;
  }

  @FieldResolver(() => [Equipment], { description: "The equipment one level down, by path." })
  children(@Root() group: GroupValue): object[] {
    return group.equipment.children.map((child) => this.#value(child));
  }

  /** Finds groups and machine types again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const group = this.#plant.byId(keyOfGlobalId("EquipmentGroup", id) ?? "");
      if (group && group.level !== "MACHINE") return groupValue(group);
      const type = this.#plant.typeById(keyOfGlobalId("MachineType", id) ?? "");
      return type ? machineTypeValue(type) : null;
    },
  };

  #value(node: EquipmentNode): object {
    return node.level === "MACHINE" ? this.#machines.view(node) : groupValue(node);
  }
}
