import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root, Subscription } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { badInput, connection, pageRequest } from "../graphql/pagination.js";
import type { Clock } from "../kernel/clock.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import { storable, textProblem } from "../kernel/text.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Plant } from "../plant/plant.js";
import type { TwinService } from "../twin/twin.service.js";
import { isLate, type OrderQuantities } from "./order.js";
import { Operation, ProductionOrder, ProductionOrderConnection } from "./order.types.js";
import { type OrderFilter, orderPlace, placeText } from "./order-list.js";
import { OrderChangedArgs, OrdersArgs } from "./order-list.types.js";
import { batched } from "./order-loaders.types.js";
import type { OrderQueryService } from "./order-query.service.js";
import { type OrderValue, operationValue, orderValue } from "./order-values.js";

// A whole import of orders is told at once.
const MOST_CHANGES_WAITING = 10_000;

@Resolver(() => ProductionOrder)
export class OrderResolver {
  readonly #queries: OrderQueryService;
  readonly #twins: TwinService;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #clock: Clock;

  constructor(deps: {
    queries: OrderQueryService;
    twins: TwinService;
    plant: Plant;
    live: LiveBus;
    clock: Clock;
  }) {
    this.#queries = deps.queries;
    this.#twins = deps.twins;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#clock = deps.clock;
  }

  /** Finds production orders again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const key = keyOfGlobalId("ProductionOrder", id);
      return key === null ? null : this.#byKey(key);
    },
  };

  @Query(() => ProductionOrder, {
    nullable: true,
    description: "The production order of a number; null when there is none.",
  })
  async order(
    @Arg("number", () => String, { description: "The order's number." }) number: string,
  ): Promise<object | null> {
    const row = await this.#queries.byNumber(number);
    return row && orderValue(row);
  }

  @Query(() => ProductionOrderConnection, {
    description: "Production orders, unless sorted otherwise the first sent first.",
  })
  async orders(@Args(() => OrdersArgs) args: OrdersArgs): Promise<object> {
    const request = pageRequest(args);
    const [sort, descending] = [args.orderBy ?? "CREATED", args.descending ?? false];
    const place = (name: "after" | "before") => {
      const text = request[name];
      const found = text === null ? null : orderPlace(text, sort);
      if (text !== null && !found) throw badInput(`${name} is not a cursor of a list by ${sort}`, [name]);
      return found;
    };
    const places = { after: place("after"), before: place("before") };
    const page = await this.#queries.page(this.#filter(args), { ...request, ...places, sort, descending });
    return connection(page, request, (row) => placeText(row, sort, descending), orderValue);
  }

  @Subscription(() => ProductionOrder, {
    description:
      "Every change of a production order, its operations and what they count: the order as it is now. With number, it first comes as it is.",
    subscribe: ({ args, context }: { args: OrderChangedArgs; context: GraphQLContext }) =>
      context.resolver(OrderResolver).follow(args),
  })
  async orderChanged(
    @Root() key: string,
    @Args(() => OrderChangedArgs) _args: OrderChangedArgs,
  ): Promise<object> {
    const order = await this.#byKey(key);
    if (!order) throw new Error(`there is no production order with the id ${key}`);
    return order;
  }

  /** The ids of the orders that change. */
  follow(args: OrderChangedArgs): AsyncIterable<string> {
    const machineId = this.#machineId(args.machine);
    const number = args.number ?? null;
    const changes = this.#live.stream("orderChanged", {
      max: MOST_CHANGES_WAITING,
      map: (change) => {
        if (number !== null && change.number !== number) return null;
        if (machineId !== null && !change.machines.some((machine) => machine.id === machineId)) return null;
        return change.id;
      },
    });
    return number === null ? changes : startingWith(() => this.#present(number, machineId), changes);
  }

  @FieldResolver(() => [Operation])
  async operations(@Root() order: OrderValue, @Ctx() context: GraphQLContext): Promise<object[]> {
    const loader = batched(context, "orders.operationsOf", (ids) => this.#queries.operationsOf(ids));
    return (await loader.load(order.key)).map(operationValue);
  }

  @FieldResolver()
  late(@Root() order: OrderValue): boolean {
    return isLate(order, new Date(this.#clock.now()));
  }

  @FieldResolver()
  async goodQuantity(@Root() order: OrderValue, @Ctx() context: GraphQLContext): Promise<number> {
    return Number((await this.#quantities(order, context)).good);
  }

  @FieldResolver()
  async scrapQuantity(@Root() order: OrderValue, @Ctx() context: GraphQLContext): Promise<number> {
    return Number((await this.#quantities(order, context)).scrap);
  }

  #quantities(order: OrderValue, context: GraphQLContext): Promise<OrderQuantities> {
    return batched(context, "orders.quantitiesOf", (ids) => this.#queries.quantitiesOf(ids)).load(order.key);
  }

  async #byKey(key: string): Promise<OrderValue | null> {
    const [row] = await this.#queries.byIds([key]);
    return row ? orderValue(row) : null;
  }

  /** The order's id, when it is there and has an operation on the machine that is asked for. */
  async #present(number: string, machineId: string | null): Promise<string | null> {
    const order = await this.#queries.byNumber(number);
    if (!order || machineId === null) return order?.id ?? null;
    const [operations] = await this.#queries.operationsOf([order.id]);
    return operations?.some((operation) => operation.machineId === machineId) ? order.id : null;
  }

  #filter(args: OrdersArgs): OrderFilter {
    for (const name of ["search", "product"] as const) {
      const problem = args[name] == null ? null : textProblem(args[name], 500);
      if (problem !== null) throw badInput(`${name} ${problem}`, [name]);
    }
    for (const name of ["dueAfter", "dueBefore"] as const) {
      const moment = args[name];
      if (moment != null && !storable(moment))
        throw badInput(`${name} is not in the years 1 to 9999`, [name]);
    }
    const late = args.late == null ? null : { is: args.late, now: new Date(this.#clock.now()) };
    return {
      status: args.status ?? null,
      machineIds: this.#machineIds(args),
      product: args.product ?? null,
      dueAfter: args.dueAfter ?? null,
      dueBefore: args.dueBefore ?? null,
      late,
      minPriority: args.minPriority ?? null,
      search: args.search ?? null,
    };
  }

  /** Null: all. */
  #machineIds({ machine, under }: OrdersArgs): string[] | null {
    const id = this.#machineId(machine);
    if (under == null) return id === null ? null : [id];
    const root = this.#plant.byPath(under);
    if (!root) throw badInput(`under: there is no equipment "${under}"`, ["under"]);
    const ids = [...this.#plant.machines(root)].map((one) => one.id);
    return id === null ? ids : ids.filter((one) => one === id);
  }

  #machineId(path: string | null | undefined): string | null {
    if (path == null) return null;
    const twin = this.#twins.byPath(path);
    if (!twin) throw badInput(`machine: there is no machine "${path}"`, ["machine"]);
    return twin.machine.id;
  }
}

/** One item, unless there is none, before those that come. `items` listens already, so nothing between is missed. */
function startingWith<Item>(
  first: () => Promise<Item | null>,
  items: AsyncIterableIterator<Item>,
): AsyncIterableIterator<Item> {
  let begun = false;
  return {
    async next() {
      if (!begun) {
        begun = true;
        const value = await first().catch(async (error: unknown) => {
          await items.return?.();
          throw error;
        });
        if (value !== null) return { done: false, value };
      }
      return items.next();
    },
    async return() {
      await items.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
