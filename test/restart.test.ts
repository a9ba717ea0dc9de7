import { afterEach, describe, expect, test } from "vitest";
import { connectDevice } from "../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker } from "./support/broker.js";
import { createTestDatabase, rows } from "./support/database.js";
import type { GraphQLClient } from "./support/graphql-client.js";
import { type Load, numbersStored, startLoad } from "./support/load.js";
import { mosquittoAvailable, startMosquitto } from "./support/mosquitto.js";
import { relay } from "./support/mqtt-link.js";
import { figure, machine, metric, stored } from "./support/questions.js";
import { type ServerProcess, startServer } from "./support/server-process.js";
import { waitFor } from "./support/wait-for.js";

const MACHINE = "acme/berlin/pack/line-3/filler-1";
const TOPIC = `${MACHINE}/telemetry`;
const LONG = { timeoutMs: 60_000 };
const SLOW_TEST = { timeout: 180_000 };

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startedBroker() {
  const broker = await startBroker();
  cleanups.push(() => broker.stop());
  return broker;
}

async function testApp(mqttUrl: string): Promise<TestApp> {
  const app = await startTestApp({ mqttUrl });
  cleanups.push(() => app.stop());
  return app;
}

async function database() {
  const made = await createTestDatabase();
  cleanups.push(() => made.drop());
  return made;
}

async function server(env: Record<string, string>): Promise<ServerProcess> {
  const started = await startServer(env);
  cleanups.push(() => started.remove());
  await started.ready();
  return started;
}

function load(url: string): Load {
  const started = startLoad(url, TOPIC);
  cleanups.push(() => started.stop());
  return started;
}

async function appears(at: Pick<GraphQLClient, "ask">, more: number): Promise<void> {
  const from = await stored(at, MACHINE, "n");
  await waitFor(async () => (await stored(at, MACHINE, "n")) >= from + more, LONG);
}

/** Everything that the load was told is safe is in the history, and nothing is there twice. */
async function exactlyOnce(load: Load, at: Pick<GraphQLClient, "ask">): Promise<void> {
  const missing = async () => {
    const found = await numbersStored(at, MACHINE, load);
    return load.acknowledged.filter((n) => !found.has(n));
  };
  await waitFor(async () => (await missing()).length === 0, LONG).catch(() => undefined);
  expect(await missing()).toEqual([]);
  const twice = [...(await numbersStored(at, MACHINE, load))].filter(([, count]) => count > 1);
  expect(twice).toEqual([]);
}

