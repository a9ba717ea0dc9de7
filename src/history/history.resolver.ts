import DataLoader from "dataloader";
import { Args, ArgsType, Ctx, Field, FieldResolver, Int, Resolver, Root } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import { badInput } from "../graphql/pagination.js";
import { GraphQLDateTime } from "../graphql/scalars.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import { MetricSeries } from "./history.types.js";
import type { MetricSeriesValue, RangeService } from "./range.service.js";

const MOST_POINTS = 10_000;
const MOST_METRICS = 100;
const MOST_MACHINES_AT_ONCE = 100;

@ArgsType()
class HistoryArgs {
  @Field(() => [String], { description: "The metrics; those that the machine does not have are left out." })
  metrics!: string[];

  @Field(() => GraphQLDateTime, { description: "The beginning, included." })
  from!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: "The end, excluded; the present when left out.",
  })
  to?: Date | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 500,
    description: `The most points per metric, ${MOST_POINTS} at most: more samples than that come as time buckets.`,
  })
  points!: number;
}

@Resolver(() => Machine)
export class HistoryResolver {
  readonly #ranges: RangeService;
  readonly #twins: TwinService;

  constructor(deps: { ranges: RangeService; twins: TwinService }) {
    this.#ranges = deps.ranges;
    this.#twins = deps.twins;
  }

  @FieldResolver(() => [MetricSeries], {
    description: "What was reported, one series per metric, in the order asked for.",
  })
  history(
    @Root() machine: TwinView,
    @Args(() => HistoryArgs) args: HistoryArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<MetricSeriesValue[]> {
    const points = args.points ?? 500;
    if (points < 1 || points > MOST_POINTS)
      throw badInput(`points must be between 1 and ${MOST_POINTS}`, ["points"]);
    const to = args.to ?? new Date();
    if (to <= args.from)
      throw badInput(args.to ? "to must be after from" : "from must lie in the past", [
        args.to ? "to" : "from",
      ]);
    if (args.metrics.length > MOST_METRICS)
      throw badInput(`metrics takes at most ${MOST_METRICS} names`, ["metrics"]);
    const request = { metrics: args.metrics, from: args.from, points };
    // One statement for all machines of a list that are asked for the same range.
    const key = `history.${JSON.stringify({ ...request, to: args.to ?? null })}`;
    const loader = loaderOf(
      context,
      key,
      () =>
        new DataLoader(
          (twins: readonly Twin[]) => this.#ranges.ranges(twins, { ...request, to: args.to ?? new Date() }),
          {
            cache: false,
            maxBatchSize: MOST_MACHINES_AT_ONCE,
          },
        ),
    );
    return loader.load(this.#twins.of(machine.equipment));
  }
}
