import DataLoader from "dataloader";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import type { OrderQueryService } from "./order-query.service.js";
import { type OperationValue, type OrderValue, operationValue, orderValue } from "./order-values.js";

/**
 * The request's loader of that key, which asks for many at once. A subscription keeps its context, so that a remembered
 * answer would stay for ever: loaders only batch.
 */
export function batched<Value>(
  context: GraphQLContext,
  key: string,
  load: (keys: readonly string[]) => Promise<ArrayLike<Value | Error>>,
): DataLoader<string, Value> {
  return loaderOf(context, key, () => new DataLoader(load, { cache: false }));
}

/** @returns null when there is none of that id. */
export async function loadOrder(
  context: GraphQLContext,
  queries: OrderQueryService,
  id: string,
): Promise<OrderValue | null> {
  const row = await batched(context, "orders.byId", (ids) => queries.byIds(ids)).load(id);
  return row && orderValue(row);
}

/** @returns null when there is none of that id. */
export async function loadOperation(
  context: GraphQLContext,
  queries: OrderQueryService,
  id: string,
): Promise<OperationValue | null> {
  const row = await batched(context, "orders.operationsById", (ids) => queries.operationsByIds(ids)).load(id);
  return row && operationValue(row);
}
