import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectDevice } from "../src/mqtt/device-client.js";
import { encodePayload } from "../src/sparkplug/encode-payload.js";
import { DataType } from "../src/sparkplug/payload.js";
import type { TestApp } from "./support/app.js";
import { brokerAvailable, type TestBroker } from "./support/broker.js";
import { createTestDatabase } from "./support/database.js";
import type { EdgeClient, EdgeClientOptions, EdgeMetric } from "./support/edge-client.js";
import { aliased, bdSeq, metric as edgeMetric, payload, REBIRTH } from "./support/edge-node.js";
import { machine, metric, stored } from "./support/questions.js";
import { startServer } from "./support/server-process.js";
import { MQTT_VERSIONS, SparkplugPlant } from "./support/sparkplug-plant.js";
import { waitFor } from "./support/wait-for.js";
import { tapTo } from "./support/wire-tap.js";

const SOURCE = `
  - { name: edge, url: "\${MQTT_URL}", sparkplug: { hostId: host-1, reorderTimeout: 300ms, rebirthInterval: 1s } }`;
/** How long edge nodes have to publish births by themselves once the host is connected. */
const SETTLE_MS = 5_000;

const TEMPERATURE: EdgeMetric = { name: "temperature", dataType: DataType.Int32, value: 20, alias: 1 };
const RUNNING: EdgeMetric = { name: "running", dataType: DataType.Boolean, value: true, alias: 2 };
const heat = (value: number, timestamp = Date.now()) => aliased(1, DataType.Int32, value, { timestamp });

