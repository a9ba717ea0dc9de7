import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApp, type TestApp } from "./support/app.js";

const MANY = 10_000;
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    plant:
      "equipment:\n  - path: acme/line/m1\n    level: MACHINE\n  - path: acme/line/m2\n    level: MACHINE\n",
  });
});

afterAll(async () => {
  await app?.stop();
});

const UPSERT = `mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results {
  number created order { id version status operations { sequence machine { path } } } userErrors { code field }
} } }`;

interface Result {
  number: string;
  created: boolean;
  order: { id: string; version: number; operations: unknown[] } | null;
  userErrors: { code: string; field: string[] }[];
}

async function send(input: object): Promise<{ results: Result[]; ms: number }> {
  const start = performance.now();
  const answer = await app.ask(UPSERT, { input });
  expect(answer.errors).toBeUndefined();
  return { results: answer.data.upsertOrders.results, ms: Math.round(performance.now() - start) };
}

async function count(): Promise<number> {
  return (await app.ask("{ orders(first: 1) { totalCount } }")).data.orders.totalCount;
}

test("10,000 orders in one call, a bad one among them: the others are in, and sent again nothing is there twice", async () => {
  const orders = Array.from({ length: MANY }, (_, index) => ({
    number: `ERP-2026-${String(index).padStart(6, "0")}`,
    product: `Lemonade 0.5 l, article ${100_000 + (index % 50)}`,
    quantity: 1_000 + index,
    dueAt: "2026-12-24T12:00:00+01:00",
    priority: index % 100,
    operations: [
      {
        sequence: 10,
        name: "Filling",
        machine: "acme/line/m1",
        idealCycleTimeMs: 200,
        plannedStart: "2026-12-20T06:00:00Z",
      },
      { sequence: 20, name: "Packing", machine: "acme/line/m2", idealCycleTimeMs: 400, overlap: true },
    ],
  }));
  const bad = orders[MANY / 2];
  if (bad) bad.quantity = -1;
  const input = { orders, idempotencyKey: "nightly-1", system: "erp" };
  const first = await send(input);
  expect(first.results.map((result) => result.number)).toEqual(orders.map((order) => order.number));
  expect(first.results.filter((result) => result.created)).toHaveLength(MANY - 1);
  expect(first.results[MANY / 2]).toEqual({
    number: bad?.number,
    created: false,
    order: null,
    userErrors: [{ code: "INVALID_INPUT", field: ["orders", String(MANY / 2), "quantity"] }],
  });
  expect(await count()).toBe(MANY - 1);
  const again = await send(input);
  expect(again.results).toEqual(first.results);
  expect(await count()).toBe(MANY - 1);
  const withoutKey = await send({ orders });
  expect(withoutKey.results.filter((result) => result.created || (result.order?.version ?? 1) !== 1)).toEqual(
    [],
  );
  const other = await send({ orders: orders.slice(0, 2), idempotencyKey: "nightly-1" });
  expect(other.results.map((result) => result.userErrors[0]?.code)).toEqual([
    "IDEMPOTENCY_KEY_REUSED",
    "IDEMPOTENCY_KEY_REUSED",
  ]);
  const events = await app.ask(
    `{ order(number: "${orders[7]?.number}") { events { edges { node { kind system } } } } }`,
  );
  expect(events.data.order.events.edges).toEqual([{ node: { kind: "CREATED", system: "erp" } }]);
  process.stdout.write(
    `upsertOrders of 10,000 orders over HTTP: ${first.ms} ms, the same key again ${again.ms} ms, the same without a key ${withoutKey.ms} ms\n`,
  );
}, 120_000);
