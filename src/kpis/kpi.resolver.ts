import DataLoader from "dataloader";
import { Arg, Args, Ctx, FieldResolver, Resolver, Root, Subscription } from "type-graphql";
import { downtimeValue } from "../downtime/downtime-value.js";
import { type GraphQLContext, loaderOf } from "../graphql/context.js";
import { badInput } from "../graphql/pagination.js";
import type { Interval } from "../kernel/intervals.js";
import { Operation, ProductionOrder } from "../orders/order.types.js";
import type { OrderQueryService } from "../orders/order-query.service.js";
import type { OperationValue, OrderValue } from "../orders/order-values.js";
import type { Equipment as EquipmentNode } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import { Equipment } from "../plant/plant.types.js";
import type { EnergyUse } from "./energy.js";
import type { KpiService, ShiftReport } from "./kpi.service.js";
import { KpiArgs, KpiChangedArgs, KpiEnergy, KpiLoss, KpiReport } from "./kpi.types.js";
import { lossesCost, reportCost, shiftReportsCost } from "./kpi-cost.js";
import type { KpiFeed, KpiNews } from "./kpi-feed.service.js";
import type { KpiFinality, KpiReport as Report } from "./kpi-report.js";
import { type KpiReportValue, reportValue } from "./kpi-value.js";
import type { Loss } from "./losses.js";
import type { OperationKpiService } from "./operation-kpi.service.js";

/** What KPIs add to machines and groups. */
@Resolver(() => Equipment)
export class EquipmentKpiResolver {
  readonly #kpis: KpiService;

  constructor(deps: { kpis: KpiService }) {
    this.#kpis = deps.kpis;
  }

  @FieldResolver(() => KpiReport, {
    description:
      "KPIs of a range. A group adds up the numerators and denominators of its machines: it never averages ratios.",
    complexity: reportCost,
  })
  async kpis(
    @Root() { equipment }: { equipment: EquipmentNode },
    @Args(() => KpiArgs) args: KpiArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<KpiReportValue> {
    this.#range(equipment, args);
    const load = (all: readonly EquipmentNode[]) => this.#kpis.reports(all, this.#range(equipment, args));
    const loader = loaderOf(
      context,
      keyOf("kpis.reports", args),
      () => new DataLoader<EquipmentNode, Report>(load, { cache: false }),
    );
    return reportValue(await loader.load(equipment));
  }

  @FieldResolver(() => [KpiReport], {
    description:
      "KPIs of each shift that takes place in a range, oldest first, of the part of it that lies in the range.",
    complexity: shiftReportsCost,
  })
  async kpisByShift(
    @Root() { equipment }: { equipment: EquipmentNode },
    @Args(() => KpiArgs) args: KpiArgs,
    @Ctx() context: GraphQLContext,
  ): Promise<KpiReportValue[]> {
    this.#range(equipment, args);
    const load = (all: readonly EquipmentNode[]) => this.#kpis.byShift(all, this.#range(equipment, args));
    const loader = loaderOf(
      context,
      keyOf("kpis.byShift", args),
      () => new DataLoader<EquipmentNode, ShiftReport[]>(load, { cache: false }),
    );
    return (await loader.load(equipment)).map(({ shift, report }) => reportValue(report, shift));
  }

  /** @throws GraphQLError BAD_USER_INPUT that names the argument. */
  #range(equipment: EquipmentNode, { from, to }: KpiArgs): Interval {
    const range = this.#kpis.range(equipment, from, to ?? null);
    if (!range.ok) throw badInput(range.error.message, [range.error.field]);
    return range.value;
  }
}

/** What KPIs add to operations. */
@Resolver(() => Operation)
export class OperationKpiResolver {
  readonly #kpis: OperationKpiService;

  constructor(deps: { kpis: OperationKpiService }) {
    this.#kpis = deps.kpis;
  }

  @FieldResolver(() => KpiReport, {
    nullable: true,
    description:
      "KPIs of the time in which it ran, from its start to its end or now; null before it has started.",
    complexity: 200,
  })
  async kpis(@Root() value: OperationValue, @Ctx() context: GraphQLContext): Promise<KpiReportValue | null> {
    const loader = loaderOf(
      context,
      "kpis.ofOperations",
      () =>
        new DataLoader(
          (all: readonly OperationValue[]) =>
            this.#kpis.ofOperations(all.map((one) => ({ ...one, id: one.key }))),
          { cache: false },
        ),
    );
    const report = await loader.load(value);
    return report && reportValue(report);
  }
}

