import { ActivityService } from "./activity/activity.service.js";
import { ActivityStore } from "./activity/activity.store.js";
import { ActivityWriteStore } from "./activity/activity-write.store.js";
import { ActivityWriter } from "./activity/activity-writer.service.js";
import { MachineCountFlagsResolver } from "./activity/count-flag.resolver.js";
import { CountFlagStore } from "./activity/count-flag.store.js";
import { AlarmResolver, AlarmShelfResolver } from "./alarms/alarm.resolver.js";
import { AlarmService } from "./alarms/alarm.service.js";
import { AlarmStore } from "./alarms/alarm.store.js";
import {
  AlarmMaintenanceResolver,
  MachineAlarmsResolver,
  MachineTypeAlarmsResolver,
  MaintenanceOrderAlarmResolver,
} from "./alarms/alarm-fields.resolver.js";
import { AlarmQueryStore } from "./alarms/alarm-query.store.js";
import { AlarmUpkeep } from "./alarms/alarm-upkeep.service.js";
import { AlarmWatch } from "./alarms/alarm-watch.service.js";
import { AlarmWriter } from "./alarms/alarm-writer.service.js";
import { WindowReader } from "./alarms/window-reader.service.js";
import { CalendarResolver } from "./calendar/calendar.resolver.js";
import { CalendarService } from "./calendar/calendar.service.js";
import { PlannedStopStore } from "./calendar/planned-stop.store.js";
import type { Database } from "./db/database.js";
import {
  DowntimeResolver,
  MachineDowntimeResolver,
  MachineTypeDowntimeResolver,
} from "./downtime/downtime.resolver.js";
import { DowntimeService } from "./downtime/downtime.service.js";
import { DowntimeStore } from "./downtime/downtime.store.js";
import { DowntimeWatch } from "./downtime/downtime-watch.service.js";
import { TimeModelService } from "./downtime/time-model.service.js";
import { GenealogyService } from "./genealogy/genealogy.service.js";
import { GenealogyStore } from "./genealogy/genealogy.store.js";
import {
  LotEdgeResolver,
  LotMovementResolver,
  LotResolver,
  OperationLotsResolver,
} from "./genealogy/lot.resolver.js";
import { LotStore } from "./genealogy/lot.store.js";
import { LotMutationResolver } from "./genealogy/lot-mutation.resolver.js";
import { LotQueryService } from "./genealogy/lot-query.service.js";
import type { NodeSource } from "./graphql/node.types.js";
import type { RangeService } from "./history/range.service.js";
import { StretchStore } from "./history/stretch.store.js";
import type { Clock } from "./kernel/clock.js";
import type { Logger } from "./kernel/logger.js";
import { EnergyService } from "./kpis/energy.service.js";
import {
  EquipmentKpiResolver,
  KpiLossResolver,
  KpiReportResolver,
  OperationKpiResolver,
  OrderKpiResolver,
} from "./kpis/kpi.resolver.js";
import { KpiService } from "./kpis/kpi.service.js";
import { KpiFeed } from "./kpis/kpi-feed.service.js";
import { OperationKpiService } from "./kpis/operation-kpi.service.js";
import { PartReader } from "./kpis/part-reader.service.js";
import type { LiveBus } from "./live/live-bus.js";
import { MaintenanceFiguresResolver } from "./maintenance/figures.resolver.js";
import { FiguresService } from "./maintenance/figures.service.js";
import { FiguresStore } from "./maintenance/figures.store.js";
import { MachineMaintenanceResolver, MaintenanceOrderResolver } from "./maintenance/maintenance.resolver.js";
import { MaintenanceService } from "./maintenance/maintenance.service.js";
import { MaintenanceStore } from "./maintenance/maintenance.store.js";
import { MaintenanceRecordsResolver } from "./maintenance/maintenance-records.resolver.js";
import { MaintenanceRecords } from "./maintenance/maintenance-records.service.js";
import { MaintenanceRecordsStore } from "./maintenance/maintenance-records.store.js";
import { MaintenanceWatch } from "./maintenance/maintenance-watch.service.js";
import { MetricSamples } from "./maintenance/metric-samples.service.js";
import {
  MachinePlansResolver,
  MaintenancePlanResolver,
  OrderPlanResolver,
} from "./maintenance/plan.resolver.js";
import { PlanService } from "./maintenance/plan.service.js";
import { PlanStore } from "./maintenance/plan.store.js";
import { PlanOrderService } from "./maintenance/plan-order.service.js";
import { PlanWatch } from "./maintenance/plan-watch.service.js";
import { MachineOperationResolver, OperationResolver } from "./orders/operation.resolver.js";
import { OperationRunService } from "./orders/operation-run.service.js";
import { OrderResolver } from "./orders/order.resolver.js";
import { OrderService } from "./orders/order.service.js";
import { OrderStore } from "./orders/order.store.js";
import {
  MachineRunsResolver,
  OperationRunResolver,
  OrderEventResolver,
  OrderEventsResolver,
} from "./orders/order-event.resolver.js";
import { OrderEventService } from "./orders/order-event.service.js";
import { OrderEventStore } from "./orders/order-event.store.js";
import { OrderImportService } from "./orders/order-import.service.js";
import { OrderListStore } from "./orders/order-list.store.js";
import { OrderMutationResolver } from "./orders/order-mutation.resolver.js";
import { OrderQueryService } from "./orders/order-query.service.js";
import { OrderWriteStore } from "./orders/order-write.store.js";
import type { Equipment } from "./plant/equipment.js";
import type { PlantService } from "./plant/plant.service.js";
import { OperatorCountStore } from "./production/operator-count.store.js";
import {
  OperationProductionResolver,
  OrderProductionResolver,
  ProductionResolver,
} from "./production/production.resolver.js";
import { ProductionService } from "./production/production.service.js";
import { ProductionStore } from "./production/production.store.js";
import { ProductionReportService } from "./production/production-report.service.js";
import type { FactWriter } from "./twin/facts.js";
import type { TwinService } from "./twin/twin.service.js";

