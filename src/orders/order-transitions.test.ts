import { afterAll, beforeAll, expect, test } from "vitest";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";

let plant: OrderPlant;
let orders = 0;

beforeAll(async () => {
  plant = await startOrderPlant();
});

afterAll(async () => {
  await plant?.stop();
});

/** A new order of which nothing completes by itself. */
async function created(steps: object[]): Promise<string> {
  orders += 1;
  const number = `T-${orders}`;
  const operations = steps.map((more, index) => ({
    ...{ sequence: (index + 1) * 10, name: "Step", completion: "MANUAL", ...more },
  }));
  await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders: [{ number, product: "Lemonade", quantity: 5, operations }] } },
  );
  return number;
}

async function act(action: string, number: string): Promise<string[]> {
  const [name, sequence] = action.split(" ");
  const input = sequence === undefined ? `number: "${number}"` : `order: "${number}", sequence: ${sequence}`;
  const answer = (await plant.ask(
    `mutation { done: ${name}${sequence === undefined ? "Order" : "Operation"}(input: { ${input} }) { userErrors { code } } }`,
  )) as { done: { userErrors: { code: string }[] } };
  return answer.done.userErrors.map((error) => error.code);
}

async function shown(number: string) {
  const answer = (await plant.ask(
    `{ order(number: "${number}") { status version operations { status } events(first: 100) { totalCount } } }`,
  )) as {
    order: {
      status: string;
      version: number;
      operations: { status: string }[];
      events: { totalCount: number };
    };
  };
  const { order } = answer;
  return {
    ...order,
    statuses: [order.status, ...order.operations.map((operation) => operation.status)].join(" "),
  };
}

/** How an order of one operation comes to a status, and what each action makes of it; what is missing is refused. */
const ORDER_TABLE: [status: string, way: string[], steps: Record<string, string>][] = [
  ["CREATED", [], { release: "RELEASED READY", cancel: "CANCELLED WAITING" }],
  ["RELEASED", ["release"], { cancel: "CANCELLED ABORTED", abort: "ABORTED ABORTED" }],
  ["RUNNING", ["release", "start 10"], { hold: "HELD HELD", abort: "ABORTED ABORTED" }],
  ["HELD", ["release", "start 10", "hold"], { resume: "RUNNING RUNNING", abort: "ABORTED ABORTED" }],
  ["COMPLETED", ["release", "start 10", "complete 10"], { close: "CLOSED COMPLETED" }],
  ["CLOSED", ["release", "start 10", "complete 10", "close"], {}],
  ["CANCELLED", ["cancel"], {}],
  ["ABORTED", ["release", "abort"], {}],
];
const OPERATION_TABLE: [status: string, way: string[], steps: Record<string, string>][] = [
  ["WAITING", [], {}],
  ["READY", ["release"], { "start 10": "RUNNING RUNNING" }],
  ["RUNNING", ["release", "start 10"], { "hold 10": "RUNNING HELD", "complete 10": "COMPLETED COMPLETED" }],
  [
    "HELD",
    ["release", "start 10", "hold 10"],
    { "resume 10": "RUNNING RUNNING", "complete 10": "COMPLETED COMPLETED" },
  ],
  // Nothing runs while its order is held; it may be told that it was done before.
  ["HELD with its order", ["release", "start 10", "hold"], { "complete 10": "COMPLETED COMPLETED" }],
  ["COMPLETED", ["release", "start 10", "complete 10"], {}],
  ["ABORTED", ["release", "abort"], {}],
];

const cases = [
  ...ORDER_TABLE.flatMap(([status, way, steps]) =>
    ["release", "hold", "resume", "close", "cancel", "abort"].map(
      (action) => [`an order that is ${status}`, action, way, steps[action]] as const,
    ),
  ),
  ...OPERATION_TABLE.flatMap(([status, way, steps]) =>
    ["start 10", "hold 10", "resume 10", "complete 10"].map(
      (action) => [`an operation that is ${status}`, action, way, steps[action]] as const,
    ),
  ),
];

