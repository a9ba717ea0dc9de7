import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { badInput, connection, idPageRequest, PageArgs } from "../graphql/pagination.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import { keyProblem } from "../kernel/text.js";
import { Operation } from "../orders/order.types.js";
import { batched, loadOperation } from "../orders/order-loaders.types.js";
import type { OrderQueryService } from "../orders/order-query.service.js";
import type { OperationValue } from "../orders/order-values.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { LotDirection, MovementKind } from "./lot.js";
import {
  DEFAULT_DEPTH,
  DepthArgs,
  LARGEST_DEPTH,
  Lot,
  LotEdge,
  LotGenealogy,
  LotMovement,
  LotMovementConnection,
} from "./lot.types.js";
import type { LotQueryService } from "./lot-query.service.js";
import {
  type EdgeValue,
  type LotValue,
  lotValue,
  type MovementValue,
  movementValue,
  treeValue,
} from "./lot-values.js";

@Resolver(() => Lot)
export class LotResolver {
  readonly #lots: LotQueryService;

  constructor(deps: { lots: LotQueryService }) {
    this.#lots = deps.lots;
  }

  /** Finds lots again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const key = keyOfGlobalId("Lot", id);
      const [lot] = key === null ? [] : await this.#lots.byIds([key]);
      return lot ? lotValue(lot) : null;
    },
  };

  @Query(() => Lot, {
    nullable: true,
    description:
      "The lot of a number; null when there is none. The material is needed where several have this number.",
  })
  async lot(
    @Arg("number", () => String, { description: "The lot's number." }) number: string,
    @Arg("material", () => String, { nullable: true, description: "What it is of." })
    material?: string | null,
  ): Promise<object | null> {
    if (keyProblem(number, 100) !== null) return null;
    const lots = (await this.#lots.byNumber(number)).filter(
      (lot) => material == null || lot.material === material,
    );
    if (lots.length > 1) {
      const materials = lots.slice(0, 5).map((lot) => lot.material);
      throw badInput(`lots of ${lots.length} materials have this number, such as ${materials.join(", ")}`, [
        "material",
      ]);
    }
    return lots[0] ? lotValue(lots[0]) : null;
  }

  @FieldResolver(() => LotGenealogy)
  ancestors(
    @Root() lot: LotValue,
    @Args(() => DepthArgs) args: DepthArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#tree(lot, "ancestors", args, context);
  }

  @FieldResolver(() => LotGenealogy)
  descendants(
    @Root() lot: LotValue,
    @Args(() => DepthArgs) args: DepthArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#tree(lot, "descendants", args, context);
  }

  @FieldResolver()
  async consumedQuantity(@Root() lot: LotValue, @Ctx() context: GraphQLContext): Promise<number> {
    return Number((await this.#sums(lot, context)).consumed);
  }

  @FieldResolver()
  async producedQuantity(@Root() lot: LotValue, @Ctx() context: GraphQLContext): Promise<number> {
    return Number((await this.#sums(lot, context)).produced);
  }

  @FieldResolver(() => LotMovementConnection, {
    description: "Where it went in and came out, in the order in which it was booked.",
  })
  async movements(
    @Root() lot: LotValue,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const request = idPageRequest(args);
    const pages = batched(context, `lots.movements ${JSON.stringify(request)}`, (ids) =>
      this.#lots.pages(ids, request),
    );
    return connection(await pages.load(lot.key), request, (row) => row.id, movementValue);
  }

  async #tree(
    lot: LotValue,
    direction: LotDirection,
    args: DepthArgs,
    context: GraphQLContext,
  ): Promise<object> {
    const depth = args.depth ?? DEFAULT_DEPTH;
    if (depth < 1 || depth > LARGEST_DEPTH) {
      throw badInput(`depth must be between 1 and ${LARGEST_DEPTH}`, ["depth"]);
    }
    const trees = batched(context, `lots.${direction} ${depth}`, (ids) =>
      this.#lots.trees(ids, direction, depth),
    );
    return treeValue(await trees.load(lot.key));
  }

  #sums(lot: LotValue, context: GraphQLContext) {
    return batched(context, "lots.sums", (ids) => this.#lots.sums(ids)).load(lot.key);
  }
}

@Resolver(() => LotEdge)
export class LotEdgeResolver {
  readonly #queries: OrderQueryService;

  constructor(deps: { queries: OrderQueryService }) {
    this.#queries = deps.queries;
  }

  @FieldResolver(() => Operation, { nullable: true })
  async operation(@Root() edge: EdgeValue, @Ctx() context: GraphQLContext): Promise<object | null> {
    return edge.operationId === null ? null : loadOperation(context, this.#queries, edge.operationId);
  }
}

@Resolver(() => LotMovement)
export class LotMovementResolver {
  readonly #lots: LotQueryService;
  readonly #queries: OrderQueryService;
  readonly #twins: TwinService;

  constructor(deps: { lots: LotQueryService; queries: OrderQueryService; twins: TwinService }) {
    this.#lots = deps.lots;
    this.#queries = deps.queries;
    this.#twins = deps.twins;
  }

  /** Finds movements again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const key = keyOfGlobalId("LotMovement", id);
      const [row] = key === null ? [] : await this.#lots.movementsByIds([key]);
      return row ? movementValue(row) : null;
    },
  };

  @Query(() => [LotMovement], {
    description:
      "Where the thing of a serial number went in and came out, in the order in which it was booked.",
  })
  async serialNumber(
    @Arg("serial", () => String, { description: "The serial number." }) serial: string,
    @Arg("material", () => String, { nullable: true, description: "Only things of this material." })
    material?: string | null,
  ): Promise<object[]> {
    if (keyProblem(serial, 200) !== null) return [];
    if (material != null && keyProblem(material, 500) !== null) return [];
    return (await this.#lots.movementsOfSerial(serial, material ?? null)).map(movementValue);
  }

  @FieldResolver(() => Lot)
  async lot(@Root() movement: MovementValue, @Ctx() context: GraphQLContext): Promise<object> {
    const lot = await batched(context, "lots.byId", (ids) => this.#lots.byIds(ids)).load(movement.lotId);
    if (!lot) throw new Error(`there is no lot with the id ${movement.lotId}`);
    return lotValue(lot);
  }

  @FieldResolver(() => Operation)
  async operation(@Root() movement: MovementValue, @Ctx() context: GraphQLContext): Promise<object> {
    const operation = await loadOperation(context, this.#queries, movement.operationId);
    if (!operation) throw new Error(`there is no operation with the id ${movement.operationId}`);
    return operation;
  }

  @FieldResolver(() => Machine, { nullable: true })
  machine(@Root() movement: MovementValue): object | null {
    return movement.machineId === null ? null : this.#twins.viewById(movement.machineId);
  }

  @FieldResolver(() => LotMovement, { nullable: true })
  async reverses(@Root() movement: MovementValue, @Ctx() context: GraphQLContext): Promise<object | null> {
    if (movement.reversesId === null) return null;
    const movements = batched(context, "lots.movementsById", (ids) => this.#lots.movementsByIds(ids));
    const row = await movements.load(movement.reversesId);
    return row && movementValue(row);
  }
}

/** What lots add to operations. */
@Resolver(() => Operation)
export class OperationLotsResolver {
  readonly #lots: LotQueryService;

  constructor(deps: { lots: LotQueryService }) {
    this.#lots = deps.lots;
  }

  @FieldResolver(() => [LotMovement], {
    description: "The lots that it consumed, in the order in which they were booked.",
  })
  consumedLots(@Root() operation: OperationValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    return this.#movements("CONSUMED", operation, context);
  }

  @FieldResolver(() => [LotMovement], {
    description: "The lots that it produced, in the order in which they were booked.",
  })
  producedLots(@Root() operation: OperationValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    return this.#movements("PRODUCED", operation, context);
  }

  async #movements(
    kind: MovementKind,
    operation: OperationValue,
    context: GraphQLContext,
  ): Promise<object[]> {
    const loader = batched(context, `lots.of ${kind}`, (ids) => this.#lots.movementsOfOperations(kind, ids));
    return (await loader.load(operation.key)).map(movementValue);
  }
}