describe.skipIf(!brokerAvailable).each(MQTT_VERSIONS)("rebirths over MQTT %s", (version) => {
  let plant: SparkplugPlant;
  let broker: TestBroker;

  beforeEach(async () => {
    plant = new SparkplugPlant();
    broker = await plant.broker(version);
    await plant.observe(broker.url);
  });
  afterEach(() => plant.end());

  const edge = (edgeNode: string, more: Partial<EdgeClientOptions> = {}) =>
    plant.edge({
      url: broker.url,
      group: "g",
      edgeNode,
      metrics: [],
      devices: { press: [TEMPERATURE, RUNNING] },
      ...more,
    });
  /** How often a node was asked, by what went over the wire. */
  const asked = (edgeNode: string) =>
    plant.messages("NCMD").filter(({ topic }) => topic === `spBv1.0/g/NCMD/${edgeNode}`);
  const shows = (app: TestApp, edgeNode: string, temperature: number) =>
    waitFor(async () => (await metric(app, `g/${edgeNode}/press`, "temperature"))?.value === temperature);
  const stale = async (app: Pick<TestApp, "ask">, path: string) =>
    (await machine(app, path))?.metrics.filter((one) => one.stale).map(({ name }) => name);
  /** Whatever was to be asked has been: a node that is asked now is asked after the others. */
  const settled = async () => {
    const fence = await edge(`fence-${Date.now()}`);
    const name = fence.rebirthsAsked;
    await fence.send("DDATA", "press", [edgeMetric("fence", DataType.Int32, 1)]);
    await waitFor(() => fence.rebirthsAsked > name);
  };

  test("are not asked of a node that does all right, whatever happens to it", async () => {
    const app = await plant.server(broker.url, SOURCE);
    const node = await edge("right");
    for (let value = 0; value < 300; value += 1) await node.set("press", { temperature: value });
    await shows(app, "right", 299);
    await node.deviceDeath("press");
    await node.deviceBirth("press");
    await node.die();
    await waitFor(async () => (await machine(app, "g/right/press"))?.connectivity.status === "OFFLINE");
    await node.connect();
    await node.set("press", { temperature: 400 });
    await shows(app, "right", 400);
    await node.leave();
    await waitFor(async () => (await machine(app, "g/right/press"))?.connectivity.status === "OFFLINE");
    await settled();
    expect(asked("right")).toEqual([]);
  });

  describe("are asked for once", () => {
    const reasons: readonly [string, (node: EdgeClient) => Promise<void>][] = [
      [
        "when a message is missing",
        async (node) => {
          node.lose();
          await node.set("press", { temperature: 21 });
        },
      ],
      [
        "when many are missing",
        async (node) => {
          node.lose(40);
          for (let value = 0; value < 20; value += 1) await node.set("press", { temperature: value });
        },
      ],
      [
        "when a metric is of no birth",
        async (node) => {
          await node.send("DDATA", "press", [aliased(77, DataType.Int32, 1)]);
          await node.send("DDATA", "press", [aliased(78, DataType.Int32, 1)]);
        },
      ],
      [
        "when a metric has another type than its birth said",
        (node) => node.send("DDATA", "press", [edgeMetric("temperature", DataType.String, "warm")]),
      ],
      [
        "when a payload cannot be decoded",
        async (node) => {
          await node.publish("DDATA", "press", Buffer.from([0xff, 0xff]));
          node.lose();
        },
      ],
      ["when a device was not born", (node) => node.send("DDATA", "robot", [heat(1)])],
    ];

    test.each(reasons)("%s, and then all is certain again", async (_, happens) => {
      const app = await plant.server(broker.url, SOURCE);
      const node = await edge("node");
      await shows(app, "node", 20);
      await happens(node);
      await waitFor(() => asked("node").length === 1);
      await waitFor(() => node.born && plant.messages("DBIRTH").length >= 2);
      await node.set("press", { temperature: 99 });
      await shows(app, "node", 99);
      expect(await metric(app, "g/node/press", "temperature")).toMatchObject({
        quality: "GOOD",
        stale: false,
      });
      await settled();
      expect(asked("node")).toHaveLength(1);
      const [command] = asked("node");
      expect(command?.payload).toMatchObject({ seq: null, metrics: [{ name: "Node Control/Rebirth" }] });
    });

    test.each([
      ["data", (node: EdgeClient) => node.send("DDATA", "press", [heat(1)])],
      ["a birth of a device", (node: EdgeClient) => node.deviceBirth("press")],
    ])("when %s comes before the birth of the node", async (_, send) => {
      const app = await plant.server(broker.url, SOURCE);
      // Its host never comes, so that it does not publish its births.
      const node = await edge("early", { primaryHost: "another" });
      await send(node);
      await shows(app, "early", 20);
      await settled();
      expect(asked("early")).toHaveLength(1);
    });
  });

  test("are not asked for when the message that was missing comes in time", async () => {
    const app = await plant.server(broker.url, SOURCE);
    const node = await edge("late");
    await shows(app, "late", 20);
    const now = Date.now();
    node.lose();
    await node.send("DDATA", "press", [heat(22, now + 2)]);
    node.lose(-2);
    await node.send("DDATA", "press", [heat(21, now + 1)]);
    node.lose();
    await shows(app, "late", 22);
    await settled();
    expect(asked("late")).toEqual([]);
    expect((await metric(app, "g/late/press", "temperature"))?.quality).toBe("GOOD");
  });

  test("are asked for more and more rarely of a node that does not answer", async () => {
    const app = await plant.server(broker.url, SOURCE);
    const node = await edge("deaf");
    await shows(app, "deaf", 20);
    node.obeys = false;
    const talking = setInterval(() => void node.send("DDATA", "press", [aliased(77, DataType.Int32, 1)]), 20);
    plant.onEnd(async () => clearInterval(talking));
    await waitFor(() => asked("deaf").length === 3, { timeoutMs: 15_000 });
    const at = asked("deaf").map((message) => message.at);
    const [first = 0, second = 0] = [(at[1] ?? 0) - (at[0] ?? 0), (at[2] ?? 0) - (at[1] ?? 0)];
    expect(first).toBeGreaterThanOrEqual(950);
    expect(second).toBeGreaterThanOrEqual(1_950);
  });

  test("are asked for of nodes that only retained messages tell of", async () => {
    const publisher = connectDevice({ url: broker.url, clientId: "publisher" });
    plant.onEnd(() => publisher.end());
    await publisher.ready();
    const birth = payload([bdSeq(0), REBIRTH], { seq: 0 });
    await publisher.publish("spBv1.0/g/NBIRTH/kept", Buffer.from(encodePayload(birth)), {
      qos: 1,
      retain: true,
    });
    const app = await plant.server(broker.url, SOURCE);
    await waitFor(() => asked("kept").length === 1);
    expect(await machine(app, "g/kept")).toBeNull();
  });

  test("are asked for of nodes that are known, once the host is back; what it shows until then is stale", async () => {
    const tap = await tapTo(broker.port);
    plant.onEnd(() => tap.stop());
    const app = await plant.server(tap.url, SOURCE);
    // Its births tell the time at which a value last changed.
    const still = { ...TEMPERATURE, more: { timestamp: Date.now() - 60_000 } };
    const node = await edge("known", { devices: { press: [still, RUNNING] } });
    const loyal = await edge("loyal", { primaryHost: "host-1" });
    await waitFor(async () => (await metric(app, "g/loyal/press", "running"))?.value === true);
    await shows(app, "known", 20);
    tap.cut();
    await waitFor(async () => (await stale(app, "g/known/press"))?.length === 2);
    expect((await machine(app, "g/known/press"))?.connectivity.status).toBe("STALE");
    // Of its own accord, as soon as its host is back.
    await waitFor(async () => (await stale(app, "g/loyal/press"))?.length === 0);
    await waitFor(() => asked("known").length === 1, { timeoutMs: SETTLE_MS + 5_000 });
    await waitFor(async () => (await stale(app, "g/known/press"))?.length === 0);
    expect((await machine(app, "g/known/press"))?.connectivity.status).toBe("ONLINE");
    await settled();
    expect([asked("known").length, asked("loyal").length]).toEqual([1, 0]);
    expect([node.rebirthsAsked, loyal.rebirthsAsked]).toEqual([1, 0]);
  });

  test("after a restart of the server tell what has changed meanwhile; an alias means what the new birth says", async () => {
    const app = await plant.server(broker.url, SOURCE);
    const node = await edge("node");
    await shows(app, "node", 20);
    await app.pause();
    node.define("press", [
      { ...RUNNING, alias: 1 },
      { ...TEMPERATURE, dataType: DataType.Double, value: 36.5, alias: 2 },
    ]);
    const back = await app.resume();
    // It goes on as if nothing had been: the alias 1 was the temperature.
    await node.send("DDATA", "press", [aliased(1, DataType.Boolean, false)]);
    await waitFor(async () => (await metric(back, "g/node/press", "temperature"))?.value === 36.5);
    const changes = async () => {
      const question = `{ machine(path: "g/node/press") { metricChanges { metric kind before after } } }`;
      return (await back.ask(question)).data.machine.metricChanges as object[];
    };
    await waitFor(async () => (await changes()).length > 0);
    expect(await changes()).toEqual([
      { metric: "temperature", kind: "RETYPED", before: "Int32", after: "Double" },
    ]);
    await node.set("press", { temperature: 37, running: false });
    await waitFor(async () => (await metric(back, "g/node/press", "running"))?.value === false);
    expect((await metric(back, "g/node/press", "temperature"))?.value).toBe(37);
    await settled();
    expect(asked("node")).toHaveLength(1);
    plant.onEnd(() => back.stop());
  });

  test("can be asked for by people, who see which nodes there are", async () => {
    const app = await plant.server(broker.url, SOURCE);
    const node = await edge("node");
    await shows(app, "node", 20);
    const { data } = await app.ask(`{ edgeNodes(source: "edge") {
      group edgeNode presence bdSeq machine { path } devices { id presence machine { path } } } }`);
    expect(data.edgeNodes).toEqual([
      {
        group: "g",
        edgeNode: "node",
        presence: "ONLINE",
        bdSeq: 0,
        machine: { path: "g/node" },
        devices: [{ id: "press", presence: "ONLINE", machine: { path: "g/node/press" } }],
      },
    ]);
    const request = async (source: string, edgeNode: string) => {
      const answer = await app.ask(
        `mutation($input: RequestRebirthInput!) { requestRebirth(input: $input) {
           edgeNode { edgeNode } userErrors { code field } } }`,
        { input: { source, group: "g", edgeNode } },
      );
      return answer.data.requestRebirth;
    };
    expect(await request("edge", "node")).toEqual({ edgeNode: { edgeNode: "node" }, userErrors: [] });
    await waitFor(() => node.rebirthsAsked === 1);
    expect(await request("edge", "nobody")).toEqual({
      edgeNode: null,
      userErrors: [{ code: "NOT_FOUND", field: ["edgeNode"] }],
    });
    expect(await request("none", "node")).toMatchObject({
      userErrors: [{ code: "NOT_FOUND", field: ["source"] }],
    });
    const unknown = await app.ask(`{ edgeNodes(source: "none") { group } }`);
    expect(unknown.errors?.[0]?.extensions?.code).toBe("BAD_USER_INPUT");
  });
});

