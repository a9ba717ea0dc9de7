import { globalId } from "../kernel/ids.js";
import type { MaintenanceOrder } from "./maintenance.js";

/** A row as the API's objects are made of it: `key` is the row's id, `id` the global one. */
export interface MaintenanceOrderValue extends MaintenanceOrder {
  readonly __typename: "MaintenanceOrder";
  readonly key: string;
}

/** An order as the API shows it. */
export function orderValue(row: MaintenanceOrder): MaintenanceOrderValue {
  return { ...row, __typename: "MaintenanceOrder", key: row.id, id: globalId("MaintenanceOrder", row.id) };
}
