import { afterEach, beforeEach } from "vitest";
import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import {
  DesiredOfMachineDocument,
  type DesiredOfMachineQuery,
  SetDesiredDocument,
} from "../generated/graphql.js";
import { startTestApp, type TestApp } from "./app.js";
import { brokerAvailable, startBroker, type TestBroker } from "./broker.js";
import { waitFor } from "./wait-for.js";

export const FILLER = "acme/berlin/line-1/filler-1";
export const CAPPER = "acme/berlin/line-1/capper-1";
export const PLANT = `
machineTypes:
  - name: filler
    followWithin: 700ms
    metrics:
      - {name: speed, type: Double, unit: bottles/min, writable: true, min: 0, max: 600}
      - {name: recipe, type: String, writable: true, followWithin: 60s}
      - {name: batch, type: Int64, writable: true}
      - {name: temperature, type: Double}
equipment:
  - {path: ${FILLER}, type: filler}
  - {path: ${CAPPER}, type: filler}
  - {path: acme/berlin/line-1/unknown-1, level: MACHINE}
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings:
      - {topic: "{enterprise}/{site}/{line}/{machine}/telemetry", format: json, timestamp: ts}
      - {topic: "{enterprise}/{site}/{line}/{machine}/connectivity", format: connectivity}
      - {topic: "{enterprise}/{site}/{line}/{machine}/{metric+}", format: value}
`;

interface Document {
  readonly version: number;
  readonly metrics: Record<string, unknown>;
  readonly issuedAt: string;
}

/** A broker and a server of the plant for each test, and what a user asks of desired values there. */
export class DesiredStage {
  readonly cleanups: (() => Promise<unknown>)[] = [];
  #broker: TestBroker | null = null;
  #app: TestApp | null = null;

  /** Around each test of the file that calls it. */
  static forEachTest(): DesiredStage {
    const stage = new DesiredStage();
    beforeEach(async () => {
      if (!brokerAvailable) return;
      const broker = await startBroker();
      stage.#broker = broker;
      stage.cleanups.push(() => broker.stop());
      stage.#app = await stage.server();
    });
    afterEach(async () => {
      for (const cleanup of stage.cleanups.splice(0).reverse()) await cleanup();
    });
    return stage;
  }

  get broker(): TestBroker {
    if (this.#broker === null) throw new Error("no broker runs");
    return this.#broker;
  }

  get app(): TestApp {
    if (this.#app === null) throw new Error("no server runs");
    return this.#app;
  }

  async server(env: Record<string, string> = {}): Promise<TestApp> {
    const started = await startTestApp({ mqttUrl: this.broker.url, plant: PLANT, env });
    this.cleanups.push(() => started.stop());
    return started;
  }

  /** The server starts again on its database after `app.pause()`. */
  async resume(): Promise<void> {
    const resumed = await this.app.resume();
    this.#app = resumed;
    this.cleanups.push(() => resumed.pause());
  }

  device(path = FILLER): Device {
    const device = new Device(this.broker.url, path);
    this.cleanups.push(() => device.end());
    return device;
  }

  async online(at: TestApp = this.app, path = FILLER, status = "ONLINE"): Promise<void> {
    await waitFor(async () => (await this.state(at, path))?.connectivity.status === status, { what: status });
  }

  async state(at: TestApp = this.app, machine = FILLER): Promise<DesiredOfMachineQuery["machine"]> {
    return (await at.run(DesiredOfMachineDocument, { machine })).machine;
  }

  async set(
    metrics: Record<string, string | number | boolean | null>,
    more: object = {},
    at: TestApp = this.app,
  ) {
    const list = Object.entries(metrics).map(([name, value]) => ({ name, value }));
    const input = { machine: FILLER, metrics: list, ...more };
    return (await at.run(SetDesiredDocument, { input })).setDesired;
  }

  async statusOf(metric: string, at: TestApp = this.app): Promise<string | null | undefined> {
    return (await this.state(at))?.metrics.find(({ name }) => name === metric)?.desiredStatus;
  }

  async reaches(metric: string, status: string | null, at: TestApp = this.app): Promise<void> {
    await waitFor(async () => (await this.statusOf(metric, at)) === status, {
      what: `${metric} is ${status}`,
    });
  }

  async reported(metric: string, value: unknown): Promise<void> {
    await waitFor(
      async () => (await this.state())?.metrics.find(({ name }) => name === metric)?.value === value,
    );
  }
}

/** A machine that says where it stands, and does what it is told only when `obeys` says so. */
class Device {
  readonly documents: Document[] = [];
  /** The same as they came. */
  readonly texts: string[] = [];
  obeys = false;
  readonly #url: string;
  readonly #path: string;
  #client: DeviceClient | null = null;

  constructor(url: string, path: string) {
    this.#url = url;
    this.#path = path;
  }

  async comes(): Promise<void> {
    const will = {
      topic: `${this.#path}/connectivity`,
      payload: '{"online":false}',
      qos: 1,
      retain: true,
    } as const;
    this.#client = connectDevice({ url: this.#url, clientId: this.#path.replaceAll("/", "-"), will });
    await this.#client.ready();
    await this.#client.subscribe(`${this.#path}/desired`, 1, (_topic, payload) => {
      const document = JSON.parse(payload.toString()) as Document;
      this.documents.push(document);
      this.texts.push(payload.toString());
      if (this.obeys) void this.reports(document.metrics);
    });
    await this.#says(true);
  }

  async reports(values: Record<string, unknown>): Promise<void> {
    const payload = JSON.stringify({ ts: Date.now(), ...values });
    await this.#client?.publish(`${this.#path}/telemetry`, payload, { qos: 1 });
  }

  async end(): Promise<void> {
    await this.#client?.end();
  }

  /** Cut off: its will fires. */
  async dies(): Promise<void> {
    await this.#client?.destroy();
  }

  async #says(online: boolean): Promise<void> {
    const payload = JSON.stringify({ online });
    await this.#client?.publish(`${this.#path}/connectivity`, payload, { qos: 1, retain: true });
  }
}
