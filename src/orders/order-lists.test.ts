import { afterAll, beforeAll, expect, test } from "vitest";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";

const HOUR = 3_600_000;
let plant: OrderPlant;

beforeAll(async () => {
  plant = await startOrderPlant();
  await send("A-1", "Lemonade", { dueAt: at(5), priority: 10 }, [{ machine: "m1", plannedStart: at(3) }]);
  await send("A-2", "Cola", { dueAt: at(-5), priority: 90 }, [
    { machine: "m2", plannedStart: at(2), plannedEnd: at(9) },
  ]);
  await send("B-3", "Lemonade light", { priority: 50 }, [
    { machine: "m1" },
    { machine: "m2", plannedStart: at(1) },
  ]);
  await send("B-4", "100%_Juice", { dueAt: at(5), priority: 90 }, [{}]);
  await send("C-5", "Cola", { dueAt: at(-1), priority: 10 }, [{ machine: "total" }]);
  await act("cancelOrder", 'number: "C-5"');
});

afterAll(async () => {
  await plant?.stop();
});

const at = (hours: number) => new Date(plant.time.now + hours * HOUR).toISOString();

async function send(
  number: string,
  product: string,
  more: object,
  steps: ({ machine?: string } & Record<string, unknown>)[],
): Promise<void> {
  plant.time.now += 1;
  const operations = steps.map(({ machine, ...plan }, index) => ({
    ...{ sequence: (index + 1) * 10, name: "Step", completion: "MANUAL", ...plan },
    ...(machine ? { machine: `acme/line/${machine}` } : {}),
  }));
  const sent = await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders: [{ number, product, quantity: 100, ...more, operations }] } },
  );
  expect(sent).toEqual({ upsertOrders: { results: [{ userErrors: [] }] } });
}

/** An order as it must be sent to stay as it is. */
async function shown(number: string) {
  const { order } = (await plant.ask(
    `{ order(number: "${number}") { product dueAt priority operations { plannedStart plannedEnd machine { path } } } }`,
  )) as {
    order: {
      product: string;
      dueAt: string | null;
      priority: number;
      operations: {
        plannedStart: string | null;
        plannedEnd: string | null;
        machine: { path: string } | null;
      }[];
    };
  };
  const steps = order.operations.map(({ machine, ...plan }) =>
    machine ? { ...plan, machine: machine.path.replace("acme/line/", "") } : plan,
  );
  return { ...order, steps };
}

async function act(mutation: string, input: string): Promise<void> {
  const answer = await plant.ask(`mutation { ${mutation}(input: { ${input} }) { userErrors { message } } }`);
  expect(answer[mutation]).toEqual({ userErrors: [] });
}

async function list(args: string) {
  const { orders } = (await plant.ask(
    `{ orders(${args}) { totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } edges { node { number } } } }`,
  )) as {
    orders: {
      totalCount: number;
      pageInfo: { startCursor: string; endCursor: string; hasNextPage: boolean; hasPreviousPage: boolean };
      edges: { node: { number: string } }[];
    };
  };
  return { ...orders, numbers: orders.edges.map((edge) => edge.node.number) };
}

test.each([
  ["all", "first: 10", ["A-1", "A-2", "B-3", "B-4", "C-5"]],
  ["by product", 'product: "Cola"', ["A-2", "C-5"]],
  ["by a part of the product", 'search: "lemonade"', ["A-1", "B-3"]],
  ["by a part of the number", 'search: "b-"', ["B-3", "B-4"]],
  ["by signs that patterns know", 'search: "%_"', ["B-4"]],
  ["by priority", "minPriority: 50", ["A-2", "B-3", "B-4"]],
  ["by machine", 'machine: "acme/line/m2"', ["A-2", "B-3"]],
  ["by line", 'under: "acme/line"', ["A-1", "A-2", "B-3", "C-5"]],
  ["by machine and line", 'machine: "acme/line/m2", under: "acme/line/m1"', []],
  ["late ones, given up ones not among them", "late: true", ["A-2"]],
  ["those that are not late", "late: false", ["A-1", "B-3", "B-4", "C-5"]],
  ["by status and machine", 'status: [CREATED], machine: "acme/line/total"', []],
])("orders are found: %s", async (_, args, numbers) => {
  expect(await list(args)).toMatchObject({ numbers, totalCount: numbers.length });
});

