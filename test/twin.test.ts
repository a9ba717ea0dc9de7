import { afterAll, beforeAll, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { type Mosquitto, mosquittoAvailable, startMosquitto } from "./support/mosquitto.js";
import { waitFor } from "./support/wait-for.js";

const FILLER = "acme/berlin/pack/line-3/filler-1";

let mosquitto: Mosquitto;
let app: TestApp;
let device: DeviceClient;

beforeAll(async () => {
  mosquitto = await startMosquitto();
  app = await startTestApp({ mqttUrl: mosquitto.url });
  device = connectDevice({ url: mosquitto.url, clientId: "filler-1" });
  await device.ready();
});

afterAll(async () => {
  await device?.end();
  await app?.stop();
  await mosquitto?.stop();
});

function send(payload: unknown, topic = `${FILLER}/telemetry`): Promise<unknown> {
  return device.publish(topic, typeof payload === "string" ? payload : JSON.stringify(payload), { qos: 1 });
}

async function metric(name: string, path = FILLER) {
  const answer = await app.ask(
    "query($path: EquipmentPath!, $name: String!) { machine(path: $path) { revision metric(name: $name) { value quality sourceTime stale topic } } }",
    { path, name },
  );
  return answer.data?.machine?.metric ?? null;
}

test.skipIf(!mosquittoAvailable)(
  "a message makes its machine appear, with metric, history and live event",
  async () => {
    const live = app.follow(
      'subscription { telemetryReceived(topic: "acme/+/pack/#") { topic machine metric value quality sourceTime } }',
    );
    await waitFor(async () => {
      await send({ ts: Date.now(), warmup: 1 }, "acme/berlin/pack/line-3/other/telemetry");
      return live.events.length > 0;
    });
    const ts = Date.now();
    await send({ ts, temperature: 23.4, spindle: { speed: 1200 } });
    await waitFor(async () => (await metric("temperature"))?.value === 23.4);
    expect(await metric("spindle/speed")).toMatchObject({ value: 1200, quality: "GOOD", stale: false });
    await waitFor(() =>
      live.events.some((event) => event.data.telemetryReceived.topic === `${FILLER}/temperature`),
    );
    const event = live.events.find((one) => one.data.telemetryReceived.topic === `${FILLER}/temperature`);
    expect(event?.data.telemetryReceived).toEqual({
      topic: `${FILLER}/temperature`,
      machine: FILLER,
      metric: "temperature",
      value: 23.4,
      quality: "GOOD",
      sourceTime: new Date(ts).toISOString(),
    });
    const history = await app.ask(
      'query($path: EquipmentPath!, $from: DateTime!, $to: DateTime!) { machine(path: $path) { history(metrics: ["temperature"], from: $from, to: $to) { metric points { time value count } } } }',
      { path: FILLER, from: new Date(ts).toISOString(), to: new Date(ts + 1).toISOString() },
    );
    expect(history.data.machine.history).toEqual([
      { metric: "temperature", points: [{ time: new Date(ts).toISOString(), value: 23.4, count: 1 }] },
    ]);
    live.stop();
  },
);
