import { afterAll, beforeAll, expect, test } from "vitest";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";

let plant: OrderPlant;

beforeAll(async () => {
  plant = await startOrderPlant();
});

afterAll(async () => {
  await plant?.stop();
});

interface Result {
  number: string;
  created: boolean;
  order: { version: number; status: string; operations: { sequence: number; status: string }[] } | null;
  userErrors: { code: string; field: string[] }[];
}

async function send(orders: object[], idempotencyKey?: string): Promise<Result[]> {
  const answer = await plant.ask(
    `mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results {
       number created order { version status operations { sequence status } } userErrors { code field }
     } } }`,
    { input: { orders, ...(idempotencyKey ? { idempotencyKey } : {}) } },
  );
  return (answer.upsertOrders as { results: Result[] }).results;
}

const act = (mutation: string, input: string) =>
  plant.ask(`mutation { ${mutation}(input: { ${input} }) { userErrors { message } } }`);

const step = (sequence: number, more: object = {}) => ({
  sequence,
  name: `Step ${sequence}`,
  machine: "acme/line/m1",
  idealCycleTimeMs: 200.5,
  plannedStart: "2026-03-01T09:00:00.123Z",
  ...more,
});
const wanted = (number: string, more: object = {}) => ({
  number,
  product: "Lemonade",
  quantity: 100.25,
  dueAt: "2026-03-02T08:00:00Z",
  operations: [step(10), step(20, { machine: "acme/line/m2" })],
  ...more,
});

test("2,000 orders with one bad among them: all others are made", async () => {
  const orders = Array.from({ length: 2_000 }, (_, index) => wanted(`BULK-${index}`));
  orders[3] = wanted("BULK-3", { operations: [step(10, { machine: "acme/line/m9" })] });
  const start = performance.now();
  const results = await send(orders);
  const made = performance.now();
  expect(results.map((result) => result.number)).toEqual(orders.map((order) => order.number));
  expect(results.filter((result) => result.created && result.order)).toHaveLength(1_999);
  expect(results[3]).toEqual({
    number: "BULK-3",
    created: false,
    order: null,
    userErrors: [{ code: "NOT_FOUND", field: ["orders", "3", "operations", "0", "machine"] }],
  });
  const again = await send(orders);
  const sentAgain = performance.now();
  expect(again.every((result) => !result.created && (result.order?.version ?? 1) === 1)).toBe(true);
  const changed = await send(orders.map((order) => ({ ...order, priority: 60 })));
  const end = performance.now();
  expect(changed.filter((result) => result.order?.version === 2)).toHaveLength(1_999);
  process.stdout.write(
    `upsertOrders of 2,000 with 4,000 operations: made in ${Math.round(made - start)} ms, the same again ${Math.round(sentAgain - made)} ms, changed ${Math.round(end - sentAgain)} ms\n`,
  );
});

test.each<[string, object, string[][]]>([
  ["no quantity", { quantity: 0 }, [["quantity"]]],
  ["a negative quantity", { quantity: -1 }, [["quantity"]]],
  ["more than anyone makes", { quantity: 1e12 + 1 }, [["quantity"]]],
  ["a priority below the lowest", { priority: -1 }, [["priority"]]],
  ["a priority above the highest", { priority: 1_001 }, [["priority"]]],
  ["sequence 0", { operations: [step(0)] }, [["operations", "0", "sequence"]]],
  ["a sequence that is no place", { operations: [step(100_000)] }, [["operations", "0", "sequence"]]],
  [
    "a cycle of more than 30 days",
    { operations: [step(1, { idealCycleTimeMs: 2_592_000_001 })] },
    [["operations", "0", "idealCycleTimeMs"]],
  ],
  ["an empty number", { number: "" }, [["number"]]],
  ["a control character", { product: "a\u0000" }, [["product"]]],
  ["half a surrogate pair", { product: "\ud800" }, [["product"]]],
  ["no operations", { operations: [] }, [["operations"]]],
  ["a sequence twice", { operations: [step(10), step(10)] }, [["operations", "1", "sequence"]]],
  [
    "all that is wrong at once",
    {
      quantity: 0,
      operations: [step(-1, { name: "", idealCycleTimeMs: 0, plannedEnd: "2026-03-01T08:00:00Z" })],
    },
    [
      ["quantity"],
      ["operations", "0", "sequence"],
      ["operations", "0", "name"],
      ["operations", "0", "idealCycleTimeMs"],
      ["operations", "0", "plannedEnd"],
    ],
  ],
])("%s is refused and the field is named", async (_, change, fields) => {
  const [result] = await send([wanted("BAD", change)]);
  expect(result).toMatchObject({ created: false, order: null });
  expect(result?.userErrors.map((error) => error.field)).toEqual(
    fields.map((field) => ["orders", "0", ...field]),
  );
});

