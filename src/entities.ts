import { EquipmentEntity, MachineTypeEntity } from "./plant/plant.entity.js";

/** Every TypeORM entity. */
export const entities = [EquipmentEntity, MachineTypeEntity];
