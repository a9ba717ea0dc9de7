import DataLoader from "dataloader";
import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { DEFAULT_PAGE } from "../graphql/page-size.js";
import {
  badInput,
  type ConnectionValue,
  connection,
  type PageRequest,
  pageOfArray,
  pageRequest,
} from "../graphql/pagination.js";
import type { MaintenanceOrder as MaintenanceOrderRow } from "../maintenance/maintenance.js";
import { MaintenanceOrder } from "../maintenance/maintenance.types.js";
import { orderValue as maintenanceValue } from "../maintenance/maintenance-value.js";
import { Operation } from "../orders/order.types.js";
import type { OrderQueryService } from "../orders/order-query.service.js";
import { operationValue } from "../orders/order-values.js";
import { type DowntimeReason as Reason, reasonByCode } from "../plant/downtime-settings.js";
import type { MachineType as MachineTypeRow } from "../plant/machine-type.js";
import type { Plant } from "../plant/plant.js";
import { MachineType } from "../plant/plant.types.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import type { Downtime as DowntimeRow } from "./downtime.js";
import { type Caller, type DowntimeResult, type DowntimeService, takes } from "./downtime.service.js";
import {
  ClassifyDowntimeInput,
  Downtime,
  DowntimeChangedArgs,
  DowntimeClassification,
  DowntimeConnection,
  DowntimePayload,
  DowntimeRangeArgs,
  DowntimeReason,
  DowntimesArgs,
  MachineDowntimesArgs,
  MergeDowntimesInput,
  SplitDowntimeInput,
} from "./downtime.types.js";
import { type DowntimeValue, downtimeValue } from "./downtime-value.js";
import type { DowntimeWatch } from "./downtime-watch.service.js";
import type { DowntimeNews } from "./told-downtimes.js";

const MOST_DAYS_FOLLOWED = 31;
/** Of all machines that one subscription follows together: what is told of them is kept in memory. */
const MOST_MACHINE_DAYS_FOLLOWED = 5_000;
const DAY_MS = 86_400_000;
const LONGEST_RANGE_DAYS = 400;
/** Of all machines of a list together. */
const MOST_MACHINE_DAYS = 40_000;
/** Digits of the largest moment that Date can hold, for cursors that sort as text. */
const MOMENT_DIGITS = 16;

/** Finds maintenance orders; one for each id, in their order. */
interface MaintenanceOrders {
  byIds(ids: readonly string[]): Promise<(MaintenanceOrderRow | null)[]>;
}

@Resolver(() => Downtime)
export class DowntimeResolver {
  readonly #downtimes: DowntimeService;
  readonly #operations: OrderQueryService;
  readonly #maintenance: MaintenanceOrders;
  readonly #twins: TwinService;
  readonly #plant: Plant;
  readonly #watch: DowntimeWatch;

  constructor(deps: {
    downtimes: DowntimeService;
    operations: OrderQueryService;
    maintenance: MaintenanceOrders;
    twins: TwinService;
    plant: Plant;
    watch: DowntimeWatch;
  }) {
    this.#downtimes = deps.downtimes;
    this.#operations = deps.operations;
    this.#maintenance = deps.maintenance;
    this.#twins = deps.twins;
    this.#plant = deps.plant;
    this.#watch = deps.watch;
  }

