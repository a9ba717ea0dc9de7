import DataLoader from "dataloader";
import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root, Subscription } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { badInput, connection, idPageRequest } from "../graphql/pagination.js";
import { keyOfGlobalId } from "../kernel/ids.js";
import type { LiveBus } from "../live/live-bus.js";
import { isUnder } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import type { MaintenanceAction, MaintenanceComment as MaintenanceCommentRow } from "./maintenance.js";
import {
  type MaintenanceResult,
  type MaintenanceService,
  MOST_ORDERS_OF_MACHINE,
} from "./maintenance.service.js";
import {
  CreateMaintenanceOrderInput,
  MaintenanceActionInput,
  MaintenanceComment,
  MaintenanceOrder,
  MaintenanceOrderChangedArgs,
  MaintenanceOrderConnection,
  MaintenanceOrderPayload,
  MaintenanceOrdersArgs,
} from "./maintenance.types.js";
import { checklistOf, partsOf } from "./maintenance-details.types.js";
import { type MaintenanceOrderValue, orderValue } from "./maintenance-value.js";

const MOST_CHANGES_WAITING = 1_000;

@Resolver(() => MaintenanceOrder)
export class MaintenanceOrderResolver {
  readonly #maintenance: MaintenanceService;
  readonly #twins: TwinService;
  readonly #plant: Plant;
  readonly #live: LiveBus;

  constructor(deps: { maintenance: MaintenanceService; twins: TwinService; plant: Plant; live: LiveBus }) {
    this.#maintenance = deps.maintenance;
    this.#twins = deps.twins;
    this.#plant = deps.plant;
    this.#live = deps.live;
  }

