import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker, type TestBroker } from "./support/broker.js";
import { rows } from "./support/database.js";
import { figure, history, machine, metric } from "./support/questions.js";
import { waitFor } from "./support/wait-for.js";

const STEPS =
  "samples { metric value sourceTime quality } problem steps { stage outcome subject detail suggestion }";

// The plant file that users copy from. Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("messages of every format, with examples/formats.yaml", () => {
  let broker: TestBroker;
  let app: TestApp;
  let device: DeviceClient;
  // Devices' clocks tell milliseconds that no server's would by chance.
  const at = Date.now() - 61_234;
  const time = new Date(at).toISOString();

  beforeAll(async () => {
    broker = await startBroker();
    device = connectDevice({ url: broker.url, clientId: "device" });
    await device.ready();
    await send("Site/Area/Line/Status/UnitModeCurrent", "Production", true);
    const plant = await readFile(new URL("../examples/formats.yaml", import.meta.url), "utf8");
    app = await startTestApp({ mqttUrl: broker.url, plant });
  });

  afterAll(async () => {
    await device?.end();
    await app?.stop();
    await broker?.stop();
  });

  const send = (topic: string, payload: unknown, retain = false) =>
    device.publish(topic, typeof payload === "string" ? payload : JSON.stringify(payload), {
      qos: 1,
      retain,
    });

  /** Resolves once the twin shows the metric, and its history holds it. */
  async function shows(
    path: string,
    name: string,
    wanted: { value: unknown; quality?: string; time?: string | null },
  ) {
    const { value, quality = "GOOD", time: when = time } = wanted;
    await waitFor(async () => (await metric(app, path, name))?.quality === quality, {
      what: `${path}/${name}`,
    });
    const read = await metric(app, path, name);
    expect(read).toMatchObject({
      value,
      quality,
      topic: `${path}/${name}`,
      ...(when === null ? {} : { sourceTime: when }),
    });
    const point = await waitFor(async () => (await history(app, path, name)).at(-1));
    expect(point).toMatchObject({ value, quality });
  }

  test("umh core and classic: the location is the machine, the tag groups and the tag are the metric", async () => {
    await send("umh/v1/acme/plant1/_historian/weather/temperature", { value: 23.4, timestamp_ms: at });
    await send("umh/v1/acme/_historian/weather", { timestamp_ms: at, temperature: 23.5, wind: { speed: 4 } });
    await shows("acme/plant1", "weather/temperature", { value: 23.4 });
    await shows("acme", "weather/temperature", { value: 23.5 });
    await shows("acme", "weather/wind/speed", { value: 4 });
  });

  test("opcua: each field has its own time and quality", async () => {
    await send("opcua/json/data/plc/group/press-1", {
      MessageType: "ua-data",
      PublisherId: "plc",
      Messages: [
        {
          DataSetWriterId: 1,
          Timestamp: new Date(at + 500).toISOString(),
          Payload: {
            T: { Value: 23.5, SourceTimestamp: time },
            Force: { Value: 12, SourceTimestamp: time, StatusCode: { Code: 0x40920000 } },
            Door: { StatusCode: { Code: 2150694912, Symbol: "BadNoCommunication" }, SourceTimestamp: time },
            Count: { UaType: 8, Value: "9007199254740993", SourceTimestamp: time },
          },
        },
      ],
    });
    const path = "plc/group/press-1";
    await shows(path, "T", { value: 23.5 });
    await shows(path, "Force", { value: 12, quality: "UNCERTAIN" });
    await shows(path, "Door", { value: null, quality: "BAD" });
    await shows(path, "Count", { value: "9007199254740993" });
  });

  test("opcua: several writers in one message are told apart, and the publisher's status is its connectivity", async () => {
    const set = (DataSetWriterName: string, Speed: number) => ({
      DataSetWriterName,
      Timestamp: time,
      Payload: { Speed },
    });
    await send("opcua/json/data/plc/axes", {
      MessageType: "ua-data",
      Messages: [set("left", 1), set("right", 2)],
    });
    await shows("plc/axes", "left/Speed", { value: 1 });
    await shows("plc/axes", "right/Speed", { value: 2 });
    const status = (Status: number) =>
      send("opcua/json/status/plc", { MessageType: "ua-status", PublisherId: "plc", Status });
    await status(2);
    await waitFor(async () => (await machine(app, "plc/publisher"))?.connectivity.status === "ONLINE");
    await status(3);
    await waitFor(async () => (await machine(app, "plc/publisher"))?.connectivity.status === "OFFLINE");
  });

  test("packml: state and mode are the machine's, whether they come as names or numbers", async () => {
    const path = "Site/Area/Line";
    await send(`${path}/Status/StateCurrent`, "Execute");
    await waitFor(async () => (await machine(app, path))?.state === "EXECUTE");
    await send(`${path}/Status/StateCurrent`, "11");
    await waitFor(async () => (await machine(app, path))?.state === "HELD");
    await send(`${path}/Admin/ProdDefectiveCount/0/AccCount`, "17");
    await shows(path, "Admin/ProdDefectiveCount/0/AccCount", { value: 17, time: null });
    // Kept by the broker from before: a state of unknown age.
    const { data } = await app.ask(
      `{ machine(path: "${path}") { mode metric(name: "Status/UnitModeCurrent") { value quality } } }`,
    );
    expect(data.machine).toEqual({
      mode: "PRODUCTION",
      metric: { value: "PRODUCTION", quality: "UNCERTAIN" },
    });
  });

  test("neuron: a tag that could not be read is BAD and has no value", async () => {
    await send("/neuron/m", {
      node: "m",
      group: "g",
      timestamp: at,
      values: { tag0: 123 },
      errors: { tag1: 2014 },
    });
    await send("/neuron/app/upload", {
      node: "m",
      group: "g",
      timestamp: at,
      tags: [{ name: "a", value: true }],
    });
    await shows("neuron/m", "tag0", { value: 123 });
    await shows("neuron/m", "tag1", { value: null, quality: "BAD" });
    await shows("neuron/app", "m/g/a", { value: true });
  });

  test("json and value, in a unified namespace", async () => {
    await send("acme/plant1/pack/line3/filler1/telemetry", {
      ts: at,
      temperature: 23.4,
      spindle: { speed: 1200 },
    });
    await send("acme/plant1/pack/line3/temp", "23.4");
    await shows("acme/plant1/pack/line3/filler1", "spindle/speed", { value: 1200 });
    await shows("acme/plant1/pack/line3", "temp", { value: 23.4, time: null });
  });

  test("a reading with value, quality and time, and an array of such readings renamed and scaled", async () => {
    await send("scada/tank/level", { v: 4.2, q: 64, t: time });
    await shows("scada/tank", "level", { value: 4.2, quality: "UNCERTAIN" });
    const values = [
      { id: "Channel1.Device1.Tag1", v: 234, q: true, t: at },
      { id: "Channel1.Device1.Tag1", v: 235, q: true, t: at + 1 },
      { id: "Channel1.Device1.Tag2", v: 7, q: false, t: at },
      { id: "Channel1._Statistics._Reads", v: 99, q: true, t: at },
    ];
    await send("kepware/PLC-1", { timestamp: at, values });
    await shows("kepware/plc-1", "Tag2", { value: 7, quality: "BAD" });
    expect((await history(app, "kepware/plc-1", "Tag1")).map(({ value }) => value)).toEqual([23.4, 23.5]);
    expect((await machine(app, "kepware/plc-1"))?.metrics.map(({ name }) => name).sort()).toEqual([
      "Tag1",
      "Tag2",
    ]);
  });

  test("what is right and holds no values becomes no dead letter, what is wrong becomes one with its field", async () => {
    const dead = await figure(app.url, "mes_twin_dead_letters_total");
    const count = (name: string) => figure(app.url, `mes_twin_messages_${name}_total`);
    await send("opcua/json/metadata/plc/group/press-1", { MessageType: "ua-metadata", MetaData: {} });
    await send("umh/v1/acme/_analytics/shift/add", { start_time_unix_ms: at });
    await send("Site/Area/Line/Command/Start", "1");
    await send("opcua/json/data/plc/group/press-1", { MessageType: "ua-data", Messages: [{ Payload: [] }] });
    // Messages are taken in order, and the last one is the wrong one.
    await waitFor(async () => (await figure(app.url, "mes_twin_dead_letters_total")) > dead);
    await waitFor(async () => (await count("committed")) === (await count("received")));
    expect(await figure(app.url, "mes_twin_dead_letters_total")).toBe(dead + 1);
    const [letter] = await rows<{ reason: string }>(
      app.env.DATABASE_URL ?? "",
      "SELECT reason FROM dead_letter ORDER BY id DESC LIMIT 1",
    );
    expect(letter?.reason).toBe("Messages/0/Payload: is an array, and must be an object");
  });

  test("previewMessage tells step by step what a message becomes", async () => {
    const payload = JSON.stringify({ values: [{ id: "Channel1.Device1.Tag1", v: 234, t: at }] });
    const { data } = await app.ask(
      `query($payload: String!) { previewMessage(topic: "kepware/PLC-1", payload: $payload) { mapping machine ${STEPS} } }`,
      { payload },
    );
    const { steps, ...others } = data.previewMessage;
    expect(others).toEqual({
      mapping: "kepware/{machine}",
      machine: "kepware/plc-1",
      samples: [{ metric: "Tag1", value: 23.4, sourceTime: time, quality: "GOOD" }],
      problem: null,
    });
    expect(steps[0]).toEqual({
      stage: "MAPPING",
      outcome: "PASSED_OVER",
      subject: "umh/v1/{location+}",
      detail: "wants at least 3 levels, and the topic has 2",
      suggestion: null,
    });
    expect(steps.at(-1)).toEqual({
      stage: "METRIC",
      outcome: "TAKEN",
      subject: "Channel1.Device1.Tag1",
      detail: `renamed to Tag1 by the rule for Channel1.Device1.Tag1; scaled from 234 to 23.4 in °C; not in the machine's type: taken in as Double; 23.4, quality GOOD, at ${time}`,
      suggestion: 'List it in the machine\'s type: { name: Tag1, unit: "°C" }.',
    });
  });

  test("what is sent while the server is away comes later, but not to a mapping of QoS 0", async () => {
    const tag = (v: number, t: number) => ({ values: [{ id: "Channel1.Device1.Away", v, t }] });
    await app.pause();
    await send("kepware/PLC-1", tag(1, at));
    await send("acme/plant1/pack/line3/filler1/telemetry", { ts: at, away: 1 });
    app = await app.resume();
    await shows("acme/plant1/pack/line3/filler1", "away", { value: 1 });
    await send("kepware/PLC-1", tag(2, at + 1));
    await waitFor(async () => (await history(app, "kepware/plc-1", "Away")).some(({ value }) => value === 2));
    expect((await history(app, "kepware/plc-1", "Away")).map(({ value }) => value)).toEqual([2]);
  });
});
