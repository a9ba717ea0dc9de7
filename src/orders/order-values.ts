import { globalId } from "../kernel/ids.js";
import type { Operation } from "./operation.js";
import type { ProductionOrder } from "./order.js";

/** An order as the API shows it: `id` is the global id, `key` the row's, quantities are numbers. */
export interface OrderValue extends Omit<ProductionOrder, "quantity"> {
  readonly __typename: "ProductionOrder";
  readonly key: string;
  readonly quantity: number;
}

export function orderValue(row: ProductionOrder): OrderValue {
  const id = globalId("ProductionOrder", row.id);
  return { ...row, __typename: "ProductionOrder", key: row.id, id, quantity: Number(row.quantity) };
}

/** An operation as the API shows it, like an order. */
export interface OperationValue extends Omit<Operation, "goodQuantity" | "scrapQuantity"> {
  readonly __typename: "Operation";
  readonly key: string;
  readonly goodQuantity: number;
  readonly scrapQuantity: number;
}

export function operationValue(row: Operation): OperationValue {
  return {
    ...row,
    __typename: "Operation",
    key: row.id,
    id: globalId("Operation", row.id),
    goodQuantity: Number(row.goodQuantity),
    scrapQuantity: Number(row.scrapQuantity),
  };
}