describe.skipIf(!brokerAvailable)("a server that is killed", () => {
  const plant = new SparkplugPlant();
  afterEach(() => plant.end());

  test("shows nothing as true when it is back, until the nodes are born again", async () => {
    const broker = await plant.broker(MQTT_VERSIONS[0] ?? "5");
    await plant.observe(broker.url);
    const database = await createTestDatabase();
    plant.onEnd(() => database.drop());
    const folder = await plant.file(`sources:${SOURCE}\n`);
    const env = { DATABASE_URL: database.url, MQTT_URL: broker.url, PLANT_FILE: folder };
    const first = await startServer(env);
    plant.onEnd(() => first.remove());
    await first.ready();
    const node = await plant.edge({
      url: broker.url,
      group: "g",
      edgeNode: "node",
      metrics: [],
      devices: { press: [TEMPERATURE] },
    });
    // What is shown before it is committed would be lost.
    await waitFor(async () => (await stored(first, "g/node/press", "temperature")) === 1);
    await first.kill();
    await waitFor(() => plant.messages("STATE").at(-1)?.text.includes("false"));
    const second = first.again();
    plant.onEnd(() => second.remove());
    await second.ready();
    expect(await metric(second, "g/node/press", "temperature")).toMatchObject({ value: 20, stale: true });
    expect((await machine(second, "g/node/press"))?.connectivity.status).toBe("STALE");
    await waitFor(async () => (await metric(second, "g/node/press", "temperature"))?.stale === false);
    expect(node.rebirthsAsked).toBe(1);
  }, 90_000);
});
