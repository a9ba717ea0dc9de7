import "reflect-metadata";
import { type ExecutionResult, execute, parse, subscribe } from "graphql";
import { ActivityWriteStore } from "../../src/activity/activity-write.store.js";
import { ActivityWriter } from "../../src/activity/activity-writer.service.js";
import { Database } from "../../src/db/database.js";
import { GenealogyService } from "../../src/genealogy/genealogy.service.js";
import { GenealogyStore } from "../../src/genealogy/genealogy.store.js";
import {
  LotEdgeResolver,
  LotMovementResolver,
  LotResolver,
  OperationLotsResolver,
} from "../../src/genealogy/lot.resolver.js";
import { LotStore } from "../../src/genealogy/lot.store.js";
import { LotMutationResolver } from "../../src/genealogy/lot-mutation.resolver.js";
import { LotQueryService } from "../../src/genealogy/lot-query.service.js";
import type { GraphQLContext } from "../../src/graphql/context.js";
import { NodeResolver } from "../../src/graphql/node.resolver.js";
import { buildGraphQLSchema, type ResolverClass } from "../../src/graphql/schema.js";
import { StretchStore } from "../../src/history/stretch.store.js";
import type { Clock } from "../../src/kernel/clock.js";
import { LiveBus } from "../../src/live/live-bus.js";
import {
  MaintenanceCommentEntity,
  MaintenanceOrderEntity,
} from "../../src/maintenance/maintenance.entity.js";
import {
  MachineMaintenanceResolver,
  MaintenanceOrderResolver,
} from "../../src/maintenance/maintenance.resolver.js";
import { MaintenanceService } from "../../src/maintenance/maintenance.service.js";
import { MaintenanceStore } from "../../src/maintenance/maintenance.store.js";
import { MachineOperationResolver, OperationResolver } from "../../src/orders/operation.resolver.js";
import { OperationRunService } from "../../src/orders/operation-run.service.js";
import { OperationEntity, ProductionOrderEntity } from "../../src/orders/order.entity.js";
import { OrderResolver } from "../../src/orders/order.resolver.js";
import { OrderService } from "../../src/orders/order.service.js";
import { OrderStore } from "../../src/orders/order.store.js";
import {
  MachineRunsResolver,
  OperationRunResolver,
  OrderEventResolver,
  OrderEventsResolver,
} from "../../src/orders/order-event.resolver.js";
import { OrderEventService } from "../../src/orders/order-event.service.js";
import { OrderEventStore } from "../../src/orders/order-event.store.js";
import { OrderImportService } from "../../src/orders/order-import.service.js";
import { OrderListStore } from "../../src/orders/order-list.store.js";
import { OrderMutationResolver } from "../../src/orders/order-mutation.resolver.js";
import { OrderQueryService } from "../../src/orders/order-query.service.js";
import { OrderWriteStore } from "../../src/orders/order-write.store.js";
import { EquipmentEntity, MachineTypeEntity } from "../../src/plant/plant.entity.js";
import { PlantResolver } from "../../src/plant/plant.resolver.js";
import { PlantService } from "../../src/plant/plant.service.js";
import { PlantStore } from "../../src/plant/plant.store.js";
import {
  OperationProductionResolver,
  OrderProductionResolver,
  ProductionResolver,
} from "../../src/production/production.resolver.js";
import { ProductionService } from "../../src/production/production.service.js";
import { ProductionStore } from "../../src/production/production.store.js";
import { ProductionReportService } from "../../src/production/production-report.service.js";
import { TwinResolver } from "../../src/twin/twin.resolver.js";
import { TwinService } from "../../src/twin/twin.service.js";
import { TwinStore } from "../../src/twin/twin.store.js";
import { TwinJournal } from "../../src/twin/twin-journal.js";
import { createTestDatabase } from "./database.js";
import { historyOf } from "./history.js";
import { silentLogger } from "./silent-logger.js";

const ENTITIES = [
  EquipmentEntity,
  MachineTypeEntity,
  ProductionOrderEntity,
  OperationEntity,
  MaintenanceOrderEntity,
  MaintenanceCommentEntity,
];

type Answer = Record<string, unknown>;

/** Orders, maintenance and production on a database of their own, asked over GraphQL without a network. */
export type OrderPlant = Awaited<ReturnType<typeof startOrderPlant>>;

