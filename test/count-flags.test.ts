import { expect, test } from "vitest";
import { connectDevice } from "../src/mqtt/device-client.js";
import { startTestApp } from "./support/app.js";
import { startBroker } from "./support/broker.js";
import { waitFor } from "./support/wait-for.js";

const PLANT = `
machineTypes:
  - name: press
    idealCycleTime: 1s
    metrics:
      - {name: good, type: Int64, role: GOOD_COUNT}
equipment:
  - {path: acme/press-1, type: press}
  - {path: acme/press-2, type: press}
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings: [{topic: "{enterprise}/{machine}/telemetry", format: json, timestamp: ts}]
`;
const T0 = Date.parse("2026-03-02T06:00:00Z");

test("steps of counters that nobody can believe are not counted, and told with both readings", async () => {
  const broker = await startBroker();
  const app = await startTestApp({ mqttUrl: broker.url, plant: PLANT });
  const device = connectDevice({ url: broker.url, clientId: "presses" });
  try {
    await device.ready();
    const reports = async (machine: string, ...readings: number[]) => {
      for (const [index, good] of readings.entries())
        await device.publish(`acme/${machine}/telemetry`, JSON.stringify({ ts: T0 + index * 10_000, good }), {
          qos: 1,
        });
    };
    await reports("press-1", 10, 14, 5_000, 5_001, -3, 6, 7);
    await reports("press-2", 1, 3);
    // The twins show what came a moment before it is stored.
    await waitFor(async () => (await app.ask("{ sources { committed } }")).data.sources[0].committed === 9);
    const ask = async (args: string) => {
      const { data, errors } = await app.ask(
        `{ machines { edges { node { path
             kpis(from: "2026-03-02T06:00:00Z", to: "2026-03-02T07:00:00Z") { goodQuantity }
             countFlags(${args}) { metric at from to reason } } } } }`,
      );
      return errors ?? data.machines.edges.map(({ node }: { node: object }) => node);
    };
    const range = 'from: "2026-03-02T06:00:00Z", to: "2026-03-02T07:00:00Z"';
    const flag = (second: number, from: string, to: string, reason: string) => ({
      metric: "good",
      at: new Date(T0 + second * 1000).toISOString(),
      from,
      to,
      reason,
    });
    const flags = [
      flag(50, "-3", "6", "negative counter"),
      flag(40, "5001", "-3", "negative counter"),
      flag(20, "14", "5000", "implausible jump"),
    ];
    expect(await ask(range)).toMatchObject([
      { path: "acme/press-1", kpis: { goodQuantity: 6 }, countFlags: flags },
      { path: "acme/press-2", kpis: { goodQuantity: 2 }, countFlags: [] },
    ]);
    expect(await ask(`${range}, first: 1`)).toMatchObject([{ countFlags: flags.slice(0, 1) }, {}]);
    const early = 'from: "2026-03-02T06:00:00Z", to: "2026-03-02T06:00:40Z"';
    expect(await ask(early)).toMatchObject([{ countFlags: flags.slice(2) }, {}]);
    expect(await ask(`${range}, first: 0`)).toMatchObject([
      { extensions: { code: "BAD_USER_INPUT", field: ["first"] } },
    ]);
    expect(await ask('from: "2026-03-02T06:00:00Z", to: "2026-03-02T06:00:00Z"')).toMatchObject([
      { message: "from must be before to" },
    ]);
  } finally {
    await device.end();
    await app.stop();
    await broker.stop();
  }
});