test("limits are named", async () => {
  const answer = (await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    {
      input: {
        orders: [
          wanted("LIMITS", {
            ...{ quantity: 1e300, priority: 2_000 },
            operations: [step(2_000_000_000, { idealCycleTimeMs: 1e18 })],
          }),
        ],
      },
    },
  )) as { upsertOrders: { results: { userErrors: { message: string }[] }[] } };
  expect(answer.upsertOrders.results[0]?.userErrors.map((error) => error.message)).toEqual([
    "quantity must be at most 1,000,000,000,000",
    "priority must be 0 to 1,000",
    "sequence must be 1 to 99,999",
    "idealCycleTimeMs must be above 0 and at most 2,592,000,000 (30 days)",
  ]);
});

test("orders are released as they are sent where that is wanted, and only once", async () => {
  const released = wanted("SENT-RELEASED", { release: true });
  const changes = await plant.follow(
    'subscription { orderChanged(number: "SENT-RELEASED") { status version operations { status } } }',
  );
  expect(
    await send([released, wanted("SENT-ONLY"), wanted("SENT-BAD", { release: true, quantity: 0 })]),
  ).toMatchObject([
    {
      created: true,
      order: { status: "RELEASED", version: 2, operations: [{ status: "READY" }, { status: "WAITING" }] },
    },
    { created: true, order: { status: "CREATED", version: 1 } },
    { created: false, order: null },
  ]);
  expect(await changes.next()).toMatchObject({ orderChanged: { status: "RELEASED" } });
  await changes.end();
  const kinds = async (number: string) => {
    const { order } = (await plant.ask(
      `{ order(number: "${number}") { events(first: 100) { edges { node { kind sequence } } } } }`,
    )) as { order: { events: { edges: { node: { kind: string; sequence: number | null } }[] } } };
    return order.events.edges.map(({ node }) => [node.kind, node.sequence ?? []].flat().join(" "));
  };
  expect(await kinds("SENT-RELEASED")).toEqual(["CREATED", "RELEASED", "READY 10"]);
  expect(await send([released])).toMatchObject([{ created: false, order: { version: 2 } }]);
  // One that is there already is released too, changed or not; one that goes on is left alone.
  expect(await send([wanted("SENT-ONLY", { release: true, priority: 9 })])).toMatchObject([
    { order: { status: "RELEASED", version: 3 } },
  ]);
  expect(await kinds("SENT-ONLY")).toEqual(["CREATED", "CHANGED", "RELEASED", "READY 10"]);
  await act("cancelOrder", 'number: "SENT-ONLY"');
  expect(await send([wanted("SENT-ONLY", { release: true, priority: 9 })])).toMatchObject([
    { order: { status: "CANCELLED" }, userErrors: [] },
  ]);
  await act("cancelOrder", 'number: "SENT-RELEASED"');
});

test("a number twice in one call: the second is refused", async () => {
  const results = await send([wanted("TWICE"), wanted("TWICE", { quantity: 7 })]);
  expect(results).toMatchObject([
    { created: true, userErrors: [] },
    {
      created: false,
      order: null,
      userErrors: [{ code: "INVALID_INPUT", field: ["orders", "1", "number"] }],
    },
  ]);
});

test("the expected version must be the present one", async () => {
  await send([wanted("VERSION")]);
  expect(await send([wanted("VERSION", { expectedVersion: 1, priority: 1 })])).toMatchObject([
    { order: { version: 2 } },
  ]);
  const conflict = { code: "VERSION_CONFLICT", field: ["orders", "0", "expectedVersion"] };
  expect(await send([wanted("VERSION", { expectedVersion: 1, priority: 2 })])).toMatchObject([
    { order: null, userErrors: [conflict] },
  ]);
  expect(await send([wanted("NEVER-SENT", { expectedVersion: 1 })])).toMatchObject([
    { order: null, userErrors: [conflict] },
  ]);
});

test("an order that was released takes another first operation", async () => {
  await send([wanted("RELEASED")]);
  await act("releaseOrder", 'number: "RELEASED"');
  const [result] = await send([wanted("RELEASED", { operations: [step(5), step(10)] })]);
  expect(result?.order).toMatchObject({
    status: "RELEASED",
    operations: [
      { sequence: 5, status: "READY" },
      { sequence: 10, status: "WAITING" },
    ],
  });
});