test("orders are found by when they are due, the end left out", async () => {
  const due = (after: number, before: number) => list(`dueAfter: "${at(after)}", dueBefore: "${at(before)}"`);
  const exactly = ((await plant.ask('{ order(number: "A-1") { dueAt } }')).order as { dueAt: string }).dueAt;
  expect((await due(-10, 0)).numbers).toEqual(["A-2", "C-5"]);
  expect((await list(`dueAfter: "${exactly}"`)).numbers).toEqual(["A-1", "B-4"]);
  expect((await list(`dueBefore: "${exactly}"`)).numbers).toEqual(["A-2", "C-5"]);
});

test.each([
  ["NUMBER", "false", ["A-1", "A-2", "B-3", "B-4", "C-5"]],
  ["NUMBER", "true", ["C-5", "B-4", "B-3", "A-2", "A-1"]],
  ["DUE", "false", ["A-2", "C-5", "A-1", "B-4", "B-3"]],
  ["DUE", "true", ["B-4", "A-1", "C-5", "A-2", "B-3"]],
  ["PRIORITY", "true", ["B-4", "A-2", "B-3", "C-5", "A-1"]],
  ["PLANNED_START", "false", ["B-3", "A-2", "A-1", "B-4", "C-5"]],
  ["CREATED", "true", ["C-5", "B-4", "B-3", "A-2", "A-1"]],
])("orders by %s, descending %s, in pages from both ends", async (sort, descending, numbers) => {
  const order = `orderBy: ${sort}, descending: ${descending}`;
  expect((await list(order)).numbers).toEqual(numbers);
  const first = await list(`${order}, first: 2`);
  expect(first.numbers).toEqual(numbers.slice(0, 2));
  const second = await list(`${order}, first: 2, after: "${first.pageInfo.endCursor}"`);
  expect(second.numbers).toEqual(numbers.slice(2, 4));
  const rest = await list(`${order}, first: 2, after: "${second.pageInfo.endCursor}"`);
  expect(rest).toMatchObject({ numbers: numbers.slice(4), pageInfo: { hasNextPage: false } });
  const back = await list(`${order}, last: 3, before: "${rest.pageInfo.startCursor}"`);
  expect(back).toMatchObject({ numbers: numbers.slice(1, 4), pageInfo: { hasPreviousPage: true } });
});

test.each(["NUMBER", "DUE", "PRIORITY", "PLANNED_START", "CREATED"])(
  "pages by %s go on where they were, whatever becomes of the order at their end",
  async (sort) => {
    const all = (await list(`orderBy: ${sort}`)).numbers;
    const first = await list(`orderBy: ${sort}, first: 1`);
    const last = first.numbers[0] ?? "";
    const before = await shown(last);
    // To the far end of each list, and back.
    await send(last, before.product, { dueAt: null, priority: 1_000 }, [{}]);
    const rest = await list(`orderBy: ${sort}, first: 10, after: "${first.pageInfo.endCursor}"`);
    await send(last, before.product, { dueAt: before.dueAt, priority: before.priority }, before.steps);
    expect(rest.numbers.filter((number) => number !== last)).toEqual(all.slice(1));
    expect((await list(`orderBy: ${sort}`)).numbers).toEqual(all);
  },
);

