import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { LARGEST_PAGE } from "../graphql/page-size.js";
import { badInput } from "../graphql/pagination.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import { Operation, ProductionOrder } from "./order.types.js";
import { DispatchArgs } from "./order-list.types.js";
import { batched, loadOrder } from "./order-loaders.types.js";
import type { OrderQueryService } from "./order-query.service.js";
import { type OperationValue, operationValue } from "./order-values.js";

@Resolver(() => Operation)
export class OperationResolver {
  readonly #queries: OrderQueryService;
  readonly #twins: TwinService;

  constructor(deps: { queries: OrderQueryService; twins: TwinService }) {
    this.#queries = deps.queries;
    this.#twins = deps.twins;
  }

  /** Finds operations again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const key = keyOfGlobalId("Operation", id);
      const [row] = key === null ? [] : await this.#queries.operationsByIds([key]);
      return row ? operationValue(row) : null;
    },
  };

  @FieldResolver(() => ProductionOrder)
  async order(@Root() operation: OperationValue, @Ctx() context: GraphQLContext): Promise<object> {
    const order = await loadOrder(context, this.#queries, operation.orderId);
    if (!order) throw new Error(`there is no production order with the id ${operation.orderId}`);
    return order;
  }

  @FieldResolver(() => Machine, { nullable: true })
  machine(@Root() operation: OperationValue): object | null {
    return operation.machineId === null ? null : this.#twins.viewById(operation.machineId);
  }
}

/** What orders add to machines. */
@Resolver(() => Machine)
export class MachineOperationResolver {
  readonly #queries: OrderQueryService;

  constructor(deps: { queries: OrderQueryService }) {
    this.#queries = deps.queries;
  }

  @FieldResolver(() => Operation, {
    nullable: true,
    description: "The operation that runs on the machine; null when none does.",
  })
  async activeOperation(@Root() machine: TwinView, @Ctx() context: GraphQLContext): Promise<object | null> {
    const loader = batched(context, "orders.runningOn", (ids) => this.#queries.runningOn(ids));
    const row = await loader.load(machine.equipment.id);
    return row && operationValue(row);
  }

  @FieldResolver(() => [Operation], {
    description:
      "What the machine runs and is to run next: first what runs there, then by priority, due time and planned start. READY ones of held orders are left out.",
  })
  async dispatchList(
    @Root() machine: TwinView,
    @Args(() => DispatchArgs) args: DispatchArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object[]> {
    const first = args.first ?? 20;
    if (first < 0 || first > LARGEST_PAGE)
      throw badInput(`first must be between 0 and ${LARGEST_PAGE}`, ["first"]);
    const statuses = args.status ?? ["RUNNING", "HELD", "READY"];
    const loader = batched(context, `orders.dispatch ${JSON.stringify({ first, statuses })}`, (ids) =>
      this.#queries.dispatchLists(ids, statuses, first),
    );
    return (await loader.load(machine.equipment.id)).map(operationValue);
  }
}
