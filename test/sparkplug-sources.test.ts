import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePayload } from "../src/sparkplug/encode-payload.js";
import { stateOf } from "../src/sparkplug/host-state.js";
import { DataType } from "../src/sparkplug/payload.js";
import type { TestApp } from "./support/app.js";
import { brokerAvailable, type TestBroker } from "./support/broker.js";
import type { EdgeMetric } from "./support/edge-client.js";
import { aliased, payload, T } from "./support/edge-node.js";
import { history, machine, metric, stored } from "./support/questions.js";
import { MQTT_VERSIONS, SparkplugPlant } from "./support/sparkplug-plant.js";
import { waitFor } from "./support/wait-for.js";

const SPEED: EdgeMetric = { name: "speed", dataType: DataType.Int32, value: 1, alias: 1 };
const PRESS = "plant/line-1/press";

describe.skipIf(!brokerAvailable).each(MQTT_VERSIONS)("a source of Sparkplug over MQTT %s", (version) => {
  const plant = new SparkplugPlant();
  const there = new SparkplugPlant();
  let broker: TestBroker;
  let other: TestBroker;
  let app: TestApp;

  beforeAll(async () => {
    broker = await plant.broker(version);
    other = await there.broker(version);
    app = await plant.server(
      broker.url,
      `  - { name: floor, url: "\${MQTT_URL}", mappings: [{ topic: "{site}/{machine}/json", format: json }] }`,
    );
    await plant.observe(broker.url);
    await there.observe(other.url);
  });
  afterAll(async () => {
    await plant.end();
    await there.end();
  });

  const online = (at: SparkplugPlant, hostId: string) => {
    const said = at.messages("STATE").filter(({ topic }) => topic === `spBv1.0/STATE/${hostId}`);
    return said.map(({ text }) => stateOf(Buffer.from(text))?.online);
  };
  const shows = (path: string, value: number) =>
    waitFor(async () => (await metric(app, path, "speed"))?.value === value, { timeoutMs: 15_000 });

  async function change(name: "createSource" | "updateSource", type: string, input: object): Promise<void> {
    const { data, errors } = await app.ask(
      `mutation($input: ${type}!) { ${name}(input: $input) { source { name } userErrors { message } } }`,
      { input },
    );
    expect([errors, data?.[name].userErrors]).toEqual([undefined, []]);
  }

  test("whose host id and then whose broker is changed while it runs says goodbye and goes on; nothing that came is lost", async () => {
    await change("createSource", "CreateSourceInput", {
      name: "cells",
      url: broker.url,
      sparkplug: { hostId: "host-1", rebirthInterval: "1s" },
    });
    await waitFor(() => online(plant, "host-1").at(-1) === true);
    const node = { url: broker.url, group: "plant", keepaliveS: 30 };
    const line = await plant.edge({ ...node, edgeNode: "line-1", devices: { press: [SPEED] } });
    const devoted = { ...node, edgeNode: "line-2", primaryHost: "host-2", devices: { press: [SPEED] } };
    const waits = await plant.edge(devoted);
    await shows(PRESS, 1);
    // Each is read a millisecond after the one before, also where that is later than now.
    const readBy = Date.now() + 200;
    for (let speed = 2; speed <= 200; speed += 1) await line.set("press", { speed });
    await waitFor(() => Date.now() > readBy);

    await change("updateSource", "UpdateSourceInput", {
      name: "cells",
      sparkplug: { hostId: "host-2", rebirthInterval: "1s" },
    });
    await waitFor(() => online(plant, "host-2").at(-1) === true);
    expect(online(plant, "host-1")).toEqual([true, false]);
    // Whose host it is has kept its births for it.
    await waitFor(() => waits.born);
    await shows("plant/line-2/press", 1);
    // Whoever knows of no host goes on, and is asked for what its aliases mean.
    await line.set("press", { speed: 201 });
    await shows(PRESS, 201);
    expect(line.rebirthsAsked).toBeGreaterThan(0);
    await waitFor(async () => (await history(app, PRESS, "speed")).length >= 201);
    const values = (await history(app, PRESS, "speed")).map(({ value }) => value);
    expect(new Set(values)).toEqual(new Set(Array.from({ length: 201 }, (_, index) => index + 1)));

    await change("updateSource", "UpdateSourceInput", { name: "cells", url: other.url });
    await waitFor(() => online(there, "host-2").at(-1) === true);
    // The will may say the same once more, where the broker saw the connection end before the goodbye.
    const said = online(plant, "host-2");
    expect([said.lastIndexOf(true), said.at(-1)]).toEqual([0, false]);
    // Nobody hears any more of who stays where the host has been.
    await waitFor(async () => (await machine(app, PRESS))?.connectivity.status === "STALE");
    await waitFor(() => !waits.born);
    const far = { url: other.url, group: "plant", edgeNode: "line-3", devices: { press: [SPEED] } };
    const moved = await there.edge(far);
    await moved.set("press", { speed: 7 });
    await waitFor(async () => (await stored(app, "plant/line-3/press", "speed")) === 2);
  });

  test("tells by previewMessage what its messages become, by the births that it knows", async () => {
    const node = { url: other.url, group: "plant", edgeNode: "line-4", devices: { press: [SPEED] } };
    await there.edge(node);
    await shows("plant/line-4/press", 1);
    const told = encodePayload(
      payload([aliased(1, DataType.Int32, 5), aliased(2, DataType.Int32, 6)], { seq: 9 }),
    );
    const { data } = await app.ask(
      `query($payload: String!) {
         previewMessage(topic: "spBv1.0/plant/DDATA/line-4/press", payload: $payload, encoding: BASE64) {
           mapping machine problem samples { metric value sourceTime quality } steps { stage outcome subject } } }`,
      { payload: told.toString("base64") },
    );
    expect(data.previewMessage).toEqual({
      mapping: "spBv1.0/#",
      machine: "plant/line-4/press",
      problem: "no birth tells of alias 2, so nobody knows which metric it is",
      samples: [{ metric: "speed", value: 5, sourceTime: new Date(T).toISOString(), quality: "GOOD" }],
      steps: [
        { stage: "MAPPING", outcome: "TAKEN", subject: "spBv1.0/#" },
        { stage: "MACHINE", outcome: "TAKEN", subject: "plant/line-4/press" },
        { stage: "DECODING", outcome: "TAKEN", subject: null },
        { stage: "METRIC", outcome: "TAKEN", subject: "alias 1" },
        { stage: "METRIC", outcome: "REFUSED", subject: null },
      ],
    });
    expect((await metric(app, "plant/line-4/press", "speed"))?.value).toBe(1);
  });
});
