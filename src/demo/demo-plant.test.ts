import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { brokerAvailable, startBroker, type TestBroker } from "../../test/support/broker.js";
import { waitFor } from "../../test/support/wait-for.js";
import type { Logger } from "../kernel/logger.js";
import { connectDevice, type DeviceClient } from "../mqtt/device-client.js";
import { DEMO_MACHINES } from "./demo-machines.js";
import { DemoPlant } from "./demo-plant.js";
import { MachineModel, type Reading } from "./machine-model.js";
import { seededRandom } from "./random.js";

const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
};
const FILLER = "acme/berlin/bottling/line-1/filler-1";

interface Message {
  topic: string;
  body: Record<string, unknown>;
}

describe.skipIf(!brokerAvailable)("the demo plant", () => {
  let broker: TestBroker;
  let plant: DemoPlant;
  let client: DeviceClient;
  let messages: Message[];

  beforeAll(async () => {
    broker = await startBroker();
  });

  afterAll(() => broker?.stop());

  beforeEach(async () => {
    messages = [];
    plant = new DemoPlant({ url: broker.url, logger: silent, calm: true });
    client = connectDevice({ url: broker.url, clientId: "server" });
    await client.ready();
    for (const filter of ["acme/#", "replies/#"]) {
      await client.subscribe(filter, 1, (topic, payload) => {
        if (!/\/cmd\/|\/desired$/.test(topic)) messages.push({ topic, body: JSON.parse(payload.toString()) });
      });
    }
    await plant.start();
  });

  afterEach(async () => {
    await plant.stop();
    await client.end();
  });

  const bodies = (topic: string) =>
    messages.filter((message) => message.topic === topic).map(({ body }) => body);
  const states = (machine: string) => bodies(`${machine}/telemetry`).map(({ state }) => state);
  const answers = () => bodies("replies/r").map(({ id, status }) => `${id} ${status}`);

  async function command(id: string, name: string, more: object = {}): Promise<void> {
    const body = {
      id,
      name,
      arguments: {},
      issuedAt: Date.now(),
      expiresAt: Date.now() + 10_000,
      replyTo: "replies/r",
    };
    await client.publish(`${FILLER}/cmd/${name}`, JSON.stringify({ ...body, ...more }), { qos: 1 });
  }

  test("comes online and produces, all machines of it", async () => {
    for (const { path } of DEMO_MACHINES) {
      await waitFor(() => states(path).includes("EXECUTE"), { what: `${path} executes` });
      expect(bodies(`${path}/connectivity`).at(-1)).toEqual({ online: true, ts: expect.any(Number) });
    }
    await waitFor(() => Number(bodies(`${FILLER}/telemetry`).at(-1)?.good) > 5);
    // Each state on the way was reported, none of them skipped.
    const seen = states(FILLER).filter((state, index, all) => state !== all[index - 1]);
    expect("STOPPED RESETTING IDLE STARTING EXECUTE").toContain(seen.join(" "));
    const times = bodies(`${FILLER}/telemetry`).map(({ ts }) => Number(ts));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });

  test("carries out a command and answers when its state is reached, once for each id", async () => {
    await waitFor(() => states(FILLER).at(-1) === "EXECUTE");
    await command("a", "hold");
    await waitFor(() => answers().includes("a COMPLETED"));
    expect(states(FILLER).at(-1)).toBe("HELD");
    await command("b", "start");
    await waitFor(() => answers().includes("b COMPLETED"));
    await command("a", "hold");
    await waitFor(() => answers().length === 6);
    expect(answers()).toEqual([
      "a ACCEPTED",
      "a COMPLETED",
      "b ACCEPTED",
      "b COMPLETED",
      "a ACCEPTED",
      "a COMPLETED",
    ]);
    expect(states(FILLER).at(-1)).toBe("EXECUTE");
  });

  test("follows what is desired of it, and reports at once what it has", async () => {
    await waitFor(() => states(FILLER).at(-1) === "EXECUTE");
    const desire = (version: number, metrics: object) =>
      client.publish(`${FILLER}/desired`, JSON.stringify({ version, metrics }), { qos: 1 });
    const speed = () => bodies(`${FILLER}/telemetry`).at(-1)?.speed;
    await desire(3, { speed: 240 });
    await waitFor(() => speed() === 240);
    const reports = bodies(`${FILLER}/telemetry`).length;
    await desire(4, { speed: 5_000 });
    await waitFor(() => bodies(`${FILLER}/telemetry`).length > reports);
    expect(speed()).toBe(240);
  });

  test("survives what is no command", async () => {
    await client.publish(`${FILLER}/cmd/start`, "garbage", { qos: 1 });
    await client.publish(`${FILLER}/desired`, "garbage", { qos: 1 });
    await client.publish(`${FILLER}/cmd/start`, Buffer.from([0xff, 0x00]), { qos: 1 });
    await command("x", "setSpeed", { replyTo: "replies/#" });
    await command("c", "setSpeed", { arguments: { speed: 100 } });
    await waitFor(() => answers().includes("c COMPLETED"));
    await waitFor(() => bodies(`${FILLER}/telemetry`).at(-1)?.speed === 100);
  });

  test("says goodbye when it stops, and may start and stop in any order", async () => {
    await Promise.all([plant.stop(), plant.stop()]);
    for (const { path } of DEMO_MACHINES) {
      await waitFor(() => bodies(`${path}/connectivity`).at(-1)?.online === false);
      expect(bodies(`${path}/connectivity`).at(-1)).toHaveProperty("ts");
    }
    const [started, stopped] = [plant.start(), plant.stop()];
    await Promise.all([started, stopped, plant.start()]);
    await waitFor(() => bodies(`${FILLER}/connectivity`).at(-1)?.online === true);
  });

  test("is online again after the broker was away", async () => {
    await waitFor(() => states(FILLER).at(-1) === "EXECUTE");
    await broker.interrupt();
    messages = [];
    await waitFor(
      () => DEMO_MACHINES.every(({ path }) => bodies(`${path}/connectivity`).at(-1)?.online === true),
      {
        timeoutMs: 20_000,
      },
    );
    await client.ready();
    await command("d", "start");
    await waitFor(() => answers().includes("d COMPLETED"));
  });

  test("stops at once when there is no broker", async () => {
    const alone = new DemoPlant({ url: "mqtt://127.0.0.1:9", logger: silent });
    const started = alone.start();
    const before = Date.now();
    await alone.stop();
    await started;
    expect(Date.now() - before).toBeLessThan(3000);
  });
});

