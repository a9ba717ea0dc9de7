import { newClient, type UPayload } from "sparkplug-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataType } from "../src/sparkplug/payload.js";
import type { TestApp } from "./support/app.js";
import { brokerAvailable, type TestBroker } from "./support/broker.js";
import type { EdgeMetric } from "./support/edge-client.js";
import { properties } from "./support/edge-node.js";
import { history, machine, metric } from "./support/questions.js";
import { MQTT_VERSIONS, SparkplugPlant } from "./support/sparkplug-plant.js";
import { waitFor } from "./support/wait-for.js";
import { tapTo } from "./support/wire-tap.js";

const SOURCE = `
  - { name: edge, url: "\${MQTT_URL}", sparkplug: { reorderTimeout: 300ms, rebirthInterval: 1s } }`;

const unit = (text: string) => ({
  properties: properties({
    engUnit: { dataType: DataType.String, isNull: false, wire: { field: "string", value: text } },
  }),
});
const TEMPERATURE: EdgeMetric = {
  name: "temperature",
  dataType: DataType.Double,
  value: 20.5,
  alias: 1,
  more: unit("°C"),
};
const RUNNING: EdgeMetric = { name: "running", dataType: DataType.Boolean, value: true, alias: 2 };
const GOOD: EdgeMetric = { name: "counts/good", dataType: DataType.Int64, value: 7, alias: 3 };
const UPTIME: EdgeMetric = { name: "uptime", dataType: DataType.UInt32, value: 5 };
const PRESS = [TEMPERATURE, RUNNING, GOOD];

/** Milliseconds until something is so, which must be less than a second. */
async function within1s(so: () => Promise<boolean>): Promise<number> {
  const from = performance.now();
  await waitFor(so, { timeoutMs: 5_000 });
  const took = performance.now() - from;
  expect(took).toBeLessThan(1_000);
  return took;
}

