import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { MetricRole } from "../../src/plant/machine-type.js";
import type { CounterFact } from "../../src/twin/facts.js";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";
import { Twin } from "../twin/machine-twin.js";
import { applySamples } from "../twin/twin.js";

let plant: OrderPlant;
let orders = 0;
/** By machine and metric. */
const series = new Map<string, number>();

beforeAll(async () => {
  plant = await startOrderPlant();
  for (const { id, machineType } of plant.plant.machines()) {
    for (const { name } of machineType?.metrics ?? []) {
      const rows = await plant.db.query<{ id: number }>(
        "INSERT INTO series (machine_id, metric, data_type) VALUES ($1, $2, 'Int64') RETURNING id",
        [id, name],
      );
      for (const row of rows) series.set(`${id}/${name}`, row.id);
    }
  }
});

afterAll(async () => {
  await plant?.stop();
});

beforeEach(() => {
  plant.time.now += 60_000;
});

interface Counted {
  status: string;
  version: number;
  goodQuantity: number;
  scrapQuantity: number;
  operations: { status: string; goodQuantity: number; scrapQuantity: number }[];
}

/** A new order whose first operation runs. */
async function running(machine: string, more: object = {}, quantity = 1_000): Promise<string> {
  orders += 1;
  const number = `P-${orders}`;
  const step = { machine: `acme/line/${machine}`, idealCycleTimeMs: 100 };
  const operations = [
    { sequence: 10, name: "Filling", ...step, ...more },
    { sequence: 20, name: "Packing", ...step },
  ];
  await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { number } } }",
    {
      input: { orders: [{ number, product: "Lemonade", quantity, operations }] },
    },
  );
  await plant.ask(`mutation { releaseOrder(input: { number: "${number}" }) { userErrors { code } } }`);
  const started = await plant.ask(
    `mutation { startOperation(input: { order: "${number}", sequence: 10 }) { userErrors { code message } } }`,
  );
  expect(started).toEqual({ startOperation: { userErrors: [] } });
  return number;
}

async function counted(number: string): Promise<Counted> {
  const answer = await plant.ask(
    `{ order(number: "${number}") { status version goodQuantity scrapQuantity operations { status goodQuantity scrapQuantity } } }`,
  );
  return answer.order as Counted;
}

async function first(number: string): Promise<[number, number] | null> {
  const operation = (await counted(number)).operations[0];
  return operation ? [operation.goodQuantity, operation.scrapQuantity] : null;
}

async function end(number: string): Promise<void> {
  await plant.ask(`mutation { abortOrder(input: { number: "${number}" }) { userErrors { code } } }`);
}

/** The facts of one step of a counter, a second long. */
function moved(machine: string, role: MetricRole, from: number, to: number): CounterFact[] {
  const equipment = plant.plant.machine(`acme/line/${machine}`);
  const metric = equipment?.machineType?.metrics.find((one) => one.role === role)?.name;
  if (!equipment || metric === undefined) throw new Error(`${machine} has no ${role}`);
  const twin = new Twin(equipment);
  const limits = { maxAheadMs: 300_000, maxMetrics: 100, discovery: true };
  const facts = [from, to].flatMap((value, index) => {
    const receivedAt = plant.time.now + 1_000 * (index - 1);
    const sample = { metric, value, time: receivedAt, quality: "GOOD" } as const;
    const applied = applySamples(twin, [sample], { receivedAt, retained: false }, limits);
    const { countsByTotal: byTotal } = twin;
    return applied.counters.map((move) => ({ machine: equipment, move, receivedAt, byTotal }));
  });
  const counter = twin.series(metric);
  if (counter) counter.id = series.get(`${equipment.id}/${metric}`) ?? null;
  return facts;
}

/** Commits a batch as ingest does. */
async function commit(...counters: CounterFact[][]): Promise<void> {
  const afterCommit = await plant.db.withConnection(async (sql) => {
    await sql.query("BEGIN");
    const done = await plant.activity.write(sql, { counters: counters.flat(), states: [] });
    await sql.query("COMMIT");
    return done;
  });
  afterCommit();
}

