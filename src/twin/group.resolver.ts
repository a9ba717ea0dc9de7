import { FieldResolver, Resolver, Root } from "type-graphql";
import type { Plant } from "../plant/plant.js";
import { EquipmentGroup } from "../plant/plant.types.js";
import type { GroupValue } from "../plant/plant-view.js";
import type { TwinService } from "./twin.service.js";
import { Machine } from "./twin.types.js";

/** What the twin adds to equipment groups. */
@Resolver(() => EquipmentGroup)
export class GroupMachinesResolver {
  readonly #plant: Plant;
  readonly #twins: TwinService;

  constructor(deps: { plant: Plant; twins: TwinService }) {
    this.#plant = deps.plant;
    this.#twins = deps.twins;
  }

  @FieldResolver(() => [Machine], { description: "All machines below, at any depth, by path." })
  machines(@Root() group: GroupValue): object[] {
    return [...this.#plant.machines(group.equipment)].map((machine) => this.#twins.of(machine).view);
  }
}