/** The plant has the counting machines acme/line/m1 to m4 and acme/line/total, which has no good counter. */
export async function startOrderPlant() {
  const database = await createTestDatabase();
  const db = new Database({ url: database.url, entities: ENTITIES, logger: silentLogger });
  await db.start();
  let statements = 0;
  const query = db.query.bind(db);
  db.query = (text, values) => {
    statements += 1;
    return query(text, values);
  };
  const time = { now: Date.parse("2026-03-01T08:00:00Z") };
  const clock: Clock = { now: () => time.now };
  const live = new LiveBus();
  const plants = new PlantService({ store: new PlantStore(db), db, logger: silentLogger });
  await plants.apply({
    machineTypes: [
      machineType("counting", ["good", "GOOD_COUNT"], ["reject", "REJECT_COUNT"], ["total", "TOTAL_COUNT"]),
      machineType("totalling", ["reject", "REJECT_COUNT"], ["total", "TOTAL_COUNT"]),
    ],
    equipment: [
      ...["m1", "m2", "m3", "m4"].map((name) => ({ path: `acme/line/${name}`, type: "counting" })),
      { path: "acme/line/total", type: "totalling" },
    ],
    sources: [],
  });
  const { plant } = plants;
  const { history } = historyOf(db);
  const twins = new TwinService({ plant, store: new TwinStore(db), history, clock, run: "test" });
  const maintenance = new MaintenanceService({ store: new MaintenanceStore(db), db, plant, live, clock });
  const store = new OrderStore(db);
  const orderEvents = new OrderEventStore(db);
  const writes = new OrderWriteStore({ events: orderEvents });
  const orders: OrderService = new OrderService({
    store,
    writes,
    events: orderEvents,
    maintenance,
    db,
    plant,
    live,
    follower: {
      runsChanged: (sql, changes) => activity.runsChanged(sql, changes),
      countingOf: (sql, machineId) => activity.countingOf(sql, machineId),
    },
    clock,
  });
  const imports = new OrderImportService({ store, writes, orders, db, plant, clock });
  const queries = new OrderQueryService({ store, lists: new OrderListStore(db) });
  const runs = new OperationRunService({ events: orderEvents });
  const records = new ProductionStore(db);
  const lotStore = new LotStore(db);
  const lots = new LotQueryService({ store: lotStore, genealogy: new GenealogyStore(db) });
  const genealogy = new GenealogyService({ store: lotStore, orders, db, plant, clock });
  const reports = new ProductionReportService({ store: records, orders, db, clock });
  const production = new ProductionService({ store: records, orders, clock });
  const activity: ActivityWriter = new ActivityWriter({
    store: new ActivityWriteStore(),
    samples: new StretchStore(),
    runs,
    operations: production,
    plant,
    live,
    clock,
    logger: silentLogger,
  });
  const orderResolver = new OrderResolver({ queries, twins, plant, live, clock });
  const operationResolver = new OperationResolver({ queries, twins });
  const lotResolver = new LotResolver({ lots });
  const movementResolver = new LotMovementResolver({ lots, queries, twins });
  const productionResolver = new ProductionResolver({ reports, queries, twins });
  const maintenanceResolver = new MaintenanceOrderResolver({ maintenance, twins, plant, live });
  const resolvers: object[] = [
    new PlantResolver({ plant, machines: { view: (machine) => twins.of(machine).view } }),
    new TwinResolver({ plant, twins, live, journal: new TwinJournal(10, () => clock.now()) }),
    orderResolver,
    operationResolver,
    new MachineOperationResolver({ queries }),
    new OrderMutationResolver({ orders, imports, queries }),
    new OrderEventsResolver({ events: new OrderEventService({ store: orderEvents }) }),
    new OrderEventResolver({ queries, twins }),
    new OperationRunResolver({ queries }),
    new MachineRunsResolver({ runs }),
    maintenanceResolver,
    new MachineMaintenanceResolver({ maintenance }),
    productionResolver,
    lotResolver,
    movementResolver,
    new OperationProductionResolver({ reports }),
    new OperationLotsResolver({ lots }),
    new LotEdgeResolver({ queries }),
    new LotMutationResolver({ genealogy, lots }),
    new OrderProductionResolver({ reports }),
    new NodeResolver([
      orderResolver.nodes,
      operationResolver.nodes,
      productionResolver.nodes,
      lotResolver.nodes,
      movementResolver.nodes,
      maintenanceResolver.nodes,
    ]),
  ];
  const byClass = new Map(resolvers.map((one) => [one.constructor as ResolverClass, one]));
  const instanceOf = (of: ResolverClass): object => {
    const found = byClass.get(of);
    if (!found) throw new Error(`no ${of.name}`);
    return found;
  };
  const schema = buildGraphQLSchema([...byClass.keys()], instanceOf);
  const operation = (document: string, variableValues: Record<string, unknown>) => {
    const contextValue: GraphQLContext = {
      principal: { name: "tester" },
      loaders: new Map(),
      resolver: <Resolver>(of: new (...deps: never[]) => Resolver) =>
        instanceOf(of as ResolverClass) as Resolver,
    };
    return { schema, document: parse(document), variableValues, contextValue };
  };

  return {
    db,
    time,
    plant,
    live,
    plants,
    activity,
    maintenance,
    runs,
    /** How many statements were asked of the hot path's pool, by which lists are read. */
    statements: () => statements,
    async ask(document: string, variables: Record<string, unknown> = {}): Promise<Answer> {
      return dataOf((await execute(operation(document, variables))) as ExecutionResult);
    },
    async follow(document: string, variables: Record<string, unknown> = {}) {
      const events = await subscribe(operation(document, variables));
      if (!(Symbol.asyncIterator in events)) throw new Error(JSON.stringify(events.errors));
      return {
        next: async () => dataOf((await events.next()).value as ExecutionResult),
        end: async () => void (await events.return()),
      };
    },
    async stop(): Promise<void> {
      await db.stop();
      await database.drop();
    },
  };
}

function dataOf(result: ExecutionResult): Answer {
  if (result.errors?.[0]) throw result.errors[0].originalError ?? result.errors[0];
  // Objects of graphql have no prototype, which toEqual takes for a difference.
  return JSON.parse(JSON.stringify(result.data)) as Answer;
}

function machineType(name: string, ...metrics: [string, "GOOD_COUNT" | "REJECT_COUNT" | "TOTAL_COUNT"][]) {
  return {
    name,
    appliesTo: [],
    staleAfter: 60_000,
    metrics: metrics.map(([metric, role]) => ({
      name: metric,
      type: "Int64" as const,
      role,
      writable: false,
    })),
    commands: [],
  };
}
