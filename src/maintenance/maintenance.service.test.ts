import { afterAll, beforeAll, expect, test } from "vitest";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";

let plant: OrderPlant;

beforeAll(async () => {
  plant = await startOrderPlant();
});

afterAll(async () => {
  await plant?.stop();
});

const ORDER = "number status version lockout startedAt completedAt comments { comment writtenBy }";

interface Payload {
  maintenanceOrder: { number: string; status: string; version: number } | null;
  userErrors: { code: string; field: string[] }[];
}

async function create(input: object = {}): Promise<Payload> {
  plant.time.now += 1;
  const answer = await plant.ask(
    `mutation ($input: CreateMaintenanceOrderInput!) {
       createMaintenanceOrder(input: $input) { maintenanceOrder { ${ORDER} } userErrors { code field } } }`,
    { input: { machine: "acme/line/m1", kind: "CORRECTIVE", title: "Seal", ...input } },
  );
  return answer.createMaintenanceOrder as Payload;
}

async function act(action: string, input: object): Promise<Payload> {
  plant.time.now += 1;
  const answer = await plant.ask(
    `mutation ($input: MaintenanceActionInput!) {
       ${action}Maintenance(input: $input) { maintenanceOrder { ${ORDER} } userErrors { code field } } }`,
    { input },
  );
  return answer[`${action}Maintenance`] as Payload;
}

async function created(input: object = {}): Promise<string> {
  return (await create(input)).maintenanceOrder?.number ?? "";
}

test("an order goes its way and keeps the comments and times of its steps", async () => {
  expect(await create()).toMatchObject({
    maintenanceOrder: { number: "MO-000001", status: "OPEN", version: 1 },
  });
  const number = "MO-000001";
  await act("start", { number, comment: "leaks" });
  expect(await act("complete", { number, expectedVersion: 2, comment: "new seal" })).toMatchObject({
    maintenanceOrder: {
      status: "COMPLETED",
      version: 3,
      startedAt: expect.any(String),
      completedAt: expect.any(String),
      comments: [
        { comment: "leaks", writtenBy: "tester" },
        { comment: "new seal", writtenBy: "tester" },
      ],
    },
    userErrors: [],
  });
});

test("an order planned for later is PLANNED and can be started at once", async () => {
  const { maintenanceOrder } = await create({ plannedStart: "2030-01-01T00:00:00Z" });
  expect(maintenanceOrder?.status).toBe("PLANNED");
  const started = await act("start", { number: maintenanceOrder?.number });
  expect(started.maintenanceOrder?.status).toBe("IN_PROGRESS");
});

test("a refused step changes nothing and names the field", async () => {
  const number = await created();
  const errors = async (action: string, input: object) =>
    (await act(action, { number, ...input })).userErrors;
  expect(await errors("complete", {})).toEqual([{ code: "INVALID_TRANSITION", field: ["number"] }]);
  expect(await errors("start", { expectedVersion: 2 })).toEqual([
    { code: "VERSION_CONFLICT", field: ["expectedVersion"] },
  ]);
  expect(await errors("start", { number: "MO-9\u0000" })).toEqual([{ code: "NOT_FOUND", field: ["number"] }]);
  expect(await errors("start", { comment: "\u0000" })).toEqual([
    { code: "INVALID_INPUT", field: ["comment"] },
  ]);
  expect((await create({ machine: "acme/line", title: "" })).userErrors).toEqual([
    { code: "INVALID_INPUT", field: ["title"] },
    { code: "NOT_FOUND", field: ["machine"] },
  ]);
  const { maintenanceOrder } = await plant.ask(
    `{ maintenanceOrder(number: "${number}") { version comments { comment } } }`,
  );
  expect(maintenanceOrder).toEqual({ version: 1, comments: [] });
});

