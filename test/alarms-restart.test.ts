import { writeFile } from "node:fs/promises";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { AlarmDesk, Devices, FILLER, LINE, PLANT } from "./support/alarms.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker } from "./support/broker.js";
import { rows } from "./support/database.js";
import { metric } from "./support/questions.js";
import { waitFor } from "./support/wait-for.js";

const SLOW_TEST = { timeout: 90_000 };
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startApp(options: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(options);
  cleanups.push(() => app.stop());
  return app;
}

async function devicesAt(url: string): Promise<Devices> {
  const devices = await Devices.connect(url);
  cleanups.push(() => devices.end());
  return devices;
}

/** What the database holds of alarms, whoever wrote it. */
function stored(app: TestApp, table: "alarm" | "alarm_event" | "maintenance_order"): Promise<object[]> {
  return rows(app.env.DATABASE_URL ?? "", `SELECT * FROM ${table} ORDER BY id`);
}

async function machines(app: TestApp): Promise<number> {
  return (await rows(app.env.DATABASE_URL ?? "", "SELECT FROM twin")).length;
}

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("over restarts", () => {
  test("alarms, waits and shelves go on where they were", SLOW_TEST, async () => {
    const broker = await startBroker();
    cleanups.push(() => broker.stop());
    let app = await startApp({ plant: PLANT, mqttUrl: broker.url });
    let desk = new AlarmDesk(app);
    const devices = await devicesAt(broker.url);
    await devices.tell({ temperature: 90 });
    const hot = await desk.one("HOT");
    await waitFor(async () => (await desk.maintenanceOrders()).length === 1);
    const since = await devices.tell({ pressure: 9 });
    await waitFor(async () => (await metric(app, FILLER, "pressure"))?.value === 9);
    // The wait of one machine is over while the server is down; what another says then ends its own in time.
    const other = await devices.tell({ pressure: 9 }, { machine: "filler-2" });
    await waitFor(async () => (await metric(app, `${LINE}/filler-2`, "pressure"))?.value === 9);
    await desk.shelve({ id: hot.id, until: new Date(Date.now() + 3_600_000).toISOString(), reason: "why" });
    await app.pause();
    await devices.tell({ temperature: 20 });
    await devices.tell({ temperature: 95 });
    await devices.tell({ pressure: 1 }, { machine: "filler-2", ts: other + 500 });

    app = await app.resume();
    cleanups.push(() => app.pause());
    desk = new AlarmDesk(app);
    expect(await desk.one("HOT", ({ occurrences }) => occurrences === 2)).toMatchObject({
      id: hot.id,
      active: true,
      shelved: true,
    });
    const pressed = await desk.one("PRESSED");
    expect(pressed).toMatchObject({
      active: true,
      raisedAt: new Date(since + 2_000).toISOString(),
      machine: { path: FILLER },
    });
    expect(await desk.maintenanceOrders()).toHaveLength(1);
    await devices.tell({ temperature: 20 });
    await desk.one("HOT", ({ active }) => !active);
    expect(await stored(app, "alarm")).toHaveLength(2);
  });

  test(
    "a shelf that ended while no server ran is over at the start, and what is active opens its order",
    SLOW_TEST,
    async () => {
      const broker = await startBroker();
      cleanups.push(() => broker.stop());
      let app = await startApp({ plant: PLANT, mqttUrl: broker.url });
      let desk = new AlarmDesk(app);
      const devices = await devicesAt(broker.url);
      await devices.tell({ temperature: 20 });
      await devices.tell({ pressure: 1 }, { machine: "filler-2" });
      await waitFor(async () => (await metric(app, `${LINE}/filler-2`, "pressure"))?.value === 1);
      await waitFor(async () => (await machines(app)) >= 2);
      const until = new Date(Date.now() + 2_000);
      for (const machine of [FILLER, `${LINE}/filler-2`])
        await desk.shelve({ machine, code: "HOT", until: until.toISOString(), reason: "trial run" });
      await devices.tell({ temperature: 90 });
      await devices.tell({ temperature: 90 }, { machine: "filler-2" });
      await devices.tell({ temperature: 20 }, { machine: "filler-2" });
      await waitFor(async () => (await desk.list("active: null, shelved: true")).length === 2);
      await waitFor(async () => (await desk.list("active: false, shelved: true")).length === 1);
      await app.pause();
      await waitFor(() => Date.now() > until.getTime());

      app = await app.resume();
      cleanups.push(() => app.pause());
      desk = new AlarmDesk(app);
      const orders = await waitFor(async () => {
        const opened = await desk.maintenanceOrders();
        return opened.length > 0 && opened;
      });
      const alarms = await desk.list('active: null, code: "HOT"');
      const active = alarms.find((alarm) => alarm.active);
      expect(active).toMatchObject({ shelved: false, machine: { path: FILLER } });
      expect(orders).toMatchObject([{ alarm: { id: active?.id } }]);
      for (const { events } of alarms)
        expect(events.filter(({ kind }) => kind === "UNSHELVED")).toHaveLength(1);
      expect(await desk.shelves()).toEqual([]);
    },
  );

  test(
    "an alarm whose rule is gone from the plant file is cleared, and its log says why",
    SLOW_TEST,
    async () => {
      let app = await startApp({ plant: PLANT });
      const devices = await devicesAt(app.mqttUrl);
      await devices.tell({ temperature: 20 });
      await devices.tell({ temperature: 90 });
      const hot = await new AlarmDesk(app).one("HOT");
      await app.pause();
      await devices.end();
      await writeFile(app.env.PLANT_FILE ?? "", PLANT.replace("code: HOT", "code: WARM"));

      app = await app.resume();
      cleanups.push(() => app.pause());
      const over = await new AlarmDesk(app).one("HOT", ({ active }) => !active);
      expect(over).toMatchObject({ id: hot.id });
      expect(over.events).toMatchObject([
        { kind: "RAISED", comment: null },
        { kind: "CLEARED", by: null, comment: "the machine's type has no such rule any more" },
      ]);
    },
  );

  test("a batch that is rolled back and written again raises once", SLOW_TEST, async () => {
    const app = await startApp({ plant: PLANT });
    const desk = new AlarmDesk(app);
    const devices = await devicesAt(app.mqttUrl);
    await devices.tell({ temperature: 20 });
    await waitFor(async () => (await metric(app, FILLER, "temperature"))?.value === 20);
    const other = new pg.Client({ connectionString: app.env.DATABASE_URL });
    await other.connect();
    cleanups.push(() => other.end());
    await other.query("BEGIN; LOCK TABLE alarm_event IN ACCESS EXCLUSIVE MODE");
    await devices.tell({ temperature: 90 });
    // The batch has written the alarm, and waits to write its log; there it is killed.
    const killed = await waitFor(async () => {
      const { rowCount } = await other.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'mes-twin-ingest' AND wait_event_type = 'Lock' AND datname = current_database()`,
      );
      return rowCount === 0 ? null : rowCount;
    });
    expect(killed).toBe(1);
    await devices.tell({ temperature: 91 });
    await other.query("COMMIT");
    const hot = await desk.one("HOT", ({ active }) => active);
    expect(hot).toMatchObject({ occurrences: 1, events: [{ kind: "RAISED", count: 1 }] });
    await waitFor(async () => (await desk.maintenanceOrders()).length > 0);
    await devices.tell({ temperature: 20 });
    await desk.one("HOT", ({ active }) => !active);
    expect([(await stored(app, "alarm")).length, (await stored(app, "maintenance_order")).length]).toEqual([
      1, 1,
    ]);
  });

  test("two servers on one database raise, count, open and end each thing once", SLOW_TEST, async () => {
    const broker = await startBroker();
    cleanups.push(() => broker.stop());
    const first = await startApp({ plant: PLANT, mqttUrl: broker.url });
    const second = await startApp({
      plant: PLANT,
      mqttUrl: broker.url,
      env: { DATABASE_URL: first.env.DATABASE_URL ?? "" },
    });
    const devices = await devicesAt(broker.url);
    const seen = new AlarmDesk(second);
    await devices.tell({ temperature: 90 });
    await devices.tell({ pressure: 9 });
    const hot = await seen.one("HOT", ({ active }) => active);
    await seen.one("PRESSED", ({ active }) => active);
    const until = new Date(Date.now() + 1_500).toISOString();
    await seen.shelve({ id: hot.id, until, reason: "why" });
    // Each of the two looks for shelves that have ended, and for orders to open.
    await seen.one("HOT", ({ shelved, events }) => !shelved && events.at(-1)?.kind === "UNSHELVED");
    await waitFor(async () => (await seen.maintenanceOrders()).length > 0);

    // The server that has the source goes; the other takes it over with the alarms as they are.
    await first.pause();
    await devices.tell({ temperature: 20, pressure: 1 });
    await devices.tell({ temperature: 99 });
    await seen.one("PRESSED", ({ active }) => !active);
    const again = await seen.one("HOT", ({ occurrences }) => occurrences === 2);
    expect(again).toMatchObject({ id: hot.id, active: true });
    expect(again.events.map(({ kind, count }) => [kind, count])).toEqual([
      ["RAISED", 1],
      ["SHELVED", 1],
      ["UNSHELVED", 1],
      ["CLEARED", 1],
      ["REPEATED", 1],
    ]);
    expect([
      (await stored(second, "alarm")).length,
      (await stored(second, "maintenance_order")).length,
    ]).toEqual([2, 1]);
  });

  test("two servers give an alarm that comes back one order with the one before it", SLOW_TEST, async () => {
    const first = await startApp({ plant: PLANT });
    const second = await startApp({
      plant: PLANT,
      mqttUrl: first.mqttUrl,
      env: { DATABASE_URL: first.env.DATABASE_URL ?? "" },
    });
    const devices = await devicesAt(first.mqttUrl);
    const desk = new AlarmDesk(first);
    const machine = (index: number) => ({ machine: `filler-${index}` });
    const hot = (count: number) =>
      waitFor(async () => {
        const alarms = await desk.list('active: true, code: "HOT"');
        return alarms.length === count && alarms;
      });
    for (let index = 1; index <= 5; index += 1) await devices.tell({ temperature: 20 }, machine(index));
    const rounds = 3;
    for (let round = 0; round < rounds; round += 1) {
      for (let index = 1; index <= 5; index += 1) await devices.tell({ temperature: 90 }, machine(index));
      // Both servers are told by the acknowledgement to look for orders to open.
      await desk.acknowledgeAll((await hot(5)).map(({ id }) => id));
      for (let index = 1; index <= 5; index += 1) await devices.tell({ temperature: 20 }, machine(index));
      await hot(0);
    }
    const alarms = await waitFor(async () => {
      const all = (await stored(second, "alarm")) as { maintenance_order_id: string | null }[];
      return all.every((alarm) => alarm.maintenance_order_id !== null) && all;
    });
    expect(alarms).toHaveLength(5 * rounds);
    expect(new Set(alarms.map((alarm) => alarm.maintenance_order_id)).size).toBe(5);
    expect(await stored(second, "maintenance_order")).toHaveLength(5);
    const events = (await rows(
      second.env.DATABASE_URL ?? "",
      "SELECT kind, count(*)::integer AS count FROM maintenance_event GROUP BY kind ORDER BY kind",
    )) as object[];
    expect(events).toEqual([
      { kind: "CREATED", count: 5 },
      { kind: "DUE_AGAIN", count: 5 * (rounds - 1) },
    ]);
  });
});
