import { expect, test } from "vitest";
import { connectDevice } from "../src/mqtt/device-client.js";
import { startTestApp } from "./support/app.js";
import { startBroker } from "./support/broker.js";
import { waitFor } from "./support/wait-for.js";

const PLANT = `
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings: [{topic: "{enterprise}/{machine}/telemetry", format: json, timestamp: ts}]
`;

test("a server that stands by knows the machines that the other one discovers", async () => {
  const broker = await startBroker();
  const active = await startTestApp({ mqttUrl: broker.url, plant: PLANT });
  const standby = await startTestApp({
    mqttUrl: broker.url,
    plant: PLANT,
    env: { DATABASE_URL: active.env.DATABASE_URL ?? "" },
  });
  const device = connectDevice({ url: broker.url, clientId: "saw" });
  try {
    await device.ready();
    await device.publish("acme/saw-1/telemetry", '{"speed": 5}', { qos: 1 });
    const path = async () =>
      (await standby.ask('{ machine(path: "acme/saw-1") { path } }')).data.machine?.path;
    await waitFor(async () => (await path()) === "acme/saw-1");
    const { data } = await standby.ask(
      `mutation { createMaintenanceOrder(input: {machine: "acme/saw-1", kind: INSPECTION, title: "look"}) {
         maintenanceOrder { machine { path } } userErrors { code } } }`,
    );
    expect(data.createMaintenanceOrder).toEqual({
      maintenanceOrder: { machine: { path: "acme/saw-1" } },
      userErrors: [],
    });
  } finally {
    await device.end();
    await standby.stop();
    await active.stop();
    await broker.stop();
  }
});
