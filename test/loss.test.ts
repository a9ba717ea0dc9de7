import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { createTestDatabase } from "./support/database.js";
import { Relay } from "./support/database-relay.js";
import { type Mosquitto, mosquittoAvailable, startMosquitto } from "./support/mosquitto.js";
import { figure } from "./support/questions.js";
import { startServer } from "./support/server-process.js";
import { waitFor } from "./support/wait-for.js";

const MACHINE = "acme/berlin/pack/line-1/filler-1";
const plant = (options: string) => `
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    ${options}
    mappings:
      - { topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json, sequence: seq }
`;

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface SourceAnswer {
  readonly health: string;
  readonly problem: string | null;
  readonly received: number;
  readonly committed: number;
  readonly dead: number;
  readonly missed: number;
  readonly brokerDropped: number;
}

async function source(app: Pick<TestApp, "ask">): Promise<SourceAnswer> {
  const { data } = await app.ask(
    "{ sources { health problem received committed dead missed brokerDropped } }",
  );
  return data.sources[0];
}

/** Keeps every commit waiting until it is released. */
async function holdCommits(url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  cleanups.push(() => client.end().catch(() => undefined));
  await client.query("BEGIN; LOCK TABLE source_lease IN ACCESS EXCLUSIVE MODE");
  return async () => {
    await client.query("ROLLBACK");
  };
}

// Its own, because it is made to drop messages. Without Mosquitto the file says so on stderr, and these skip.
describe.skipIf(!mosquittoAvailable)("what is lost on the way", () => {
  let broker: Mosquitto;
  let device: DeviceClient;

  beforeEach(async () => {
    broker = await startMosquitto({ config: ["max_queued_messages 10", "sys_interval 1"] });
    cleanups.push(() => broker.stop());
    device = connectDevice({ url: broker.url, clientId: "device" });
    cleanups.push(() => device.end());
    await device.ready();
  });

  async function start(options: string, mqttUrl = broker.url): Promise<TestApp> {
    const app = await startTestApp({ mqttUrl, plant: plant(options) });
    cleanups.push(() => app.stop());
    return app;
  }

  const send = (seq: unknown) =>
    device.publish(`${MACHINE}/telemetry`, JSON.stringify({ seq, value: 1 }), { qos: 1 });

  test("is counted by the broker and by the devices' numbers, and is the same", async () => {
    const app = await start("inFlight: 10");
    await send(0);
    await waitFor(async () => (await source(app)).committed === 1);
    // The broker's first round of statistics has come, so that what it drops from now on is growth.
    await waitFor(async () => (await brokerSaid("messages/received")) > 0);
    const release = await holdCommits(app.env.DATABASE_URL ?? "");
    for (let seq = 1; seq <= 100; seq += 1) await send(seq);
    await release();
    await waitFor(async () => (await source(app)).committed >= 21);
    await send(101);
    await waitFor(async () => (await source(app)).missed > 0);
    const { missed, received } = await source(app);
    expect(missed + received).toBe(102);
    await waitFor(async () => (await source(app)).brokerDropped === missed);
    expect(await source(app)).toMatchObject({
      health: "CONNECTED",
      problem: expect.stringMatching(
        /^the broker has dropped \d+ messages since 2.*: raise max_queued_messages$/,
      ),
      dead: 0,
    });
    expect(await figure(app.url, "mes_twin_messages_missed_total")).toBe(missed);
    expect(await figure(app.url, "mes_twin_broker_dropped_total")).toBe(missed);
    expect(await figure(app.url, "mes_twin_messages_received_total")).toBe(received);
    expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
  });

  /** A total of the broker's own statistics; -1 until it tells. */
  async function brokerSaid(topic: string): Promise<number> {
    let said = -1;
    const watch = connectDevice({ url: broker.url, clientId: "watch" });
    await watch.ready();
    await watch.subscribe(`$SYS/broker/${topic}`, 0, (_topic, payload) => {
      said = Number(payload.toString());
    });
    await waitFor(() => said >= 0, { timeoutMs: 1_500 }).catch(() => undefined);
    await watch.end();
    return said;
  }

  test("what the broker drops while it cannot be reached is found out afterwards", async () => {
    const relay = await Relay.to(broker.url);
    cleanups.push(() => relay.close());
    const app = await start("qos: 1", relay.url);
    await waitFor(async () => (await brokerSaid("messages/received")) > 0);
    await send(0);
    await waitFor(async () => (await source(app)).committed === 1);
    relay.refuse = true;
    relay.cut();
    await waitFor(async () => (await source(app)).health === "DISCONNECTED");
    await waitFor(async () => (await brokerSaid("clients/disconnected")) === 1);
    for (let seq = 1; seq <= 60; seq += 1) await send(seq);
    await waitFor(async () => (await brokerSaid("publish/messages/dropped")) === 50);
    relay.refuse = false;
    // Nothing more is dropped, so the broker says its total of itself no more.
    await waitFor(async () => (await source(app)).brokerDropped === 50);
    await waitFor(async () => (await source(app)).received === 11);
    await send(61);
    await waitFor(async () => (await source(app)).missed === 50);
  });

  test("a number that is none costs only itself, and a restart of the server misses nothing", async () => {
    let app = await start("qos: 1");
    await send(5);
    await send("6");
    await send(7);
    await waitFor(async () => (await source(app)).committed === 3);
    expect(await source(app)).toMatchObject({ dead: 1, missed: 0 });
    expect(
      (await app.ask(`{ machine(path: "${MACHINE}") { metrics { name } } }`)).data.machine.metrics,
    ).toEqual([{ name: "value" }]);
    await app.pause();
    app = await app.resume();
    cleanups.push(() => app.stop());
    await send(50);
    await send(53);
    await waitFor(async () => (await source(app)).committed === 2);
    expect(await source(app)).toMatchObject({ missed: 2 });
  });
});

describe.skipIf(!mosquittoAvailable)("a server that stops", () => {
  test("tells its figures until all is committed, and its last ones in the log", {
    timeout: 60_000,
  }, async () => {
    const broker = await startMosquitto();
    cleanups.push(() => broker.stop());
    const database = await createTestDatabase();
    cleanups.push(() => database.drop());
    const server = await startServer({ MQTT_URL: broker.url, DATABASE_URL: database.url });
    cleanups.push(() => server.remove());
    await server.ready();
    const device = connectDevice({ url: broker.url, clientId: "device" });
    cleanups.push(() => device.end());
    await device.ready();
    const release = await holdCommits(database.url);
    for (let n = 0; n < 50; n += 1)
      await device.publish(`${MACHINE}/telemetry`, JSON.stringify({ n }), { qos: 1 });
    await waitFor(async () => (await figure(server.url, "mes_twin_messages_received_total")) === 50);
    const ended = server.terminate();
    await waitFor(async () => {
      const response = await fetch(`${server.url}/readyz`);
      return response.status === 503 && (await response.text()).includes('"server":"stopping"');
    });
    expect(await figure(server.url, "mes_twin_messages_committed_total")).toBe(0);
    await release();
    expect((await ended).code).toBe(0);
    const line = server.output
      .split("\n")
      .find((one) => one.includes("what became of the source's messages"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({
      level: 30,
      received: 50,
      committed: 50,
      repeated: 0,
      late: 0,
      dead: 0,
      dropped: 0,
      returned: 0,
      missed: 0,
    });
  });
});
