import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stateOf } from "../src/sparkplug/host-state.js";
import { DataType } from "../src/sparkplug/payload.js";
import { brokerAvailable, type TestBroker } from "./support/broker.js";
import { Relay } from "./support/database-relay.js";
import type { EdgeMetric } from "./support/edge-client.js";
import { IngestDatabase, type Memory } from "./support/ingest.js";
import { machine, metric, stored } from "./support/questions.js";
import { type SparkplugHost, startSparkplugHost } from "./support/sparkplug-host.js";
import { MQTT_VERSIONS, SparkplugPlant } from "./support/sparkplug-plant.js";
import { waitFor } from "./support/wait-for.js";

const SPEED: EdgeMetric = { name: "speed", dataType: DataType.Int32, value: 1, alias: 1 };
const TITLE: EdgeMetric = { name: "title", dataType: DataType.String, value: "a" };
const PATH = "g/node/press";

describe.skipIf(!brokerAvailable).each(MQTT_VERSIONS)("a host over MQTT %s", (version) => {
  let plant: SparkplugPlant;
  let broker: TestBroker;

  beforeEach(async () => {
    plant = new SparkplugPlant();
    broker = await plant.broker(version);
    await plant.observe(broker.url);
  });
  afterEach(() => plant.end());

  const states = () => plant.messages("STATE").map(({ text }) => stateOf(Buffer.from(text))?.online);
  const edge = (metrics: readonly EdgeMetric[], primaryHost?: string) =>
    plant.edge({
      url: broker.url,
      group: "g",
      edgeNode: "node",
      devices: { press: metrics },
      ...(primaryHost === undefined ? {} : { primaryHost }),
    });

  /** A host application, connected. */
  async function host(
    settings: string,
    mostWaiting?: number,
  ): Promise<SparkplugHost & { readonly memory: Memory; readonly url: string; readonly relay: Relay }> {
    const database = await IngestDatabase.create();
    const relay = await Relay.to(database.url);
    plant.onEnd(() => relay.close());
    plant.onEnd(() => database.drop());
    const memory = await database.start(undefined, relay.url);
    const started = startSparkplugHost(memory, {
      source: `  - { name: edge, url: "${broker.url}", sparkplug: ${settings} }`,
      ...(mostWaiting === undefined ? {} : { mostWaiting }),
    });
    plant.onEnd(() => started.stop());
    await waitFor(() => started.consumer.session.ready);
    return { ...started, memory, relay, url: database.url };
  }
  const shown = ({ memory: { plants, twins } }: { memory: Memory }, name: string) => {
    const found = plants.plant.machine(PATH);
    return found && twins.of(found).reading(name)?.value;
  };

  test("that cannot store what comes says that it is away; nothing that it took is lost", async () => {
    const running = await host("{ hostId: host-1 }", 50);
    const node = await edge([SPEED], "host-1");
    await waitFor(() => shown(running, "speed") === 1);
    const admin = new pg.Client({ connectionString: running.url });
    await admin.connect();
    plant.onEnd(() => admin.end());
    await waitFor(() => running.committer.backlog === 0);
    await admin.query("BEGIN; LOCK TABLE source_lease IN ACCESS EXCLUSIVE MODE");
    let sent = 1;
    while (node.born && states().at(-1) === true) {
      sent += 1;
      await node.set("press", { speed: sent });
      // Publishing at QoS 0 waits for nobody.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor(() => states().at(-1) === false);
    // The edge node has gone to where it keeps its data.
    await waitFor(() => !node.born);
    await waitFor(() => running.consumer.status.link.phase === "stopped");
    await waitFor(() => running.memory.twins.of(machineOf(running)).status !== "ONLINE");
    await admin.query("ROLLBACK");
    await waitFor(() => states().at(-1) === true, { timeoutMs: 20_000 });
    await waitFor(() => node.born);
    const last = sent + 1;
    await node.set("press", { speed: last });
    await waitFor(() => shown(running, "speed") === last);
    await waitFor(() => running.committer.backlog === 0);
    const { stats } = running.consumer;
    await waitFor(() => stats.committed === stats.received);
    expect([stats.dropped, stats.dead]).toEqual([0, 0]);
    const kept = await admin.query<{ count: number }>(
      `SELECT count(*)::int FROM frame CROSS JOIN unnest(series) AS one (id) JOIN series s USING (id)
       WHERE s.metric = 'speed'`,
    );
    // The births are among them.
    expect(kept.rows[0]?.count).toBe(stats.samples);
    expect(stats.samples).toBeGreaterThan(50);
  });

  test("that has lost its database leaves, and is back with it", async () => {
    const running = await host("{ hostId: host-1 }");
    const { relay } = running;
    const node = await edge([SPEED], "host-1");
    await waitFor(() => shown(running, "speed") === 1);
    relay.refuse = true;
    relay.cut();
    await waitFor(() => states().at(-1) === false);
    await waitFor(() => !node.born);
    relay.refuse = false;
    await waitFor(() => states().at(-1) === true && node.born);
    await node.set("press", { speed: 5 });
    await waitFor(() => shown(running, "speed") === 5);
    expect(node.rebirthsAsked).toBe(0);
  });

  test("writes metrics by alias or name, as the plant calls and scales them", async () => {
    const running = await host(
      "{ metrics: [{ from: speed, name: drive/speed, scale: { factor: 0.5, offset: 1 } }] }",
    );
    const node = await edge([
      SPEED,
      TITLE,
      { name: "blob", dataType: DataType.Bytes, value: new Uint8Array([1]) },
    ]);
    await waitFor(() => shown(running, "drive/speed") === 1.5);
    const write = (name: string, value: number | string) =>
      running.consumer.write(PATH, [{ metric: name, value }]);
    await write("drive/speed", 6);
    await waitFor(() => shown(running, "drive/speed") === 6);
    await write("title", "b");
    await waitFor(() => shown(running, "title") === "b");
    await write("blob", "AAE=");
    await waitFor(() => shown(running, "blob") === "AAE=");
    expect(node.commands.map(({ topic }) => topic)).toEqual(Array(3).fill("spBv1.0/g/DCMD/node/press"));
    expect(node.commands.map(({ payload }) => payload.metrics[0])).toMatchObject([
      { name: null, alias: 1, dataType: DataType.Int32, wire: { value: 10 } },
      { name: "title", alias: null, dataType: DataType.String, wire: { value: "b" } },
      { name: "blob", dataType: DataType.Bytes },
    ]);
    for (const [name, value, why] of [
      ["speed", 1, "its birth tells of no metric speed"],
      ["drive/speed", 1e12, /Int32/],
      ["drive/speed", "fast", "drive/speed: the value is no number"],
      ["blob", "***", "blob: the text is not base64"],
      ["nothing", 1, "its birth tells of no metric nothing"],
    ] as const)
      await expect(write(name, value)).rejects.toThrow(why);
    await expect(running.consumer.write("g/nobody", [{ metric: "a", value: 1 }])).rejects.toThrow("no birth");
    await node.die();
    await waitFor(() => running.memory.twins.of(machineOf(running)).status === "OFFLINE");
    await expect(write("title", "c")).rejects.toThrow(`${PATH} is not online`);
  });

  test("takes commands and desired values to devices; what they report proves them", async () => {
    const app = await plant.server(
      broker.url,
      `  - { name: edge, url: "\${MQTT_URL}", sparkplug: {} }`,
      `machineTypes:
  - name: press
    appliesTo: ["g/*/*"]
    commands:
      - { name: setSpeed, writes: { speed: "{speed}" }, confirm: echo, timeout: 5s,
          parameters: { type: object, properties: { speed: { type: number } }, required: [speed] } }`,
    );
    const node = await edge([SPEED, TITLE]);
    await waitFor(async () => (await stored(app, PATH, "speed")) === 1);
    const sent = await app.ask(
      `mutation { sendCommand(input: { machine: "${PATH}", name: "setSpeed", arguments: { speed: 9 } }) {
         command { id } userErrors { message } } }`,
    );
    expect(sent.errors).toBeUndefined();
    const { id } = sent.data.sendCommand.command as { id: string };
    const command = async () =>
      (await app.ask("query($id: ID!) { command(id: $id) { status topic } }", { id })).data.command;
    await waitFor(async () => (await command()).status === "COMPLETED");
    expect((await command()).topic).toBe("spBv1.0/g/DCMD/node/press");
    expect((await metric(app, PATH, "speed"))?.value).toBe(9);
    // Away, it gets what is wanted of it when it is back.
    await node.die();
    await waitFor(async () => (await machine(app, PATH))?.connectivity.status === "OFFLINE");
    const wanted = await app.ask(
      `mutation { setDesired(input: { machine: "${PATH}", metrics: [{ name: "title", value: "z" }] }) {
         userErrors { message } } }`,
    );
    expect(wanted.errors).toBeUndefined();
    expect(wanted.data.setDesired.userErrors).toEqual([]);
    await node.connect();
    await waitFor(async () => (await metric(app, PATH, "title"))?.value === "z");
  });

  test("reads what examples/sparkplug.yaml reads, as its comments say", async () => {
    const text = await readFile(new URL("../examples/sparkplug.yaml", import.meta.url), "utf8");
    const [sources = "", types = ""] = text.split("sources:\n")[1]?.split("machineTypes:\n") ?? [];
    const app = await plant.server(broker.url, sources, `machineTypes:\n${types}`);
    const node = await plant.edge({
      url: broker.url,
      group: "berlin",
      edgeNode: "line-3",
      metrics: [TITLE],
      devices: {
        "press-1": [
          { name: "Drive/Speed_x10", dataType: DataType.Int32, value: 1_234, alias: 7 },
          { name: "Internal/x", dataType: DataType.Int32, value: 1 },
          { name: "State", dataType: DataType.String, value: "Execute" },
        ],
      },
    });
    const press = "acme/berlin/line-3/press-1";
    await waitFor(async () => (await stored(app, press, "drive/speed")) === 1);
    expect(await metric(app, "acme/berlin/line-3/gateway", "title")).toMatchObject({ value: "a" });
    const told = await machine(app, press);
    expect(told?.state).toBe("EXECUTE");
    expect(told?.metrics.map(({ name, value }) => [name, value]).sort()).toEqual([
      ["Counts/Good", null],
      ["State", "Execute"],
      ["drive/speed", 123.4],
    ]);
    const sent = await app.ask(
      `mutation { sendCommand(input: { machine: "${press}", name: "setSpeed", arguments: { speed: 50.5 } }) {
         userErrors { message } } }`,
    );
    expect(sent.data.sendCommand.userErrors).toEqual([]);
    await waitFor(async () => (await metric(app, press, "drive/speed"))?.value === 50.5);
    expect(node.commands[0]?.payload.metrics[0]).toMatchObject({ alias: 7, wire: { value: 505 } });
  });

  test("is at several brokers at once, and at each of them for itself", async () => {
    const other = await plant.broker(version);
    const otherPlant = new SparkplugPlant();
    plant.onEnd(() => otherPlant.end());
    await otherPlant.observe(other.url);
    const app = await plant.server(
      broker.url,
      `  - { name: here, url: "\${MQTT_URL}", sparkplug: { hostId: host-1, node: "here/{edge}", machine: "here/{edge}/{device}" } }
  - { name: there, url: "${other.url}", sparkplug: { hostId: host-1, node: "there/{edge}", machine: "there/{edge}/{device}" } }`,
    );
    const node = await edge([SPEED]);
    const far = await plant.edge({
      url: other.url,
      group: "g",
      edgeNode: "node",
      devices: { press: [SPEED] },
    });
    const shows = (where: string, value: number) =>
      waitFor(async () => (await metric(app, `${where}/node/press`, "speed"))?.value === value);
    await node.set("press", { speed: 2 });
    await far.set("press", { speed: 3 });
    await shows("here", 2);
    await shows("there", 3);
    expect([plant.messages("STATE").length > 0, otherPlant.messages("STATE").length > 0]).toEqual([
      true,
      true,
    ]);
    await far.die();
    const status = async (where: string) => (await machine(app, `${where}/node/press`))?.connectivity.status;
    await waitFor(async () => (await status("there")) === "OFFLINE");
    expect(await status("here")).toBe("ONLINE");
    await waitFor(async () => (await stored(app, "here/node/press", "speed")) === 2);
  });
});

function machineOf({ memory }: { memory: Memory }) {
  const found = memory.plants.plant.machine(PATH);
  if (!found) throw new Error("no machine");
  return found;
}
