import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import { badInput } from "../graphql/pagination.js";
import { callerOf } from "./caller-input.types.js";
import type { OrderService } from "./order.service.js";
import {
  OperationPayload,
  OrderPayload,
  ProductionOrder,
  UpsertOrderResult,
  UpsertOrdersPayload,
} from "./order.types.js";
import type { ImportResult, OrderImportService } from "./order-import.service.js";
import type { OrderRequest } from "./order-input.js";
import {
  OperationActionInput,
  OrderActionInput,
  type OrderInput,
  UpsertOrdersInput,
} from "./order-input.types.js";
import { loadOrder } from "./order-loaders.types.js";
import type { OrderQueryService } from "./order-query.service.js";
import type { RequestedOperationAction, RequestedOrderAction } from "./order-state.js";
import { operationValue, orderValue } from "./order-values.js";

const ORDER = { description: "The order." };
const OPERATION = { description: "The operation." };

@Resolver(() => UpsertOrderResult)
export class OrderMutationResolver {
  readonly #orders: OrderService;
  readonly #imports: OrderImportService;
  readonly #queries: OrderQueryService;

  constructor(deps: { orders: OrderService; imports: OrderImportService; queries: OrderQueryService }) {
    this.#orders = deps.orders;
    this.#imports = deps.imports;
    this.#queries = deps.queries;
  }

  @Mutation(() => UpsertOrdersPayload, {
    description:
      "Makes orders, or changes them by their numbers, and releases them where that is wanted: thousands in one call. Sent again as it is, an order does not change. Once it runs, only its priority, due time, quantity and operations not yet started may change; once it has ended, only its priority and due time.",
  })
  async upsertOrders(
    @Arg("input", () => UpsertOrdersInput, { description: "The orders." }) input: UpsertOrdersInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const caller = callerOf(input, context);
    const done = await this.#imports.upsert(caller, input.orders.map(orderRequest));
    if ("results" in done) return done;
    // The payload has no userErrors of its own: each order is told.
    const results = input.orders.map(({ number }) => ({
      ...{ number, id: null, created: false },
      userErrors: [done.refused],
    }));
    if (results.length === 0) throw badInput(done.refused.message, done.refused.field ?? undefined);
    return { results };
  }

  @FieldResolver(() => ProductionOrder, { nullable: true })
  async order(@Root() result: ImportResult, @Ctx() context: GraphQLContext): Promise<object | null> {
    return result.id === null ? null : loadOrder(context, this.#queries, result.id);
  }

  @Mutation(() => OrderPayload, {
    description: "Releases a CREATED order: its first operation becomes READY.",
  })
  releaseOrder(
    @Arg("input", () => OrderActionInput, ORDER) input: OrderActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("release", input, context);
  }

  @Mutation(() => OrderPayload, { description: "Holds a RUNNING order and its running operation." })
  holdOrder(
    @Arg("input", () => OrderActionInput, ORDER) input: OrderActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("hold", input, context);
  }

  @Mutation(() => OrderPayload, {
    description:
      "Resumes a HELD order and the operation that was held with it. MACHINE_BUSY when another operation runs on its machine by now.",
  })
  resumeOrder(
    @Arg("input", () => OrderActionInput, ORDER) input: OrderActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("resume", input, context);
  }

  @Mutation(() => OrderPayload, { description: "Closes a COMPLETED order." })
  closeOrder(
    @Arg("input", () => OrderActionInput, ORDER) input: OrderActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("close", input, context);
  }

  @Mutation(() => OrderPayload, { description: "Cancels a CREATED or RELEASED order." })
  cancelOrder(
    @Arg("input", () => OrderActionInput, ORDER) input: OrderActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("cancel", input, context);
  }

  @Mutation(() => OrderPayload, {
    description:
      "Aborts a RELEASED, RUNNING or HELD order, and those of its operations that are READY, RUNNING or HELD.",
  })
  abortOrder(
    @Arg("input", () => OrderActionInput, ORDER) input: OrderActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("abort", input, context);
  }

  @Mutation(() => OperationPayload, {
    description:
      "Starts a READY operation on its planned machine or another. One operation runs on a machine: MACHINE_BUSY names the one that does. One that the machine is to count needs a metric there that counts: PRECONDITION_FAILED.",
  })
  startOperation(
    @Arg("input", () => OperationActionInput, OPERATION) input: OperationActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#actOnOperation("start", input, context);
  }

  @Mutation(() => OperationPayload, { description: "Holds a RUNNING operation; its machine is free then." })
  holdOperation(
    @Arg("input", () => OperationActionInput, OPERATION) input: OperationActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#actOnOperation("hold", input, context);
  }

  @Mutation(() => OperationPayload, {
    description: "Resumes a HELD operation on the machine that it was on.",
  })
  resumeOperation(
    @Arg("input", () => OperationActionInput, OPERATION) input: OperationActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#actOnOperation("resume", input, context);
  }

  @Mutation(() => OperationPayload, {
    description:
      "Completes a RUNNING or HELD operation: the next one becomes READY, and after the last one the order is COMPLETED.",
  })
  completeOperation(
    @Arg("input", () => OperationActionInput, OPERATION) input: OperationActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#actOnOperation("complete", input, context);
  }

  async #act(
    action: RequestedOrderAction,
    input: OrderActionInput,
    context: GraphQLContext,
  ): Promise<OrderPayload> {
    const caller = callerOf(input, context);
    const { id, userErrors } = await this.#orders.act(caller, action, {
      number: input.number,
      expectedVersion: input.expectedVersion ?? null,
      reason: input.reason || null,
      at: input.at ?? null,
    });
    const [row] = id === null ? [] : await this.#queries.byIds([id]);
    return { order: row ? orderValue(row) : null, userErrors };
  }

  async #actOnOperation(
    action: RequestedOperationAction,
    input: OperationActionInput,
    context: GraphQLContext,
  ): Promise<OperationPayload> {
    const caller = callerOf(input, context);
    const { id, userErrors } = await this.#orders.actOnOperation(caller, action, {
      order: input.order,
      sequence: input.sequence,
      machine: input.machine ?? null,
      expectedVersion: input.expectedVersion ?? null,
      reason: input.reason || null,
      at: input.at ?? null,
    });
    const [row] = id === null ? [] : await this.#queries.operationsByIds([id]);
    return { operation: row ? operationValue(row) : null, userErrors };
  }
}

function orderRequest(input: OrderInput): OrderRequest {
  return {
    number: input.number,
    product: input.product,
    quantity: input.quantity,
    unit: input.unit ?? "pcs",
    dueAt: input.dueAt ?? null,
    priority: input.priority ?? 50,
    expectedVersion: input.expectedVersion ?? null,
    release: input.release ?? false,
    operations: input.operations.map((operation) => ({
      sequence: operation.sequence,
      name: operation.name,
      machine: operation.machine ?? null,
      overlap: operation.overlap ?? false,
      idealCycleTimeMs: operation.idealCycleTimeMs ?? null,
      plannedStart: operation.plannedStart ?? null,
      plannedEnd: operation.plannedEnd ?? null,
      countingSource: operation.countingSource ?? "MACHINE",
      completion: operation.completion ?? "QUANTITY",
    })),
  };
}