/** What KPIs add to production orders. */
@Resolver(() => ProductionOrder)
export class OrderKpiResolver {
  readonly #kpis: OperationKpiService;
  readonly #queries: OrderQueryService;

  constructor(deps: { kpis: OperationKpiService; queries: OrderQueryService }) {
    this.#kpis = deps.kpis;
    this.#queries = deps.queries;
  }

  @FieldResolver(() => KpiReport, {
    nullable: true,
    description: "KPIs of all its operations together; null before the first has started.",
    complexity: 400,
  })
  async kpis(@Root() value: OrderValue, @Ctx() context: GraphQLContext): Promise<KpiReportValue | null> {
    const loader = loaderOf(
      context,
      "kpis.ofOrders",
      () => new DataLoader((all: readonly OrderValue[]) => this.#ofOrders(all), { cache: false }),
    );
    const report = await loader.load(value);
    return report && reportValue(report);
  }

  async #ofOrders(orders: readonly OrderValue[]): Promise<(Report | null)[]> {
    const operations = await this.#queries.operationsOf(orders.map(({ key }) => key));
    return this.#kpis.ofOrders(
      orders.map(({ status }, index) => ({ status, operations: operations[index] ?? [] })),
    );
  }
}

/** Reports, and how they change. */
@Resolver(() => KpiReport)
export class KpiReportResolver {
  readonly #kpis: KpiService;
  readonly #feed: KpiFeed;
  readonly #plant: Plant;

  constructor(deps: { kpis: KpiService; feed: KpiFeed; plant: Plant }) {
    this.#kpis = deps.kpis;
    this.#feed = deps.feed;
    this.#plant = deps.plant;
  }

  @Subscription(() => KpiReport, {
    description:
      "A live report: first as it is, then after every change at most once a second, when a shift begins or ends, and at least once a minute. Of the shift that takes place, or else the latest one; without shifts, of the last 24 hours.",
    subscribe: ({ args, context }: { args: KpiChangedArgs; context: GraphQLContext }) =>
      context.resolver(KpiReportResolver).follow(args),
    complexity: ({ childComplexity }) => 500 + childComplexity,
  })
  kpiChanged(
    @Root() { report, shift }: KpiNews,
    @Args(() => KpiChangedArgs) _args: KpiChangedArgs,
  ): KpiReportValue {
    return reportValue(report, shift);
  }

  follow({ path, from = null, shift = null }: KpiChangedArgs): AsyncIterable<KpiNews> {
    const equipment = this.#plant.byPath(path);
    if (!equipment) throw badInput(`path: there is no equipment "${path}"`, ["path"]);
    if (from !== null && shift !== null) throw badInput("give from or shift, not both", ["shift"]);
    const range = from === null ? null : this.#kpis.range(equipment, from, null);
    if (range?.ok === false) throw badInput(range.error.message, [range.error.field]);
    const followed = { equipment, from, shift };
    if (shift !== null && !this.#feed.hasShift(followed))
      throw badInput(`shift: no shift "${shift}" has taken place at "${path}" lately`, ["shift"]);
    return this.#feed.follow(followed);
  }

  @FieldResolver()
  finality(@Root() { report }: KpiReportValue): Promise<KpiFinality> {
    return report.finality();
  }

  @FieldResolver(() => [KpiLoss], {
    description:
      "Where the time went, down to the reasons of downtimes: a tree as a list, each branch before those below it, the longest first.",
    complexity: lossesCost,
  })
  async losses(
    @Root() { report }: KpiReportValue,
    @Arg("downtimes", () => Boolean, {
      defaultValue: false,
      description: "Whether every downtime has a branch of its own.",
    })
    downtimes: boolean,
  ): Promise<Loss[]> {
    return report.losses({ downtimes });
  }

  @FieldResolver(() => [KpiEnergy])
  energy(@Root() { report }: KpiReportValue): Promise<EnergyUse[]> {
    return report.energy();
  }
}

/** What branches of the loss tree show. */
@Resolver(() => KpiLoss)
export class KpiLossResolver {
  @FieldResolver()
  downtime(@Root() { downtime }: Loss): object | null {
    return downtime && downtimeValue(downtime);
  }
}

function keyOf(name: string, { from, to }: KpiArgs): string {
  return `${name} ${from.toISOString()} ${to?.toISOString() ?? ""}`;
}
