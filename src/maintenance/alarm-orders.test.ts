import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type MaintenanceServer,
  startMaintenanceServers,
  TESTER,
} from "../../test/support/maintenance-servers.js";
import { waitFor } from "../../test/support/wait-for.js";
import { sqlWithin } from "../db/sql.js";

let plant: Awaited<ReturnType<typeof startMaintenanceServers>>;
let one: MaintenanceServer;
let other: MaintenanceServer;

beforeAll(async () => {
  plant = await startMaintenanceServers(2);
  [one, other] = plant.servers as [MaintenanceServer, MaintenanceServer];
});

afterAll(async () => {
  await plant?.stop();
});

test("an alarm opens one order, however often and wherever it is told", async () => {
  const alarmId = "01956f00-0000-7000-8000-000000000001";
  const machineId = one.plant.machine("plant/m2")?.id ?? "";
  const request = { machineId, alarmId, kind: "CORRECTIVE", title: "Overheated", by: "alarm HOT" } as const;
  const heard: string[] = [];
  for (const { live } of [one, other]) live.listen("maintenanceOrderChanged", ({ id }) => heard.push(id));
  const open = async (server: MaintenanceServer) => {
    const opened = await server.db.transaction((tx) => server.maintenance.openFor(sqlWithin(tx), request));
    opened.told();
    return opened;
  };
  const opened = await Promise.all([one, other, one, other].map(open));
  expect(new Set(opened.map(({ number }) => number)).size).toBe(1);
  expect(opened.filter(({ made }) => made)).toHaveLength(1);
  expect(await open(one)).toMatchObject({ made: false, number: opened[0]?.number });
  expect(heard).toEqual([opened[0]?.id]);
  const unknown = "01956f00-0000-7000-8000-000000000002";
  const found = await other.maintenance.byIds([unknown, opened[0]?.id ?? ""]);
  expect(found.map((order) => order?.number ?? null)).toEqual([null, opened[0]?.number]);
  expect(await one.maintenance.byId(opened[0]?.id ?? "")).toMatchObject({
    ...{ alarmId, title: "Overheated", status: "OPEN", priority: 50, createdBy: "alarm HOT" },
  });
});

test("an alarm takes the order of an earlier one while it is open, also at the moment at which it is completed", async () => {
  const machineId = one.plant.machine("plant/m2")?.id ?? "";
  const heard: string[] = [];
  one.live.listen("maintenanceOrderChanged", ({ id }) => heard.push(id));
  let alarms = 10;
  const open = async (server: MaintenanceServer, earlierId: string | null) => {
    alarms += 1;
    const alarmId = `01956f00-0000-7000-8000-0000000000${alarms}`;
    const wanted = { kind: "CORRECTIVE", title: "Overheated", description: `alarm ${alarms}` } as const;
    const from = { machineId, alarmId, earlierId, by: "alarms" };
    const opened = await server.db.transaction((tx) =>
      server.maintenance.openFor(sqlWithin(tx), { ...wanted, ...from }),
    );
    opened.told();
    return opened;
  };
  const first = await open(one, null);
  expect(await open(one, first.id)).toMatchObject({ id: first.id, made: false });
  const [events] = await one.records.eventsOf([first.id]);
  expect(events?.map(({ kind, detail, by }) => [kind, detail, by])).toEqual([
    ["CREATED", null, "alarms"],
    ["DUE_AGAIN", "alarm 12", "alarms"],
  ]);
  expect(heard).toEqual([first.id, first.id]);

  const start = { number: first.number, expectedVersion: null, comment: null, at: null };
  expect((await one.maintenance.act(TESTER, "start", start)).userErrors).toEqual([]);
  const client = new pg.Client({ connectionString: plant.url });
  await client.connect();
  try {
    // Whoever completes the order holds it until the commit.
    await client.query("BEGIN");
    await client.query(
      "UPDATE maintenance_order SET status = 'COMPLETED', completed_at = now() WHERE id = $1",
      [first.id],
    );
    const opening = open(other, first.id);
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    await waitFor(async () => (await client.query(waiting)).rowCount === 1);
    await client.query("COMMIT");
    const next = await opening;
    expect(next.made).toBe(true);
    expect(next.id).not.toBe(first.id);
  } finally {
    await client.end();
  }
});
