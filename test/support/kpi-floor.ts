import { expect } from "vitest";
import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./app.js";
import { waitFor } from "./wait-for.js";

const PLANT = `
calendars:
  - name: with-break
    timeZone: UTC
    shifts: [{ name: Early, start: "06:00", end: "14:00", breaks: [{ name: Lunch, start: "09:00", end: "10:00" }] }]
  - { name: plain, timeZone: UTC, shifts: [{ name: Early, start: "06:00", end: "14:00" }] }
  - { name: nights, timeZone: Europe/Berlin, shifts: [{ name: Night, start: "22:00", end: "06:00" }] }
machineTypes:
  - name: press
    idealCycleTime: 1s
    downtimeReasons: [{ code: jam, category: UNPLANNED }, { code: cleaning, category: PLANNED }]
    faultReasons: { E7: jam }
    metrics: &metrics
      - { name: state, type: String, role: STATE }
      - { name: fault, type: String, role: FAULT }
      - { name: good, type: Int64, role: GOOD_COUNT }
      - { name: reject, type: Int64, role: REJECT_COUNT }
      - { name: energy, role: ENERGY, unit: kWh }
  - { name: slow press, idealCycleTime: 2s, metrics: *metrics }
  - { name: by order, metrics: *metrics }
equipment:
  - { path: acme/site/area/line-1/press, type: press, calendar: with-break }
  - { path: acme/site/area/line-1/ordered, type: by order, calendar: plain }
  - { path: acme/site/area/line-1/fast, type: slow press, calendar: with-break }
  - { path: acme/site/area/line-2/unrated, type: by order, calendar: plain }
  - { path: acme/site/area/line-3/live, type: press }
  - { path: acme/site/area/line-5/shots, type: by order, calendar: plain }
  - { path: acme/site/area/line-4/night, type: press, calendar: nights }
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    qos: 1
    mappings:
      - { topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }
`;

export const LINE = "acme/site/area/line-1";
export const PRESS = `${LINE}/press`;
export const ORDERED = `${LINE}/ordered`;
export const FAST = `${LINE}/fast`;
export const UNRATED = "acme/site/area/line-2/unrated";
export const SHOTS = "acme/site/area/line-5/shots";
export const LIVE = "acme/site/area/line-3/live";

export const MINUTE = 60_000;
const SHIFT_START = Date.parse("2025-06-03T06:00:00Z");
export const SHIFT = { from: at(0), to: at(480) };

/** A moment by minutes since the shift began. */
export function at(minute: number): string {
  return new Date(SHIFT_START + minute * MINUTE).toISOString();
}

/** A server with machines to be judged, and what a device and a user do there. */
export class KpiFloor {
  readonly app: TestApp;
  readonly #device: DeviceClient;
  #published = 0;

  private constructor(app: TestApp, device: DeviceClient) {
    this.app = app;
    this.#device = device;
  }

  static async start(): Promise<KpiFloor> {
    const app = await startTestApp({ plant: PLANT });
    const device = connectDevice({ url: app.mqttUrl, clientId: "shift" });
    await device.ready();
    return new KpiFloor(app, device);
  }

  async stop(): Promise<void> {
    await this.#device.end();
    await this.app.stop();
  }

  async tell(path: string, ts: string | number, values: object): Promise<void> {
    this.#published += 1;
    await this.#device.publish(`${path}/telemetry`, JSON.stringify({ ts, ...values }), { qos: 1 });
  }

  /** Waits until all that was told is committed. */
  async committed(): Promise<void> {
    await waitFor(async () => {
      const { data } = await this.app.ask("{ sources { committed dead } }");
      expect(data.sources[0].dead).toBe(0);
      return data.sources[0].committed >= this.#published;
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
  async ask(query: string, variables: Record<string, unknown> = {}): Promise<any> {
    const { data, errors } = await this.app.ask(query, variables);
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  async kpis(path: string, fields: string, { from, to }: { from: string; to?: string } = SHIFT) {
    const { equipment } = await this.ask(
      `query ($path: EquipmentPath!, $from: DateTime!, $to: DateTime) {
         equipment(path: $path) { kpis(from: $from, to: $to) { ${fields} } } }`,
      { path, from, to },
    );
    return equipment.kpis;
  }

  /** 47 minutes of stop, 19,271 made, 423 rejects. */
  async playPress(): Promise<void> {
    await this.tell(PRESS, at(0), { state: "EXECUTE", good: 0, reject: 0, energy: 1_000 });
    await this.tell(PRESS, at(180), { state: "IDLE", good: 9_000, reject: 200, energy: 1_100 });
    await this.tell(PRESS, at(240), { state: "EXECUTE" });
    await this.tell(PRESS, at(300), { state: "HELD", fault: "E7" });
    await this.tell(PRESS, at(347), { state: "EXECUTE", fault: "" });
    await this.tell(PRESS, at(479), { good: 18_848, reject: 423, energy: 1_200 });
    await this.tell(PRESS, at(480), { state: "STOPPED" });
  }
}