async function records(number: string): Promise<{ kind: string; quantity: string; recorded_by: string }[]> {
  return plant.db.query(
    `SELECT r.kind, r.quantity, r.recorded_by FROM production_record r JOIN operation o ON o.id = r.operation_id
     JOIN production_order p ON p.id = o.order_id WHERE p.number = $1 ORDER BY r.kind, r.quantity`,
    [number],
  );
}

test("a running operation counts what its machine's counters grow by", async () => {
  const number = await running("m1");
  const version = (await counted(number)).version;
  await commit(
    moved("m1", "GOOD_COUNT", 500, 520),
    moved("m1", "GOOD_COUNT", 520, 525),
    moved("m1", "REJECT_COUNT", 7, 9),
    moved("m1", "TOTAL_COUNT", 507, 534),
    moved("m2", "GOOD_COUNT", 1, 2),
  );
  expect(await first(number)).toEqual([25, 2]);
  expect(await records(number)).toEqual([
    { kind: "GOOD", quantity: "25", recorded_by: "acme/line/m1" },
    { kind: "SCRAP", quantity: "2", recorded_by: "acme/line/m1" },
  ]);
  // A client's expected version must not run away while the machine counts.
  expect((await counted(number)).version).toBe(version);
  await end(number);
});

test("resets and roll-overs count on; jumps and falls do not count", async () => {
  const number = await running("m1");
  await commit(moved("m1", "GOOD_COUNT", 500, 510));
  await commit(moved("m1", "GOOD_COUNT", 510, 3));
  expect(await first(number)).toEqual([13, 0]);
  await commit(moved("m1", "GOOD_COUNT", 65_534, 1));
  expect(await first(number)).toEqual([16, 0]);
  await commit(moved("m1", "GOOD_COUNT", 1, 50_000), moved("m1", "GOOD_COUNT", 50_000, 40_000));
  expect(await first(number)).toEqual([16, 0]);
  await end(number);
});

test("a redelivered message counts nothing, and a batch that was rolled back counts once", async () => {
  const number = await running("m1");
  const batch = moved("m1", "GOOD_COUNT", 10, 15);
  await plant.db
    .withConnection(async (sql) => {
      await sql.query("BEGIN");
      await plant.activity.write(sql, { counters: batch, states: [] });
      throw new Error("the connection is lost");
    })
    .catch(() => undefined);
  await commit(batch);
  await commit(moved("m1", "GOOD_COUNT", 15, 15));
  expect(await first(number)).toEqual([5, 0]);
  await end(number);
});

test("what came before the operation started is not its own", async () => {
  const before = moved("m1", "GOOD_COUNT", 100, 107);
  plant.time.now += 1_000;
  const number = await running("m1");
  await commit(before);
  expect(await first(number)).toEqual([0, 0]);
  await end(number);
});

test("without a good counter, good is total less rejected", async () => {
  const number = await running("total");
  await commit(moved("total", "TOTAL_COUNT", 100, 110), moved("total", "REJECT_COUNT", 0, 3));
  expect(await first(number)).toEqual([7, 3]);
  await end(number);
});

test("the operation completes when the quantity is reached, the next is READY, and subscribers hear of it", async () => {
  const number = await running("m1", {}, 10);
  const changes = await plant.follow(
    'subscription { orderChanged(machine: "acme/line/m1") { number goodQuantity operations { status goodQuantity } } }',
  );
  await commit(moved("m1", "GOOD_COUNT", 0, 9));
  expect((await counted(number)).operations[0]?.status).toBe("RUNNING");
  await changes.next();
  await commit(moved("m1", "GOOD_COUNT", 9, 11));
  expect(await changes.next()).toEqual({
    orderChanged: {
      number,
      goodQuantity: 0,
      operations: [
        { status: "COMPLETED", goodQuantity: 11 },
        { status: "READY", goodQuantity: 0 },
      ],
    },
  });
  await changes.end();
  await plant.ask(
    `mutation { startOperation(input: { order: "${number}", sequence: 20 }) { userErrors { code } } }`,
  );
  plant.time.now += 1_000;
  await commit(moved("m1", "GOOD_COUNT", 11, 21), moved("m1", "REJECT_COUNT", 0, 1));
  expect(await counted(number)).toMatchObject({ status: "COMPLETED", goodQuantity: 10, scrapQuantity: 1 });
});