  /** Finds downtimes again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const found = await this.#downtimes.byId(id);
      return found && downtimeValue(found);
    },
  };

  @Query(() => DowntimeConnection, {
    description:
      "The downtimes that touch a range, whole, oldest first: of the whole plant, or of machines at or below a path.",
    complexity: listCost,
  })
  async downtimes(@Args(() => DowntimesArgs) args: DowntimesArgs): Promise<object> {
    const request = pageRequest(args);
    const range = rangeOf(args);
    const under = args.under ?? null;
    checkMachineDays(this.#machinesUnder(under), range);
    return page(await this.#downtimes.under(under, range), args, request);
  }

  @Mutation(() => DowntimePayload, {
    description:
      "Says what a downtime was. What was said before stays on record, and what is said later of the same time counts.",
  })
  async classifyDowntime(
    @Arg("input", () => ClassifyDowntimeInput, { description: "The downtime and what it was." })
    { idempotencyKey, id, category, reason, comment }: ClassifyDowntimeInput,
    @Ctx() context: GraphQLContext,
  ): Promise<DowntimePayload> {
    const said = { id, category, reason, comment: comment ?? null };
    return payload(await this.#downtimes.classify(callerOf(context, idempotencyKey), said));
  }

  @Mutation(() => DowntimePayload, {
    description:
      "Parts a downtime in two, so that its parts can be classified apart; until then both keep its classification.",
  })
  async splitDowntime(
    @Arg("input", () => SplitDowntimeInput, { description: "The downtime and where to part it." })
    { idempotencyKey, id, at }: SplitDowntimeInput,
    @Ctx() context: GraphQLContext,
  ): Promise<DowntimePayload> {
    return payload(await this.#downtimes.split(callerOf(context, idempotencyKey), { id, at }));
  }

  @Mutation(() => DowntimePayload, {
    description: "Makes one of downtimes of a machine that follow each other without a gap.",
  })
  async mergeDowntimes(
    @Arg("input", () => MergeDowntimesInput, { description: "The downtimes." })
    { idempotencyKey, ids }: MergeDowntimesInput,
    @Ctx() context: GraphQLContext,
  ): Promise<DowntimePayload> {
    return payload(await this.#downtimes.merge(callerOf(context, idempotencyKey), { ids }));
  }

  @Subscription(() => Downtime, {
    description:
      "Downtimes of the whole plant or below a path as they begin, end or are told otherwise: each as it is then, and with removed those that are none any more.",
    subscribe: ({ args, context }: { args: DowntimeChangedArgs; context: GraphQLContext }) =>
      context.resolver(DowntimeResolver).follow(args),
  })
  downtimeChanged(
    @Root() { downtime, removed }: DowntimeNews,
    @Args(() => DowntimeChangedArgs) _args: DowntimeChangedArgs,
  ): object {
    return downtimeValue(downtime, removed);
  }

  /** The downtimes that change. */
  follow(args: DowntimeChangedArgs): Promise<AsyncIterable<DowntimeNews>> {
    const under = args.under ?? null;
    const machines = this.#machinesUnder(under);
    const since = args.since?.getTime() ?? null;
    const days = since === null ? 0 : daysOf({ from: since, to: null });
    if (days > MOST_DAYS_FOLLOWED)
      throw badInput(`since is more than ${MOST_DAYS_FOLLOWED} days ago`, ["since"]);
    if (machines * days > MOST_MACHINE_DAYS_FOLLOWED) {
      const message = `${machines} machines can be followed since at most ${MOST_MACHINE_DAYS_FOLLOWED} days together`;
      throw badInput(`${message}: take a later moment or fewer machines`, ["since"]);
    }
    return this.#watch.follow({ under, since });
  }

  /** How many machines there are at or below a path. */
  #machinesUnder(under: string | null): number {
    const root = under === null ? undefined : this.#plant.byPath(under);
    if (under !== null && !root) throw badInput(`under: there is no equipment "${under}"`, ["under"]);
    return [...this.#plant.machines(root)].length;
  }

  @FieldResolver(() => Machine)
  machine(@Root() downtime: DowntimeValue): object {
    return this.#twins.viewById(downtime.machineId);
  }

  @FieldResolver(() => String, { nullable: true })
  reasonName(@Root() { machineId, reason }: DowntimeValue): string | null {
    const reasons = this.#plant.byId(machineId)?.machineType?.downtimeReasons ?? [];
    return reason === null ? null : (reasonByCode(reasons, reason)?.name ?? null);
  }

