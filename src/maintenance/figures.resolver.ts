import { Args, Query, Resolver } from "type-graphql";
import { badInput } from "../graphql/pagination.js";
import type { Plant } from "../plant/plant.js";
import type { FiguresService } from "./figures.service.js";
import { MaintenanceFigures, MaintenanceFiguresArgs } from "./figures.types.js";

@Resolver()
export class MaintenanceFiguresResolver {
  readonly #figures: FiguresService;
  readonly #plant: Plant;

  constructor(deps: { figures: FiguresService; plant: Plant }) {
    this.#figures = deps.figures;
    this.#plant = deps.plant;
  }

  @Query(() => MaintenanceFigures, {
    description: "Backlog, compliance and repair times of a range, of the whole plant or below a path.",
  })
  async maintenanceFigures(
    @Args(() => MaintenanceFiguresArgs) { under, from, to }: MaintenanceFiguresArgs,
  ): Promise<MaintenanceFigures> {
    if (under != null && !this.#plant.byPath(under)) {
      throw badInput(`under: there is no equipment "${under}"`, ["under"]);
    }
    const range = { from, to: to ?? this.#figures.now() };
    if (range.to <= range.from) throw badInput("to must be after from", [to ? "to" : "from"]);
    return { ...range, ...(await this.#figures.figures(under ?? null, range)) };
  }
}
