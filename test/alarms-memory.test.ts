import { afterEach, describe, expect, test } from "vitest";
import { AlarmDesk, Devices, LINE } from "./support/alarms.js";
import { startTestApp } from "./support/app.js";
import { brokerAvailable, startBroker } from "./support/broker.js";
import { metric } from "./support/questions.js";
import { waitFor } from "./support/wait-for.js";

const PLANT = `
machineTypes:
  - name: filler
    appliesTo: ["${LINE}/*"]
    metrics:
      - { name: temperature }
      - { name: level }
    alarms:
      - { code: RISES, rate: { metric: temperature, above: 30, per: 1m, over: 30s } }
      - { code: RISES-LONG, rate: { metric: temperature, above: 20, per: 1m, over: 10s }, delay: 12s }
      - { code: ODD, deviation: { metric: temperature, fromMean: 1m, above: 8 } }
      - { code: FILLS, rate: { metric: level, above: 30, per: 1m, over: 30s } }
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    mappings:
      - { topic: "acme/berlin/{line}/{machine}/telemetry", format: json, timestamp: ts, machine: "acme/berlin/{line}/{machine}" }
`;
const SLOW_TEST = { timeout: 90_000 };
const SECONDS = 150;
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Steady, then rising from second 100 on. The level is told seldom: two hours before, at 20 and 40, and from 118 on. */
function valuesAt(second: number): object {
  const temperature = 20 + Math.sin(second) + Math.max(0, second - 100) * 0.6;
  if (second >= 118) return { temperature, level: 20 + (second - 118) * 0.6 };
  return second === 20 || second === 40 ? { temperature, level: 10 } : { temperature };
}

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("alarms that look back", () => {
  // What machines remember is read together: of one alone it begins later.
  test.each([[[60, 104, 114, 119, 130]], [[119]]])(
    "come at the same sample, whether the server was restarted or not (at %j)",
    SLOW_TEST,
    async (restarts) => {
      const broker = await startBroker();
      cleanups.push(() => broker.stop());
      let app = await startTestApp({ plant: PLANT, mqttUrl: broker.url });
      cleanups.push(() => app.stop());
      const devices = await Devices.connect(broker.url);
      cleanups.push(() => devices.end());
      const begun = Date.now() - 600_000;
      const machines = restarts.map((second) => ({ machine: `filler-${second}`, second }));
      const tell = async (machine: string, from: number, to: number) => {
        for (let second = from; second < to; second += 1)
          await devices.tell(valuesAt(second), { machine, ts: begun + second * 1_000 });
        const { temperature } = valuesAt(to - 1) as { temperature: number };
        await waitFor(
          async () => (await metric(app, `${LINE}/${machine}`, "temperature"))?.value === temperature,
        );
      };
      for (const machine of ["filler-0", ...machines.map((one) => one.machine)])
        await devices.tell({ level: 10 }, { machine, ts: begun - 7_200_000 });
      await tell("filler-0", 0, SECONDS);
      for (const { machine, second } of machines) await tell(machine, 0, second);
      await app.pause();
      app = await app.resume();
      for (const { machine, second } of machines) await tell(machine, second, SECONDS);

      const desk = new AlarmDesk(app);
      // What the twin shows may not be committed yet.
      const seen = (machine: string) =>
        waitFor(async () => {
          const alarms = await desk.list(`active: null, under: "${LINE}/${machine}"`);
          const raised = alarms.map(({ code, raisedAt }) => [code, (Date.parse(raisedAt) - begun) / 1_000]);
          return raised.length === 4 && raised.toSorted();
        });
      const expected = await seen("filler-0");
      expect(expected.map(([code]) => code)).toEqual(["FILLS", "ODD", "RISES", "RISES-LONG"]);
      for (const { machine } of machines) expect([machine, await seen(machine)]).toEqual([machine, expected]);
    },
  );
});
