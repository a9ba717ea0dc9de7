import { afterAll, beforeAll, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { waitFor } from "./support/wait-for.js";

const MINUTE = 60_000;
const PRESS = "acme/site/area/line/press";
const start = Math.floor(Date.now() / MINUTE) * MINUTE - 180 * MINUTE;

let app: TestApp;
let device: DeviceClient;

beforeAll(async () => {
  app = await startTestApp({
    plant: `
machineTypes:
  - name: press
    idealCycleTime: 1s
    microStop: 5m
    downtimeReasons: [{ code: jam, category: UNPLANNED }]
    faultReasons: { E7: jam }
    metrics:
      - { name: state, type: String, role: STATE }
      - { name: fault, type: String, role: FAULT }
equipment:
  - { path: ${PRESS}, type: press }
${Array.from({ length: 110 }, (_, index) => `  - { path: acme/site/area/other/m${index}, type: press }`).join("\n")}
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    qos: 1
    mappings:
      - { topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }
`,
  });
  device = connectDevice({ url: app.mqttUrl, clientId: "press" });
  await device.ready();
});

afterAll(async () => {
  await device?.end();
  await app?.stop();
});

/** A moment by minutes since the start. */
function at(minute: number): string {
  return new Date(start + minute * MINUTE).toISOString();
}

async function tell(minute: number, values: object): Promise<void> {
  await device.publish(`${PRESS}/telemetry`, JSON.stringify({ ts: at(minute), ...values }), { qos: 1 });
}

test("what a machine tells late, out of order and again is told to who follows its downtimes", async () => {
  await tell(0, { state: "EXECUTE" });
  await tell(10, { state: "HELD" });
  await tell(20, { state: "EXECUTE" });
  const { events, stop } = app.follow(
    `subscription ($since: DateTime) { downtimeChanged(under: "acme/site", since: $since) {
       from to reason microStop removed } }`,
    { since: at(0) },
  );
  const downtime = (from: number, to: number | null, more: object = {}) => {
    const so = { reason: null, microStop: false, removed: false };
    return { ...so, from: at(from), to: to === null ? null : at(to), ...more };
  };
  const told = async (...wanted: object[]) => {
    await waitFor(() => events.length >= wanted.length, { what: JSON.stringify(wanted) });
    expect(events.splice(0).map(({ data }) => data.downtimeChanged)).toEqual(wanted);
  };
  await waitFor(async () => events.at(-1)?.data.downtimeChanged.to === at(20));
  events.length = 0;
  await tell(12, { fault: "E7" });
  await told(downtime(10, 20, { reason: "jam" }));
  await tell(13, { state: "EXECUTE" });
  await told(downtime(10, 13, { reason: "jam", microStop: true }));
  await tell(15, { state: "ABORTED" });
  await told(downtime(15, 20, { reason: "jam" }));
  await tell(15, { state: "ABORTED" });
  await tell(30, { state: "HELD" });
  await told(downtime(30, null, { reason: "jam" }));
  await tell(25, { fault: "" });
  await told(downtime(30, null));
  await tell(40, { state: "EXECUTE" });
  await told(downtime(30, 40));
  stop();
});

test("lists of more machine-days than one question may read are refused", async () => {
  const range = `from: "${at(-399 * 24 * 60)}"`;
  const many = await app.ask(
    `{ machines(first: 110) { edges { node { downtimes(${range}, first: 1) { totalCount } } } } }`,
  );
  expect(many.errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: ["from"] });
  const lists = Array.from(
    { length: 300 },
    (_, index) => `r${index}: downtimes(under: "${PRESS}", ${range}, first: 1) { totalCount }`,
  );
  const { errors } = await app.ask(`{ ${lists.join(" ")} }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: "QUERY_TOO_LARGE" });
});