/** What the MES is built on. */
interface Foundation {
  readonly db: Database;
  readonly plants: PlantService;
  readonly twins: TwinService;
  readonly ranges: RangeService;
  readonly live: LiveBus;
  /** The sources that this server consumes. */
  readonly sources: { held(): readonly string[] };
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Orders, counts, downtime, KPIs, maintenance and alarms, wired to each other. */
export interface Mes {
  readonly maintenance: MaintenanceService;
  readonly maintenanceWatch: MaintenanceWatch;
  readonly timeModel: TimeModelService;
  readonly downtimeWatch: DowntimeWatch;
  readonly alarmWatch: AlarmWatch;
  readonly alarmUpkeep: AlarmUpkeep;
  /** In the order in which they write. */
  readonly facts: readonly FactWriter[];
  readonly resolvers: readonly object[];
  readonly nodes: readonly NodeSource[];
}

/** Builds the features of the MES. Nothing runs yet. */
export function createMes(on: Foundation): Mes {
  const { db, plants, twins, ranges, live, sources, clock, logger } = on;
  const { plant } = plants;
  const maintenanceStore = new MaintenanceStore(db);
  const maintenance = new MaintenanceService({ store: maintenanceStore, db, plant, live, clock });
  const planned = new PlannedStopStore(db);
  const calendar = new CalendarService({ store: planned, db, plants, live, clock });

  const alarmStore = new AlarmStore(db);
  const windows = new WindowReader({ ranges });
  const alarmWatch = new AlarmWatch({ store: alarmStore, windows, twins, plant, clock });
  const alarmUpkeep = new AlarmUpkeep({ store: alarmStore, db, maintenance, plant, live, clock, logger });
  const alarmQueries = new AlarmQueryStore(db);
  const alarms = new AlarmService({ store: alarmStore, queries: alarmQueries, db, plant, live, clock });

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
      runsChanged: async (sql, changes) => {
        const counted = await activityWriter.runsChanged(sql, changes);
        return () => {
          counted();
          downtimeWatch.runsChanged(changes);
        };
      },
      countingOf: (sql, machineId) => activityWriter.countingOf(sql, machineId),
    },
    clock,
  });
  const imports = new OrderImportService({ store, writes, orders, db, plant, clock });
  const queries = new OrderQueryService({ store, lists: new OrderListStore(db) });
  const runs = new OperationRunService({ events: orderEvents });
  const activity = new ActivityService({
    store: new ActivityStore(db),
    operators: new OperatorCountStore(db),
  });
  const said = new DowntimeStore(db);
  const timeModel = new TimeModelService({ activity, calendar, runs, maintenance, store: said, clock });
  const downtimes = new DowntimeService({ model: timeModel, store: said, db, plant, live, clock });
  const downtimeWatch: DowntimeWatch = new DowntimeWatch({ model: timeModel, plant, live, clock, logger });
  const facts = {
    reader: new PartReader({ time: timeModel, counts: activity }),
    plants,
    clock,
  };
  const energy = new EnergyService({ ranges, samples: new StretchStore(), twins, db });
  const kpis = new KpiService({ ...facts, operations: queries, energy, shifts: calendar });
  const operationKpis = new OperationKpiService({ ...facts, energy });
  const records = new ProductionStore(db);
  const lotStore = new LotStore(db);
  const lots = new LotQueryService({ store: lotStore, genealogy: new GenealogyStore(db) });
  const genealogy = new GenealogyService({ store: lotStore, orders, db, plant, clock });
  const reports = new ProductionReportService({ store: records, orders, db, clock });
  const production = new ProductionService({ store: records, orders, clock });
  const activityWriter: ActivityWriter = new ActivityWriter({
    store: new ActivityWriteStore(),
    samples: new StretchStore(),
    runs,
    operations: production,
    plant,
    live,
    clock,
    logger,
  });

  const maintenanceRecords = new MaintenanceRecords({
    store: new MaintenanceRecordsStore(db),
    orders: maintenanceStore,
    maintenance,
  });
  const figures = new FiguresService({ store: new FiguresStore(db), plant, clock });
  const planStore = new PlanStore(db);
  const zones = { zoneOf: (machine: Equipment) => calendar.calendarOf(machine)?.timeZone ?? null };
  const plans = new PlanService({ store: planStore, db, plant, twins, zones, clock });
  const planOrders = new PlanOrderService({ store: planStore, maintenance, db, plant, zones, clock });
  const samples = new MetricSamples({ ranges, twins });
  const planParts = { store: planStore, orders: planOrders, clock, logger };
  const planWatch = new PlanWatch({ ...planParts, samples, twins, sources });
  const maintenanceWatch = new MaintenanceWatch({ ...planParts, maintenance, watch: planWatch });

  const nodes = {
    orders: new OrderResolver({ queries, twins, plant, live, clock }),
    operations: new OperationResolver({ queries, twins }),
    production: new ProductionResolver({ reports, queries, twins }),
    lots: new LotResolver({ lots }),
    lotMovements: new LotMovementResolver({ lots, queries, twins }),
    downtimes: new DowntimeResolver({
      ...{ downtimes, operations: queries, maintenance },
      ...{ twins, plant, watch: downtimeWatch },
    }),
    alarms: new AlarmResolver({ alarms, twins, plant, live }),
    maintenance: new MaintenanceOrderResolver({ maintenance, twins, plant, live }),
    plans: new MaintenancePlanResolver({ plans, maintenance, twins, plant }),
  };
  return {
    maintenance,
    maintenanceWatch,
    timeModel,
    downtimeWatch,
    alarmWatch,
    alarmUpkeep,
    facts: [activityWriter, new AlarmWriter({ store: alarmStore, live, clock })],
    resolvers: [
      ...Object.values(nodes),
      new CalendarResolver({ calendar, plant, twins }),
      new OrderMutationResolver({ orders, imports, queries }),
      new OrderEventsResolver({ events: new OrderEventService({ store: orderEvents }) }),
      new OrderEventResolver({ queries, twins }),
      new OperationRunResolver({ queries }),
      new MachineRunsResolver({ runs }),
      new MachineCountFlagsResolver({ flags: new CountFlagStore(db) }),
      new MachineOperationResolver({ queries }),
      new OperationProductionResolver({ reports }),
      new OperationLotsResolver({ lots }),
      new LotEdgeResolver({ queries }),
      new LotMutationResolver({ genealogy, lots }),
      new OrderProductionResolver({ reports }),
      new MachineDowntimeResolver({ downtimes }),
      new MachineTypeDowntimeResolver(),
      new EquipmentKpiResolver({ kpis }),
      new OperationKpiResolver({ kpis: operationKpis }),
      new OrderKpiResolver({ kpis: operationKpis, queries }),
      new KpiReportResolver({ kpis, feed: new KpiFeed({ kpis, live, clock, logger }), plant }),
      new KpiLossResolver(),
      new AlarmShelfResolver({ twins }),
      new MachineAlarmsResolver({ alarms }),
      new MachineTypeAlarmsResolver(),
      new AlarmMaintenanceResolver({ maintenance }),
      new MaintenanceOrderAlarmResolver({ alarms }),
      new MachineMaintenanceResolver({ maintenance }),
      new MaintenanceRecordsResolver({ records: maintenanceRecords, maintenance }),
      new OrderPlanResolver({ plans }),
      new MachinePlansResolver({ plans }),
      new MaintenanceFiguresResolver({ figures, plant }),
    ],
    nodes: [
      nodes.orders.nodes,
      nodes.operations.nodes,
      nodes.production.nodes,
      nodes.lots.nodes,
      nodes.lotMovements.nodes,
      nodes.downtimes.nodes,
      nodes.maintenance.nodes,
      nodes.plans.nodes,
      nodes.alarms.nodes,
    ],
  };
}
