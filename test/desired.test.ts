import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import {
  DesiredChangedDocument,
  DesiredOfMachineDocument,
  type DesiredOfMachineQuery,
  MachineChangedWithDesiredDocument,
  SetDesiredDocument,
} from "./generated/graphql.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker, type TestBroker } from "./support/broker.js";
import { rows } from "./support/database.js";
import { mosquittoAvailable, startMosquitto } from "./support/mosquitto.js";
import { waitFor } from "./support/wait-for.js";

const FILLER = "acme/berlin/line-1/filler-1";
const CAPPER = "acme/berlin/line-1/capper-1";
const PLANT = `
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

const cleanups: (() => Promise<unknown>)[] = [];
let broker: TestBroker;
let app: TestApp;

beforeEach(async () => {
  if (!brokerAvailable) return;
  broker = await startBroker();
  cleanups.push(() => broker.stop());
  app = await server();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(env: Record<string, string> = {}): Promise<TestApp> {
  const started = await startTestApp({ mqttUrl: broker.url, plant: PLANT, env });
  cleanups.push(() => started.stop());
  return started;
}

/** A machine that says where it stands, and does what it is told only when `obeys` says so. */
class Device {
  readonly documents: Document[] = [];
  /** The same as they came. */
  readonly texts: string[] = [];
  obeys = false;
  readonly #path: string;
  #client: DeviceClient | null = null;

  constructor(path = FILLER) {
    this.#path = path;
    cleanups.push(() => this.#client?.end() ?? Promise.resolve());
  }

  async comes(): Promise<void> {
    const will = {
      topic: `${this.#path}/connectivity`,
      payload: '{"online":false}',
      qos: 1,
      retain: true,
    } as const;
    this.#client = connectDevice({ url: broker.url, clientId: this.#path.replaceAll("/", "-"), will });
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

  /** Cut off: its will fires. */
  async dies(): Promise<void> {
    await this.#client?.destroy();
  }

  async #says(online: boolean): Promise<void> {
    const payload = JSON.stringify({ online });
    await this.#client?.publish(`${this.#path}/connectivity`, payload, { qos: 1, retain: true });
  }
}

async function online(at: TestApp = app, path = FILLER, status = "ONLINE"): Promise<void> {
  await waitFor(async () => (await state(at, path))?.connectivity.status === status, { what: status });
}

async function state(at: TestApp = app, machine = FILLER): Promise<DesiredOfMachineQuery["machine"]> {
  return (await at.run(DesiredOfMachineDocument, { machine })).machine;
}

async function set(metrics: Record<string, string | number | boolean | null>, more: object = {}, at = app) {
  const list = Object.entries(metrics).map(([name, value]) => ({ name, value }));
  const input = { machine: FILLER, metrics: list, ...more };
  return (await at.run(SetDesiredDocument, { input })).setDesired;
}

async function statusOf(metric: string, at = app): Promise<string | null | undefined> {
  return (await state(at))?.metrics.find(({ name }) => name === metric)?.desiredStatus;
}

async function reaches(metric: string, status: string | null, at = app): Promise<void> {
  await waitFor(async () => (await statusOf(metric, at)) === status, { what: `${metric} is ${status}` });
}

async function reported(metric: string, value: unknown): Promise<void> {
  await waitFor(async () => (await state())?.metrics.find(({ name }) => name === metric)?.value === value);
}