test("with completion MANUAL counting goes on beyond the quantity", async () => {
  const number = await running("m1", { completion: "MANUAL" }, 10);
  await commit(moved("m1", "GOOD_COUNT", 0, 12));
  expect(await counted(number)).toMatchObject({
    status: "RUNNING",
    operations: [{ status: "RUNNING", goodQuantity: 12 }, {}],
  });
  await end(number);
});

test("a lower quantity that is already made completes the operation", async () => {
  const number = await running("m1", {}, 100);
  await commit(moved("m1", "GOOD_COUNT", 0, 12));
  const { version } = await counted(number);
  const step = { machine: "acme/line/m1", idealCycleTimeMs: 100 };
  await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    {
      input: {
        orders: [
          {
            number,
            product: "Lemonade",
            quantity: 12,
            operations: [
              { sequence: 10, name: "Filling", ...step },
              { sequence: 20, name: "Packing", ...step },
            ],
          },
        ],
      },
    },
  );
  expect(await counted(number)).toMatchObject({
    version: version + 1,
    operations: [{ status: "COMPLETED" }, { status: "READY" }],
  });
  await end(number);
});

async function report(input: object) {
  const answer = await plant.ask(
    `mutation ($input: ReportProductionInput!) { reportProduction(input: $input) {
       operation { status goodQuantity scrapQuantity order { version } } userErrors { code field } } }`,
    { input },
  );
  return answer.reportProduction as { operation: unknown; userErrors: { code: string; field: string[] }[] };
}

test("what people report counts exactly, grows the version, and completes by quantity", async () => {
  const number = await running("m1", { countingSource: "OPERATOR" }, 1);
  const { version } = await counted(number);
  const operation = { order: number, sequence: 10 };
  expect(await report({ ...operation, good: 0.1, idempotencyKey: "r1" })).toMatchObject({
    operation: { status: "RUNNING", goodQuantity: 0.1, order: { version: version + 1 } },
  });
  await report({ ...operation, good: 0.1, idempotencyKey: "r1" });
  await report({ ...operation, good: 0.2, scrap: 3, scrapReason: "dents" });
  expect(await first(number)).toEqual([0.3, 3]);
  await plant.ask(
    `mutation { holdOperation(input: { order: "${number}", sequence: 10 }) { userErrors { code } } }`,
  );
  expect(await report({ ...operation, good: 0.7 })).toMatchObject({
    operation: { status: "COMPLETED", goodQuantity: 1 },
  });
  expect((await records(number)).map((record) => [record.kind, record.quantity])).toEqual([
    ["GOOD", "0.1"],
    ["GOOD", "0.2"],
    ["GOOD", "0.7"],
    ["SCRAP", "3"],
  ]);
  await end(number);
});

test("a machine's counters do not count where people do, nor people where machines do", async () => {
  const byPeople = await running("m1", { countingSource: "OPERATOR" });
  await commit(moved("m1", "GOOD_COUNT", 0, 12));
  expect(await first(byPeople)).toEqual([0, 0]);
  const byMachine = await running("m2");
  expect(await report({ order: byMachine, sequence: 10, good: 1 })).toEqual({
    operation: null,
    userErrors: [{ code: "PRECONDITION_FAILED", field: ["sequence"] }],
  });
  const errors = async (input: object) =>
    (await report({ order: byPeople, sequence: 10, ...input })).userErrors.map((error) => [
      error.code,
      ...error.field,
    ]);
  expect(await errors({})).toEqual([["INVALID_INPUT", "good"]]);
  expect(await errors({ good: -1, scrap: -1 })).toEqual([
    ["INVALID_INPUT", "good"],
    ["INVALID_INPUT", "scrap"],
  ]);
  expect(await errors({ good: 1, at: "2030-01-01T00:00:00Z" })).toEqual([["INVALID_INPUT", "at"]]);
  expect(await errors({ good: 1, sequence: 11 })).toEqual([["NOT_FOUND", "sequence"]]);
  expect(await errors({ good: 1, order: "nowhere" })).toEqual([["NOT_FOUND", "order"]]);
  await end(byPeople);
  await end(byMachine);
});

test("without counters a batch costs no statement", async () => {
  await plant.db.withConnection(async (sql) => {
    const query = vi.spyOn(sql, "query");
    await plant.activity.write(sql, { counters: [], states: [] });
    expect(query).not.toHaveBeenCalled();
  });
});
