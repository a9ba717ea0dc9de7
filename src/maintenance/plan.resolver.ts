import DataLoader from "dataloader";
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from "type-graphql";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import type { NodeSource } from "../graphql/node.types.js";
import { badInput } from "../graphql/pagination.js";
import { GraphQLEquipmentPath } from "../graphql/scalars.js";
import { globalId, keyOfGlobalId } from "../kernel/ids.js";
import type { Plant } from "../plant/plant.js";
import type { TwinService } from "../twin/twin.service.js";
import { Machine } from "../twin/twin.types.js";
import type { TwinView } from "../twin/twin-model.js";
import type { MaintenanceService } from "./maintenance.service.js";
import { MaintenanceOrder } from "./maintenance.types.js";
import { checklistOf, partsOf } from "./maintenance-details.types.js";
import { type MaintenanceOrderValue, orderValue } from "./maintenance-value.js";
import { nextDueAt, type PlanFields, type PlanState, type WantedTriggers } from "./plan.js";
import type { PlanResult, PlanService } from "./plan.service.js";
import {
  CreateMaintenancePlanInput,
  MaintenancePlan,
  MaintenancePlanPayload,
  SetMaintenancePlanActiveInput,
  UpdateMaintenancePlanInput,
} from "./plan.types.js";

interface PlanValue extends Omit<PlanState["plan"], "id"> {
  readonly __typename: "MaintenancePlan";
  readonly id: string;
  readonly key: string;
  readonly state: PlanState;
}

function planValue(state: PlanState): PlanValue {
  const { plan } = state;
  const id = globalId("MaintenancePlan", plan.id);
  return { ...plan, __typename: "MaintenancePlan", key: plan.id, id, state };
}

@Resolver(() => MaintenancePlan)
export class MaintenancePlanResolver {
  readonly #plans: PlanService;
  readonly #maintenance: MaintenanceService;
  readonly #twins: TwinService;
  readonly #plant: Plant;

  constructor(deps: {
    plans: PlanService;
    maintenance: MaintenanceService;
    twins: TwinService;
    plant: Plant;
  }) {
    this.#plans = deps.plans;
    this.#maintenance = deps.maintenance;
    this.#twins = deps.twins;
    this.#plant = deps.plant;
  }

  /** Finds maintenance plans again. */
  readonly nodes: NodeSource = {
    find: async (id) => {
      const key = keyOfGlobalId("MaintenancePlan", id);
      const state = key === null ? null : await this.#plans.byId(key);
      return state && planValue(state);
    },
  };