describe.skipIf(!brokerAvailable)("a desired value", () => {
  test("reaches a machine that is there, and is settled by its report", async () => {
    const device = new Device();
    device.obeys = true;
    await device.comes();
    await online();
    const events = app.collect(DesiredChangedDocument, { machine: FILLER });
    const twin = app.collect(MachineChangedWithDesiredDocument, { path: FILLER });
    await waitFor(() => twin.length === 1);
    const { machine, userErrors } = await set({ speed: 250, batch: "9007199254740993" });
    expect(userErrors).toEqual([]);
    expect(machine?.desired).toMatchObject({ version: 1, status: "PENDING" });
    await reaches("speed", "SETTLED");
    await waitFor(() => device.documents.length === 1);
    expect(device.texts[0]).toMatch(
      /^\{"version":1,"metrics":\{.*"batch":9007199254740993[,}].*"issuedAt":"/,
    );
    expect(device.documents[0]?.metrics.speed).toBe(250);
    expect((await state())?.metrics.find(({ name }) => name === "speed")).toMatchObject({
      value: 250,
      desired: 250,
      desiredStatus: "SETTLED",
      desiredVersion: 1,
      desiredBy: "anonymous",
      desiredAt: expect.stringMatching(/Z$/),
    });
    const steps = () =>
      events.flatMap((e) => (e.desiredChanged.metric === "speed" ? [e.desiredChanged.status] : []));
    await waitFor(() => steps().includes("SETTLED"));
    expect(steps()[0]).toBe("PENDING");
    // The twin tells each step as a change of its own, without holes.
    const last = () => twin.at(-1)?.machineChanged;
    await waitFor(() =>
      twin.some(({ machineChanged: { kind, metrics } }) =>
        metrics.some((m) => kind === "DELTA" && m.name === "speed" && m.desiredStatus === "SETTLED"),
      ),
    );
    const revisions = twin.map(({ machineChanged }) => machineChanged.revision);
    expect(revisions).toEqual(revisions.map((_, index) => (revisions[0] ?? 0) + index));
    expect(last()?.revision).toBeLessThanOrEqual((await state())?.revision ?? 0);
    expect(device.documents).toHaveLength(1);
  });

  test("that is set while the machine is offline waits, and is delivered when it is back", async () => {
    const device = new Device();
    await device.comes();
    await online();
    await device.reports({ speed: 100 });
    await reported("speed", 100);
    await device.dies();
    await online(app, FILLER, "OFFLINE");
    await set({ speed: 250 });
    expect(await statusOf("speed")).toBe("PENDING");
    expect(device.documents).toEqual([]);
    device.obeys = true;
    await device.comes();
    await reaches("speed", "SETTLED");
    expect(device.documents).toMatchObject([{ version: 1, metrics: { speed: 250 } }]);
  });

  test("waits for a machine that was never heard", async () => {
    await set({ speed: 250 });
    const before = (await state())?.revision;
    await set({ speed: 251 });
    expect((await state())?.revision).toBe((before ?? 0) + 1);
    // Nobody who saw that revision takes a later one for it after a restart.
    await app.pause();
    app = await app.resume();
    cleanups.push(() => app.pause());
    expect((await state())?.revision).toBe((before ?? 0) + 1);
    const device = new Device();
    device.obeys = true;
    await device.comes();
    await reaches("speed", "SETTLED");
    expect(device.documents).toMatchObject([{ version: 2, metrics: { speed: 251 } }]);
  });

  test("that the machine ignores is shown as not followed, and settles when it is followed late", async () => {
    const device = new Device();
    await device.comes();
    await online();
    const events = app.collect(DesiredChangedDocument, { machine: FILLER });
    await device.reports({ speed: 100 });
    await set({ speed: 250, recipe: "cola" });
    await reaches("speed", "NOT_FOLLOWED");
    // Its own time is longer than the type's.
    expect(await statusOf("recipe")).toBe("SENT");
    expect((await state())?.desired.status).toBe("NOT_FOLLOWED");
    await waitFor(() => events.some((e) => e.desiredChanged.status === "NOT_FOLLOWED"));
    expect(device.documents).toHaveLength(1);
    await device.reports({ speed: 250.0000001 });
    await reaches("speed", "SETTLED");
    await waitFor(() => events.some((e) => e.desiredChanged.status === "SETTLED"));
  });

  test("that is not followed is sent again when the machine comes back", async () => {
    const device = new Device();
    await device.comes();
    await online();
    await device.reports({ speed: 100 });
    await set({ speed: 250 });
    await reaches("speed", "NOT_FOLLOWED");
    await device.dies();
    await online(app, FILLER, "OFFLINE");
    device.obeys = true;
    await device.comes();
    await reaches("speed", "SETTLED");
    expect(device.documents.map(({ version }) => version)).toEqual([1, 1]);
  });

  test("that a restarted machine has forgotten is sent again, one that someone changed at the machine is not", async () => {
    const device = new Device();
    device.obeys = true;
    await device.comes();
    await online();
    await set({ speed: 250 });
    await reaches("speed", "SETTLED");
    device.obeys = false;
    await device.reports({ speed: 90 });
    await reaches("speed", "NOT_FOLLOWED");
    expect(device.documents).toHaveLength(1);
    await device.reports({ speed: 250 });
    await reaches("speed", "SETTLED");
    await device.dies();
    await online(app, FILLER, "OFFLINE");
    device.obeys = true;
    await device.comes();
    await online();
    await device.reports({ speed: 0 });
    await waitFor(() => device.documents.length === 2);
    await reaches("speed", "SETTLED");
    expect(device.documents[1]).toMatchObject({ version: 1, metrics: { speed: 250 } });
  });

  test("that the machine reports already is not sent", async () => {
    const device = new Device();
    await device.comes();
    await device.reports({ speed: 250, recipe: "cola" });
    await reported("recipe", "cola");
    await set({ speed: 250, recipe: "water" });
    await reaches("speed", "SETTLED");
    await waitFor(() => device.documents.length === 1);
    expect(device.documents[0]?.metrics).toEqual({ recipe: "water" });
  });

  test("survives a restart of the server, with its version, and is sent again", async () => {
    const device = new Device();
    await device.comes();
    await online();
    await device.reports({ speed: 100 });
    await set({ speed: 250, recipe: "cola" });
    await reaches("recipe", "SENT");
    await waitFor(() => device.documents.length === 1);
    await app.pause();
    device.obeys = true;
    app = await app.resume();
    cleanups.push(() => app.pause());
    await reaches("speed", "SETTLED");
    await reaches("recipe", "SETTLED");
    expect(device.documents.map(({ version }) => version)).toEqual([1, 1]);
    expect((await state())?.desired.version).toBe(1);
    expect((await set({ speed: 251 })).machine?.desired.version).toBe(2);
  });

  test("shows as not followed also when the server restarted meanwhile", async () => {
    const device = new Device();
    await device.comes();
    await online();
    await device.reports({ speed: 100 });
    await set({ speed: 250 });
    await reaches("speed", "SENT");
    await app.pause();
    app = await app.resume();
    cleanups.push(() => app.pause());
    await reaches("speed", "NOT_FOLLOWED");
  });

  test("is sent again when the connection to the broker was lost", async () => {
    const device = new Device();
    await device.comes();
    await online();
    await device.reports({ speed: 100, recipe: "water" });
    await set({ recipe: "cola" });
    await reaches("recipe", "SENT");
    await broker.interrupt();
    await waitFor(() => device.documents.length === 2);
    expect(device.documents[1]).toMatchObject({ version: 1, metrics: { recipe: "cola" } });
  });

  test("is cleared by null, and the device is told that it is no longer wanted", async () => {
    const device = new Device();
    await device.comes();
    await online();
    const events = app.collect(DesiredChangedDocument, {});
    await device.reports({ speed: 100, recipe: "water" });
    await set({ speed: 250, recipe: "cola" });
    await reaches("recipe", "SENT");
    await set({ recipe: null });
    await waitFor(() => device.documents.length === 2);
    expect(device.documents[1]).toMatchObject({ version: 2, metrics: { speed: 250 } });
    await set({ speed: null });
    await waitFor(() => device.documents.length === 3);
    expect(device.documents[2]).toMatchObject({ version: 3, metrics: {} });
    expect(await state()).toMatchObject({ desired: { version: 3, status: null, metrics: [] } });
    await waitFor(() => events.at(-1)?.desiredChanged.status === "CLEARED");
    expect(events.at(-1)?.desiredChanged).toMatchObject({ metric: "speed", value: null, version: 3 });
    // Nothing to clear: nothing changes.
    expect((await set({ speed: null, nonsense: null })).machine?.desired.version).toBe(3);
    expect(await app.run(DesiredOfMachineDocument, { machine: CAPPER })).toMatchObject({
      machine: { desired: { version: 0, status: null } },
    });
  });

  test("is not set when someone else was faster", async () => {
    const { revision } = (await state()) ?? { revision: -1 };
    const { machine } = await set({ speed: 250 }, { expectedRevision: revision, expectedVersion: 0 });
    expect(machine?.desired.version).toBe(1);
    const conflicts = [
      await set({ speed: 260 }, { expectedRevision: revision }),
      await set({ speed: 260 }, { expectedVersion: 0 }),
    ];
    expect(conflicts).toMatchObject([
      { machine: null, userErrors: [{ code: "PRECONDITION_FAILED", field: ["expectedRevision"] }] },
      { machine: null, userErrors: [{ code: "VERSION_CONFLICT", field: ["expectedVersion"] }] },
    ]);
    expect((await state())?.desired).toMatchObject({ version: 1, metrics: [{ value: 250 }] });
    expect((await set({ speed: 260 }, { expectedVersion: 1 })).machine?.desired.version).toBe(2);
    const racing = await Promise.all([1, 2, 3, 4].map((speed) => set({ speed }, { expectedVersion: 2 })));
    expect(racing.filter((outcome) => outcome.machine !== null)).toHaveLength(1);
  });

  test("is set once for a key, however often it is asked", async () => {
    const outcomes = [
      await set({ speed: 250 }, { idempotencyKey: "shift-1" }),
      await set({ speed: 250 }, { idempotencyKey: "shift-1" }),
    ];
    expect(outcomes.map(({ machine }) => machine?.desired.version)).toEqual([1, 1]);
    expect(await set({ speed: 251 }, { idempotencyKey: "shift-1" })).toMatchObject({
      userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED" }],
    });
  });

  test("must be one that the machine type allows, and nothing of a refused input is set", async () => {
    const wrong = await app.run(SetDesiredDocument, {
      input: {
        machine: FILLER,
        metrics: [
          { name: "recipe", value: "cola" },
          { name: "speed", value: 601 },
          { name: "temperature", value: 5 },
          { name: "nonsense", value: 5 },
          { name: "batch", value: "1.5" },
          { name: "recipe", value: "water" },
        ],
      },
    });
    const problems = wrong.setDesired.userErrors.map(({ code, field }) => [code, field?.join(".")]);
    expect(problems).toEqual([
      ["INVALID_INPUT", "metrics.1.value"],
      ["INVALID_INPUT", "metrics.2.name"],
      ["NOT_FOUND", "metrics.3.name"],
      ["INVALID_INPUT", "metrics.4.value"],
      ["INVALID_INPUT", "metrics.5.name"],
    ]);
    expect((await state())?.desired).toMatchObject({ version: 0, metrics: [] });
    const machine = (path: string) => set({ speed: 1 }, { machine: path });
    expect(await machine("acme/nowhere")).toMatchObject({
      userErrors: [{ code: "NOT_FOUND", field: ["machine"] }],
    });
    expect(await machine("acme/berlin/line-1/unknown-1")).toMatchObject({
      userErrors: [{ code: "NOT_FOUND", field: ["metrics", "0", "name"] }],
    });
    expect(await set({})).toMatchObject({ userErrors: [{ code: "INVALID_INPUT", field: ["metrics"] }] });
  });

  test("does not reach a machine that maintenance locks out before that is over", async () => {
    const device = new Device();
    device.obeys = true;
    await device.comes();
    await online();
    await device.dies();
    await online(app, FILLER, "OFFLINE");
    await set({ speed: 250 });
    const { data } = await app.ask(
      `mutation { createMaintenanceOrder(input: {machine: "${FILLER}", kind: INSPECTION, title: "look", lockout: true}) { maintenanceOrder { number } } }`,
    );
    const { number } = data.createMaintenanceOrder.maintenanceOrder;
    await app.ask(`mutation { startMaintenance(input: {number: "${number}"}) { userErrors { code } } }`);
    expect(await set({ speed: 251 })).toMatchObject({ userErrors: [{ code: "MACHINE_LOCKED_OUT" }] });
    await device.comes();
    await online();
    const reason = async () => (await state())?.desired.metrics[0]?.reason;
    await waitFor(async () => (await reason())?.includes(number));
    expect([await statusOf("speed"), device.documents.length]).toEqual(["PENDING", 0]);
    await app.ask(`mutation { completeMaintenance(input: {number: "${number}"}) { userErrors { code } } }`);
    await reaches("speed", "SETTLED");
    expect(device.documents).toHaveLength(1);
  });

  test("is never read back as telemetry, and never kept by the broker", async () => {
    const device = new Device();
    await device.comes();
    await online();
    await set({ recipe: "cola" });
    await waitFor(() => device.documents.length === 1);
    await device.reports({ temperature: 20 });
    await reported("temperature", 20);
    expect((await state())?.metrics.map(({ name }) => name)).toEqual([
      "speed",
      "recipe",
      "batch",
      "temperature",
    ]);
    const late = connectDevice({ url: broker.url, clientId: "late" });
    cleanups.push(() => late.end());
    await late.ready();
    const heard: string[] = [];
    await late.subscribe("#", 1, (topic) => heard.push(topic));
    await waitFor(() => heard.length > 0);
    expect(heard).toEqual([`${FILLER}/connectivity`]);
  });

  test("is delivered once by two servers on one database, whichever of them was asked", async () => {
    const second = await server({ DATABASE_URL: app.env.DATABASE_URL ?? "" });
    const device = new Device();
    device.obeys = true;
    await device.comes();
    await online();
    const heard = app.collect(DesiredChangedDocument, { machine: FILLER });
    const heardBySecond = second.collect(DesiredChangedDocument, { machine: FILLER });
    await set({ speed: 250 }, {}, second);
    await reaches("speed", "SETTLED");
    await reaches("speed", "SETTLED", second);
    await set({ speed: 300 });
    await waitFor(() => device.documents.length === 2);
    await waitFor(async () => (await state(second))?.desired.version === 2);
    for (const events of [heard, heardBySecond])
      await waitFor(() =>
        events.some((e) => e.desiredChanged.version === 2 && e.desiredChanged.status === "SETTLED"),
      );
    expect(device.documents.map(({ version }) => version)).toEqual([1, 2]);
    // The other one takes over, and what is set there is delivered by it.
    await app.pause();
    await set({ speed: 350 }, {}, second);
    await reaches("speed", "SETTLED", second);
    expect(device.documents.at(-1)).toMatchObject({ version: 3, metrics: { speed: 350 } });
  });

  test("is left alone by a server that only stands by, whatever it knew of the machine", async () => {
    const device = new Device();
    await device.comes();
    await online();
    await device.reports({ speed: 100, recipe: "water" });
    await reported("recipe", "water");
    await device.dies();
    await online(app, FILLER, "OFFLINE");
    await waitFor(async () => {
      const [twin] = await rows<{ connectivity: string }>(app.env.DATABASE_URL ?? "", "SELECT * FROM twin");
      return twin?.connectivity === "OFFLINE";
    });
    const second = await server({ DATABASE_URL: app.env.DATABASE_URL ?? "" });
    await device.comes();
    await online();
    await set({ speed: 250, recipe: "cola" });
    for (const at of [app, second]) await reaches("speed", "NOT_FOLLOWED", at);
    expect([await statusOf("recipe"), await statusOf("recipe", second)]).toEqual(["SENT", "SENT"]);
    expect(device.documents).toHaveLength(1);
  });
});

test.skipIf(!mosquittoAvailable)("what the broker refuses to carry waits, and says why", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "mes-twin-acl-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const acl = path.join(folder, "acl");
  await chmod(folder, 0o755);
  await writeFile(acl, `topic readwrite #\ntopic deny ${FILLER}/desired\n`);
  const strict = await startMosquitto({ config: [`acl_file ${acl}`] });
  cleanups.push(() => strict.stop());
  const at = await startTestApp({ mqttUrl: strict.url, plant: PLANT });
  cleanups.push(() => at.stop());
  const device = connectDevice({ url: strict.url, clientId: "filler-1" });
  cleanups.push(() => device.end());
  await device.ready();
  await device.publish(`${FILLER}/telemetry`, JSON.stringify({ ts: Date.now(), speed: 100 }), { qos: 1 });
  await online(at);
  await set({ speed: 250 }, {}, at);
  await waitFor(async () => (await state(at))?.desired.metrics[0]?.reason?.includes("does not authorize"));
  expect(await statusOf("speed", at)).toBe("PENDING");
});
