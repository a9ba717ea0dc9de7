import { expect } from "vitest";
import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import { type GraphQLAnswer, startTestApp } from "./app.js";
import { startBroker } from "./broker.js";
import { arrivalsOf } from "./mes-simulator.js";
import {
  CALENDARS,
  FREE_IDEAL_MS,
  type MachineStory,
  MICRO_STOP_MS,
  type Story,
  TIME_ZONE,
} from "./mes-story.js";
import { waitFor } from "./wait-for.js";

const IN_FLIGHT = 2_000;
const CONNECTIONS = 4;
const MUTATIONS_AT_ONCE = 40;

/** A server that was told a story, and has committed all of it. */
export type MesPlant = Awaited<ReturnType<typeof startMesPlant>>;

/**
 * Tells a story over MQTT and GraphQL. Some orders are told before what the machines say of that time and some after, and
 * so are planned stops.
 */
export async function startMesPlant(story: Story, options: { seed: number; patienceMs: number }) {
  const broker = await startBroker();
  const app = await startTestApp({ mqttUrl: broker.url, plant: plantFile(story) });
  const ask = async (
    query: string,
    variables: Record<string, unknown> = {},
  ): Promise<GraphQLAnswer["data"]> => {
    const { data, errors } = await app.ask(query, variables);
    if (errors) throw new Error(JSON.stringify(errors[0]));
    return data;
  };
  const isEven = (_: unknown, index: number) => index % 2 === 0;
  const arrivals = arrivalsOf(story, options.seed);
  const half = arrivals.length >> 1;
  await tellOrders(ask, story.machines.filter(isEven));
  await publish(broker.url, arrivals.slice(0, half));
  for (const { path, from, to } of story.stops) await planStop(ask, path, from, to);
  await publish(broker.url, arrivals.slice(half));
  await waitFor(
    async () => {
      const { sources } = await ask("{ sources { committed dead } }");
      expect(sources[0].dead).toBe(0);
      return sources[0].committed >= arrivals.length;
    },
    { what: "all is committed", timeoutMs: options.patienceMs },
  );
  const others = story.machines.filter((_, index) => !isEven(_, index));
  await tellOrders(ask, others);
  return {
    ask,
    async stop(): Promise<void> {
      await app.stop();
      await broker.stop();
    },
  };
}

type Ask = (query: string, variables?: Record<string, unknown>) => Promise<GraphQLAnswer["data"]>;

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function plantFile(story: Story): string {
  const machines = story.machines.map(
    ({ path, free, rollOver, calendar }) =>
      `  - { path: ${path}, type: ${typeName(free, rollOver)}, calendar: ${calendar.name} }`,
  );
  const types = [true, false].flatMap((free) =>
    [50_000, null].map(
      (rollOver) => `  - name: ${typeName(free, rollOver)}
    microStop: ${MICRO_STOP_MS / 1000}s
${free ? `    idealCycleTime: ${FREE_IDEAL_MS}ms\n` : ""}    downtimeReasons:
      - { code: jam, category: UNPLANNED }
      - { code: refill, category: PLANNED }
      - { code: other }
    faultReasons: { JAM: jam, REFILL: refill }
    metrics:
      - { name: state, type: String, role: STATE }
      - { name: mode, type: String, role: MODE }
      - { name: fault, type: String, role: FAULT }
      - { name: good, type: Int64, role: GOOD_COUNT${rollOver === null ? "" : `, counterMax: ${rollOver - 1}`} }
      - { name: reject, type: Int64, role: REJECT_COUNT }`,
    ),
  );
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
${types.join("\n")}
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

function typeName(free: boolean, rollOver: number | null): string {
  return `${free ? "free" : "ordered"}-${rollOver === 50_000 ? "5-digit" : "plain"}`;
}

async function publish(url: string, arrivals: ReturnType<typeof arrivalsOf>): Promise<void> {
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

async function planStop(ask: Ask, equipment: string, from: number, to: number): Promise<void> {
  const input = { equipment, from: new Date(from), to: new Date(to), reason: "Planned" };
  const { planStop: planned } = await ask(
    "mutation ($input: PlanStopInput!) { planStop(input: $input) { userErrors { message } } }",
    { input },
  );
  expect(planned.userErrors).toEqual([]);
}

async function tellOrders(ask: Ask, machines: readonly MachineStory[]): Promise<void> {
  const orders = machines.flatMap(({ path, runs }) => runs.map((run) => ({ path, run })));
  const input = {
    orders: orders.map(({ path, run }) => ({
      number: run.order,
      product: "part",
      quantity: 1_000_000,
      operations: [
        {
          sequence: 10,
          name: "make",
          machine: path,
          idealCycleTimeMs: run.idealCycleTimeMs,
          completion: "MANUAL",
        },
      ],
    })),
  };
  const { upsertOrders } = await ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input },
  );
  for (const { userErrors } of upsertOrders.results) expect(userErrors).toEqual([]);
  const steps = orders.flatMap(({ run: { order, steps: own } }) => [
    `releaseOrder(input: { number: "${order}", at: "${iso((own[0]?.at ?? 0) - 1)}" }) { userErrors { message } }`,
    ...own.map(
      ({ at, action }) =>
        `${action}Operation(input: { order: "${order}", sequence: 10, at: "${iso(at)}" }) { userErrors { message } }`,
    ),
  ]);
  for (let at = 0; at < steps.length; at += MUTATIONS_AT_ONCE) {
    const some = steps.slice(at, at + MUTATIONS_AT_ONCE);
    const answer = await ask(`mutation { ${some.map((step, index) => `s${index}: ${step}`).join(" ")} }`);
    some.forEach((step, index) => {
      expect([step, answer[`s${index}`].userErrors]).toEqual([step, []]);
    });
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