test("an order that runs changes only where it harms nothing", async () => {
  const sent = wanted("RUNS");
  await send([sent]);
  await act("releaseOrder", 'number: "RUNS"');
  // Not the planned machine: sending the plan again is no change all the same.
  await act("startOperation", 'order: "RUNS", sequence: 10, machine: "acme/line/m3"');
  expect(await send([sent])).toMatchObject([{ order: { version: 3 }, userErrors: [] }]);
  const refused = async (change: object) =>
    (await send([{ ...sent, ...change }]))[0]?.userErrors.map((error) => [
      error.code,
      ...error.field.slice(2),
    ]);
  expect(await refused({ product: "Cola", priority: 1 })).toEqual([["PRECONDITION_FAILED", "product"]]);
  expect(await refused({ operations: [step(10, { name: "Other" }), step(20)] })).toEqual([
    ["PRECONDITION_FAILED", "operations", "0", "name"],
  ]);
  expect(await refused({ operations: [step(5), ...sent.operations] })).toEqual([
    ["PRECONDITION_FAILED", "operations", "0", "sequence"],
  ]);
  expect(await refused({ operations: [sent.operations[1]] })).toEqual([
    ["PRECONDITION_FAILED", "operations"],
  ]);
  const [changed] = await send([
    { ...sent, quantity: 50, priority: 1, dueAt: null, operations: [sent.operations[0], step(30)] },
  ]);
  expect(changed).toMatchObject({
    userErrors: [],
    order: {
      version: 4,
      operations: [
        { sequence: 10, status: "RUNNING" },
        { sequence: 30, status: "WAITING" },
      ],
    },
  });
  await act("abortOrder", 'number: "RUNS"');
  expect(await send([{ ...sent, quantity: 50, operations: [sent.operations[0], step(30)] }])).toMatchObject([
    { order: { status: "ABORTED", version: 6 } },
  ]);
});

test("a repeated call with its key answers as the first time and makes nothing", async () => {
  const first = await send([wanted("KEY"), wanted("KEY-BAD", { quantity: 0 })], "import-1");
  expect(await send([wanted("KEY"), wanted("KEY-BAD", { quantity: 0 })], "import-1")).toEqual(first);
  expect(await send([wanted("KEY-2")], "import-1")).toMatchObject([
    { order: null, userErrors: [{ code: "IDEMPOTENCY_KEY_REUSED", field: ["idempotencyKey"] }] },
  ]);
});

test("the same key from another system is another call", async () => {
  const upsert = async (system: string) => {
    const answer = await plant.ask(
      "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { code } } } }",
      { input: { orders: [wanted("SYSTEM")], system, idempotencyKey: "import-2" } },
    );
    return (answer.upsertOrders as { results: { userErrors: { code: string }[] }[] }).results[0]?.userErrors;
  };
  expect(await upsert("erp")).toEqual([]);
  expect(await upsert("erp")).toEqual([]);
  expect(await upsert("mes")).toEqual([{ code: "IDEMPOTENCY_KEY_REUSED" }]);
});

test("texts come out as they went in", async () => {
  const texts = { product: 'NULL "a\\b", {c}\n\u00e9', unit: '"' };
  const sent = wanted('"T\\{1},', { ...texts, operations: [step(10, { name: "NULL" })] });
  expect(await send([sent])).toMatchObject([{ created: true, userErrors: [] }]);
  expect(
    await plant.ask(
      "query ($number: String!) { order(number: $number) { product unit operations { name } } }",
      {
        number: sent.number,
      },
    ),
  ).toEqual({ order: { ...texts, operations: [{ name: "NULL" }] } });
  // The log of a change goes the same way.
  await send([{ ...sent, product: "plain" }]);
  const { order } = (await plant.ask(
    "query ($number: String!) { order(number: $number) { events(last: 1) { edges { node { changes { from to } } } } } }",
    { number: sent.number },
  )) as { order: { events: { edges: { node: { changes: object[] } }[] } } };
  expect(order.events.edges[0]?.node.changes).toEqual([{ from: texts.product, to: "plain" }]);
});

test("calls at the same time with the same numbers make each order once", async () => {
  const orders = Array.from({ length: 50 }, (_, index) => wanted(`SAME-${index}`));
  const calls = await Promise.all([send(orders), send([...orders].reverse()), send(orders)]);
  expect(calls.flat().filter((result) => result.created)).toHaveLength(50);
  expect(calls.flat().every((result) => result.order?.version === 1)).toBe(true);
});
