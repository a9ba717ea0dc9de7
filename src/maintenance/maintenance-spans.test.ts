import { expect, test } from "vitest";
import type { Span } from "../kernel/intervals.js";
import type { MaintenanceKind } from "./maintenance.js";
import { type MaintenanceWork, worked } from "./maintenance-spans.js";

function order(orderId: string, kind: MaintenanceKind, from: number, to: number): Span<MaintenanceWork> {
  return { from, to, value: { orderId, number: `MO-${orderId}`, kind } };
}

function told(orders: Span<MaintenanceWork>[], range = { from: 0, to: 100 }): [number, number, string][] {
  return worked(orders, range).map(({ from, to, value }) => [from, to, value.orderId]);
}

test("orders one after the other stay apart, and end with the range", () => {
  const orders = [
    order("2", "PREVENTIVE", 20, 30),
    order("1", "INSPECTION", -10, 20),
    order("3", "PREVENTIVE", 90, 200),
  ];
  expect(told(orders)).toEqual([
    [0, 20, "1"],
    [20, 30, "2"],
    [90, 100, "3"],
  ]);
});

test("where several were in progress a corrective one counts, then the one that began first", () => {
  const orders = [
    order("1", "PREVENTIVE", 10, 60),
    order("2", "INSPECTION", 20, 80),
    order("3", "CORRECTIVE", 30, 40),
  ];
  expect(told(orders)).toEqual([
    [10, 30, "1"],
    [30, 40, "3"],
    [40, 60, "1"],
    [60, 80, "2"],
  ]);
});

test("what lies outside the range is left out", () => {
  expect(told([order("1", "CORRECTIVE", -20, 0), order("2", "CORRECTIVE", 100, 120)])).toEqual([]);
});
