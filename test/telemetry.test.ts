import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker, type TestBroker } from "./support/broker.js";
import { rows } from "./support/database.js";
import { figure, history, machine, metric, stored } from "./support/questions.js";
import { waitFor } from "./support/wait-for.js";

const LINE = "acme/berlin/pack/line-3";
const HOUR = 3_600_000;

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("telemetry", () => {
  let broker: TestBroker;
  let app: TestApp;
  let device: DeviceClient;
  const before = Date.now() - HOUR;

  beforeAll(async () => {
    broker = await startBroker();
    device = connectDevice({ url: broker.url, clientId: "device" });
    await device.ready();
    const retained = { qos: 1, retain: true } as const;
    await device.publish(`${LINE}/kept/level`, "7", retained);
    await device.publish(`${LINE}/kept/telemetry`, JSON.stringify({ ts: before, dose: 3 }), retained);
    app = await startTestApp({ mqttUrl: broker.url });
  });

  afterAll(async () => {
    await device?.end();
    await app?.stop();
    await broker?.stop();
  });

  const send = (name: string, payload: unknown, qos: 0 | 1 | 2 = 1) =>
    device.publish(`${LINE}/${name}`, typeof payload === "string" ? payload : JSON.stringify(payload), {
      qos,
    });

  /** Resolves when all that was sent to a machine before is committed: messages are taken in order. */
  async function committed(name: string): Promise<void> {
    const mark = Math.random();
    await send(`${name}/telemetry`, { mark });
    await waitFor(async () => (await history(app, `${LINE}/${name}`, "mark")).at(-1)?.value === mark);
  }

  test("a message makes its machine appear, with metric, history and live event", async () => {
    const path = `${LINE}/filler-1`;
    const live = app.follow(
      'subscription { telemetryReceived(topic: "acme/+/pack/#") { topic machine metric value quality sourceTime } }',
    );
    const others = app.follow('subscription { telemetryReceived(topic: "acme/+/weld/#") { topic } }');
    await waitFor(async () => {
      await send("other/telemetry", { ts: Date.now(), warmup: 1 });
      return live.events.length > 0;
    });
    const ts = Date.now();
    expect(await machine(app, path)).toBeNull();
    await send("filler-1/telemetry", { ts, temperature: 23.4, spindle: { speed: 1200 } });
    await waitFor(async () => (await metric(app, path, "temperature"))?.value === 23.4);
    expect(await metric(app, path, "spindle/speed")).toEqual({
      value: 1200,
      dataType: "Double",
      quality: "GOOD",
      sourceTime: new Date(ts).toISOString(),
      stale: false,
      topic: `${path}/spindle/speed`,
    });
    expect(await machine(app, path)).toMatchObject({ revision: 1, connectivity: { status: "ONLINE" } });

    const of = (topic: string) =>
      live.events.find((event) => event.data.telemetryReceived.topic === topic)?.data.telemetryReceived;
    await waitFor(() => of(`${path}/temperature`));
    expect(of(`${path}/temperature`)).toEqual({
      topic: `${path}/temperature`,
      machine: path,
      metric: "temperature",
      value: 23.4,
      quality: "GOOD",
      sourceTime: new Date(ts).toISOString(),
    });
    expect(others.events).toEqual([]);
    await waitFor(async () => (await stored(app, path, "temperature")) === 1);
    expect(await history(app, path, "temperature")).toEqual([
      { time: new Date(ts).toISOString(), value: 23.4, count: 1, quality: "GOOD" },
    ]);
    live.stop();
    others.stop();
  });

  test("a topic of its own for each value: the payload is the value", async () => {
    const path = `${LINE}/valve-1`;
    const values: [string, string, unknown][] = [
      ["pressure", "4.5", 4.5],
      ["motor/winding/temperature", "-12", -12],
      ["open", "true", true],
      ["recipe", "Lager 5,2 %", "Lager 5,2 %"],
      ["quoted", '"12"', "12"],
      ["address", "10.0.0.1", "10.0.0.1"],
      ["nothing", "null", null],
      ["big", "9007199254740993", "9007199254740993"],
    ];
    for (const [name, payload] of values) await send(`valve-1/${name}`, payload);
    await committed("valve-1");
    for (const [name, payload, value] of values) {
      const point = (await history(app, path, name))[0];
      expect(point, `${name} ${payload}`).toMatchObject({ value, count: 1, quality: "GOOD" });
    }
    const read = await metric(app, path, "pressure");
    expect(Math.abs(Date.parse(read?.sourceTime ?? "") - Date.now())).toBeLessThan(30_000);
  });

  test("nested JSON, arrays, 64-bit integers, booleans, texts and null", async () => {
    const path = `${LINE}/robot-1`;
    const ts = Date.now();
    await send(
      "robot-1/telemetry",
      `{"ts":${ts},"axes":[1.5,{"angle":90}],"counter":9223372036854775807,"low":-9223372036854775808,
        "safe":9007199254740991,"door":{"locked":false},"program":"pick","tool":null,"tiny":1e-300}`,
    );
    await committed("robot-1");
    const read = await machine(app, path);
    const values = Object.fromEntries(read?.metrics.map(({ name, value }) => [name, value]) ?? []);
    expect(values).toMatchObject({
      "axes/0": 1.5,
      "axes/1/angle": 90,
      counter: "9223372036854775807",
      low: "-9223372036854775808",
      safe: 9007199254740991,
      "door/locked": false,
      program: "pick",
      tool: null,
      tiny: 1e-300,
    });
    expect(values).not.toHaveProperty("ts");
    const types = Object.fromEntries(read?.metrics.map(({ name, dataType }) => [name, dataType]) ?? []);
    expect(types).toMatchObject({ counter: "Int64", "door/locked": "Boolean", program: "String" });
    for (const name of ["counter", "low", "safe", "door/locked", "program", "tool", "tiny"])
      expect((await history(app, path, name))[0]?.value, name).toEqual(values[name]);
  });

  test.each([
    ["seconds", (ms: number) => ms / 1000],
    ["microseconds", (ms: number) => `${ms}000`],
    ["nanoseconds", (ms: number) => `${ms}000000`],
    ["ISO 8601", (ms: number) => JSON.stringify(new Date(ms).toISOString())],
  ])("a time in %s is read as such", async (name, written) => {
    const machineName = `clock-${name.replaceAll(" ", "-")}`;
    const ts = Date.now() - 1_234;
    await send(`${machineName}/telemetry`, `{"ts":${written(ts)},"v":1}`);
    await waitFor(async () => {
      const read = await metric(app, `${LINE}/${machineName}`, "v");
      return read?.sourceTime === new Date(ts).toISOString();
    });
  });

  test("a late sample is stored and not shown", async () => {
    const path = `${LINE}/late-1`;
    const ts = Date.now();
    await send("late-1/telemetry", { ts, v: 2 });
    await send("late-1/telemetry", { ts: ts - 60_000, v: 1 });
    await committed("late-1");
    expect(await metric(app, path, "v")).toMatchObject({ value: 2, sourceTime: new Date(ts).toISOString() });
    expect((await history(app, path, "v")).map(({ value }) => value)).toEqual([1, 2]);
  });

  test("a repeated message changes nothing; two values of one time both stay", async () => {
    const path = `${LINE}/again-1`;
    const ts = Date.now();
    await send("again-1/telemetry", { ts, v: 1 });
    await send("again-1/telemetry", { ts: ts - 1_000, v: 0 });
    await waitFor(async () => (await stored(app, path, "v")) === 2);
    const { revision } = (await machine(app, path)) ?? {};
    const repeated = await figure(app.url, "mes_twin_samples_repeated_total");
    for (let time = 0; time < 3; time += 1) {
      await send("again-1/telemetry", { ts, v: 1 });
      await send("again-1/telemetry", { ts: ts - 1_000, v: 0 });
    }
    await waitFor(async () => (await figure(app.url, "mes_twin_samples_repeated_total")) === repeated + 6);
    expect(await stored(app, path, "v")).toBe(2);
    expect((await machine(app, path))?.revision).toBe(revision);

    await send("again-1/telemetry", { ts, v: 5 });
    await send("again-1/telemetry", { ts, v: 5 });
    await send("again-1/telemetry", { ts, v: 1 });
    await committed("again-1");
    expect((await history(app, path, "v")).map(({ value }) => value).sort()).toEqual([0, 1, 5]);
    expect(await metric(app, path, "v")).toMatchObject({ value: 5 });
  });

  test("a clock that runs ahead does not freeze the twin", async () => {
    const path = `${LINE}/ahead-1`;
    await send("ahead-1/telemetry", { ts: Date.now() + HOUR, v: 1 });
    await waitFor(async () => (await metric(app, path, "v"))?.value === 1);
    const read = await metric(app, path, "v");
    expect(read?.quality).toBe("UNCERTAIN");
    expect(Math.abs(Date.parse(read?.sourceTime ?? "") - Date.now())).toBeLessThan(30_000);
    await waitFor(() => Date.now() > Date.parse(read?.sourceTime ?? ""));
    await send("ahead-1/telemetry", { ts: Date.now(), v: 2 });
    await waitFor(async () => (await metric(app, path, "v"))?.value === 2);
    expect(await metric(app, path, "v")).toMatchObject({ quality: "GOOD" });
  });

  test("what cannot be taken is counted and kept, and the rest goes on", async () => {
    const path = `${LINE}/broken-1`;
    const dead = await figure(app.url, "mes_twin_dead_letters_total");
    await send("broken-1/telemetry", "{not json");
    await send("broken-1/telemetry", { ts: "yesterday", v: 1 });
    await send("broken-1/telemetry", { ts: Date.now(), "a+b": 1, v: 2 });
    await send("broken-1/speed", '{"value":1}');
    await device.publish(`${LINE}/broken-1/blob`, Buffer.from([0xff, 0xfe]), { qos: 1 });
    await device.publish("acme//pack/line-3/unnamed-site/v", "1", { qos: 1 });
    await committed("broken-1");
    expect(await metric(app, path, "v")).toMatchObject({ value: 2 });
    await waitFor(async () => (await figure(app.url, "mes_twin_dead_letters_total")) === dead + 6);
    const letters = await rows<{ topic: string; reason: string; head: string }>(
      app.env.DATABASE_URL ?? "",
      "SELECT topic, reason, encode(payload_head, 'escape') AS head FROM dead_letter ORDER BY id",
    );
    expect(letters.map(({ topic }) => topic)).toEqual([
      `${path}/telemetry`,
      `${path}/telemetry`,
      `${path}/telemetry`,
      `${path}/speed`,
      `${path}/blob`,
      "acme//pack/line-3/unnamed-site/v",
    ]);
    const reasons = letters.map(({ reason }) => reason);
    expect(reasons[0]).toMatch(/not JSON/);
    expect(letters[0]?.head).toBe("{not json");
    expect(reasons[1]).toMatch(/^ts: "yesterday" is not a time/);
    expect(reasons[2]).toMatch(/^a\+b: a metric name must not hold/);
    expect(reasons[3]).toMatch(/map this topic with format json/);
    expect(reasons[4]).toMatch(/not UTF-8/);
    expect(reasons[5]).toBe("no mapping takes this topic");
  });

  test("what the broker kept from before is shown, and is no sign of life", async () => {
    const path = `${LINE}/kept`;
    await waitFor(async () => (await stored(app, path, "dose")) === 1);
    // Without a time of its own its age is not known.
    expect(await metric(app, path, "level")).toMatchObject({ value: 7, quality: "UNCERTAIN" });
    expect(await metric(app, path, "dose")).toMatchObject({
      value: 3,
      quality: "GOOD",
      sourceTime: new Date(before).toISOString(),
    });
    expect(await machine(app, path)).toMatchObject({ connectivity: { status: "UNKNOWN", lastSeen: null } });
  });

  test("a message at the end of what Postgres can hold does not stop the others", async () => {
    const path = `${LINE}/odd-1`;
    await send("odd-1/telemetry", { ts: Date.now(), text: "a\u0000b", v: 1 });
    await send("odd-1/telemetry", { ts: Date.now(), text: "\ud800", quote: '"\\{},NULL', v: 2 });
    await send("odd-1/telemetry", { ts: Date.UTC(1975, 0, 1), v: 3 });
    await committed("odd-1");
    expect((await history(app, path, "v")).map(({ value }) => value)).toContain(2);
    expect(await metric(app, path, "quote")).toMatchObject({ value: '"\\{},NULL' });
    expect((await history(app, path, "quote"))[0]?.value).toBe('"\\{},NULL');
  });
});

describe.skipIf(!brokerAvailable).each([0, 1, 2] as const)("a source at QoS %i", (qos) => {
  test("takes each message of devices at QoS 0, 1 and 2 once", async () => {
    const broker = await startBroker();
    const app = await startTestApp({
      mqttUrl: broker.url,
      plant: `
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    qos: ${qos}
    mappings:
      - { topic: "{site}/{machine}/{metric+}", format: value }
`,
    });
    const device = connectDevice({ url: broker.url, clientId: "device" });
    try {
      await device.ready();
      await waitFor(async () => (await fetch(`${app.url}/readyz`)).ok);
      await waitFor(async () => {
        await device.publish("plant/m/warm", "1", { qos: 0 });
        return metric(app, "plant/m", "warm");
      });
      for (const level of [0, 1, 2] as const)
        for (const value of [1, 2, 3])
          await device.publish(`plant/m/q${level}`, String(value), { qos: level });
      await waitFor(async () => {
        for (const level of [0, 1, 2])
          expect((await history(app, "plant/m", `q${level}`)).map((point) => point.value)).toEqual([1, 2, 3]);
        return true;
      });
    } finally {
      await device.end();
      await app.stop();
      await broker.stop();
    }
  });
});