  /** Finds maintenance orders again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const key = keyOfGlobalId("MaintenanceOrder", id);
      const row = key === null ? null : await this.#maintenance.byId(key);
      return row && orderValue(row);
    },
  };

  @Query(() => MaintenanceOrder, {
    nullable: true,
    description: "The maintenance order of a number; null when there is none.",
  })
  async maintenanceOrder(
    @Arg("number", () => String, { description: "Such as MO-000001." }) number: string,
  ): Promise<object | null> {
    const row = await this.#maintenance.byNumber(number);
    return row && orderValue(row);
  }

  @Query(() => MaintenanceOrderConnection, { description: "Maintenance orders, oldest first." })
  async maintenanceOrders(@Args(() => MaintenanceOrdersArgs) args: MaintenanceOrdersArgs): Promise<object> {
    const request = idPageRequest(args);
    const filter = { status: args.status ?? null, under: this.#known(args.under) };
    return connection(await this.#maintenance.page(filter, request), request, (row) => row.id, orderValue);
  }

  @Mutation(() => MaintenanceOrderPayload, {
    description:
      "Makes a maintenance order: PLANNED when its plannedStart lies in the future, otherwise OPEN.",
  })
  async createMaintenanceOrder(
    @Arg("input", () => CreateMaintenanceOrderInput, { description: "The order." })
    { idempotencyKey, ...input }: CreateMaintenanceOrderInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const caller = { principal: context.principal.name, idempotencyKey: idempotencyKey ?? null };
    const wanted = {
      machine: input.machine,
      kind: input.kind,
      title: input.title,
      description: input.description ?? null,
      priority: input.priority ?? 50,
      lockout: input.lockout ?? false,
      plannedStart: input.plannedStart ?? null,
      dueAt: input.dueAt ?? null,
      estimatedMinutes: input.estimatedMinutes ?? null,
      checklist: checklistOf(input.checklist),
      parts: partsOf(input.parts),
    };
    return payload(await this.#maintenance.create(caller, wanted));
  }

  @Mutation(() => MaintenanceOrderPayload, {
    description:
      "Starts an OPEN maintenance order, or a PLANNED one, which passes OPEN on the way. With lockout it may start while an operation runs on the machine; the operation goes on.",
  })
  startMaintenance(
    @Arg("input", () => MaintenanceActionInput, { description: "The order." }) input: MaintenanceActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("start", input, context);
  }

  @Mutation(() => MaintenanceOrderPayload, { description: "Completes a maintenance order IN_PROGRESS." })
  completeMaintenance(
    @Arg("input", () => MaintenanceActionInput, { description: "The order." }) input: MaintenanceActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("complete", input, context);
  }

  @Mutation(() => MaintenanceOrderPayload, { description: "Cancels a PLANNED or OPEN maintenance order." })
  cancelMaintenance(
    @Arg("input", () => MaintenanceActionInput, { description: "The order." }) input: MaintenanceActionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    return this.#act("cancel", input, context);
  }

  @Subscription(() => MaintenanceOrder, {
    description:
      "Every change of a maintenance order, in the whole plant or below a path: the order as it is now.",
    subscribe: ({ args, context }: { args: MaintenanceOrderChangedArgs; context: GraphQLContext }) =>
      context.resolver(MaintenanceOrderResolver).follow(args),
  })
  async maintenanceOrderChanged(
    @Root() key: string,
    @Args(() => MaintenanceOrderChangedArgs) _args: MaintenanceOrderChangedArgs,
  ): Promise<object> {
    const row = await this.#maintenance.byId(key);
    if (!row) throw new Error(`there is no maintenance order with the id ${key}`);
    return orderValue(row);
  }

  /** The ids of the orders that change. */
  follow(args: MaintenanceOrderChangedArgs): AsyncIterable<string> {
    const under = this.#known(args.under);
    return this.#live.stream("maintenanceOrderChanged", {
      max: MOST_CHANGES_WAITING,
      map: ({ id, machines }) =>
        under === null || machines.some((machine) => isUnder(machine.path, under)) ? id : null,
    });
  }

  @FieldResolver(() => Machine)
  machine(@Root() order: MaintenanceOrderValue): object {
    return this.#twins.viewById(order.machineId);
  }

  @FieldResolver(() => [MaintenanceComment])
  comments(
    @Root() order: MaintenanceOrderValue,
    @Ctx() context: GraphQLContext,
  ): Promise<MaintenanceCommentRow[]> {
    const loader = loaderOf(
      context,
      "maintenance.comments",
      // A subscription keeps its context, so that a remembered answer would stay for ever.
      () => new DataLoader((keys: readonly string[]) => this.#maintenance.commentsOf(keys), { cache: false }),
    );
    return loader.load(order.key);
  }

  #known(under: string | null | undefined): string | null {
    if (under == null) return null;
    if (!this.#plant.byPath(under)) throw badInput(`under: there is no equipment "${under}"`, ["under"]);
    return under;
  }

  async #act(
    action: MaintenanceAction,
    input: MaintenanceActionInput,
    context: GraphQLContext,
  ): Promise<object> {
    const caller = { principal: context.principal.name, idempotencyKey: input.idempotencyKey ?? null };
    const { number, expectedVersion, comment, at } = input;
    const wanted = {
      ...{ number, expectedVersion: expectedVersion ?? null },
      ...{ comment: comment ?? null, at: at ?? null },
    };
    return payload(await this.#maintenance.act(caller, action, wanted));
  }
}

/** What maintenance adds to machines. */
@Resolver(() => Machine)
export class MachineMaintenanceResolver {
  readonly #maintenance: MaintenanceService;

  constructor(deps: { maintenance: MaintenanceService }) {
    this.#maintenance = deps.maintenance;
  }

  @FieldResolver(() => [MaintenanceOrder], {
    description: `The machine's newest maintenance orders, ${MOST_ORDERS_OF_MACHINE} at most, newest first; maintenanceOrders has them all.`,
  })
  async maintenanceOrders(
    @Root() machine: TwinView,
    @Ctx() context: GraphQLContext,
    @Arg("open", () => Boolean, {
      nullable: true,
      defaultValue: true,
      description: "True: only those not yet completed or cancelled; false: only the others; null: all.",
    })
    open: boolean | null,
  ): Promise<MaintenanceOrderValue[]> {
    const loader = loaderOf(
      context,
      `maintenance.ofMachines.${open}`,
      () =>
        new DataLoader((ids: readonly string[]) => this.#maintenance.ofMachines(ids, open), { cache: false }),
    );
    return (await loader.load(machine.equipment.id)).map(orderValue);
  }
}

function payload(result: MaintenanceResult): MaintenanceOrderPayload {
  return { maintenanceOrder: result.order && orderValue(result.order), userErrors: result.userErrors };
}
