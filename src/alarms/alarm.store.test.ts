import { afterAll, beforeAll, expect, test } from "vitest";
import { type MaintenanceServer, startMaintenanceServers } from "../../test/support/maintenance-servers.js";
import { sqlWithin } from "../db/sql.js";
import { newId } from "../kernel/ids.js";
import type { Alarm } from "./alarm.js";
import { AlarmStore } from "./alarm.store.js";

const NOW = new Date("2026-03-01T08:00:00Z");

let plant: Awaited<ReturnType<typeof startMaintenanceServers>>;
let server: MaintenanceServer;

beforeAll(async () => {
  plant = await startMaintenanceServers(1);
  [server] = plant.servers as [MaintenanceServer];
});

afterAll(async () => {
  await plant?.stop();
});

/** An alarm that still wants its maintenance order. */
function wanting(machine: string, more: Partial<Alarm>): Alarm {
  return {
    ...{ id: newId(NOW.getTime()), machineId: server.plant.machine(machine)?.id ?? "", code: "HOT" },
    ...{ severity: "MAJOR", message: "hot", metric: null, value: null, limit: null, active: true },
    ...{ raisedAt: NOW, lastRaisedAt: NOW, occurrences: 1, clearedAt: null },
    ...{ acknowledgedAt: null, acknowledgedBy: null, comment: null, maintenanceOrderId: null },
    maintenance: { kind: "CORRECTIVE", title: "Cool", description: "hot", priority: 50 },
    ...more,
  };
}

test("of the alarms of one machine and code a server takes the next one up when the order of the one before is there", async () => {
  const store = new AlarmStore(server.db);
  const over = wanting("plant/m1", { active: false, clearedAt: NOW, acknowledgedAt: NOW });
  const back = wanting("plant/m1", { id: newId(NOW.getTime() + 1) });
  const other = wanting("plant/m2", { id: newId(NOW.getTime() + 2) });
  await store.save(server.db, [over, back]);
  const orderId = newId();
  const find = () =>
    server.db.transaction(async (tx) => {
      const alarms = await store.wanting(sqlWithin(tx), NOW, 10);
      return alarms.map(({ id }) => id);
    });
  await server.db.transaction(async (tx) => {
    const sql = sqlWithin(tx);
    expect(await store.wanting(sql, NOW, 10)).toMatchObject([{ id: over.id }]);
    await store.save(server.db, [other]);
    // Another server looks meanwhile.
    expect(await find()).toEqual([other.id]);
    await store.maintenanceOpened(sql, [{ id: over.id, orderId }]);
    expect(await find()).toEqual([other.id]);
  });
  expect(await find()).toEqual([back.id, other.id]);
  expect(await store.lastOrders(server.db, [back.id, other.id])).toEqual(new Map([[back.id, orderId]]));
});
