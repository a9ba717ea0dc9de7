import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import { badInput, connection, PageArgs, pageRequest } from "../graphql/pagination.js";
import { RangeArgs, rangeOf } from "../graphql/range.types.js";
import type { Span } from "../kernel/intervals.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import type { OperationRun as Run } from "./operation-run.js";
import type { OperationRunService } from "./operation-run.service.js";
import { Operation, ProductionOrder } from "./order.types.js";
import type { OrderEventService } from "./order-event.service.js";
import type { StoredOrderEvent } from "./order-event.store.js";
import { OperationRun, OrderEvent, OrderEventConnection, OrderFieldChange } from "./order-event.types.js";
import { batched, loadOperation } from "./order-loaders.types.js";
import type { OrderQueryService } from "./order-query.service.js";
import type { OrderValue } from "./order-values.js";

const EVENT_ID = /^[1-9]\d{0,17}$/;

/** What happened to orders. */
@Resolver(() => ProductionOrder)
export class OrderEventsResolver {
  readonly #events: OrderEventService;

  constructor(deps: { events: OrderEventService }) {
    this.#events = deps.events;
  }

  @FieldResolver(() => OrderEventConnection, {
    description: "All that happened to the order and its operations, in the order in which it became known.",
  })
  async events(
    @Root() order: OrderValue,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const request = pageRequest(args);
    for (const name of ["after", "before"] as const) {
      const key = request[name];
      if (key !== null && !EVENT_ID.test(key)) throw badInput(`${name} is not a cursor of this list`, [name]);
    }
    const pages = batched(context, `orders.events ${JSON.stringify(request)}`, (ids) =>
      this.#events.pages(ids, request),
    );
    const page = await pages.load(order.key);
    return connection(
      page,
      request,
      (event) => event.id,
      (event) => ({ ...event, by: event.principal }),
    );
  }
}

@Resolver(() => OrderEvent)
export class OrderEventResolver {
  readonly #queries: OrderQueryService;
  readonly #twins: TwinService;

  constructor(deps: { queries: OrderQueryService; twins: TwinService }) {
    this.#queries = deps.queries;
    this.#twins = deps.twins;
  }

  @FieldResolver(() => Operation, { nullable: true })
  async operation(@Root() event: StoredOrderEvent, @Ctx() context: GraphQLContext): Promise<object | null> {
    return event.operationId === null ? null : loadOperation(context, this.#queries, event.operationId);
  }

  @FieldResolver(() => [OrderFieldChange], { nullable: true })
  changes(@Root() event: StoredOrderEvent): object[] | null {
    const path = (id: string | null) =>
      id === null ? null : (this.#twins.viewById(id)?.equipment.path ?? id);
    return (
      event.changes?.map(({ field, from, to }) =>
        field === "machine" ? { field, from: path(from), to: path(to) } : { field, from, to },
      ) ?? null
    );
  }

  @FieldResolver(() => Machine, { nullable: true })
  machine(@Root() event: StoredOrderEvent): object | null {
    return event.machineId === null ? null : this.#twins.viewById(event.machineId);
  }
}

@Resolver(() => OperationRun)
export class OperationRunResolver {
  readonly #queries: OrderQueryService;

  constructor(deps: { queries: OrderQueryService }) {
    this.#queries = deps.queries;
  }

  @FieldResolver(() => Operation)
  async operation(@Root() run: RunValue, @Ctx() context: GraphQLContext): Promise<object> {
    const operation = await loadOperation(context, this.#queries, run.operationId);
    if (!operation) throw new Error(`there is no operation with the id ${run.operationId}`);
    return operation;
  }
}

/** What ran on machines, and when. */
@Resolver(() => Machine)
export class MachineRunsResolver {
  readonly #runs: OperationRunService;

  constructor(deps: { runs: OperationRunService }) {
    this.#runs = deps.runs;
  }

  @FieldResolver(() => [OperationRun], {
    description: "Which operation ran on the machine and when, in order and never overlapping.",
  })
  async operationRuns(
    @Root() machine: TwinView,
    @Args(() => RangeArgs) args: RangeArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object[]> {
    const range = rangeOf(args);
    // One statement for all machines of a list that are asked for the same range.
    const key = `orders.runs ${JSON.stringify({ from: args.from, to: args.to ?? null })}`;
    const runs = batched(context, key, async (ids) => {
      const found = await this.#runs.runs(ids, range);
      return ids.map((id) => found.get(id) ?? []);
    });
    return (await runs.load(machine.equipment.id)).map(runValue);
  }
}

interface RunValue extends Run {
  readonly from: Date;
  readonly to: Date;
}

function runValue({ from, to, value }: Span<Run>): RunValue {
  return { ...value, from: new Date(from), to: new Date(to) };
}
