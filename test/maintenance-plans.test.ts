import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { brokerAvailable, startBroker, type TestBroker } from "./support/broker.js";
import { waitFor } from "./support/wait-for.js";

const PUMP = "acme/pump-1";
const PLANT = `
equipment:
  - { path: ${PUMP}, type: pump }
machineTypes:
  - name: pump
    metrics:
      - { name: hours, role: OPERATING_HOURS, unit: h }
      - { name: temperature, unit: °C }
      - { name: speed, writable: true }
    commands:
      - { name: start }
sources:
  - name: floor
    url: \${MQTT_URL}
    mappings:
      - { topic: "{enterprise}/{machine}/telemetry", format: json, timestamp: ts }
`;
const ORDERS = `{ number status kind occurrence: description plan { name used occurrences nextDueAt } }`;

interface Order {
  number: string;
  status: string;
  kind: string;
  occurrence: string;
  plan: { name: string; used: number; occurrences: number; nextDueAt: string | null };
}

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("plans in a running plant", () => {
  let broker: TestBroker;
  let app: TestApp;
  let device: DeviceClient;
  let begun: number;
  const others: TestApp[] = [];

  beforeEach(async () => {
    broker = await startBroker();
    app = await startTestApp({ mqttUrl: broker.url, plant: PLANT });
    device = connectDevice({ url: broker.url, clientId: "pump" });
    await device.ready();
    begun = Date.now();
  });

  afterEach(async () => {
    await device?.end();
    for (const other of others.splice(0)) await other.stop();
    await app?.stop();
    await broker?.stop();
  });

  const ask = async (query: string, variables: object = {}, at: Pick<TestApp, "ask"> = app) => {
    const { data, errors } = await at.ask(query, variables as Record<string, unknown>);
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };

  /** Tells values of so many seconds after the test's beginning: the device's clock runs ahead. */
  const tells = (values: object, second: number) =>
    device.publish(`${PUMP}/telemetry`, JSON.stringify({ ts: begun + second * 1_000, ...values }), {
      qos: 1,
    });

  const shows = (metric: string, value: number, at: Pick<TestApp, "ask"> = app) =>
    waitFor(async () => {
      const { machine } = await ask(
        `{ machine(path: "${PUMP}") { metric(name: "${metric}") { value } } }`,
        {},
        at,
      );
      return machine.metric?.value === value;
    });

  const plan = async (input: object): Promise<string> => {
    const { createMaintenancePlan: made } = await ask(
      `mutation ($input: CreateMaintenancePlanInput!) {
         createMaintenancePlan(input: $input) { plan { id } userErrors { message } } }`,
      { input: { machine: PUMP, name: "Service", ...input } },
    );
    expect(made.userErrors).toEqual([]);
    return made.plan.id;
  };

  const orders = async (at: Pick<TestApp, "ask"> = app): Promise<Order[]> =>
    (await ask(`{ machine(path: "${PUMP}") { maintenanceOrders(open: null) ${ORDERS} } }`, {}, at)).machine
      .maintenanceOrders;

  const used = async (id: string) =>
    (await ask("query ($id: ID!) { node(id: $id) { ... on MaintenancePlan { used } } }", { id })).node.used;

  const act = async (action: string, number: string) => {
    const answer = await ask(
      `mutation ($number: String!) { ${action}Maintenance(input: { number: $number }) { userErrors { message } } }`,
      { number },
    );
    expect(answer[`${action}Maintenance`].userErrors).toEqual([]);
  };

  /** Starts a second server on the same database. */
  const second = async (): Promise<TestApp> => {
    const { DATABASE_URL = "" } = app.env;
    const other = await startTestApp({ mqttUrl: broker.url, plant: PLANT, env: { DATABASE_URL } });
    others.push(other);
    return other;
  };

  test("usage is counted over a reset and over a restart, and makes one order each time", async () => {
    await tells({ hours: 4_000 }, 0);
    await shows("hours", 4_000);
    const id = await plan({ usage: { metric: "hours", every: 100 } });
    await tells({ hours: 4_060 }, 60);
    await shows("hours", 4_060);
    await app.pause();
    // What the machine tells meanwhile waits at the broker.
    await tells({ hours: 4_065 }, 70);
    await tells({ hours: 5 }, 80);
    app = await app.resume();
    await shows("hours", 5);
    await tells({ hours: 34.5 }, 90);
    await shows("hours", 34.5);
    await waitFor(async () => (await used(id)) === 99.5, { timeoutMs: 30_000 });
    expect(await orders()).toEqual([]);
    await tells({ hours: 36 }, 100);
    const [order] = await waitFor(async () => {
      const made = await orders();
      return made.length > 0 && made;
    });
    expect(order).toMatchObject({ kind: "PREVENTIVE", status: "OPEN", plan: { used: 1, occurrences: 1 } });
    expect(order?.occurrence).toBe("hours: 101 used since it was last due; due every 100.");

    await act("start", order?.number ?? "");
    await act("complete", order?.number ?? "");
    await tells({ hours: 360 }, 110);
    const [again] = await waitFor(async () => {
      const made = await orders();
      return made.length > 1 && made;
    });
    expect(again?.plan).toMatchObject({ used: 25, occurrences: 2 });
    expect(again?.occurrence).toContain("2 occurrences before it passed without an order.");
  });

  test("a condition makes a predictive order once, and again only after the value was back", async () => {
    const condition = { metric: "temperature", operator: "GT", threshold: 80, forMs: 60_000, hysteresis: 5 };
    await plan({ kind: "PREDICTIVE", condition });
    await tells({ temperature: 81 }, 10);
    await tells({ temperature: 82 }, 70);
    const [order] = await waitFor(async () => {
      const made = await orders();
      return made.length > 0 && made;
    });
    expect(order).toMatchObject({ kind: "PREDICTIVE", status: "OPEN", plan: { nextDueAt: null } });
    expect(order?.occurrence).toMatch(/^temperature > 80 for 60 s at /);
    await act("start", order?.number ?? "");
    await act("complete", order?.number ?? "");

    await tells({ temperature: 79 }, 80);
    await tells({ temperature: 85 }, 90);
    await tells({ temperature: 85 }, 160);
    await tells({ temperature: 74 }, 170);
    await tells({ temperature: 85 }, 180);
    await tells({ temperature: 86 }, 240);
    const [again, ...rest] = await waitFor(async () => {
      const made = await orders();
      return made.length > 1 && made;
    });
    expect(rest).toHaveLength(1);
    expect(again?.plan.occurrences).toBe(2);
  });

  test("a value that stands makes the plan due though the machine says nothing more", async () => {
    const condition = { metric: "temperature", operator: "GTE", threshold: 80, forMs: 1_500 };
    await plan({ kind: "PREDICTIVE", condition });
    await tells({ temperature: 80 }, 1);
    await shows("temperature", 80);
    expect(await orders()).toEqual([]);
    await waitFor(async () => (await orders()).length === 1);
  });

  test("a value that was back while no server ran makes no plan due at the start", async () => {
    const condition = { metric: "temperature", operator: "GT", threshold: 80, forMs: 8_000 };
    await plan({ kind: "PREDICTIVE", condition });
    await tells({ temperature: 85 }, 0);
    await shows("temperature", 85);
    await app.pause();
    await waitFor(() => Date.now() > begun + 8_500);
    app = await app.resume();
    // What was kept for the server comes after it has looked at its plans.
    const looked = Date.now() + 2_000;
    await waitFor(() => Date.now() > looked);
    await tells({ temperature: 20 }, 3);
    await shows("temperature", 20);
    await tells({ temperature: 85 }, 20);
    await tells({ temperature: 85 }, 30);
    const made = await waitFor(async () => {
      const list = await orders();
      return list.length > 0 && list;
    });
    const at = new Date(begun + 28_000).toISOString();
    expect(made.map(({ occurrence }) => occurrence)).toEqual([`temperature > 80 for 8 s at ${at}.`]);
  }, 60_000);

  test("a server takes plans on metrics that another server has found", async () => {
    const other = await second();
    await tells({ vibration: 1, program: "A" }, 0);
    await shows("vibration", 1);
    const wanted = async (metric: string) => {
      const input = { machine: PUMP, name: "Bearings", usage: { metric, every: 10 } };
      const { createMaintenancePlan: made } = await ask(
        `mutation ($input: CreateMaintenancePlanInput!) {
           createMaintenancePlan(input: $input) { plan { name } userErrors { code message } } }`,
        { input },
        other,
      );
      return made;
    };
    // What the first server shows may not be stored yet.
    await waitFor(async () => (await wanted("vibration")).plan?.name === "Bearings");
    expect((await wanted("program")).userErrors).toEqual([
      { code: "INVALID_INPUT", message: "program is a String, not a number" },
    ]);
    expect((await wanted("strokes")).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    await tells({ vibration: 12 }, 10);
    await waitFor(async () => (await orders(other)).length === 1);
  });

  test("a plan that is due while the server is down makes its order once when it is back", async () => {
    const firstDueAt = new Date(Date.now() + 1_500);
    await plan({ calendar: { every: "P1M", firstDueAt } });
    await app.pause();
    await waitFor(() => Date.now() > firstDueAt.getTime());
    app = await app.resume();
    const other = await second();
    await waitFor(async () => (await orders()).length > 0);
    // Both have looked again since.
    const passed = Date.now() + 2_500;
    await waitFor(() => Date.now() > passed);
    expect(await orders()).toMatchObject([{ status: "OPEN", plan: { occurrences: 1 } }]);
    expect(await orders(other)).toHaveLength(1);
  });

  test("the server that takes over goes on counting where the other one stopped", async () => {
    await tells({ hours: 10 }, 0);
    await shows("hours", 10);
    await plan({ usage: { metric: "hours", every: 100 } });
    const other = await second();
    await tells({ hours: 70 }, 60);
    await shows("hours", 70);
    await app.pause();
    await tells({ hours: 109 }, 70);
    await shows("hours", 109, other);
    expect(await orders(other)).toEqual([]);
    await tells({ hours: 111 }, 80);
    const made = await waitFor(async () => {
      const list = await orders(other);
      return list.length > 0 && list;
    });
    expect(made).toMatchObject([{ plan: { used: 1, occurrences: 1 } }]);
    app = await app.resume();
    await tells({ hours: 115 }, 90);
    await shows("hours", 115, other);
    await waitFor(async () => (await orders()).length === 1);
  });

  test("an order with lockout refuses commands, desired values and starts while it is in progress", async () => {
    await tells({ hours: 1, speed: 100 }, 0);
    await shows("hours", 1);
    const order = { number: "P-1", product: "water", quantity: 5, unit: "m³" };
    const operations = [{ sequence: 10, name: "pump", machine: PUMP, countingSource: "OPERATOR" }];
    await ask(
      `mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }`,
      { input: { orders: [{ ...order, operations }] } },
    );
    await ask(`mutation { releaseOrder(input: { number: "P-1" }) { userErrors { message } } }`);
    await plan({ lockout: true, usage: { metric: "hours", every: 10, alreadyUsed: 3 } });
    await tells({ hours: 12 }, 60);
    const [made] = await waitFor(async () => {
      const list = await orders();
      return list.length > 0 && list;
    });
    expect(made?.occurrence).toBe("hours: 14 used since it was last due; due every 10.");
    const refusals = async () => {
      const answer = await ask(`mutation {
        sendCommand(input: { machine: "${PUMP}", name: "start" }) { userErrors { code } }
        setDesired(input: { machine: "${PUMP}", metrics: [{ name: "speed", value: 120 }] }) { userErrors { code } }
        startOperation(input: { order: "P-1", sequence: 10 }) { userErrors { code } }
      }`);
      return Object.values(answer as Record<string, { userErrors: { code: string }[] }>).map(
        ({ userErrors }) => userErrors[0]?.code,
      );
    };
    await act("start", made?.number ?? "");
    expect(await refusals()).toEqual(Array(3).fill("MACHINE_LOCKED_OUT"));
    await act("complete", made?.number ?? "");
    expect(await refusals()).toEqual([undefined, undefined, undefined]);
  });

  test("what people record, plan anew and ask for goes through the API", async () => {
    await tells({ hours: 1 }, 0);
    await shows("hours", 1);
    const id = await plan({ calendar: { every: "P1M" }, checklist: [{ text: "Look" }], dueWithin: "P2D" });
    const none = { userErrors: [] };
    const changed = await ask(
      `mutation ($id: ID!) {
         update: updateMaintenancePlan(input: { id: $id, expectedVersion: 1, dueWithin: null, priority: 80,
           usage: { metric: "hours", every: 10, alreadyUsed: 4 } }) { userErrors { code } }
         stop: setMaintenancePlanActive(input: { id: $id, active: false }) { userErrors { code } }
         createMaintenanceOrder(input: { machine: "${PUMP}", kind: CORRECTIVE, title: "Seal", estimatedMinutes: 30,
           checklist: [{ text: "Pressure", required: true }], parts: [{ partNumber: "S-7", quantity: 2 }] }) {
           maintenanceOrder { number } userErrors { code } }
       }`,
      { id },
    );
    expect(changed).toMatchObject({ update: none, stop: none, createMaintenanceOrder: none });
    const { number } = changed.createMaintenanceOrder.maintenanceOrder;
    const recorded = await ask(
      `mutation ($number: String!) {
         a: updateMaintenanceOrder(input: { number: $number, description: "Leaks", priority: null }) { userErrors { code } }
         b: startMaintenance(input: { number: $number }) { userErrors { code } }
         c: checkMaintenanceItem(input: { number: $number, position: 1, value: "6 bar" }) { userErrors { code } }
         d: addMaintenancePart(input: { number: $number, partNumber: "S-7", quantity: 1.5 }) { userErrors { code } }
         e: logMaintenanceWork(input: { number: $number, minutes: 20 }) { userErrors { code } }
         f: addMaintenanceComment(input: { number: $number, comment: "done" }) { userErrors { code } }
       }`,
      { number },
    );
    expect(recorded).toEqual(Object.fromEntries([..."abcdef"].map((name) => [name, none])));
    const found = await ask(
      `query ($number: String!, $from: DateTime!) {
         maintenanceOrder(number: $number) { description priority version plan { name } comments { comment }
           checklist { text done value } parts { partNumber quantity unit planned } work { minutes } events { kind } }
         machine(path: "${PUMP}") { maintenancePlans { name active version priority dueWithin used
           checklist { text } orders { number }
           trigger { __typename ... on UsageTrigger { metric every } } } }
         maintenancePlans(under: "acme") { name }
         maintenanceFigures(under: "acme", from: $from) { backlog { orders estimatedHours } repair { count } }
       }`,
      { number, from: new Date(begun).toISOString() },
    );
    expect(found).toEqual({
      maintenanceOrder: {
        ...{ description: "Leaks", priority: 50, version: 7, plan: null, comments: [{ comment: "done" }] },
        checklist: [{ text: "Pressure", done: true, value: "6 bar" }],
        parts: [
          { partNumber: "S-7", quantity: 2, unit: "pcs", planned: true },
          { partNumber: "S-7", quantity: 1.5, unit: "pcs", planned: false },
        ],
        work: [{ minutes: 20 }],
        events: [
          "CREATED",
          "CHANGED",
          "STARTED",
          "ITEM_CHECKED",
          "PART_RECORDED",
          "WORK_LOGGED",
          "COMMENTED",
        ].map((kind) => ({ kind })),
      },
      machine: {
        maintenancePlans: [
          {
            ...{ name: "Service", active: false, version: 3, priority: 80, dueWithin: null, used: 4 },
            ...{ checklist: [{ text: "Look" }], orders: [] },
            trigger: { __typename: "UsageTrigger", metric: "hours", every: 10 },
          },
        ],
      },
      maintenancePlans: [{ name: "Service" }],
      maintenanceFigures: { backlog: { orders: 1, estimatedHours: 0.5 }, repair: { count: 0 } },
    });
  });
});
