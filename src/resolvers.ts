import { MachineCountFlagsResolver } from "./activity/count-flag.resolver.js";
import { AlarmResolver, AlarmShelfResolver } from "./alarms/alarm.resolver.js";
import {
  AlarmMaintenanceResolver,
  MachineAlarmsResolver,
  MachineTypeAlarmsResolver,
  MaintenanceOrderAlarmResolver,
} from "./alarms/alarm-fields.resolver.js";
import { CalendarResolver } from "./calendar/calendar.resolver.js";
import { CommandResolver, MachineCommandsResolver } from "./commands/command.resolver.js";
import { DesiredResolver, MetricDesiredResolver } from "./desired/desired.resolver.js";
import {
  DowntimeResolver,
  MachineDowntimeResolver,
  MachineTypeDowntimeResolver,
} from "./downtime/downtime.resolver.js";
import {
  LotEdgeResolver,
  LotMovementResolver,
  LotResolver,
  OperationLotsResolver,
} from "./genealogy/lot.resolver.js";
import { LotMutationResolver } from "./genealogy/lot-mutation.resolver.js";
import { NodeResolver } from "./graphql/node.resolver.js";
import type { ResolverClass } from "./graphql/schema.js";
import { HistoryResolver } from "./history/history.resolver.js";
import { StorageResolver } from "./history/storage.resolver.js";
import { DeadLetterResolver } from "./ingest/dead-letter.resolver.js";
import { PreviewResolver } from "./ingest/preview.resolver.js";
import { SourceResolver } from "./ingest/source.resolver.js";
import { SourceAdminResolver } from "./ingest/source-admin.resolver.js";
import {
  EquipmentKpiResolver,
  KpiLossResolver,
  KpiReportResolver,
  OperationKpiResolver,
  OrderKpiResolver,
} from "./kpis/kpi.resolver.js";
import { MaintenanceFiguresResolver } from "./maintenance/figures.resolver.js";
import { MachineMaintenanceResolver, MaintenanceOrderResolver } from "./maintenance/maintenance.resolver.js";
import { MaintenanceRecordsResolver } from "./maintenance/maintenance-records.resolver.js";
import {
  MachinePlansResolver,
  MaintenancePlanResolver,
  OrderPlanResolver,
} from "./maintenance/plan.resolver.js";
import { MachineOperationResolver, OperationResolver } from "./orders/operation.resolver.js";
import { OrderResolver } from "./orders/order.resolver.js";
import {
  MachineRunsResolver,
  OperationRunResolver,
  OrderEventResolver,
  OrderEventsResolver,
} from "./orders/order-event.resolver.js";
import { OrderMutationResolver } from "./orders/order-mutation.resolver.js";
import { PlantResolver } from "./plant/plant.resolver.js";
import {
  OperationProductionResolver,
  OrderProductionResolver,
  ProductionResolver,
} from "./production/production.resolver.js";
import {
  EdgeDeviceResolver,
  EdgeNodeResolver,
  MachineBirthsResolver,
} from "./sparkplug/sparkplug.resolver.js";
import { GroupMachinesResolver } from "./twin/group.resolver.js";
import { TwinResolver } from "./twin/twin.resolver.js";

/** Every resolver class of the schema. */
export const resolverClasses: readonly ResolverClass[] = [
  NodeResolver,
  PlantResolver,
  TwinResolver,
  GroupMachinesResolver,
  CalendarResolver,
  HistoryResolver,
  StorageResolver,
  PreviewResolver,
  SourceResolver,
  SourceAdminResolver,
  DeadLetterResolver,
  CommandResolver,
  MachineCommandsResolver,
  DesiredResolver,
  MetricDesiredResolver,
  OrderResolver,
  OrderMutationResolver,
  OrderEventsResolver,
  OrderEventResolver,
  OperationRunResolver,
  MachineRunsResolver,
  MachineCountFlagsResolver,
  OperationResolver,
  MachineOperationResolver,
  ProductionResolver,
  OperationProductionResolver,
  OrderProductionResolver,
  LotResolver,
  LotEdgeResolver,
  LotMovementResolver,
  LotMutationResolver,
  OperationLotsResolver,
  DowntimeResolver,
  MachineDowntimeResolver,
  MachineTypeDowntimeResolver,
  EquipmentKpiResolver,
  OperationKpiResolver,
  OrderKpiResolver,
  KpiLossResolver,
  KpiReportResolver,
  MaintenanceOrderResolver,
  MachineMaintenanceResolver,
  MaintenanceRecordsResolver,
  MaintenancePlanResolver,
  OrderPlanResolver,
  MachinePlansResolver,
  MaintenanceFiguresResolver,
  AlarmMaintenanceResolver,
  AlarmResolver,
  AlarmShelfResolver,
  MachineAlarmsResolver,
  MachineTypeAlarmsResolver,
  MaintenanceOrderAlarmResolver,
  EdgeNodeResolver,
  EdgeDeviceResolver,
  MachineBirthsResolver,
];
