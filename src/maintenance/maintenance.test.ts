import { expect, test } from "vitest";
import {
  afterAction,
  firstStatus,
  MAINTENANCE_ACTIONS,
  MAINTENANCE_STATUSES,
  type MaintenanceAction,
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
  expect(afterAction(ORDER, "start", { asked: null, now: NOW })).toEqual({
    order: { ...ORDER, status: "IN_PROGRESS", version: 4, startedAt: NOW },
    at: NOW,
  });
});

const HOUR_MS = 3_600_000;
const hours = (count: number) => new Date(NOW.getTime() + count * HOUR_MS);

// The order was made at 0 and, where it is completed, started at 2; it is hour 5 now.
test.each<[MaintenanceAction, Date | null, number | string]>([
  ["start", null, 5],
  ["start", hours(5), 5],
  ["start", hours(-100), -100],
  ["start", hours(5.1), "at must not be in the future"],
  ["start", new Date("0000-01-01T00:00:00Z"), "at is not in the years 1 to 9999"],
  ["complete", hours(2), 2],
  ["complete", hours(1.9), "at must not be before the order's start, which was at 2026-03-01T10:00:00.000Z"],
  ["cancel", hours(0), 0],
  ["cancel", hours(-1), "at must not be before the order's making, which was at 2026-03-01T08:00:00.000Z"],
])("%s at %s is at %s", (action, asked, expected) => {
  const started = { status: "IN_PROGRESS", startedAt: hours(2) } as const;
  const order = action === "complete" ? { ...ORDER, ...started } : ORDER;
  const after = afterAction(order, action, { asked, now: hours(5) });
  if (typeof expected === "number") expect(after).toMatchObject({ at: hours(expected) });
  else expect(after).toEqual({ refused: { code: "INVALID_INPUT", message: expected, field: ["at"] } });
});

test("a server whose clock is behind completes an order when it was started, not before it", () => {
  const order = { ...ORDER, status: "IN_PROGRESS", startedAt: hours(1) } as const;
  expect(afterAction(order, "complete", { asked: null, now: NOW })).toMatchObject({
    order: { completedAt: hours(1) },
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
  [{ priority: 0 }, []],
  [{ priority: 1_000 }, []],
  [{ priority: -1 }, ["priority"]],
  [{ priority: 1_001 }, ["priority"]],
  [{ plannedStart: NOW, dueAt: new Date(NOW.getTime() - 1) }, ["dueAt"]],
  [{ dueAt: new Date("0000-01-01T00:00:00Z") }, ["dueAt"]],
  [{ dueAt: new Date("9999-12-31T23:00:00-02:00") }, ["dueAt"]],
])("a new order with %j has problems with %j", (change, fields) => {
  expect(problemsOf({ ...NEW, ...change }).map((problem) => problem.field?.[0])).toEqual(fields);
});