test("the plant file describes what the machines report", async () => {
  const text = await readFile(new URL("../../examples/demo-plant.yaml", import.meta.url), "utf8");
  const plant = parse(text) as {
    equipment: { path: string; type?: string }[];
    machineTypes: { name: string; metrics: { name: string; type: string; max?: number }[] }[];
  };
  const machines = plant.equipment.filter(({ type }) => type !== undefined);
  expect(machines.map(({ path, type }) => [path, type])).toEqual(
    DEMO_MACHINES.map(({ path, profile }) => [path, profile.type]),
  );
  for (const { profile } of DEMO_MACHINES) {
    const type = plant.machineTypes.find(({ name }) => name === profile.type);
    const reported = leaves(new MachineModel({ profile, random: seededRandom(1) }).reading());
    expect(type?.metrics.map(({ name }) => name).sort()).toEqual([...reported.keys()].sort());
    expect(type?.metrics.find(({ name }) => name === "speed")?.max).toBe(profile.speed.max);
    for (const { name, type: dataType } of type?.metrics ?? []) {
      expect(typeof reported.get(name), name).toBe(dataType === "String" ? "string" : "number");
    }
  }
});

function leaves(reading: Reading, prefix = ""): Map<string, number | string> {
  const found = new Map<string, number | string>();
  for (const [name, value] of Object.entries(reading)) {
    if (typeof value !== "object") found.set(prefix + name, value);
    else for (const [inner, leaf] of leaves(value, `${prefix}${name}/`)) found.set(inner, leaf);
  }
  return found;
}
