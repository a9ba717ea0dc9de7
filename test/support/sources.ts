import pg from "pg";
import { afterEach, beforeEach, expect } from "vitest";
import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import { MqttLink } from "../../src/mqtt/link.js";
import {
  CreateSourceDocument,
  type CreateSourceInput,
  PauseSourceDocument,
  RemoveSourceDocument,
  ResumeSourceDocument,
  SourceByNameDocument,
  UpdateSourceDocument,
  type UpdateSourceInput,
} from "../generated/graphql.js";
import { startTestApp, type TestApp } from "./app.js";
import { startBroker, type TestBroker } from "./broker.js";
import { rows } from "./database.js";
import { type Load, numbersStored, startLoad } from "./load.js";
import { quiet } from "./mqtt-link.js";
import { waitFor } from "./wait-for.js";

/** Where the machines of the sources are. */
export const LINE = "acme/berlin/pack/line-3";
const LONG = { timeoutMs: 60_000 };
/** One source, `shopfloor`. */
export const PLANT = `
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings:
      - { topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }
`;

/** Of the topics `plc/<machine>/data`, with filters that differ. */
export const EXACT = {
  topic: "plc/{machine}/data",
  machine: `${LINE}/{machine}`,
  format: "json",
  timestamp: "ts",
};
/** Takes the same, and more. */
export const WIDE = { ...EXACT, topic: "plc/{machine}/{kind}" };

/** A broker, a server with one source of the plant file, and a device, anew for each test of the file that calls it. */
export function sourceStories() {
  const cleanups: (() => Promise<unknown>)[] = [];
  let broker: TestBroker;
  let app: TestApp;
  let device: DeviceClient;

  beforeEach(async () => {
    broker = await anotherBroker();
    app = await server();
    device = await client(broker.url);
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function anotherBroker(): Promise<TestBroker> {
    const started = await startBroker();
    cleanups.push(() => started.stop());
    return started;
  }

  async function server(env: Record<string, string> = {}): Promise<TestApp> {
    const started = await startTestApp({ mqttUrl: broker.url, plant: PLANT, env });
    cleanups.push(() => started.stop());
    return started;
  }

  async function client(url: string): Promise<DeviceClient> {
    const connected = connectDevice({ url, clientId: "device" });
    cleanups.push(() => connected.end());
    await connected.ready();
    return connected;
  }

  function load(url: string, topic: string): Load {
    const started = startLoad(url, topic);
    cleanups.push(() => started.stop());
    return started;
  }

  const send = (topic: string, values: object, from = device) =>
    from.publish(topic, JSON.stringify(values), { qos: 1 });

  async function create(input: Partial<CreateSourceInput> = {}, at = app) {
    const whole = { name: "extra", url: broker.url, mappings: [EXACT], ...input };
    return (await at.run(CreateSourceDocument, { input: whole })).createSource;
  }

  async function update(input: Partial<UpdateSourceInput>, at = app) {
    return (await at.run(UpdateSourceDocument, { input: { name: "extra", ...input } })).updateSource;
  }

  const pause = async (name: string, at = app) =>
    (await at.run(PauseSourceDocument, { input: { name } })).pauseSource;
  const resume = async (name: string, at = app) =>
    (await at.run(ResumeSourceDocument, { input: { name } })).resumeSource;
  const remove = async (name: string, at = app) =>
    (await at.run(RemoveSourceDocument, { input: { name } })).removeSource;
  const source = async (name: string, at = app) =>
    (await at.run(SourceByNameDocument, { name })).source ?? null;
  const is = (health: string, name = "extra", at = app) =>
    waitFor(async () => (await source(name, at))?.health === health, { what: `${name} is ${health}` });

  /** Everything that the load was told is safe is in the history, and nothing is there twice. */
  async function exactlyOnce(load: Load, path: string, at = app): Promise<void> {
    const missing = async () => {
      const found = await numbersStored(at, path, load);
      return load.acknowledged.filter((n) => !found.has(n));
    };
    await waitFor(async () => (await missing()).length === 0, LONG).catch(() => undefined);
    expect(await missing()).toEqual([]);
    expect([...(await numbersStored(at, path, load))].filter(([, count]) => count > 1)).toEqual([]);
  }

  /** Keeps every commit waiting until it is released. */
  async function holdCommits(): Promise<() => Promise<unknown>> {
    const holder = new pg.Client({ connectionString: app.env.DATABASE_URL });
    await holder.connect();
    cleanups.push(() => holder.end());
    await holder.query("BEGIN; LOCK TABLE source_lease IN ACCESS EXCLUSIVE MODE");
    return () => holder.query("ROLLBACK");
  }

  async function deadLetters(at = app): Promise<string[]> {
    const all = await rows<{ topic: string; reason: string }>(
      at.env.DATABASE_URL ?? "",
      "SELECT topic, reason FROM dead_letter ORDER BY id",
    );
    return all.map(({ topic, reason }) => `${topic}: ${reason}`);
  }

  /** Whether a broker keeps a session of a source; looking does not end it. */
  async function sessionKept(url: string, name: string): Promise<boolean> {
    const [installation] = await rows<{ id: string }>(
      app.env.DATABASE_URL ?? "",
      "SELECT id FROM installation",
    );
    const link = new MqttLink({
      url,
      clientId: `mes-twin-${installation?.id.slice(0, 8)}-${name}`,
      logger: quiet,
      onMessage: () => undefined,
    });
    link.start();
    const status = await waitFor(() => link.status.phase === "connected" && link.status);
    await link.stop();
    return status.sessionPresent;
  }

  /** No session of a source is left to be ended. */
  const farewellsDone = (name = "extra") =>
    waitFor(
      async () => {
        const left = await rows<{ source: string }>(
          app.env.DATABASE_URL ?? "",
          "SELECT source FROM source_session WHERE left_at IS NOT NULL",
        );
        return left.every((session) => session.source !== name);
      },
      { ...LONG, what: `no session of ${name} is left` },
    );

  return {
    get app() {
      return app;
    },
    get broker() {
      return broker;
    },
    /** Starts the server again on the same data; it must have stopped. */
    async again() {
      const resumed = await app.resume();
      cleanups.push(() => resumed.stop());
      app = resumed;
    },
    ...{ anotherBroker, server, client, load, send, create, update, pause, resume, remove, source, is },
    ...{ exactlyOnce, holdCommits, deadLetters, sessionKept, farewellsDone },
  };
}
