import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type MaintenanceServer,
  planInput,
  startMaintenanceServers,
  TESTER,
} from "../../test/support/maintenance-servers.js";
import type { NewPlan } from "./plan.service.js";

let plant: Awaited<ReturnType<typeof startMaintenanceServers>>;
let server: MaintenanceServer;

beforeEach(async () => {
  plant = await startMaintenanceServers(1);
  [server] = plant.servers as [MaintenanceServer];
  plant.time.now = Date.parse("2026-01-31T08:00:00Z");
});

afterEach(async () => {
  await plant?.stop();
});

function calendar(every: string, leadTime: string): NewPlan["calendar"] {
  return { every, firstDueAt: new Date("2026-02-01T05:00:00Z"), timeZone: null, leadTime };
}

async function ordersOf(planId: string) {
  const [orders] = await server.maintenance.ofPlans([planId]);
  return (orders ?? []).toReversed();
}

test.each([
  ["P1D", "P2D", false],
  ["P1D", "PT25H", false],
  ["P1M", "P31D", false],
  ["P1D", "PT24H", true],
  ["P1M", "P30D", true],
  ["P1W", "P7D", true],
])("every %s with a leadTime of %s may be: %s", async (every, leadTime, may) => {
  const refused = { code: "INVALID_INPUT", field: ["calendar", "leadTime"] };
  const { state, userErrors } = await server.plans.create(
    TESTER,
    planInput({ calendar: calendar(every, leadTime) }),
  );
  expect(userErrors).toMatchObject(may ? [] : [refused]);
  if (state) return;
  const { state: daily } = await server.plans.create(TESTER, planInput());
  const change = { calendar: calendar(every, leadTime), usage: null, condition: null };
  const id = daily?.plan.id ?? "";
  const changed = await server.plans.update(TESTER, { id, expectedVersion: null, ...change });
  expect(changed.userErrors).toMatchObject([refused]);
});

test("two due times that lie ahead get their orders one after the other, and none is said to have passed", async () => {
  // February is short: on its first day the order of March is to be made too.
  const wanted = planInput({ calendar: calendar("P1M", "P30D"), allowSeveral: true });
  const { state } = await server.plans.create(TESTER, wanted);
  const planId = state?.plan.id ?? "";
  for (let pass = 0; pass < 3; pass += 1) await server.watch.pass();
  const made = await ordersOf(planId);
  expect(made.map(({ status, plannedStart }) => [status, plannedStart?.toISOString()])).toEqual([
    ["PLANNED", "2026-02-01T05:00:00.000Z"],
    ["PLANNED", "2026-03-01T05:00:00.000Z"],
  ]);
  for (const { description } of made) expect(description).toMatch(/^Due \S+, every P1M\.$/);
});

test("what passed without a server is told with the next order, and what lies ahead is not", async () => {
  const wanted = planInput({ calendar: calendar("P1M", "P30D"), allowSeveral: true });
  const { state } = await server.plans.create(TESTER, wanted);
  plant.time.now = Date.parse("2026-04-20T08:00:00Z");
  for (let pass = 0; pass < 3; pass += 1) await server.watch.pass();
  const made = await ordersOf(state?.plan.id ?? "");
  expect(made.map(({ plannedStart }) => plannedStart?.toISOString())).toEqual(["2026-05-01T04:00:00.000Z"]);
  expect(made[0]?.description).toContain("3 occurrences before it passed without an order.");
});
