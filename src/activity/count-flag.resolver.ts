import DataLoader from "dataloader";
import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import { badInput } from "../graphql/pagination.js";
import { rangeOf } from "../graphql/range.types.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import type { CountFlagStore } from "./count-flag.store.js";
import { CountFlag, CountFlagArgs, MOST_COUNT_FLAGS } from "./count-flag.types.js";

/** The steps of a machine's counters that were not counted. */
@Resolver(() => Machine)
export class MachineCountFlagsResolver {
  readonly #flags: CountFlagStore;

  constructor(deps: { flags: CountFlagStore }) {
    this.#flags = deps.flags;
  }

  @FieldResolver(() => [CountFlag], {
    description:
      "The steps of the machine's counters that were not believed and so not counted, newest first.",
  })
  countFlags(
    @Root() machine: TwinView,
    @Args(() => CountFlagArgs) args: CountFlagArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object[]> {
    const { from, to, first } = args;
    const range = rangeOf(args);
    if (first < 1 || first > MOST_COUNT_FLAGS)
      throw badInput(`first must be 1 to ${MOST_COUNT_FLAGS}`, ["first"]);
    // One statement for all machines of a list that are asked for the same range.
    const key = `activity.flags ${JSON.stringify([from, to ?? null, first])}`;
    const load = (ids: readonly string[]) => this.#flags.flags(ids, range, first);
    return loaderOf(context, key, () => new DataLoader(load, { cache: false })).load(machine.equipment.id);
  }
}