test.each(cases)("%s: %s", async (_, action, way, expected) => {
  const number = await created([{ machine: "acme/line/m1" }]);
  for (const step of way) expect(await act(step, number)).toEqual([]);
  const before = await shown(number);
  if (expected === undefined) {
    expect(await act(action, number)).toEqual(["INVALID_TRANSITION"]);
    expect(await shown(number)).toEqual(before);
  } else {
    expect(await act(action, number)).toEqual([]);
    expect(await shown(number)).toMatchObject({ statuses: expected, version: before.version + 1 });
  }
  for (const end of ["cancel", "abort"]) await act(end, number);
});

test("operations follow each other, and one that overlaps is READY once the one before it has started", async () => {
  const [m1, m2, m3, m4] = ["m1", "m2", "m3", "m4"].map((name) => ({ machine: `acme/line/${name}` }));
  const number = await created([{ ...m1 }, { ...m2, overlap: true }, { ...m3, overlap: true }, { ...m4 }]);
  const seen: string[] = [];
  for (const step of [
    "release",
    "start 10",
    "start 20",
    "complete 20",
    "start 30",
    "hold 10",
    "complete 30",
  ]) {
    expect(await act(step, number)).toEqual([]);
    seen.push(`${step}: ${(await shown(number)).statuses}`);
  }
  expect(seen).toEqual([
    "release: RELEASED READY WAITING WAITING WAITING",
    "start 10: RUNNING RUNNING READY WAITING WAITING",
    "start 20: RUNNING RUNNING RUNNING READY WAITING",
    "complete 20: RUNNING RUNNING COMPLETED READY WAITING",
    "start 30: RUNNING RUNNING COMPLETED RUNNING WAITING",
    "hold 10: RUNNING HELD COMPLETED RUNNING WAITING",
    // The last one overlaps nothing: all before it must be done.
    "complete 30: RUNNING HELD COMPLETED COMPLETED WAITING",
  ]);
  expect(await act("start 40", number)).toEqual(["INVALID_TRANSITION"]);
  await act("complete 10", number);
  expect((await shown(number)).statuses).toBe("RUNNING COMPLETED COMPLETED COMPLETED READY");
  await act("start 40", number);
  await act("complete 40", number);
  expect((await shown(number)).statuses).toBe("COMPLETED COMPLETED COMPLETED COMPLETED COMPLETED");
});

test("an order whose operations overlap is held and resumed with all that run", async () => {
  const number = await created([{ machine: "acme/line/m1" }, { machine: "acme/line/m2", overlap: true }]);
  for (const step of ["release", "start 10", "start 20", "hold"]) await act(step, number);
  expect((await shown(number)).statuses).toBe("HELD HELD HELD");
  const rival = await created([{ machine: "acme/line/m2" }]);
  for (const step of ["release", "start 10"]) expect(await act(step, rival)).toEqual([]);
  // All or nothing: one of the machines has another operation.
  expect(await act("resume", number)).toEqual(["MACHINE_BUSY"]);
  expect((await shown(number)).statuses).toBe("HELD HELD HELD");
  await act("abort", rival);
  expect(await act("resume", number)).toEqual([]);
  expect((await shown(number)).statuses).toBe("RUNNING RUNNING RUNNING");
  await act("abort", number);
});

test("of many starts, resumptions and holds that race for one machine, one at a time has it", async () => {
  const rivals = await Promise.all([1, 2, 3, 4].map(() => created([{ machine: "acme/line/total" }])));
  for (const number of rivals) await act("release", number);
  for (let round = 0; round < 30; round += 1) {
    const begun = await Promise.all(
      rivals.map(async (number) => ({
        number,
        errors: await act(
          (await shown(number)).statuses.endsWith("READY") ? "start 10" : "resume 10",
          number,
        ),
      })),
    );
    const winners = begun.filter(({ errors }) => errors.length === 0);
    expect(winners).toHaveLength(1);
    for (const { errors } of begun) if (errors.length > 0) expect(errors).toEqual(["MACHINE_BUSY"]);
    // The next round races with the end of this one.
    const [winner] = winners;
    expect(await act("hold 10", winner?.number ?? "")).toEqual([]);
  }
  const id = plant.plant.machine("acme/line/total")?.id ?? "";
  const rows = await plant.db.query<{ runs: boolean }>(
    "SELECT runs FROM order_event WHERE machine_id = $1 AND runs IS NOT NULL ORDER BY id",
    [id],
  );
  expect(rows.map((row) => row.runs)).toEqual(Array.from({ length: 60 }, (_, index) => index % 2 === 0));
  for (const number of rivals) await act("abort", number);
});
