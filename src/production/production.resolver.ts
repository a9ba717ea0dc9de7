import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import { OperationPayload } from "../orders/order.types.js";
import type { OrderQueryService } from "../orders/order-query.service.js";
import { operationValue } from "../orders/order-values.js";
import type { ProductionService } from "./production.service.js";
import { ReportProductionInput } from "./production.types.js";

@Resolver()
export class ProductionResolver {
  readonly #production: ProductionService;
  readonly #queries: OrderQueryService;

  constructor(deps: { production: ProductionService; queries: OrderQueryService }) {
    this.#production = deps.production;
    this.#queries = deps.queries;
  }

  @Mutation(() => OperationPayload, {
    description:
      "Reports what a RUNNING or HELD operation has made, where countingSource is OPERATOR. One with completion QUANTITY completes when its good quantity reaches the order's.",
  })
  async reportProduction(
    @Arg("input", () => ReportProductionInput, { description: "What was made." })
    input: ReportProductionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<OperationPayload> {
    const caller = { principal: context.principal.name, idempotencyKey: input.idempotencyKey ?? null };
    const { id, userErrors } = await this.#production.report(caller, {
      order: input.order,
      sequence: input.sequence,
      good: input.good ?? 0,
      scrap: input.scrap ?? 0,
      scrapReason: input.scrapReason ?? null,
      at: input.at ?? null,
    });
    const [row] = id === null ? [] : await this.#queries.operationsByIds([id]);
    return { operation: row ? operationValue(row) : null, userErrors };
  }
}