test("a machine is locked out while an order with lockout is in progress", async () => {
  const number = await created({ machine: "acme/line/m2", lockout: true });
  const machineId = plant.plant.machine("acme/line/m2")?.id ?? "";
  const lockout = async () => (await plant.maintenance.lockoutOf(machineId))?.number;
  expect(await lockout()).toBeUndefined();
  await act("start", { number });
  expect(await lockout()).toBe(number);
  expect(await plant.db.transaction((tx) => plant.maintenance.lockoutOf(machineId, tx))).toMatchObject({
    number,
  });
  await act("complete", { number });
  expect(await lockout()).toBeUndefined();
});

test("of clients that start one order at the same time exactly one wins", async () => {
  const number = await created();
  const outcomes = await Promise.all([1, 2, 3].map(() => act("start", { number })));
  expect(outcomes.filter((outcome) => outcome.maintenanceOrder)).toHaveLength(1);
});

test("a repeated call with its key makes one order", async () => {
  const [first, second] = [await create({ idempotencyKey: "mo" }), await create({ idempotencyKey: "mo" })];
  expect(second).toEqual(first);
  expect((await create({ idempotencyKey: "mo", title: "Other" })).userErrors).toEqual([
    { code: "IDEMPOTENCY_KEY_REUSED", field: ["idempotencyKey"] },
  ]);
});

test("lists narrow by status, path and openness, and page", async () => {
  const machine = "acme/line/m4";
  const [done, open] = [await created({ machine }), await created({ machine, kind: "INSPECTION" })];
  await act("cancel", { number: done });
  const list = async (args: string) => {
    const answer = (await plant.ask(
      `{ maintenanceOrders(${args}) { totalCount edges { cursor node { number } } } }`,
    )) as {
      maintenanceOrders: { totalCount: number; edges: { cursor: string; node: { number: string } }[] };
    };
    return answer.maintenanceOrders;
  };
  const under = `under: "${machine}"`;
  const both = await list(under);
  expect(both).toMatchObject({
    totalCount: 2,
    edges: [{ node: { number: done } }, { node: { number: open } }],
  });
  expect((await list(`${under}, status: [OPEN]`)).edges).toMatchObject([{ node: { number: open } }]);
  expect((await list(`${under}, first: 5, after: "${both.edges[0]?.cursor}"`)).edges).toMatchObject([
    { node: { number: open } },
  ]);
  expect((await list(`${under}, last: 1`)).edges).toMatchObject([{ node: { number: open } }]);
  expect((await list('under: "acme/line"')).totalCount).toBeGreaterThan(2);
  await expect(list('under: "nowhere"')).rejects.toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
  const ofMachine = (args: string) =>
    plant.ask(`{ machine(path: "${machine}") { maintenanceOrders${args} { number machine { path } } } }`);
  const row = (number: string) => ({ number, machine: { path: machine } });
  expect(await ofMachine("")).toEqual({ machine: { maintenanceOrders: [row(open)] } });
  expect(await ofMachine("(open: false)")).toEqual({ machine: { maintenanceOrders: [row(done)] } });
  expect(await ofMachine("(open: null)")).toEqual({ machine: { maintenanceOrders: [row(open), row(done)] } });
});

test("a subscriber below a path gets the changes of its machines only", async () => {
  const changes = await plant.follow(
    'subscription { maintenanceOrderChanged(under: "acme/line/m3") { number status comments { comment } } }',
  );
  await created({ machine: "acme/line/m1" });
  const number = await created({ machine: "acme/line/m3" });
  expect(await changes.next()).toEqual({ maintenanceOrderChanged: { number, status: "OPEN", comments: [] } });
  await act("start", { number, comment: "now" });
  expect(await changes.next()).toEqual({
    maintenanceOrderChanged: { number, status: "IN_PROGRESS", comments: [{ comment: "now" }] },
  });
  await changes.end();
});

test("a maintenance order is found by its global id", async () => {
  const number = await created();
  const { maintenanceOrder } = (await plant.ask(`{ maintenanceOrder(number: "${number}") { id } }`)) as {
    maintenanceOrder: { id: string };
  };
  const node = await plant.ask(
    "query ($id: ID!) { node(id: $id) { ... on MaintenanceOrder { number } } }",
    maintenanceOrder,
  );
  expect(node).toEqual({ node: { number } });
});