test("a cursor of a list that is sorted otherwise is refused", async () => {
  const { endCursor } = (await list("orderBy: DUE, first: 1")).pageInfo;
  const cursor = (text: string) => `"${Buffer.from(text).toString("base64url")}"`;
  const id = "0194c2f0-1111-7000-8000-000000000000";
  for (const args of [
    `orderBy: PRIORITY, after: "${endCursor}"`,
    `after: "${endCursor}"`,
    `orderBy: DUE, before: ${cursor(id)}`,
    `orderBy: DUE, after: ${cursor(JSON.stringify(["DUE", "2026-99-01T00:00:00Z", id]))}`,
    `orderBy: PRIORITY, after: ${cursor(JSON.stringify(["PRIORITY", "9999999999", id]))}`,
    `orderBy: NUMBER, after: ${cursor(JSON.stringify(["NUMBER", "a\u0000", id]))}`,
  ]) {
    await expect(list(args)).rejects.toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
  }
});

test("an order tells when it is planned and whether it is late", async () => {
  const order = async (number: string) =>
    (await plant.ask(`{ order(number: "${number}") { late plannedStart plannedEnd } }`)).order;
  expect(await order("A-2")).toMatchObject({
    late: true,
    plannedStart: expect.any(String),
    plannedEnd: expect.any(String),
  });
  expect(await order("B-4")).toEqual({ late: false, plannedStart: null, plannedEnd: null });
});

test("what cannot be looked for is refused", async () => {
  for (const args of [
    'search: "a\\u0000"',
    'search: ""',
    'under: "acme/nowhere"',
    'dueAfter: "0000-01-01T00:00:00Z"',
  ]) {
    await expect(list(args)).rejects.toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
  }
});

test("a machine's dispatch list: what runs, then by priority, due time and planned start", async () => {
  const steps = [{ machine: "m4" }];
  const late = at(9);
  await send("D-low", "x", { priority: 1 }, steps);
  await send("D-due-late", "x", { dueAt: late }, steps);
  await send("D-due-soon", "x", { dueAt: at(2) }, steps);
  await send("D-planned", "x", { dueAt: late }, [{ machine: "m4", ...{ plannedStart: at(1) } }]);
  await send("D-held", "x", { priority: 99 }, steps);
  await send("D-runs", "x", { priority: 2 }, [...steps, ...steps]);
  await send("D-stopped", "x", { priority: 99 }, [
    { machine: "m3" },
    { machine: "m4", ...{ overlap: true } },
  ]);
  await send("D-unreleased", "x", { priority: 99 }, steps);
  for (const name of ["low", "due-late", "due-soon", "planned", "held", "runs", "stopped"]) {
    await act("releaseOrder", `number: "D-${name}"`);
  }
  await act("startOperation", 'order: "D-held", sequence: 10');
  await act("holdOperation", 'order: "D-held", sequence: 10, reason: "no caps"');
  await act("startOperation", 'order: "D-runs", sequence: 10');
  await act("startOperation", 'order: "D-stopped", sequence: 10');
  await act("holdOrder", 'number: "D-stopped"');
  const dispatch = async (args = "") => {
    const answer = (await plant.ask(
      `{ machine(path: "acme/line/m4") { dispatchList${args} { sequence order { number } } } }`,
    )) as { machine: { dispatchList: { sequence: number; order: { number: string } }[] } };
    return answer.machine.dispatchList.map(({ order, sequence }) => `${order.number} ${sequence}`);
  };
  expect(await dispatch()).toEqual([
    "D-runs 10",
    "D-held 10",
    "D-due-soon 10",
    "D-planned 10",
    "D-due-late 10",
    "D-low 10",
  ]);
  expect(await dispatch("(first: 2)")).toEqual(["D-runs 10", "D-held 10"]);
  expect(await dispatch("(status: [WAITING])")).toEqual(["D-runs 20"]);
  await expect(dispatch("(first: 100000)")).rejects.toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
});

test("the dispatch lists of all machines take one statement", async () => {
  const before = plant.statements();
  await plant.ask("{ machines(first: 10) { edges { node { path dispatchList { sequence } } } } }");
  expect(plant.statements() - before).toBe(1);
});