  @Query(() => [MaintenancePlan], { description: "The maintenance plans, oldest first." })
  async maintenancePlans(
    @Arg("under", () => GraphQLEquipmentPath, {
      nullable: true,
      description: "Only plans of machines at or below this path.",
    })
    under: string | null,
  ): Promise<PlanValue[]> {
    if (under != null && !this.#plant.byPath(under))
      throw badInput(`under: there is no equipment "${under}"`, ["under"]);
    return (await this.#plans.under(under ?? null)).map(planValue);
  }

  @Mutation(() => MaintenancePlanPayload, {
    description: "Makes an active maintenance plan. What was due before makes no order.",
  })
  async createMaintenancePlan(
    @Arg("input", () => CreateMaintenancePlanInput, { description: "The plan." })
    input: CreateMaintenancePlanInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const plan = {
      ...NEW_PLAN,
      ...changesOf(input),
      ...triggersOf(input),
      ...{ machine: input.machine, name: input.name, kind: input.kind ?? "PREVENTIVE" },
    };
    return payload(await this.#plans.create(callerOf(context, input), plan));
  }

  @Mutation(() => MaintenancePlanPayload, {
    description:
      "Changes a maintenance plan; its orders stay as they are. A trigger that is given takes effect from now on.",
  })
  async updateMaintenancePlan(
    @Arg("input", () => UpdateMaintenancePlanInput, { description: "The changes." })
    input: UpdateMaintenancePlanInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const key = { id: planKey(input.id), expectedVersion: input.expectedVersion ?? null };
    const change = {
      ...changesOf(input),
      ...triggersOf(input),
      ...(input.name == null ? {} : { name: input.name }),
      ...(input.kind == null ? {} : { kind: input.kind }),
    };
    return payload(await this.#plans.update(callerOf(context, input), { ...change, ...key }));
  }

  @Mutation(() => MaintenancePlanPayload, {
    description:
      "Activates or deactivates a maintenance plan. What a calendar or a condition was due meanwhile makes no order; usage goes on being counted.",
  })
  async setMaintenancePlanActive(
    @Arg("input", () => SetMaintenancePlanActiveInput, { description: "The plan, and what it is to be." })
    input: SetMaintenancePlanActiveInput,
    @Ctx() context: GraphQLContext,
  ): Promise<object> {
    const { active, expectedVersion } = input;
    const wanted = { id: planKey(input.id), active, expectedVersion: expectedVersion ?? null };
    return payload(await this.#plans.setActive(callerOf(context, input), wanted));
  }

  @FieldResolver()
  machine(@Root() plan: PlanValue): object {
    return this.#twins.viewById(plan.machineId);
  }

  @FieldResolver()
  trigger(@Root() { trigger }: PlanValue): object {
    return trigger.kind === "CALENDAR" ? { ...trigger, firstDueAt: new Date(trigger.anchor) } : trigger;
  }

  @FieldResolver()
  nextDueAt(@Root() { state }: PlanValue): Date | null {
    const at = nextDueAt(state.plan, state.progress);
    return at === null ? null : new Date(at);
  }

  @FieldResolver()
  used(@Root() { state }: PlanValue): number | null {
    return state.plan.trigger.kind === "USAGE" ? Number(state.progress.used) : null;
  }

  @FieldResolver()
  occurrences(@Root() { state }: PlanValue): number {
    return state.progress.occurrence;
  }

  @FieldResolver()
  skipped(@Root() { state }: PlanValue): number {
    return state.progress.skipped;
  }

  @FieldResolver()
  async orders(@Root() plan: PlanValue, @Ctx() context: GraphQLContext): Promise<MaintenanceOrderValue[]> {
    const make = () =>
      new DataLoader((ids: readonly string[]) => this.#maintenance.ofPlans(ids), { cache: false });
    return (await loaderOf(context, "maintenance.ofPlans", make).load(plan.key)).map(orderValue);
  }
}

/** What plans add to their orders. */
@Resolver(() => MaintenanceOrder)
export class OrderPlanResolver {
  readonly #plans: PlanService;

  constructor(deps: { plans: PlanService }) {
    this.#plans = deps.plans;
  }

  @FieldResolver(() => MaintenancePlan, {
    nullable: true,
    description: "The plan that made it; null when no plan did.",
  })
  async plan(
    @Root() { planId }: MaintenanceOrderValue,
    @Ctx() context: GraphQLContext,
  ): Promise<PlanValue | null> {
    if (planId === null) return null;
    const make = () => new DataLoader((ids: readonly string[]) => this.#plans.byIds(ids), { cache: false });
    const state = await loaderOf(context, "maintenance.plans", make).load(planId);
    return state && planValue(state);
  }
}

/** What plans add to machines. */
@Resolver(() => Machine)
export class MachinePlansResolver {
  readonly #plans: PlanService;

  constructor(deps: { plans: PlanService }) {
    this.#plans = deps.plans;
  }

  @FieldResolver(() => [MaintenancePlan], { description: "The machine's maintenance plans, oldest first." })
  async maintenancePlans(@Root() machine: TwinView, @Ctx() context: GraphQLContext): Promise<PlanValue[]> {
    const make = () =>
      new DataLoader((ids: readonly string[]) => this.#plans.ofMachines(ids), { cache: false });
    const states = await loaderOf(context, "maintenance.plansOfMachines", make).load(machine.equipment.id);
    return states.map(planValue);
  }
}

const NEW_PLAN: Omit<PlanFields, "name" | "kind"> = {
  ...{ title: null, description: null, priority: 50, lockout: false, dueWithin: null },
  ...{ estimatedMinutes: null, allowSeveral: false, checklist: [], parts: [] },
};

/** What an input says of a plan; null clears what can be empty, and leaves the rest as it is. */
function changesOf(input: CreateMaintenancePlanInput | UpdateMaintenancePlanInput): Partial<PlanFields> {
  const { title, description, dueWithin, estimatedMinutes } = input;
  const { priority, lockout, allowSeveral, checklist, parts } = input;
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(dueWithin === undefined ? {} : { dueWithin }),
    ...(estimatedMinutes === undefined ? {} : { estimatedMinutes }),
    ...(priority == null ? {} : { priority }),
    ...(lockout == null ? {} : { lockout }),
    ...(allowSeveral == null ? {} : { allowSeveral }),
    ...(checklist == null ? {} : { checklist: checklistOf(checklist) }),
    ...(parts == null ? {} : { parts: partsOf(parts) }),
  };
}

function triggersOf(input: CreateMaintenancePlanInput | UpdateMaintenancePlanInput): WantedTriggers {
  const { calendar, usage, condition } = input;
  return {
    calendar: calendar
      ? {
          every: calendar.every,
          firstDueAt: calendar.firstDueAt ?? null,
          timeZone: calendar.timeZone ?? null,
          leadTime: calendar.leadTime ?? null,
        }
      : null,
    usage: usage
      ? { metric: usage.metric, every: usage.every, alreadyUsed: usage.alreadyUsed ?? null }
      : null,
    condition: condition
      ? {
          ...{ metric: condition.metric, operator: condition.operator, threshold: condition.threshold },
          ...{ forMs: condition.forMs ?? 0, hysteresis: condition.hysteresis ?? 0 },
        }
      : null,
  };
}

/** An id of something else is like one that nothing has. */
function planKey(id: string): string {
  return keyOfGlobalId("MaintenancePlan", id) ?? "";
}

function callerOf(context: GraphQLContext, { idempotencyKey }: { idempotencyKey?: string | null }) {
  return { principal: context.principal.name, idempotencyKey: idempotencyKey ?? null };
}

function payload({ state, userErrors }: PlanResult): object {
  return { plan: state && planValue(state), userErrors };
}