/** The twin shows the last of the load, at a revision that no change was left out of. */
async function showsLast(at: Pick<GraphQLClient, "ask">, { acknowledged }: Load): Promise<void> {
  const last = Math.max(...acknowledged);
  await waitFor(async () => Number((await metric(at, MACHINE, "n"))?.value) >= last);
}

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("with a broker", () => {
  test("a server that is told to stop under load loses nothing", SLOW_TEST, async () => {
    const broker = await startedBroker();
    const db = await database();
    const first = await server({ MQTT_URL: broker.url, DATABASE_URL: db.url });
    const sending = load(broker.url);
    await appears(first, 500);
    expect(await first.terminate()).toEqual({ code: 0, signal: null });
    const before = sending.acknowledged.length;
    await waitFor(() => sending.acknowledged.length > before + 200);
    const second = first.again();
    cleanups.push(() => second.remove());
    await second.ready();
    await appears(second, 500);
    await sending.stop();
    await exactlyOnce(sending, second);
    await showsLast(second, sending);
    expect(await second.terminate()).toEqual({ code: 0, signal: null });
  });

  test("a restart goes on with the same twins and revisions", async () => {
    const broker = await startedBroker();
    const app = await testApp(broker.url);
    const device = connectDevice({ url: broker.url, clientId: "device" });
    cleanups.push(() => device.end());
    await device.ready();
    const ts = Date.now();
    const message = { ts, n: 1, text: "a", flag: true, big: "x", list: [1, 2] };
    const body = JSON.stringify(message).replace('"x"', "9007199254740993");
    await device.publish(TOPIC, body, { qos: 1 });
    await device.publish(TOPIC, JSON.stringify({ ts: ts + 1, n: 2 }), { qos: 1 });
    await waitFor(async () => (await stored(app, MACHINE, "n")) === 2);
    const before = await machine(app, MACHINE);
    expect(before?.revision).toBe(2);
    await app.pause();

    const again = await app.resume();
    cleanups.push(() => again.pause());
    expect(await machine(again, MACHINE)).toEqual(before);
    await device.publish(TOPIC, JSON.stringify({ ts: ts + 1, n: 2 }), { qos: 1 });
    await device.publish(TOPIC, body, { qos: 1 });
    await device.publish(TOPIC, JSON.stringify({ ts: ts + 2, n: 3 }), { qos: 1 });
    await waitFor(async () => (await metric(again, MACHINE, "n"))?.value === 3);
    expect((await machine(again, MACHINE))?.revision).toBe(3);
    await waitFor(async () => (await stored(again, MACHINE, "n")) === 3);
    expect(await stored(again, MACHINE, "big")).toBe(1);
  });

  test.skipIf(!mosquittoAvailable)(
    "a broker that restarts is subscribed again, and what came meanwhile arrives",
    SLOW_TEST,
    async () => {
      // Its own, whatever broker the others use: it is restarted.
      const mosquitto = await startMosquitto({ persistence: true });
      cleanups.push(() => mosquitto.stop());
      const app = await testApp(mosquitto.url);
      const sending = load(mosquitto.url);
      await appears(app, 300);
      for (let round = 0; round < 3; round += 1) {
        await mosquitto.halt();
        await waitFor(async () => !(await fetch(`${app.url}/readyz`)).ok, {
          what: "not ready without broker",
        });
        await mosquitto.restart();
        await waitFor(async () => (await fetch(`${app.url}/readyz`)).ok, LONG);
        await appears(app, 300);
      }
      await sending.stop();
      await exactlyOnce(sending, app);
      await showsLast(app, sending);
    },
  );

  test("a database that breaks every connection loses nothing and repeats nothing", SLOW_TEST, async () => {
    const broker = await startedBroker();
    const app = await testApp(broker.url);
    const url = app.env.DATABASE_URL ?? "";
    const sending = load(broker.url);
    await appears(app, 300);
    for (let round = 0; round < 10; round += 1) {
      const before = sending.acknowledged.length;
      await rows(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
      );
      await waitFor(() => sending.acknowledged.length > before + 50);
    }
    await appears(app, 300);
    await sending.stop();
    await exactlyOnce(sending, app);
    await showsLast(app, sending);
  });

  test("killed between commit and acknowledgement, it repeats nothing", SLOW_TEST, async () => {
    const broker = await startedBroker();
    const db = await database();
    const between = await relay(broker.port);
    const first = await server({ MQTT_URL: between.url, DATABASE_URL: db.url });
    const sending = load(broker.url);
    await appears(first, 100);
    between.hold();
    await appears(first, 500);
    await first.kill();
    const second = first.again({ MQTT_URL: broker.url });
    cleanups.push(() => second.remove());
    await second.ready();
    await waitFor(async () => (await figure(second.url, "mes_twin_samples_repeated_total")) >= 500, LONG);
    await appears(second, 100);
    await sending.stop();
    await exactlyOnce(sending, second);
    await showsLast(second, sending);
    expect((await machine(second, MACHINE))?.revision).toBe(
      (await numbersStored(second, MACHINE, sending)).size,
    );
  });

  test("of two servers one consumes, and the other takes over when it is killed", SLOW_TEST, async () => {
    const broker = await startedBroker();
    const db = await database();
    const env = { MQTT_URL: broker.url, DATABASE_URL: db.url };
    const between = await relay(broker.port);
    const active = await server({ ...env, MQTT_URL: between.url });
    const standby = await server(env);
    const sending = load(broker.url);
    await appears(active, 300);
    // From here on the broker does not learn that messages are safe, and delivers them again later.
    between.hold();
    await appears(active, 300);
    expect(await figure(standby.url, "mes_twin_messages_received_total")).toBe(0);
    // A load balancer learns which of them clients belong to.
    const status = async (at: string, question = "") => (await fetch(`${at}/readyz${question}`)).status;
    expect([await status(active.url, "?consuming"), await status(standby.url)]).toEqual([200, 200]);
    expect(await status(standby.url, "?consuming")).toBe(503);
    expect(await (await fetch(`${standby.url}/readyz`)).json()).toMatchObject({
      standby: [expect.any(String)],
    });
    await active.kill();
    await waitFor(async () => (await status(standby.url, "?consuming")) === 200, LONG);
    await waitFor(async () => (await figure(standby.url, "mes_twin_messages_received_total")) > 500, LONG);
    await appears(standby, 300);
    await sending.stop();
    await exactlyOnce(sending, standby);
    await showsLast(standby, sending);
    // Each number was one change, whichever server made it.
    expect((await machine(standby, MACHINE))?.revision).toBe(
      (await numbersStored(standby, MACHINE, sending)).size,
    );
    expect(await rows(db.url, "SELECT 1 FROM equipment WHERE level = 'MACHINE'")).toHaveLength(1);
  });
});

describe("with the embedded broker", () => {
  test("a server that is told to stop under load loses nothing", SLOW_TEST, async () => {
    const db = await database();
    const first = await server({
      DATABASE_URL: db.url,
      PLANT_FILE: new URL("../examples/minimal-plant.yaml", import.meta.url).pathname,
    });
    const sending = load(first.embeddedMqttUrl);
    await appears(first, 500);
    expect(await first.terminate()).toEqual({ code: 0, signal: null });
    const second = first.again();
    cleanups.push(() => second.remove());
    await second.ready();
    await appears(second, 500);
    await sending.stop();
    await exactlyOnce(sending, second);
    await showsLast(second, sending);
  });
});
