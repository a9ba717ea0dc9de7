import { afterAll, beforeAll, expect, test } from "vitest";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";
import { waitFor } from "../../test/support/wait-for.js";
import { LOCKS } from "../db/locks.js";

let plant: OrderPlant;

beforeAll(async () => {
  plant = await startOrderPlant();
});

afterAll(async () => {
  await plant?.stop();
});

const ORDER =
  "id number status statusReason version goodQuantity startedAt endedAt operations { sequence status machine { path } startedAt endedAt }";

interface OrderAnswer {
  id: string;
  status: string;
  version: number;
  operations: { sequence: number; status: string; machine: { path: string } | null }[];
}

let orders = 0;

/** A new order with an operation on each machine. */
async function created(machines: (string | null)[], release = true): Promise<string> {
  orders += 1;
  // Orders made in one millisecond have no order among each other.
  plant.time.now += 1;
  const number = `S-${orders}`;
  const operations = machines.map((machine, index) => ({
    sequence: (index + 1) * 10,
    name: `Step ${index + 1}`,
    machine: machine && `acme/line/${machine}`,
  }));
  const sent = await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { created userErrors { message } } } }",
    { input: { orders: [{ number, product: "Lemonade", quantity: 100, operations }] } },
  );
  expect(sent).toEqual({ upsertOrders: { results: [{ created: true, userErrors: [] }] } });
  if (release) await act("releaseOrder", { number });
  return number;
}

