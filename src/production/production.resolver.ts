import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { connection, idPageRequest, PageArgs } from "../graphql/pagination.js";
import { globalId, keyOfGlobalId } from "../kernel/ids.js";
import { callerOf } from "../orders/caller-input.types.js";
import { Operation, OperationPayload, ProductionOrder } from "../orders/order.types.js";
import { batched, loadOperation } from "../orders/order-loaders.types.js";
import type { OrderQueryService } from "../orders/order-query.service.js";
import { type OperationValue, type OrderValue, operationValue } from "../orders/order-values.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import {
  CorrectProductionInput,
  ProductionRecord,
  ProductionRecordConnection,
  ProductionRecordPayload,
  ReportProductionInput,
  ScrapReason,
} from "./production.types.js";
import type { ProductionRecord as Record, ScrapSum } from "./production-record.js";
import type { ProductionReportService } from "./production-report.service.js";

@Resolver(() => ProductionRecord)
export class ProductionResolver {
  readonly #reports: ProductionReportService;
  readonly #queries: OrderQueryService;
  readonly #twins: TwinService;

  constructor(deps: { reports: ProductionReportService; queries: OrderQueryService; twins: TwinService }) {
    this.#reports = deps.reports;
    this.#queries = deps.queries;
    this.#twins = deps.twins;
  }

  /** Finds production records again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const key = keyOfGlobalId("ProductionRecord", id);
      const [row] = key === null ? [] : await this.#reports.recordsByIds([key]);
      return row ? recordValue(row) : null;
    },
  };

  @Mutation(() => OperationPayload, {
    description:
      "Reports what a RUNNING or HELD operation has made, where countingSource is OPERATOR, and what is found after it is COMPLETED, until its order is closed: there also scrap of what a machine counted, and good where it counted none. One with completion QUANTITY completes when its good quantity reaches the order's.",
  })
  async reportProduction(
    @Arg("input", () => ReportProductionInput, { description: "What was made." })
    input: ReportProductionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<OperationPayload> {
    const { id, userErrors } = await this.#reports.report(callerOf(input, context), {
      order: input.order,
      sequence: input.sequence,
      good: input.good ?? 0,
      scrap: input.scrap ?? 0,
      scrapReason: input.scrapReason || null,
      at: input.at ?? null,
    });
    const [row] = id === null ? [] : await this.#queries.operationsByIds([id]);
    return { operation: row ? operationValue(row) : null, userErrors };
  }

  @Mutation(() => ProductionRecordPayload, {
    description:
      "Corrects a production record, whoever counted it, by a record of the difference that names it and counts at its time, within the operation's. Possible until the order is closed; what was completed stays completed.",
  })
  async correctProduction(
    @Arg("input", () => CorrectProductionInput, { description: "What it should have been." })
    input: CorrectProductionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<ProductionRecordPayload> {
    const { id, userErrors } = await this.#reports.correct(callerOf(input, context), {
      recordId: keyOfGlobalId("ProductionRecord", input.record),
      quantity: input.quantity,
      reason: input.reason,
    });
    const [row] = id === null ? [] : await this.#reports.recordsByIds([id]);
    return { record: row ? recordValue(row) : null, userErrors };
  }

  @FieldResolver(() => Operation)
  async operation(@Root() record: RecordValue, @Ctx() context: GraphQLContext): Promise<object> {
    const operation = await loadOperation(context, this.#queries, record.operationId);
    if (!operation) throw new Error(`there is no operation with the id ${record.operationId}`);
    return operation;
  }

  @FieldResolver(() => Machine, { nullable: true })
  machine(@Root() record: RecordValue): object | null {
    return record.machineId === null ? null : this.#twins.viewById(record.machineId);
  }

  @FieldResolver(() => ProductionRecord, { nullable: true })
  async corrects(@Root() record: RecordValue, @Ctx() context: GraphQLContext): Promise<object | null> {
    if (record.correctsId === null) return null;
    const records = batched(context, "production.records", (ids) => this.#reports.recordsByIds(ids));
    const row = await records.load(record.correctsId);
    return row && recordValue(row);
  }
}

/** What counting adds to operations. */
@Resolver(() => Operation)
export class OperationProductionResolver {
  readonly #reports: ProductionReportService;

  constructor(deps: { reports: ProductionReportService }) {
    this.#reports = deps.reports;
  }

  @FieldResolver(() => ProductionRecordConnection, {
    description: "What was recorded as made, in the order in which it was recorded.",
  })
  async productionRecords(
    @Root() operation: OperationValue,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const request = idPageRequest(args);
    const pages = batched(context, `production.pages ${JSON.stringify(request)}`, (ids) =>
      this.#reports.pages(ids, request),
    );
    return connection(await pages.load(operation.key), request, (row) => row.id, recordValue);
  }

  @FieldResolver(() => [ScrapReason], { description: "What it has spoilt, by reason, the most first." })
  async scrapReasons(@Root() operation: OperationValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    const sums = batched(context, "production.operationScrap", (ids) =>
      this.#reports.scrapReasons("operation", ids),
    );
    return (await sums.load(operation.key)).map(scrapValue);
  }
}

/** What counting adds to orders. */
@Resolver(() => ProductionOrder)
export class OrderProductionResolver {
  readonly #reports: ProductionReportService;

  constructor(deps: { reports: ProductionReportService }) {
    this.#reports = deps.reports;
  }

  @FieldResolver(() => [ScrapReason], {
    description: "What all its operations together have spoilt, by reason, the most first.",
  })
  async scrapReasons(@Root() order: OrderValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    const sums = batched(context, "production.orderScrap", (ids) => this.#reports.scrapReasons("order", ids));
    return (await sums.load(order.key)).map(scrapValue);
  }
}

interface RecordValue extends Omit<Record, "quantity" | "corrects" | "reason"> {
  readonly __typename: "ProductionRecord";
  readonly quantity: number;
  readonly scrapReason: string | null;
  readonly correctsId: string | null;
}

function recordValue(row: Record): RecordValue {
  const { quantity, corrects, reason, ...rest } = row;
  return {
    ...rest,
    __typename: "ProductionRecord",
    id: globalId("ProductionRecord", row.id),
    quantity: Number(quantity),
    scrapReason: reason,
    correctsId: corrects,
  };
}

function scrapValue({ reason, quantity }: ScrapSum): object {
  return { reason, quantity: Number(quantity) };
}
