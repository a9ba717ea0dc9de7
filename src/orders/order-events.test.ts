import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";
import type { Span } from "../kernel/intervals.js";
import type { OperationRun } from "./operation-run.js";

const HOUR = 3_600_000;
let plant: OrderPlant;
let orders = 0;

beforeAll(async () => {
  plant = await startOrderPlant();
});

afterAll(async () => {
  await plant?.stop();
});

beforeEach(() => {
  plant.time.now += 100 * HOUR;
});

interface Step {
  machine?: string;
  more?: object;
}

/** A new order with these operations, sent by the ERP system. */
async function created(steps: Step[], number = `E-${++orders}`): Promise<string> {
  const operations = steps.map(({ machine, more }, index) => ({
    sequence: (index + 1) * 10,
    name: `Step ${index + 1}`,
    ...(machine ? { machine: `acme/line/${machine}` } : {}),
    ...more,
  }));
  const sent = await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { system: "erp", orders: [{ number, product: "Lemonade", quantity: 100, operations }] } },
  );
  expect(sent).toEqual({ upsertOrders: { results: [{ userErrors: [] }] } });
  return number;
}

const at = (hours: number) => new Date(plant.time.now + hours * HOUR).toISOString();

interface Outcome {
  userErrors: { code: string; field: string[]; message: string }[];
}

