import { expect } from "vitest";
import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import { startTestApp } from "./app.js";
import { startBroker } from "./broker.js";
import { type Arrival, arrivalsOf } from "./mes-arrivals.js";
import { type Ask, planStops, tellMaintenance, tellOrders } from "./mes-desk.js";
import {
  CALENDARS,
  FAULT_REASONS,
  FREE_IDEAL_MS,
  type MachineStory,
  MICRO_STOP_MS,
  REASON_CATEGORIES,
  type Story,
  TIME_ZONE,
} from "./mes-story.js";
import { waitFor } from "./wait-for.js";

const IN_FLIGHT = 2_000;
const CONNECTIONS = 4;

/** A server that was told a story but what is late of it, and has committed all of that. */
export type MesPlant = Awaited<ReturnType<typeof startMesPlant>>;

/** Tells a story over MQTT and GraphQL: what people say before, while and after the machines tell of that time. */
export async function startMesPlant(story: Story, options: { seed: number; patienceMs: number }) {
  const broker = await startBroker();
  const app = await startTestApp({ mqttUrl: broker.url, plant: plantFile(story) });
  const ask: Ask = async (query, variables = {}) => {
    const { data, errors } = await app.ask(query, variables);
    if (errors) throw new Error(JSON.stringify(errors[0]));
    return data;
  };
  let published = 0;
  const tell = async (arrivals: readonly Arrival[]) => {
    published += arrivals.length;
    await publish(broker.url, arrivals);
    await waitFor(
      async () => {
        const { sources } = await ask("{ sources { committed dead } }");
        expect(sources[0].dead).toBe(0);
        return sources[0].committed >= published;
      },
      { what: "all is committed", timeoutMs: options.patienceMs },
    );
  };
  const arrivals = arrivalsOf(story, options.seed);
  const inTime = arrivals.filter(({ late }) => !late);
  const half = inTime.length >> 1;
  await tellOrders(ask, story.machines, false);
  await tell(inTime.slice(0, half));
  const planned = story.stops.filter(({ late }) => !late);
  const byPeople = async () => {
    await planStops(ask, planned);
    await tellMaintenance(ask, story.machines, false);
  };
  await Promise.all([byPeople(), tell(inTime.slice(half))]);
  return {
    ask,
    /** Tells what is late. */
    async tellLate(): Promise<void> {
      await tell(arrivals.filter(({ late }) => late));
      await tellOrders(ask, story.machines, true);
      const stops = story.stops.filter(({ late }) => late);
      await planStops(ask, stops);
      await tellMaintenance(ask, story.machines, true);
    },
    async stop(): Promise<void> {
      await app.stop();
      await broker.stop();
    },
  };
}

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function plantFile(story: Story): string {
  const machines = story.machines.map(
    (machine) =>
      `  - { path: ${machine.path}, type: ${typeName(machine)}, calendar: ${machine.calendar.name} }`,
  );
  const types = new Map(story.machines.map((machine) => [typeName(machine), typeOf(machine)]));
  const calendars = CALENDARS.map(({ name, shifts, holidays }) => {
    const lines = shifts.map(({ weekdays, breaks, ...shift }) =>
      JSON.stringify({ ...shift, weekdays: weekdays.map((day) => WEEKDAYS[day]), breaks }),
    );
    const days = holidays.map((date) => JSON.stringify({ date, name: date }));
    return `  - { name: ${name}, timeZone: ${TIME_ZONE}, shifts: [${lines.join(", ")}], holidays: [${days.join(", ")}] }`;
  });
  return `
calendars:
${calendars.join("\n")}
machineTypes:
${[...types.values()].join("\n")}
equipment:
${machines.join("\n")}
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    qos: 1
    mappings:
      - { topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }
`;
}

function typeOf(machine: MachineStory): string {
  const { free, rollOver, energyUnit } = machine;
  const reasons = Object.entries(REASON_CATEGORIES).map(
    ([code, category]) => `{ code: ${code}${category === null ? "" : `, category: ${category}`} }`,
  );
  const counterMax = rollOver === 50_000 ? `, counterMax: ${rollOver - 1}` : "";
  const energy =
    energyUnit === null ? "" : `\n      - { name: energy, type: Double, role: ENERGY, unit: ${energyUnit} }`;
  return `  - name: ${typeName(machine)}
    microStop: ${MICRO_STOP_MS / 1000}s
${free ? `    idealCycleTime: ${FREE_IDEAL_MS}ms\n` : ""}    downtimeReasons: [${reasons.join(", ")}]
    faultReasons: ${JSON.stringify(FAULT_REASONS)}
    metrics:
      - { name: state, type: String, role: STATE }
      - { name: mode, type: String, role: MODE }
      - { name: fault, type: String, role: FAULT }
      - { name: good, type: Int64, role: GOOD_COUNT${counterMax} }
      - { name: reject, type: Int64, role: REJECT_COUNT }${energy}`;
}

function typeName({ free, rollOver, energyUnit }: MachineStory): string {
  return `${free ? "free" : "ordered"}-${rollOver === 50_000 ? "5-digit" : "plain"}-${energyUnit ?? "unmetered"}`;
}

async function publish(url: string, arrivals: readonly Arrival[]): Promise<void> {
  const devices = Array.from({ length: CONNECTIONS }, (_one, index) =>
    connectDevice({ url, clientId: `plant-${index}` }),
  );
  await Promise.all(devices.map((device) => device.ready()));
  const open = new Set<Promise<unknown>>();
  for (const { path, telegram } of arrivals) {
    // What one machine sends travels on one connection, so that it arrives in this order.
    const device = devices[Number(path.slice(-2)) % CONNECTIONS] as DeviceClient;
    const sent = device.publish(`${path}/telemetry`, JSON.stringify(telegram), { qos: 1 });
    open.add(sent);
    void sent.finally(() => open.delete(sent));
    if (open.size >= IN_FLIGHT) await Promise.race(open);
  }
  await Promise.all(open);
  await Promise.all(devices.map((device) => device.end()));
}
