import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type MaintenanceServer,
  startMaintenanceServers,
  TESTER,
} from "../../test/support/maintenance-servers.js";
import { seededRandom } from "../demo/random.js";
import type { Figures } from "./figures.js";
import { MAINTENANCE_KINDS, type MaintenanceOrder } from "./maintenance.js";
import type { WorkLog } from "./maintenance-details.js";

const HOUR_MS = 3_600_000;
let plant: Awaited<ReturnType<typeof startMaintenanceServers>>;
let one: MaintenanceServer;

beforeAll(async () => {
  plant = await startMaintenanceServers(1);
  [one] = plant.servers as [MaintenanceServer];
});

afterAll(async () => {
  await plant?.stop();
});

/** What the figures are by their definition, order by order. */
function plainly(
  orders: readonly MaintenanceOrder[],
  work: readonly WorkLog[],
  from: Date,
  to: Date,
): Figures {
  const within = (moment: Date | null) => moment !== null && moment >= from && moment < to;
  const open = orders.filter(
    ({ createdAt, completedAt, cancelledAt }) =>
      createdAt < to && !(completedAt && completedAt < to) && !(cancelledAt && cancelledAt < to),
  );
  const due = orders.filter(({ dueAt, status }) => within(dueAt) && status !== "CANCELLED");
  const onTime = due.filter(({ dueAt, completedAt }) => dueAt && completedAt && completedAt <= dueAt).length;
  const completed = orders.filter(({ completedAt }) => within(completedAt));
  let hours = 0;
  for (const { startedAt, completedAt } of completed)
    hours += (Number(completedAt) - Number(startedAt)) / HOUR_MS;
  let minutes = 0;
  for (const log of work) if (within(log.from ?? log.recordedAt)) minutes += log.minutes;
  return {
    created: orders.filter(({ createdAt }) => within(createdAt)).length,
    completed: completed.length,
    cancelled: orders.filter(({ cancelledAt }) => within(cancelledAt)).length,
    workedHours: minutes / 60,
    backlog: {
      orders: open.length,
      overdue: open.filter(({ dueAt }) => dueAt && dueAt < to).length,
      estimatedHours: open.reduce((sum, { estimatedMinutes }) => sum + (estimatedMinutes ?? 0) / 60, 0),
      withoutEstimate: open.filter(({ estimatedMinutes }) => estimatedMinutes === null).length,
    },
    compliance: { due: due.length, onTime, ratio: due.length > 0 ? onTime / due.length : null },
    repair: {
      count: completed.length,
      hours,
      meanHours: completed.length > 0 ? hours / completed.length : null,
    },
  };
}

/** Figures with fractions as near as they are summed in another order. */
function rounded(figures: object): unknown {
  return JSON.parse(
    JSON.stringify(figures, (_, value) => (typeof value === "number" ? Math.round(value * 1e6) : value)),
  );
}

test("figures are what a plain count of orders, steps and work gives, also of those booked afterwards", async () => {
  const random = seededRandom(7);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  const begun = plant.time.now;
  const around = (spreadHours: number) => new Date(plant.time.now + (random() - 0.5) * spreadHours * HOUR_MS);
  const numbers: string[] = [];
  for (let index = 0; index < 80; index += 1) {
    plant.time.now += Math.floor(random() * 5 * HOUR_MS);
    const { order } = await one.maintenance.create(TESTER, {
      ...{ machine: pick(["plant/m1", "plant/m2"]), kind: pick(MAINTENANCE_KINDS), title: "Work" },
      ...{ description: null, priority: 50, lockout: false, plannedStart: null, checklist: [], parts: [] },
      dueAt: random() < 0.7 ? around(100) : null,
      estimatedMinutes: random() < 0.5 ? 1 + Math.floor(random() * 300) : null,
    });
    numbers.push(order?.number ?? "");
    // Some of these steps are refused, which is no matter here.
    for (let step = 0; step < 2; step += 1) {
      const number = pick(numbers);
      const action = pick(["start", "start", "complete", "complete", "cancel"] as const);
      const at = random() < 0.5 ? null : around(10);
      await one.maintenance.act(TESTER, action, { number, at, expectedVersion: null, comment: null });
      const from = random() < 0.5 ? null : new Date(plant.time.now - 3 * HOUR_MS);
      const told =
        from === null
          ? { from, to: null, minutes: 17 }
          : { from, to: new Date(plant.time.now), minutes: null };
      await one.records.logWork(TESTER, { ...told, number, worker: null, note: null, expectedVersion: null });
    }
  }
  const ids = ["plant/m1", "plant/m2"].map((path) => one.plant.machine(path)?.id ?? "");
  const orders = (await one.maintenance.ofMachines(ids, null)).flat();
  const work = new Map(
    (await one.records.workOf(orders.map(({ id }) => id))).map((logs, index) => [orders[index]?.id, logs]),
  );
  expect(new Set(orders.map(({ status }) => status)).size).toBe(4);
  for (let range = 0; range < 20; range += 1) {
    const moments = [random(), random()].sort().map((part) => begun + part * (plant.time.now - begun));
    const [from, to] = moments.map((moment) => new Date(Math.floor(moment))) as [Date, Date];
    const { byKind } = await one.figures.figures("plant", { from, to });
    for (const { kind, ...figures } of byKind) {
      const ofKind = orders.filter((order) => order.kind === kind);
      const logs = ofKind.flatMap(({ id }) => work.get(id) ?? []);
      expect([kind, rounded(figures)]).toEqual([kind, rounded(plainly(ofKind, logs, from, to))]);
    }
  }
});
