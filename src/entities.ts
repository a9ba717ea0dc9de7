import { PlannedStopEntity } from "./calendar/planned-stop.entity.js";
import { CommandEntity } from "./commands/command.entity.js";
import { DesiredEntity, DesiredMachineEntity } from "./desired/desired.entity.js";
import { MaintenanceCommentEntity, MaintenanceOrderEntity } from "./maintenance/maintenance.entity.js";
import { OperationEntity, ProductionOrderEntity } from "./orders/order.entity.js";
import { EquipmentEntity, MachineTypeEntity } from "./plant/plant.entity.js";

/** Every TypeORM entity. */
export const entities = [
  MachineTypeEntity,
  EquipmentEntity,
  PlannedStopEntity,
  CommandEntity,
  DesiredMachineEntity,
  DesiredEntity,
  ProductionOrderEntity,
  OperationEntity,
  MaintenanceOrderEntity,
  MaintenanceCommentEntity,
];