describe.skipIf(!brokerAvailable).each(MQTT_VERSIONS)("an edge node over MQTT %s", (version) => {
  const plant = new SparkplugPlant();
  let broker: TestBroker;
  let app: TestApp;

  beforeAll(async () => {
    broker = await plant.broker(version);
    app = await plant.server(broker.url, SOURCE);
    await plant.observe(broker.url);
  });
  afterAll(() => plant.end());

  const value = async (path: string, name: string) => (await metric(app, path, name))?.value;
  const status = async (path: string) => (await machine(app, path))?.connectivity.status;
  const staleMetrics = async (path: string) =>
    (await machine(app, path))?.metrics
      .filter(({ stale }) => stale)
      .map(({ name }) => name)
      .sort();
  const edge = (edgeNode: string, url = broker.url, keepaliveS = 30) =>
    plant.edge({ url, group: "plant", edgeNode, keepaliveS, metrics: [UPTIME], devices: { press: PRESS } });
  const changes = async (path: string) => {
    const { data } = await app.ask(
      "query($path: EquipmentPath!) { machine(path: $path) { metricChanges { metric kind before after at } } }",
      { path },
    );
    return data.machine.metricChanges as { metric: string; kind: string; before: string; after: string }[];
  };

  test("becomes machines when it is born, and its data is on their twins within a second", async () => {
    const line = await edge("line-1");
    await within1s(async () => (await value("plant/line-1/press", "temperature")) === 20.5);
    await line.set("press", { temperature: 21.5, "counts/good": 8 });
    await within1s(async () => (await value("plant/line-1/press", "counts/good")) === 8);
    expect(await value("plant/line-1/press", "temperature")).toBe(21.5);
    expect(await metric(app, "plant/line-1", "uptime")).toMatchObject({ value: 5, dataType: "Int64" });
    const { data } = await app.ask(
      `{ machine(path: "plant/line-1/press") {
           connectivity { status } metric(name: "temperature") { unit dataType quality stale }
           machineType { name metrics { name dataType unit writable } } } }`,
    );
    expect(data.machine).toEqual({
      connectivity: { status: "ONLINE" },
      metric: { unit: "°C", dataType: "Double", quality: "GOOD", stale: false },
      machineType: {
        name: "plant/line-1/press",
        metrics: [
          { name: "temperature", dataType: "Double", unit: "°C", writable: true },
          { name: "running", dataType: "Boolean", unit: null, writable: true },
          { name: "counts/good", dataType: "Int64", unit: null, writable: true },
        ],
      },
    });
    // What is of Sparkplug itself is none of the machine's.
    expect((await machine(app, "plant/line-1"))?.metrics.map(({ name }) => name)).toEqual(["uptime"]);
  });

  test("that renames a metric shows the new one, and the old one as dropped", async () => {
    const line = await edge("line-2");
    await waitFor(async () => (await value("plant/line-2/press", "temperature")) === 20.5);
    line.define("press", [
      { ...TEMPERATURE, name: "heat", value: 30 },
      RUNNING,
      { ...GOOD, dataType: DataType.Float },
    ]);
    await line.birth();
    await within1s(async () => (await value("plant/line-2/press", "heat")) === 30);
    await waitFor(async () => (await changes("plant/line-2/press")).length === 3);
    expect(await changes("plant/line-2/press")).toMatchObject([
      { metric: "counts/good", kind: "RETYPED", before: "Int64", after: "Float" },
      { metric: "temperature", kind: "DROPPED", before: "Double", after: null },
      { metric: "heat", kind: "ADDED", before: null, after: "Double" },
    ]);
    expect(await staleMetrics("plant/line-2/press")).toEqual(["temperature"]);
    // The alias means the new metric now.
    await line.set("press", { heat: 31, "counts/good": 1.5 });
    await waitFor(async () => (await value("plant/line-2/press", "counts/good")) === 1.5);
    expect(await value("plant/line-2/press", "heat")).toBe(31);
    expect(await value("plant/line-2/press", "temperature")).toBe(20.5);
    expect(await changes("plant/line-1/press")).toEqual([]);
  });

  test("whose power is cut is offline, and all that it told is stale, until it is born again", async () => {
    const line = await edge("line-3");
    await waitFor(async () => (await status("plant/line-3/press")) === "ONLINE");
    line.define("press", [TEMPERATURE, RUNNING]);
    await line.birth();
    await waitFor(async () => (await staleMetrics("plant/line-3/press"))?.length === 1);
    await line.die();
    await within1s(async () => (await status("plant/line-3/press")) === "OFFLINE");
    expect(await status("plant/line-3")).toBe("OFFLINE");
    expect(await staleMetrics("plant/line-3/press")).toEqual(["counts/good", "running", "temperature"]);
    expect(await staleMetrics("plant/line-3")).toEqual(["uptime"]);
    await line.connect();
    await within1s(async () => (await status("plant/line-3/press")) === "ONLINE");
    // What the birth does not tell is not true again because the machine is back.
    await waitFor(async () => (await staleMetrics("plant/line-3/press"))?.length === 1);
    expect(await staleMetrics("plant/line-3/press")).toEqual(["counts/good"]);
    expect(await staleMetrics("plant/line-3")).toEqual([]);
  });

  test("that hangs is offline within its keepalive and a half", async () => {
    const KEEPALIVE_S = 4;
    const tap = await tapTo(broker.port);
    plant.onEnd(() => tap.stop());
    await edge("line-4", tap.url, KEEPALIVE_S);
    await waitFor(async () => (await status("plant/line-4/press")) === "ONLINE");
    tap.hang();
    const from = Date.now();
    await waitFor(async () => (await status("plant/line-4/press")) === "OFFLINE", { timeoutMs: 20_000 });
    const took = Date.now() - from;
    const died = plant.messages("NDEATH").find(({ topic }) => topic.endsWith("/line-4"));
    expect(Date.now() - (died?.at ?? 0)).toBeLessThan(1_000);
    // Brokers count whole seconds, and look every few of them.
    expect(took).toBeLessThan(KEEPALIVE_S * 1_500 + 1_000);
  });

  test("a device dies and is back alone", async () => {
    const line = await edge("line-5");
    line.define("robot", [RUNNING]);
    await line.deviceBirth("robot");
    await waitFor(async () => (await value("plant/line-5/robot", "running")) === true);
    await line.deviceDeath("press");
    await within1s(async () => (await status("plant/line-5/press")) === "OFFLINE");
    expect(await staleMetrics("plant/line-5/press")).toEqual(["counts/good", "running", "temperature"]);
    expect([await status("plant/line-5/robot"), await status("plant/line-5")]).toEqual(["ONLINE", "ONLINE"]);
    await line.deviceBirth("press");
    await within1s(async () => (await status("plant/line-5/press")) === "ONLINE");
    expect(await staleMetrics("plant/line-5/press")).toEqual([]);
  });

  test("a death of an earlier connection that comes late changes nothing", async () => {
    const line = await edge("line-6");
    await waitFor(async () => (await status("plant/line-6/press")) === "ONLINE");
    await line.die();
    await waitFor(async () => (await status("plant/line-6/press")) === "OFFLINE");
    await line.connect();
    await waitFor(async () => (await status("plant/line-6/press")) === "ONLINE");
    const late = plant.messages("NDEATH").find(({ topic }) => topic.endsWith("/line-6"));
    expect(late?.payload?.metrics[0]?.wire).toMatchObject({ value: 0 });
    await line.send("NDEATH", null, late?.payload?.metrics ?? [], { seq: null });
    line.lose(-1);
    await line.set("press", { temperature: 25 });
    await waitFor(async () => (await value("plant/line-6/press", "temperature")) === 25);
    expect(await status("plant/line-6/press")).toBe("ONLINE");
  });

  test("leaves the history that it told", async () => {
    const line = await edge("line-7");
    await waitFor(async () => (await value("plant/line-7/press", "temperature")) === 20.5);
    for (const temperature of [21, 22, 23]) await line.set("press", { temperature });
    await waitFor(async () => (await history(app, "plant/line-7/press", "temperature")).length === 4);
    const points = await history(app, "plant/line-7/press", "temperature");
    expect(points.map((point) => point.value)).toEqual([20.5, 21, 22, 23]);
  });

  describe("made with sparkplug-client", () => {
    const births: Record<string, () => UPayload> = {
      node: () => ({
        timestamp: Date.now(),
        metrics: [
          { name: "Node Control/Rebirth", type: "Boolean", value: false },
          { name: "uptime", type: "Int64", value: 5 },
        ],
      }),
      device: () => ({
        timestamp: Date.now(),
        metrics: [
          { name: "speed", type: "Double", value: 1.5 },
          { name: "state", type: "String", value: "Idle" },
        ],
      }),
    };

    function client(edgeNode: string, options: { compress?: boolean; algorithm?: "GZIP" | "DEFLATE" } = {}) {
      const made = newClient({
        serverUrl: broker.url,
        username: "",
        password: "",
        groupId: "tahu",
        edgeNode,
        clientId: `tahu-${edgeNode}`,
        publishDeath: true,
        mqttOptions: { protocolVersion: version === "5" ? 5 : 4, reconnectPeriod: 100 },
      });
      const rebirths: UPayload[] = [];
      const birth = () => {
        made.publishNodeBirth((births.node as () => UPayload)(), options);
        made.publishDeviceBirth("filler", (births.device as () => UPayload)(), options);
      };
      made.on("birth", birth);
      made.on("ncmd", (command) => {
        rebirths.push(command);
        birth();
      });
      made.on("error", () => undefined);
      plant.onEnd(async () => made.stop());
      const say = (metrics: UPayload["metrics"]) =>
        made.publishDeviceData("filler", { timestamp: Date.now(), metrics: metrics ?? null }, options);
      /** Its connection is cut; it is no part of the package's interface. */
      const cut = () =>
        (made as unknown as { client: { stream: { destroy(): void } } }).client.stream.destroy();
      return { say, cut, rebirths, stop: () => made.stop() };
    }

    test.each([
      ["as it is", {}],
      ["compressed by GZIP", { compress: true, algorithm: "GZIP" as const }],
      ["compressed", { compress: true }],
    ])("is born and read %s", async (how, options) => {
      const name = `line-${how.length}`;
      const { say } = client(name, options);
      await waitFor(async () => (await value(`tahu/${name}/filler`, "speed")) === 1.5);
      say([
        { name: "speed", type: "Double", value: 2.5 },
        { name: "state", type: "String", value: "Execute" },
      ]);
      await within1s(async () => (await value(`tahu/${name}/filler`, "state")) === "Execute");
      expect(await value(`tahu/${name}/filler`, "speed")).toBe(2.5);
    });

    test("is killed, comes back, is asked for its births and leaves", async () => {
      const { say, cut, rebirths, stop } = client("line-x");
      const path = "tahu/line-x/filler";
      await waitFor(async () => (await value(path, "speed")) === 1.5);
      const seen: (string | undefined)[] = [];
      const watch = setInterval(() => void status(path).then((one) => seen.push(one)), 5);
      cut();
      await waitFor(() => seen.includes("OFFLINE"));
      clearInterval(watch);
      await waitFor(async () => (await status(path)) === "ONLINE");
      expect(rebirths).toEqual([]);
      // A metric that no birth tells.
      say([{ name: "unheard of", type: "Int32", value: 1 }]);
      await waitFor(() => rebirths.length === 1);
      expect(rebirths[0]?.metrics).toMatchObject([
        { name: "Node Control/Rebirth", type: "Boolean", value: true },
      ]);
      stop();
      await within1s(async () => (await status(path)) === "OFFLINE");
    });
  });
});
