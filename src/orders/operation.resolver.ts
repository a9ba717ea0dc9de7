import DataLoader from "dataloader";
import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import { Operation, ProductionOrder } from "./order.types.js";
import type { OrderQueryService } from "./order-query.service.js";
import { type OperationValue, operationValue, orderValue } from "./order-values.js";

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
    const loader = loaderOf(
      context,
      "orders.byId",
      () => new DataLoader((ids: readonly string[]) => this.#queries.byIds(ids), { cache: false }),
    );
    const row = await loader.load(operation.orderId);
    if (!row) throw new Error(`there is no production order with the id ${operation.orderId}`);
    return orderValue(row);
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
    const loader = loaderOf(
      context,
      "orders.runningOn",
      () => new DataLoader((ids: readonly string[]) => this.#queries.runningOn(ids), { cache: false }),
    );
    const row = await loader.load(machine.equipment.id);
    return row && operationValue(row);
  }
}
