import { expect, test } from "vitest";
import { OPERATION_ACTIONS, OPERATION_STATUSES, operationAfter } from "./operation.js";
import { ORDER_ACTIONS, ORDER_STATUSES, orderAfter } from "./order.js";

const ORDER_STEPS: Record<string, string> = {
  "CREATED release": "RELEASED",
  "CREATED cancel": "CANCELLED",
  "RELEASED start": "RUNNING",
  "RELEASED cancel": "CANCELLED",
  "RELEASED abort": "ABORTED",
  "RUNNING hold": "HELD",
  "RUNNING complete": "COMPLETED",
  "RUNNING abort": "ABORTED",
  "HELD resume": "RUNNING",
  "HELD complete": "COMPLETED",
  "HELD abort": "ABORTED",
  "COMPLETED close": "CLOSED",
};

const OPERATION_STEPS: Record<string, string> = {
  "READY start": "RUNNING",
  "READY abort": "ABORTED",
  "RUNNING hold": "HELD",
  "RUNNING complete": "COMPLETED",
  "RUNNING abort": "ABORTED",
  "HELD resume": "RUNNING",
  "HELD complete": "COMPLETED",
  "HELD abort": "ABORTED",
};

test.each(ORDER_STATUSES.flatMap((status) => ORDER_ACTIONS.map((action) => [status, action] as const)))(
  "an order that is %s: %s",
  (status, action) => {
    expect(orderAfter(status, action)).toBe(ORDER_STEPS[`${status} ${action}`] ?? null);
  },
);

test.each(
  OPERATION_STATUSES.flatMap((status) => OPERATION_ACTIONS.map((action) => [status, action] as const)),
)("an operation that is %s: %s", (status, action) => {
  expect(operationAfter(status, action)).toBe(OPERATION_STEPS[`${status} ${action}`] ?? null);
});