async function act(mutation: string, input: Record<string, unknown>): Promise<Outcome> {
  const type = mutation.endsWith("Order") ? "OrderActionInput" : "OperationActionInput";
  const answer = await plant.ask(
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { code field message } } }`,
    { input },
  );
  return answer[mutation] as Outcome;
}

async function done(mutation: string, input: Record<string, unknown>): Promise<void> {
  expect(await act(mutation, input)).toEqual({ userErrors: [] });
}

const refusal = async (mutation: string, input: Record<string, unknown>) =>
  (await act(mutation, input)).userErrors.map(({ code, field }) => [code, ...field]);

const EVENT =
  "kind sequence fromStatus toStatus changes { field from to } at recordedAt by system reason operation { sequence } machine { path }";

async function events(number: string, args = "first: 100") {
  const answer = await plant.ask(
    `query ($number: String!) { order(number: $number) { events(${args}) {
       totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { ${EVENT} } } } } }`,
    { number },
  );
  const { events: page } = answer.order as {
    events: {
      totalCount: number;
      pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
      edges: { node: Record<string, unknown> & { kind: string; sequence: number | null; at: string } }[];
    };
  };
  return { ...page, nodes: page.edges.map((edge) => edge.node) };
}

const kinds = async (number: string) =>
  (await events(number)).nodes.map(
    ({ kind, sequence }) => `${kind}${sequence === null ? "" : ` ${sequence}`}`,
  );

const runsOn = async (machine: string, from: number, to: number) => {
  const id = plant.plant.machine(`acme/line/${machine}`)?.id ?? "";
  return (await plant.runs.runs([id], { from, to })).get(id) ?? [];
};

test("what happened earlier is booked with its time, and the log tells who said it, when, and from where", async () => {
  const number = await created([{ machine: "m1" }, { machine: "m2" }]);
  await done("releaseOrder", { number, at: at(-10) });
  await done("startOperation", { order: number, sequence: 10, at: at(-9), system: "terminal 4" });
  await done("holdOperation", { order: number, sequence: 10, at: at(-8), reason: "no cartons" });
  await done("resumeOperation", { order: number, sequence: 10, at: at(-7) });
  await done("completeOperation", { order: number, sequence: 10, at: at(-6) });
  await done("startOperation", { order: number, sequence: 20, at: at(-6) });
  await done("completeOperation", { order: number, sequence: 20 });
  const answer = await plant.ask(
    "query ($number: String!) { order(number: $number) { status startedAt endedAt statusAt operations { startedAt endedAt statusAt } } }",
    { number },
  );
  expect(answer.order).toEqual({
    status: "COMPLETED",
    startedAt: at(-9),
    endedAt: at(0),
    statusAt: at(0),
    operations: [
      { startedAt: at(-9), endedAt: at(-6), statusAt: at(-6) },
      { startedAt: at(-6), endedAt: at(0), statusAt: at(0) },
    ],
  });
  const { nodes } = await events(number);
  expect(
    nodes.map((event) => [event.kind, event.sequence, event.fromStatus, event.toStatus, event.at]),
  ).toEqual([
    ["CREATED", null, null, "CREATED", at(0)],
    ["RELEASED", null, "CREATED", "RELEASED", at(-10)],
    ["READY", 10, "WAITING", "READY", at(-10)],
    ["STARTED", 10, "READY", "RUNNING", at(-9)],
    ["STARTED", null, "RELEASED", "RUNNING", at(-9)],
    ["HELD", 10, "RUNNING", "HELD", at(-8)],
    ["RESUMED", 10, "HELD", "RUNNING", at(-7)],
    ["COMPLETED", 10, "RUNNING", "COMPLETED", at(-6)],
    ["READY", 20, "WAITING", "READY", at(-6)],
    ["STARTED", 20, "READY", "RUNNING", at(-6)],
    ["COMPLETED", 20, "RUNNING", "COMPLETED", at(0)],
    ["COMPLETED", null, "RUNNING", "COMPLETED", at(0)],
  ]);
  expect(nodes[0]).toMatchObject({ by: "tester", system: "erp", reason: null, recordedAt: at(0) });
  expect(nodes[3]).toMatchObject({
    ...{ by: "tester", system: "terminal 4", recordedAt: at(0) },
    operation: { sequence: 10 },
    machine: { path: "acme/line/m1" },
  });
  expect(nodes[5]).toMatchObject({ reason: "no cartons", recordedAt: at(0) });
});

test("a time is refused in the future, before the step before it, and while the machine had another", async () => {
  const [first, second] = [await created([{ machine: "m3" }]), await created([{ machine: "m3" }])];
  for (const number of [first, second]) await done("releaseOrder", { number, at: at(-20) });
  const start = { order: first, sequence: 10 };
  expect(await refusal("startOperation", { ...start, at: at(0.1) })).toEqual([["INVALID_INPUT", "at"]]);
  expect(await refusal("startOperation", { ...start, at: at(-21) })).toEqual([["INVALID_INPUT", "at"]]);
  expect(await refusal("startOperation", { ...start, at: "0000-01-01T00:00:00Z" })).toEqual([
    ["INVALID_INPUT", "at"],
  ]);
  await done("startOperation", { ...start, at: at(-15) });
  expect(await refusal("holdOrder", { number: first, at: at(-16) })).toEqual([["INVALID_INPUT", "at"]]);
  await done("holdOrder", { number: first, at: at(-12) });
  expect(await refusal("startOperation", { order: second, sequence: 10, at: at(-13) })).toEqual([
    ["MACHINE_BUSY", "at"],
  ]);
  expect(
    (await act("startOperation", { order: second, sequence: 10, at: at(-13) })).userErrors[0]?.message,
  ).toContain(first);
  await done("startOperation", { order: second, sequence: 10, at: at(-12) });
  await done("completeOperation", { order: second, sequence: 10, at: at(-5) });
  expect(await refusal("resumeOrder", { number: first, at: at(-6) })).toEqual([["MACHINE_BUSY", "at"]]);
  await done("resumeOrder", { number: first, at: at(-5) });
  expect(await refusal("abortOrder", { number: first, at: at(-6) })).toEqual([["INVALID_INPUT", "at"]]);
  expect(await refusal("abortOrder", { number: first, system: " x" })).toEqual([["INVALID_INPUT", "system"]]);
  await done("abortOrder", { number: first });
  const path = (spans: readonly Span<OperationRun>[]) =>
    spans.map(({ from, to, value }) => [
      value.orderNumber,
      (from - plant.time.now) / HOUR,
      (to - plant.time.now) / HOUR,
    ]);
  expect(path(await runsOn("m3", plant.time.now - 24 * HOUR, plant.time.now + HOUR))).toEqual([
    [first, -15, -12],
    [second, -12, -5],
    [first, -5, 0],
  ]);
});

test("a refused step and a repeated call leave nothing in the log", async () => {
  const number = await created([{ machine: "m1" }]);
  await act("startOperation", { order: number, sequence: 10 });
  await done("releaseOrder", { number, idempotencyKey: "log-1" });
  await done("releaseOrder", { number, idempotencyKey: "log-1" });
  await act("releaseOrder", { number });
  expect(await kinds(number)).toEqual(["CREATED", "RELEASED", "READY 10"]);
  await done("cancelOrder", { number });
});

test("the log tells causes before what follows from them", async () => {
  const number = await created([{ machine: "m1" }, { machine: "m2" }]);
  await done("releaseOrder", { number });
  await done("startOperation", { order: number, sequence: 10 });
  await done("holdOrder", { number });
  await done("resumeOrder", { number });
  await done("completeOperation", { order: number, sequence: 10 });
  await done("abortOrder", { number });
  expect(await kinds(number)).toEqual([
    ...[
      "CREATED",
      "RELEASED",
      "READY 10",
      "STARTED 10",
      "STARTED",
      "HELD",
      "HELD 10",
      "RESUMED",
      "RESUMED 10",
    ],
    ...["COMPLETED 10", "READY 20", "ABORTED", "ABORTED 20"],
  ]);
});

test("sending an order again logs what was changed, and sending the same logs nothing", async () => {
  const number = await created([{ machine: "m1" }, {}]);
  await created([{ machine: "m1" }, {}], number);
  expect(await kinds(number)).toEqual(["CREATED"]);
  await created([{ machine: "m2", more: { overlap: true, plannedStart: at(1) } }], number);
  const { nodes } = await events(number);
  expect(nodes.map(({ kind, sequence, changes }) => ({ kind, sequence, changes })).slice(1)).toEqual([
    {
      kind: "CHANGED",
      sequence: 10,
      changes: [
        { field: "machine", from: "acme/line/m1", to: "acme/line/m2" },
        { field: "overlap", from: "false", to: "true" },
        { field: "plannedStart", from: null, to: at(1) },
      ],
    },
    { kind: "REMOVED", sequence: 20, changes: null },
  ]);
  await done("cancelOrder", { number });
});

test("an operation that its counts complete is completed when the last of them was made", async () => {
  const number = await created([{ machine: "m2", more: { countingSource: "OPERATOR" } }, { machine: "m1" }]);
  await done("releaseOrder", { number, at: at(-4) });
  await done("startOperation", { order: number, sequence: 10, at: at(-3) });
  await plant.ask(
    `mutation { reportProduction(input: { order: "${number}", sequence: 10, good: 100, at: "${at(-1)}" }) { userErrors { message } } }`,
  );
  const { nodes } = await events(number);
  expect(nodes.slice(-2).map(({ kind, sequence, at: when }) => [kind, sequence, when])).toEqual([
    ["COMPLETED", 10, at(-1)],
    ["READY", 20, at(-1)],
  ]);
  await done("abortOrder", { number });
});

test("the log comes in pages, from the front and from the end", async () => {
  const number = await created([{ machine: "m1" }]);
  await done("releaseOrder", { number });
  const first = await events(number, "first: 2");
  expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
  expect(first.nodes.map((event) => event.kind)).toEqual(["CREATED", "RELEASED"]);
  const rest = await events(number, `first: 2, after: "${first.pageInfo.endCursor}"`);
  expect(rest.nodes.map((event) => event.kind)).toEqual(["READY"]);
  const end = await events(number, "last: 1");
  expect(end).toMatchObject({ pageInfo: { hasNextPage: false, hasPreviousPage: true } });
  expect(end.nodes.map((event) => event.kind)).toEqual(["READY"]);
  await expect(events(number, 'after: "bm90IGEgbnVtYmVy"')).rejects.toMatchObject({
    extensions: { code: "BAD_USER_INPUT" },
  });
  await done("cancelOrder", { number });
});

test("runs never overlap and are what a plain reading of the steps says, for many machines in one statement", async () => {
  const begin = plant.time.now;
  const machines = ["m1", "m2", "m4"];
  const numbers = await Promise.all(
    machines.flatMap((machine) =>
      [1, 2, 3].map(() => created([{ machine, more: { completion: "MANUAL" } }])),
    ),
  );
  for (const number of numbers) await done("releaseOrder", { number });
  // What is accepted of a long list of arbitrary steps, kept beside it.
  const open = new Map<string, { machine: string; from: number }>();
  const expected = new Map<string, [string, number, number][]>(machines.map((machine) => [machine, []]));
  const random = generator(7);
  for (let step = 0; step < 150; step += 1) {
    plant.time.now += 1_000 + Math.floor(random() * 60_000);
    const index = Math.floor(random() * numbers.length);
    const number = numbers[index] ?? "";
    const machine = machines[Math.floor(index / 3)] ?? "";
    const action = ["startOperation", "holdOperation", "resumeOperation", "holdOrder", "resumeOrder"][
      Math.floor(random() * 5)
    ] as string;
    const input = action.endsWith("Order") ? { number } : { order: number, sequence: 10 };
    const when = plant.time.now - Math.floor(random() * 900);
    const { userErrors } = await act(action, { ...input, at: new Date(when).toISOString() });
    if (userErrors.length > 0) continue;
    const running = open.get(number);
    if (running) {
      open.delete(number);
      expected.get(machine)?.push([number, running.from, when]);
    }
    const status = (await plant.ask(`{ order(number: "${number}") { operations { status } } }`)) as {
      order: { operations: { status: string }[] };
    };
    if (status.order.operations[0]?.status === "RUNNING") open.set(number, { machine, from: when });
  }
  for (const [number, { machine, from }] of open) expected.get(machine)?.push([number, from, plant.time.now]);
  for (const range of [
    { from: begin, to: plant.time.now },
    { from: begin + (plant.time.now - begin) / 3, to: begin + ((plant.time.now - begin) * 2) / 3 },
  ]) {
    const ids = machines.map((machine) => plant.plant.machine(`acme/line/${machine}`)?.id ?? "");
    const before = plant.statements();
    const runs = await plant.runs.runs(ids, range);
    expect(plant.statements() - before).toBe(1);
    for (const [index, machine] of machines.entries()) {
      const clipped = (expected.get(machine) ?? [])
        .map(([number, from, to]) => [number, Math.max(from, range.from), Math.min(to, range.to)] as const)
        .filter(([, from, to]) => from < to)
        .sort((a, b) => a[1] - b[1]);
      const found = runs.get(ids[index] ?? "") ?? [];
      expect(clipped.length).toBeGreaterThan(1);
      expect(found.map(({ from, to, value }) => [value.orderNumber, from, to])).toEqual(clipped);
      for (const [place, span] of found.entries())
        expect(span.from).toBeGreaterThanOrEqual(found[place - 1]?.to ?? 0);
    }
  }
  for (const number of numbers) await act("abortOrder", { number });
  for (const number of numbers) await act("cancelOrder", { number });
});

test("a machine tells what ran on it", async () => {
  const number = await created([{ machine: "m1" }]);
  await done("releaseOrder", { number });
  plant.time.now += HOUR;
  await done("startOperation", { order: number, sequence: 10 });
  plant.time.now += HOUR;
  const list = (from: string, to: string) =>
    plant.ask(
      `{ machine(path: "acme/line/m1") { operationRuns(from: "${from}", to: "${to}") { from to operation { sequence order { number } } } } }`,
    );
  expect(await list(at(-1.5), at(-0.5))).toEqual({
    machine: {
      operationRuns: [{ from: at(-1), to: at(-0.5), operation: { sequence: 10, order: { number } } }],
    },
  });
  await expect(list(at(0), at(0))).rejects.toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
  await done("abortOrder", { number });
});

/** Numbers from 0 to 1 that are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
