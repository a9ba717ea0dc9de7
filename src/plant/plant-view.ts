import { globalId } from "../kernel/ids.js";
import type { Equipment } from "./equipment.js";
import type { MachineType } from "./machine-type.js";

/** An enterprise, site, area or line as the API shows it. */
export interface GroupValue {
  readonly __typename: "EquipmentGroup";
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly level: Equipment["level"];
  readonly equipment: Equipment;
}

export function groupValue(equipment: Equipment): GroupValue {
  return {
    __typename: "EquipmentGroup",
    id: globalId("EquipmentGroup", equipment.id),
    path: equipment.path,
    name: equipment.name,
    level: equipment.level,
    equipment,
  };
}

/** A machine type as the API shows it. */
export function machineTypeValue(type: MachineType): object {
  return { ...type, __typename: "MachineType", id: globalId("MachineType", type.id) };
}