  @FieldResolver(() => Operation, { nullable: true })
  async operation(@Root() downtime: DowntimeValue, @Ctx() context: GraphQLContext): Promise<object | null> {
    if (downtime.operationId === null) return null;
    const loader = loaderOf(
      context,
      "downtime.operations",
      // A subscription keeps its context, so that a remembered answer would stay for ever.
      () =>
        new DataLoader((ids: readonly string[]) => this.#operations.operationsByIds(ids), { cache: false }),
    );
    const row = await loader.load(downtime.operationId);
    return row && operationValue(row);
  }

  @FieldResolver(() => MaintenanceOrder, { nullable: true })
  async maintenanceOrder(
    @Root() downtime: DowntimeValue,
    @Ctx() context: GraphQLContext,
  ): Promise<object | null> {
    if (downtime.maintenanceOrderId === null) return null;
    const loader = loaderOf(
      context,
      "downtime.maintenanceOrders",
      () => new DataLoader((ids: readonly string[]) => this.#maintenance.byIds(ids), { cache: false }),
    );
    const row = await loader.load(downtime.maintenanceOrderId);
    return row && maintenanceValue(row);
  }

  @FieldResolver(() => [DowntimeClassification])
  classifications(@Root() downtime: DowntimeValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    const loader = loaderOf(
      context,
      "downtime.statements",
      () =>
        new DataLoader((all: readonly DowntimeRow[]) => this.#downtimes.statementsOf(all), { cache: false }),
    );
    return loader.load(downtime);
  }
}

/** What downtimes add to machines. */
@Resolver(() => Machine)
export class MachineDowntimeResolver {
  readonly #downtimes: DowntimeService;

  constructor(deps: { downtimes: DowntimeService }) {
    this.#downtimes = deps.downtimes;
  }

  @FieldResolver(() => DowntimeConnection, {
    description: "The machine's downtimes that touch a range, whole, oldest first.",
    complexity: listCost,
  })
  async downtimes(
    @Root() machine: TwinView,
    @Args(() => MachineDowntimesArgs) args: MachineDowntimesArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const request = pageRequest(args);
    const range = rangeOf(args);
    const loader = loaderOf(
      context,
      `downtime.ofMachines.${range.from}.${range.to}`,
      () =>
        new DataLoader(
          async (ids: readonly string[]) => {
            checkMachineDays(ids.length, range);
            return this.#downtimes.ofMachines(ids, range);
          },
          { cache: false },
        ),
    );
    return page(await loader.load(machine.equipment.id), args, request);
  }

  @FieldResolver(() => [DowntimeClassification], {
    description:
      "All that people ever said of the machine's downtimes within a range, oldest first, also where late data has left no downtime.",
  })
  downtimeClassifications(
    @Root() machine: TwinView,
    @Args(() => DowntimeRangeArgs) args: DowntimeRangeArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<readonly object[]> {
    const range = rangeOf(args);
    const loader = loaderOf(
      context,
      `downtime.statementsOfMachines.${range.from}.${range.to}`,
      () =>
        new DataLoader((ids: readonly string[]) => this.#downtimes.statementsOfMachines(ids, range), {
          cache: false,
        }),
    );
    return loader.load(machine.equipment.id);
  }
}

/** What downtimes add to machine types. */
@Resolver(() => MachineType)
export class MachineTypeDowntimeResolver {
  @FieldResolver(() => [DowntimeReason], {
    description:
      "The tops of the tree of reasons that a downtime of such a machine can have; empty: any text is a reason.",
  })
  downtimeReasons(@Root() type: MachineTypeRow): readonly Reason[] {
    return type.downtimeReasons ?? [];
  }
}

function rangeOf({ from, to }: DowntimeRangeArgs): { from: number; to: number | null } {
  if (to != null && to <= from) throw badInput("to must be after from", ["to"]);
  const range = { from: from.getTime(), to: to?.getTime() ?? null };
  if (daysOf(range) > LONGEST_RANGE_DAYS)
    throw badInput(`a range has at most ${LONGEST_RANGE_DAYS} days`, ["from"]);
  return range;
}

/** A page of objects, and what the days are made of that it is taken from. */
function listCost({
  args,
  childComplexity,
}: {
  args: Partial<MachineDowntimesArgs>;
  childComplexity: number;
}): number {
  const { from, to, first, last } = args;
  const days =
    from instanceof Date ? Math.max(daysOf({ from: from.getTime(), to: to?.getTime() ?? null }), 0) : 0;
  return 50 + 2 * days + Math.max(first ?? last ?? DEFAULT_PAGE, 1) * childComplexity;
}

/** @throws GraphQLError BAD_USER_INPUT when so many machines for so long are too much. */
function checkMachineDays(machines: number, range: { from: number; to: number | null }): void {
  if (machines * daysOf(range) <= MOST_MACHINE_DAYS) return;
  const message = `from ${machines} machines at most ${MOST_MACHINE_DAYS} days together can be asked for`;
  throw badInput(`${message}: take a shorter range or fewer machines`, ["from"]);
}

function daysOf({ from, to }: { from: number; to: number | null }): number {
  return ((to ?? Date.now()) - from) / DAY_MS;
}

function page(
  all: readonly DowntimeRow[],
  { minDurationMs = null, category = null, microStops = null }: MachineDowntimesArgs,
  request: PageRequest,
): ConnectionValue<DowntimeValue> {
  const filter = { minDurationMs, category, microStops };
  const wanted = all.filter((downtime) => takes(filter, downtime));
  return connection(pageOfArray(wanted, placeOf, request), request, placeOf, downtimeValue);
}

/** A downtime's place in lists, which are sorted by it. */
function placeOf({ from, machineId }: DowntimeRow): string {
  return `${String(from).padStart(MOMENT_DIGITS, "0")}:${machineId}`;
}

function callerOf(context: GraphQLContext, idempotencyKey: string | null | undefined): Caller {
  return { principal: context.principal.name, idempotencyKey: idempotencyKey ?? null };
}

function payload({ downtimes, userErrors }: DowntimeResult): DowntimePayload {
  const values = downtimes.map((one) => downtimeValue(one));
  return { downtime: values[0] ?? null, downtimes: values, userErrors };
}
