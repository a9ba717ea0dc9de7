import { expect, test } from "vitest";
import {
  afterAction,
  firstStatus,
  MAINTENANCE_ACTIONS,
  MAINTENANCE_STATUSES,
  type MaintenanceOrder,
  type NewMaintenanceOrder,
  problemsOf,
  statusAfter,
} from "./maintenance.js";

const STEPS: Record<string, string> = {
  "PLANNED open": "OPEN",
  "PLANNED start": "IN_PROGRESS",
  "PLANNED cancel": "CANCELLED",
  "OPEN start": "IN_PROGRESS",
  "OPEN cancel": "CANCELLED",
  "IN_PROGRESS complete": "COMPLETED",
};

test.each(
  MAINTENANCE_STATUSES.flatMap((status) => MAINTENANCE_ACTIONS.map((action) => [status, action] as const)),
)("a maintenance order that is %s: %s", (status, action) => {
  expect(statusAfter(status, action)).toBe(STEPS[`${status} ${action}`] ?? null);
});

const NOW = new Date("2026-03-01T08:00:00Z");

test.each([
  [null, "OPEN"],
  ["2026-03-01T07:59:59Z", "OPEN"],
  ["2026-03-01T08:00:00Z", "OPEN"],
  ["2026-03-01T08:00:01Z", "PLANNED"],
])("an order planned for %s is %s", (plannedStart, status) => {
  expect(firstStatus(plannedStart === null ? null : new Date(plannedStart), NOW.getTime())).toBe(status);
});

const ORDER: MaintenanceOrder = {
  id: "0",
  number: "MO-000001",
  machineId: "1",
  kind: "CORRECTIVE",
  title: "Seal",
  description: null,
  status: "OPEN",
  priority: 50,
  version: 3,
  lockout: false,
  plannedStart: null,
  dueAt: null,
  startedAt: null,
  completedAt: null,
  createdAt: NOW,
  planId: null,
  occurrence: null,
  alarmId: null,
  estimatedMinutes: null,
  cancelledAt: null,
  createdBy: null,
};

test("an action grows the version by one and keeps its time", () => {
  expect(afterAction(ORDER, "start", 3, NOW)).toEqual({
    order: { ...ORDER, status: "IN_PROGRESS", version: 4, startedAt: NOW },
  });
});

test("another version than the expected one is a conflict, before anything else", () => {
  expect(afterAction(ORDER, "complete", 2, NOW)).toMatchObject({
    refused: { code: "VERSION_CONFLICT", field: ["expectedVersion"] },
  });
});

const NEW: NewMaintenanceOrder = {
  machine: "acme/m1",
  kind: "PREVENTIVE",
  title: "Seals",
  description: null,
  priority: 50,
  lockout: false,
  plannedStart: null,
  dueAt: null,
  estimatedMinutes: null,
  checklist: [],
  parts: [],
};

test.each<[Partial<NewMaintenanceOrder>, string[]]>([
  [{}, []],
  [{ description: "line one\nline two" }, []],
  [{ title: " " }, ["title"]],
  [{ title: "a\u0000b" }, ["title"]],
  [{ title: "x".repeat(201) }, ["title"]],
  [{ description: "\ud800" }, ["description"]],
  [{ plannedStart: NOW, dueAt: new Date(NOW.getTime() - 1) }, ["dueAt"]],
  [{ dueAt: new Date("0000-01-01T00:00:00Z") }, ["dueAt"]],
  [{ dueAt: new Date("9999-12-31T23:00:00-02:00") }, ["dueAt"]],
])("a new order with %j has problems with %j", (change, fields) => {
  expect(problemsOf({ ...NEW, ...change }).map((problem) => problem.field?.[0])).toEqual(fields);
});