async function act(mutation: string, input: Record<string, unknown>) {
  const type = mutation.endsWith("Order") ? "OrderActionInput" : "OperationActionInput";
  const object = mutation.endsWith("Order")
    ? `order { ${ORDER} }`
    : `operation { status order { ${ORDER} } }`;
  const answer = await plant.ask(
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${object} userErrors { code field message } } }`,
    { input },
  );
  return answer[mutation] as {
    order?: OrderAnswer | null;
    operation?: { status: string; order: OrderAnswer } | null;
    userErrors: { code: string; field: string[]; message: string }[];
  };
}

async function order(number: string): Promise<OrderAnswer> {
  return (await plant.ask(`query ($number: String!) { order(number: $number) { ${ORDER} } }`, { number }))
    .order as OrderAnswer;
}

const statuses = (one: OrderAnswer) => [one.status, ...one.operations.map((operation) => operation.status)];

test("an order runs through its operations, its version growing with each step", async () => {
  const number = await created(["m1", "m2"], false);
  const seen: [string[], number][] = [];
  const note = async () => {
    const now = await order(number);
    seen.push([statuses(now), now.version]);
  };
  await note();
  await act("releaseOrder", { number });
  await note();
  for (const sequence of [10, 20]) {
    await act("startOperation", { order: number, sequence });
    await note();
    await act("completeOperation", { order: number, sequence });
    await note();
  }
  await act("closeOrder", { number });
  await note();
  expect(seen).toEqual([
    [["CREATED", "WAITING", "WAITING"], 1],
    [["RELEASED", "READY", "WAITING"], 2],
    [["RUNNING", "RUNNING", "WAITING"], 3],
    [["RUNNING", "COMPLETED", "READY"], 4],
    [["RUNNING", "COMPLETED", "RUNNING"], 5],
    [["COMPLETED", "COMPLETED", "COMPLETED"], 6],
    [["CLOSED", "COMPLETED", "COMPLETED"], 7],
  ]);
  expect(await order(number)).toMatchObject({
    startedAt: new Date(plant.time.now).toISOString(),
    endedAt: new Date(plant.time.now).toISOString(),
  });
});

test("holding an order holds what runs; resuming resumes only what it held", async () => {
  const number = await created(["m1"]);
  await act("startOperation", { order: number, sequence: 10 });
  expect(statuses((await act("holdOrder", { number, reason: "no cartons" })).order as OrderAnswer)).toEqual([
    "HELD",
    "HELD",
  ]);
  expect((await act("resumeOperation", { order: number, sequence: 10 })).userErrors).toMatchObject([
    { code: "INVALID_TRANSITION", field: ["order"] },
  ]);
  expect(statuses((await act("resumeOrder", { number })).order as OrderAnswer)).toEqual([
    "RUNNING",
    "RUNNING",
  ]);
  await act("holdOperation", { order: number, sequence: 10 });
  await act("holdOrder", { number });
  expect(statuses((await act("resumeOrder", { number })).order as OrderAnswer)).toEqual(["RUNNING", "HELD"]);
  expect(statuses((await act("abortOrder", { number })).order as OrderAnswer)).toEqual([
    "ABORTED",
    "ABORTED",
  ]);
});

test("a refused step changes nothing and says why", async () => {
  const number = await created(["m1"], false);
  const before = await order(number);
  expect((await act("holdOrder", { number })).userErrors).toMatchObject([
    { code: "INVALID_TRANSITION", field: ["number"] },
  ]);
  expect((await act("startOperation", { order: number, sequence: 10 })).userErrors).toMatchObject([
    { code: "INVALID_TRANSITION", field: ["sequence"] },
  ]);
  expect((await act("releaseOrder", { number, expectedVersion: 7 })).userErrors).toEqual([
    {
      ...{ code: "VERSION_CONFLICT", field: ["expectedVersion"] },
      message: `order ${number} is at version 1, not 7`,
    },
  ]);
  expect((await act("releaseOrder", { number: "no\u0000where" })).userErrors).toMatchObject([
    { code: "NOT_FOUND", field: ["number"] },
  ]);
  expect((await act("startOperation", { order: number, sequence: 11 })).userErrors).toMatchObject([
    { code: "NOT_FOUND", field: ["sequence"] },
  ]);
  expect(await order(number)).toEqual(before);
});

test("a refusal tells in the passive what cannot be done, and what can", async () => {
  const number = await created(["m1", "m2"]);
  const message = async (mutation: string, input: object) =>
    (await act(mutation, { ...input })).userErrors.map((error) => error.message);
  const first = { order: number, sequence: 10 };
  const name = `operation 10 of order ${number}`;
  expect(await message("releaseOrder", { number })).toEqual([
    `order ${number} is RELEASED: it cannot be released, only cancelled or aborted`,
  ]);
  expect(await message("completeOperation", first)).toEqual([
    `${name} is READY: it cannot be completed, only started`,
  ]);
  expect(await message("startOperation", { ...first, sequence: 20 })).toEqual([
    `operation 20 of order ${number} is WAITING: it cannot be started, only once its order is released and what comes before it is done`,
  ]);
  await act("abortOrder", { number });
  expect(await message("holdOrder", { number })).toEqual([
    `order ${number} is ABORTED: it cannot be held, nor anything else`,
  ]);
});

test("an operation that its machine is to count does not start where nothing counts", async () => {
  const { machine, changed } = plant.plants.plant.discover("acme/line/saw");
  await plant.db.withConnection((sql) => plant.plants.save(sql, changed));
  const metric = (name: string, role: string | null) =>
    plant.db.query("INSERT INTO series (machine_id, metric, data_type, role) VALUES ($1, $2, 'Int64', $3)", [
      ...[machine.id, name, role],
    ]);
  const number = await created(["saw"]);
  const start = { order: number, sequence: 10 };
  await metric("good", null);
  expect((await act("startOperation", start)).userErrors).toEqual([
    {
      ...{ code: "PRECONDITION_FAILED", field: ["machine"] },
      message:
        "acme/line/saw has no metric with the role GOOD_COUNT or TOTAL_COUNT: give it a machine type that has one, or send the order with countingSource OPERATOR",
    },
  ]);
  // Its source tells the role, as with Sparkplug.
  await metric("counted", "GOOD_COUNT");
  expect((await act("startOperation", start)).userErrors).toEqual([]);
  await act("abortOrder", { number });
});

test("a step that loses a deadlock is done all the same, once", async () => {
  const number = await created(["m4"]);
  await act("startOperation", { order: number, sequence: 10 });
  const { version } = await order(number);
  const held = await plant.db.withConnection(async (sql) => {
    await sql.query("BEGIN");
    // The one that found the circle is ended: not this one.
    await sql.query("SET LOCAL deadlock_timeout = '1h'");
    await sql.query("SELECT pg_advisory_xact_lock_shared($1)", [LOCKS.operationRuns]);
    const holding = act("holdOperation", { order: number, sequence: 10 });
    await waitFor(async () => {
      const waiting = await plant.db.query(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      );
      return waiting.length > 0;
    });
    // The operation's order is locked by the step: each waits for the other now.
    await sql.query("SELECT FROM production_order WHERE number = $1 FOR UPDATE", [number]);
    await sql.query("COMMIT");
    return holding;
  });
  expect(held).toMatchObject({
    operation: { status: "HELD", order: { version: version + 1 } },
    userErrors: [],
  });
  await act("abortOrder", { number });
});

test("a start before another's end says what to do", async () => {
  const [first, second] = [await created(["m4"]), await created(["m4"])];
  const at = new Date(plant.time.now).toISOString();
  plant.time.now += 1_000;
  await act("startOperation", { order: first, sequence: 10 });
  await act("completeOperation", { order: first, sequence: 10 });
  expect((await act("startOperation", { order: second, sequence: 10, at })).userErrors).toMatchObject([
    {
      ...{ code: "MACHINE_BUSY", field: ["at"] },
      message: expect.stringContaining("give that time or a later one"),
    },
  ]);
  await act("abortOrder", { number: second });
});

test("a start needs a machine that is there", async () => {
  const number = await created([null]);
  const start = { order: number, sequence: 10 };
  expect((await act("startOperation", start)).userErrors).toMatchObject([
    { code: "INVALID_INPUT", field: ["machine"] },
  ]);
  expect((await act("startOperation", { ...start, machine: "acme/line/m9" })).userErrors).toMatchObject([
    { code: "NOT_FOUND", field: ["machine"] },
  ]);
  const started = await act("startOperation", { ...start, machine: "acme/line/m1" });
  expect(started.operation?.order.operations[0]?.machine?.path).toBe("acme/line/m1");
  await act("abortOrder", { number });
});

test("a machine runs one operation: MACHINE_BUSY names the one that runs", async () => {
  const [first, second] = [await created(["m1"]), await created(["m1"])];
  await act("startOperation", { order: first, sequence: 10 });
  const busy = { code: "MACHINE_BUSY", field: ["machine"], message: expect.stringContaining(first) };
  expect((await act("startOperation", { order: second, sequence: 10 })).userErrors).toMatchObject([busy]);
  expect(
    await plant.ask('{ machine(path: "acme/line/m1") { activeOperation { order { number } } } }'),
  ).toEqual({
    machine: { activeOperation: { order: { number: first } } },
  });
  await act("holdOrder", { number: first });
  await act("startOperation", { order: second, sequence: 10 });
  expect((await act("resumeOrder", { number: first })).userErrors).toMatchObject([{ code: "MACHINE_BUSY" }]);
  await act("abortOrder", { number: second });
  expect((await act("resumeOrder", { number: first })).userErrors).toEqual([]);
  await act("abortOrder", { number: first });
});

test("of starts that race for one machine exactly one wins, and the others hear who", async () => {
  for (let round = 0; round < 10; round += 1) {
    const rivals = await Promise.all([1, 2, 3, 4].map(() => created(["m2"])));
    const outcomes = await Promise.all(
      rivals.map((number) => act("startOperation", { order: number, sequence: 10 })),
    );
    const winners = outcomes.flatMap((outcome) => outcome.operation?.order ?? []);
    expect(winners).toHaveLength(1);
    const winner = rivals[outcomes.findIndex((outcome) => outcome.operation)] ?? "";
    for (const { operation, userErrors } of outcomes) {
      if (!operation)
        expect(userErrors).toMatchObject([
          { code: "MACHINE_BUSY", message: expect.stringContaining(winner) },
        ]);
    }
    for (const number of rivals) await act("abortOrder", { number });
  }
});

test("of clients that change one order at one version exactly one wins", async () => {
  const number = await created(["m1"], false);
  const outcomes = await Promise.all(
    [1, 2, 3, 4].map(() => act("releaseOrder", { number, expectedVersion: 1 })),
  );
  expect(outcomes.filter((outcome) => outcome.order)).toHaveLength(1);
  expect((await order(number)).version).toBe(2);
});

test("a machine that is locked out starts nothing", async () => {
  const number = await created(["m3"]);
  const { createMaintenanceOrder } = (await plant.ask(
    'mutation { createMaintenanceOrder(input: { machine: "acme/line/m3", kind: CORRECTIVE, title: "Seal", lockout: true }) { maintenanceOrder { number } } }',
  )) as { createMaintenanceOrder: { maintenanceOrder: { number: string } } };
  const mo = createMaintenanceOrder.maintenanceOrder.number;
  await plant.ask(`mutation { startMaintenance(input: { number: "${mo}" }) { userErrors { code } } }`);
  expect((await act("startOperation", { order: number, sequence: 10 })).userErrors).toMatchObject([
    { code: "MACHINE_LOCKED_OUT", message: expect.stringContaining(mo) },
  ]);
  await plant.ask(`mutation { completeMaintenance(input: { number: "${mo}" }) { userErrors { code } } }`);
  expect((await act("startOperation", { order: number, sequence: 10 })).userErrors).toEqual([]);
  await act("abortOrder", { number });
});

test("a repeated call with its key does nothing more and answers the same", async () => {
  const number = await created(["m1"], false);
  const input = { number, idempotencyKey: "release-1" };
  const first = await act("releaseOrder", input);
  expect(await act("releaseOrder", input)).toEqual(first);
  expect((await act("releaseOrder", { ...input, reason: "other" })).userErrors).toMatchObject([
    { code: "IDEMPOTENCY_KEY_REUSED" },
  ]);
});

test("a subscriber to an order gets it as it is, then every change", async () => {
  const number = await created(["m4"]);
  const changes = await plant.follow(
    "subscription ($number: String) { orderChanged(number: $number) { status operations { status } } }",
    { number },
  );
  const other = await created(["m4"]);
  expect(await changes.next()).toEqual({
    orderChanged: { status: "RELEASED", operations: [{ status: "READY" }] },
  });
  await act("abortOrder", { number: other });
  await act("startOperation", { order: number, sequence: 10 });
  expect(await changes.next()).toEqual({
    orderChanged: { status: "RUNNING", operations: [{ status: "RUNNING" }] },
  });
  await changes.end();
  await act("abortOrder", { number });
});

test("orders page in the order in which they were sent, and filter by status and machine", async () => {
  const mine = [await created(["total"], false), await created(["total"], false), await created(["total"])];
  const list = (args: string) =>
    plant.ask(
      `{ orders(machine: "acme/line/total", ${args}) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { node { number } } } }`,
    ) as Promise<{
      orders: { totalCount: number; pageInfo: { endCursor: string }; edges: { node: { number: string } }[] };
    }>;
  const numbers = async (args: string) => (await list(args)).orders.edges.map((edge) => edge.node.number);
  expect(await numbers("first: 10")).toEqual(mine);
  const first = (await list("first: 2")).orders;
  expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
  expect(await numbers(`first: 2, after: "${first.pageInfo.endCursor}"`)).toEqual(mine.slice(2));
  expect(await numbers("last: 1")).toEqual(mine.slice(2));
  expect(await numbers("status: [CREATED]")).toEqual(mine.slice(0, 2));
  await expect(numbers('after: "bm90IGFuIGlk"')).rejects.toMatchObject({
    extensions: { code: "BAD_USER_INPUT" },
  });
});

test("orders and operations are found by their global ids", async () => {
  const number = await created(["m1"], false);
  const { order: found } = (await plant.ask(`{ order(number: "${number}") { id operations { id } } }`)) as {
    order: { id: string; operations: { id: string }[] };
  };
  const node = (id: string | undefined) =>
    plant.ask("query ($id: ID!) { node(id: $id) { __typename id } }", { id });
  expect(await node(found.id)).toEqual({ node: { __typename: "ProductionOrder", id: found.id } });
  const operation = found.operations[0]?.id;
  expect(await node(operation)).toEqual({ node: { __typename: "Operation", id: operation } });
});
