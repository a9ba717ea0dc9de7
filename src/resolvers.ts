import { CommandResolver, MachineCommandsResolver } from "./commands/command.resolver.js";
import { DesiredResolver, MetricDesiredResolver } from "./desired/desired.resolver.js";
import { NodeResolver } from "./graphql/node.resolver.js";
import type { ResolverClass } from "./graphql/schema.js";
import { HistoryResolver } from "./history/history.resolver.js";
import { StorageResolver } from "./history/storage.resolver.js";
import { DeadLetterResolver } from "./ingest/dead-letter.resolver.js";
import { PreviewResolver } from "./ingest/preview.resolver.js";
import { SourceResolver } from "./ingest/source.resolver.js";
import { SourceAdminResolver } from "./ingest/source-admin.resolver.js";
import { MachineMaintenanceResolver, MaintenanceOrderResolver } from "./maintenance/maintenance.resolver.js";
import { MachineOperationResolver, OperationResolver } from "./orders/operation.resolver.js";
import { OrderResolver } from "./orders/order.resolver.js";
import { OrderMutationResolver } from "./orders/order-mutation.resolver.js";
import { PlantResolver } from "./plant/plant.resolver.js";
import { ProductionResolver } from "./production/production.resolver.js";
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
  OperationResolver,
  MachineOperationResolver,
  ProductionResolver,
  MaintenanceOrderResolver,
  MachineMaintenanceResolver,
  EdgeNodeResolver,
  EdgeDeviceResolver,
  MachineBirthsResolver,
];
