import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";

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

// The machine is free for the next test, however this one has ended.
afterEach(async () => {
  await plant.ask(`mutation { abortOrder(input: { number: "R-${orders}" }) { userErrors { code } } }`);
});

const at = (hours: number) => new Date(plant.time.now + hours * HOUR).toISOString();

/** A new order whose one operation runs since ten hours ago. */
async function running(more: object = {}, quantity = 1_000): Promise<string> {
  orders += 1;
  const number = `R-${orders}`;
  const operations = [
    { sequence: 10, name: "Fill", machine: "acme/line/m1", countingSource: "OPERATOR", ...more },
  ];
  await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { number } } }",
    { input: { orders: [{ number, product: "Lemonade", quantity, operations }] } },
  );
  for (const action of ["release", "start"]) await act(action, number, at(-10));
  return number;
}

async function act(action: string, number: string, when = at(0)): Promise<void> {
  const input =
    action === "start" || action === "complete" ? `order: "${number}", sequence: 10` : `number: "${number}"`;
  const name = `${action}${input.startsWith("order") ? "Operation" : "Order"}`;
  const answer = await plant.ask(
    `mutation { ${name}(input: { ${input}, at: "${when}" }) { userErrors { message } } }`,
  );
  expect(answer[name]).toEqual({ userErrors: [] });
}

async function report(number: string, input: object) {
  const answer = await plant.ask(
    "mutation ($input: ReportProductionInput!) { reportProduction(input: $input) { userErrors { code field message } } }",
    { input: { order: number, sequence: 10, ...input } },
  );
  return (answer.reportProduction as { userErrors: { code: string; field: string[]; message: string }[] })
    .userErrors;
}

interface Shown {
  id: string;
  kind: string;
  quantity: number;
  corrects: { id: string } | null;
}

async function correct(input: object) {
  const answer = await plant.ask(
    `mutation ($input: CorrectProductionInput!) { correctProduction(input: $input) {
       record { id kind quantity at recordedAt recordedBy system comment countingSource corrects { id } } userErrors { code field } } }`,
    { input: { reason: "miscounted", ...input } },
  );
  return answer.correctProduction as {
    record: Shown | null;
    userErrors: { code: string; field: string[] }[];
  };
}

const refusal = async (input: object) =>
  (await correct(input)).userErrors.map(({ code, field }) => [code, ...field]);

async function shown(number: string) {
  const answer = (await plant.ask(
    `{ order(number: "${number}") { status version goodQuantity scrapQuantity scrapReasons { reason quantity }
       operations { status goodQuantity scrapQuantity scrapReasons { reason quantity }
         productionRecords(first: 100) { totalCount edges { node {
           id kind quantity scrapReason countingSource recordedBy system at recordedAt comment corrects { id }
           machine { path } operation { sequence } } } } } } }`,
  )) as {
    order: Record<string, unknown> & {
      version: number;
      scrapReasons: object[];
      operations: {
        scrapReasons: object[];
        productionRecords: { totalCount: number; edges: { node: Shown }[] };
      }[];
    };
  };
  const records = answer.order.operations[0]?.productionRecords.edges.map((edge) => edge.node) ?? [];
  return { ...answer.order, operation: answer.order.operations[0], records };
}

test("a record tells who made it, when, where, and from which system", async () => {
  const number = await running();
  await report(number, { good: 10, scrap: 2, scrapReason: "dents", at: at(-3), system: "terminal 4" });
  const common = {
    ...{
      countingSource: "OPERATOR",
      recordedBy: "tester",
      system: "terminal 4",
      at: at(-3),
      recordedAt: at(0),
    },
    ...{ comment: null, corrects: null, machine: { path: "acme/line/m1" }, operation: { sequence: 10 } },
  };
  const { records, operation } = await shown(number);
  expect(operation?.productionRecords.totalCount).toBe(2);
  expect(records.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
    { ...common, id: expect.any(String), kind: "GOOD", quantity: 10, scrapReason: null },
    { ...common, id: expect.any(String), kind: "SCRAP", quantity: 2, scrapReason: "dents" },
  ]);
  expect(await plant.ask(`{ node(id: "${records[0]?.id}") { __typename id } }`)).toEqual({
    node: { __typename: "ProductionRecord", id: records[0]?.id },
  });
});

test("a correction is a record of the difference that names the one it corrects, and counts at its time", async () => {
  const number = await running();
  await report(number, { good: 100, at: at(-3) });
  const before = await shown(number);
  const id = before.records[0]?.id;
  const first = await correct({ record: id, quantity: 90.5, system: "erp", idempotencyKey: "c1" });
  expect(await correct({ record: id, quantity: 90.5, system: "erp", idempotencyKey: "c1" })).toEqual(first);
  expect(first).toEqual({
    record: {
      ...{
        id: expect.any(String),
        kind: "GOOD",
        quantity: -9.5,
        at: at(-3),
        recordedAt: at(0),
        comment: "miscounted",
      },
      ...{ recordedBy: "tester", system: "erp", countingSource: "OPERATOR", corrects: { id } },
    },
    userErrors: [],
  });
  // A second one starts from what the first one made of it.
  expect((await correct({ record: id, quantity: 95 })).record?.quantity).toBe(4.5);
  const after = await shown(number);
  expect(after).toMatchObject({ goodQuantity: 95, version: before.version + 2 });
  expect(after.records.map((record) => record.quantity).toSorted((a, b) => a - b)).toEqual([-9.5, 4.5, 100]);
  expect(await refusal({ record: id, quantity: 95 })).toEqual([["INVALID_INPUT", "quantity"]]);
  expect(await refusal({ record: first.record?.id, quantity: 1 })).toEqual([["INVALID_INPUT", "record"]]);
  expect(await refusal({ record: id, quantity: -1, reason: "" })).toEqual([
    ["INVALID_INPUT", "quantity"],
    ["INVALID_INPUT", "reason"],
  ]);
  for (const record of ["nothing", "ProductionRecord:00000000-0000-7000-8000-000000000000"]) {
    expect(await refusal({ record, quantity: 1 })).toEqual([["NOT_FOUND", "record"]]);
  }
});

test("what is completed stays so when it is corrected below its quantity; what is closed is not corrected", async () => {
  const number = await running({}, 100);
  await report(number, { good: 100 });
  const { records } = await shown(number);
  expect((await correct({ record: records[0]?.id, quantity: 60 })).userErrors).toEqual([]);
  expect(await shown(number)).toMatchObject({ status: "COMPLETED", goodQuantity: 60 });
  expect((await correct({ record: records[0]?.id, quantity: 120 })).userErrors).toEqual([]);
  expect(await shown(number)).toMatchObject({ status: "COMPLETED", goodQuantity: 120 });
  await act("close", number);
  expect(await refusal({ record: records[0]?.id, quantity: 1 })).toEqual([["PRECONDITION_FAILED", "record"]]);
});

test("a correction upwards can complete the operation", async () => {
  const number = await running({}, 100);
  await report(number, { good: 50 });
  const { records } = await shown(number);
  await correct({ record: records[0]?.id, quantity: 100 });
  expect(await shown(number)).toMatchObject({ status: "COMPLETED", operations: [{ status: "COMPLETED" }] });
});

test("scrap is summed by reason, corrections included, of operations and orders", async () => {
  const number = await running();
  await report(number, { scrap: 3, scrapReason: "dents" });
  await report(number, { scrap: 0.1, scrapReason: "cap" });
  await report(number, { scrap: 0.2, scrapReason: "cap" });
  await report(number, { scrap: 4 });
  await report(number, { scrap: 5, scrapReason: "" });
  const dents = (await shown(number)).records.find((record) => record.quantity === 3);
  const sums = [
    { reason: null, quantity: 9 },
    { reason: "dents", quantity: 3 },
    { reason: "cap", quantity: 0.3 },
  ];
  expect(await shown(number)).toMatchObject({ scrapReasons: sums, operation: { scrapReasons: sums } });
  await correct({ record: dents?.id, quantity: 0 });
  expect((await shown(number)).scrapReasons).toEqual([sums[0], sums[2]]);
});

test("a machine's count is corrected by a person's record; only reports are refused there", async () => {
  const number = await running({ countingSource: "MACHINE" });
  const [refused] = await report(number, { good: 1 });
  expect(refused).toMatchObject({ code: "PRECONDITION_FAILED", field: ["sequence"] });
  expect(refused?.message).toContain("correctProduction");
  await plant.db.query(
    `INSERT INTO production_record (id, operation_id, machine_id, kind, quantity, counting_source, recorded_by, at, recorded_at)
     SELECT gen_random_uuid(), o.id, o.machine_id, 'GOOD', 10, 'MACHINE', 'acme/line/m1', now(), now()
     FROM operation o JOIN production_order p ON p.id = o.order_id WHERE p.number = $1`,
    [number],
  );
  const { records } = await shown(number);
  const { record } = await correct({ record: records[0]?.id, quantity: 8 });
  expect(record).toMatchObject({ countingSource: "OPERATOR", recordedBy: "tester", quantity: -2 });
});

test("a quantity that cannot be summed exactly is refused", async () => {
  const number = await running();
  expect(await report(number, { good: 1e308, scrap: 2e15 })).toMatchObject([
    { code: "INVALID_INPUT", field: ["good"] },
    { code: "INVALID_INPUT", field: ["scrap"] },
  ]);
  await report(number, { good: 1 });
  const { records } = await shown(number);
  expect(await refusal({ record: records[0]?.id, quantity: 1e308 })).toEqual([["INVALID_INPUT", "quantity"]]);
});

test("a report is refused before the operation was started, and from no system at all", async () => {
  const number = await running();
  expect(await report(number, { good: 1, at: at(-11) })).toMatchObject([
    { code: "INVALID_INPUT", field: ["at"] },
  ]);
  expect(await report(number, { good: 1, system: "" })).toMatchObject([
    { code: "INVALID_INPUT", field: ["system"] },
  ]);
});

test("people who correct one record at the same time correct it one after the other", async () => {
  const number = await running();
  await report(number, { good: 100 });
  const { records } = await shown(number);
  await Promise.all([10, 20, 30, 40, 50].map((quantity) => correct({ record: records[0]?.id, quantity })));
  const after = await shown(number);
  const total = after.records.reduce((sum, record) => sum + record.quantity, 0);
  expect([10, 20, 30, 40, 50]).toContain(total);
  expect(after).toMatchObject({ goodQuantity: total });
});

test("what final inspection finds is reported until the order is closed, as of the operation's end", async () => {
  const number = await running({ completion: "MANUAL" });
  await report(number, { good: 10, at: at(-3) });
  await act("complete", number, at(-2));
  expect(await report(number, { scrap: 3, scrapReason: "leaks" })).toEqual([]);
  expect(await report(number, { scrap: 1, at: at(-4) })).toEqual([]);
  expect(await report(number, { scrap: 1, at: at(-1) })).toMatchObject([
    { code: "INVALID_INPUT", field: ["at"] },
  ]);
  const { records, operation } = await shown(number);
  expect(operation).toMatchObject({ status: "COMPLETED", goodQuantity: 10, scrapQuantity: 4 });
  expect(records.find((record) => record.quantity === 3)).toMatchObject({ at: at(-2), recordedAt: at(0) });
  await plant.ask(`mutation { closeOrder(input: { number: "${number}" }) { userErrors { code } } }`);
  expect(await report(number, { scrap: 1 })).toMatchObject([
    { code: "INVALID_TRANSITION", field: ["order"] },
  ]);
});

test("of a machine's operation people report what it missed once that is completed, and correct what it counted", async () => {
  const number = await running({ countingSource: "MACHINE", completion: "MANUAL" });
  expect(await report(number, { scrap: 3 })).toMatchObject([
    { code: "PRECONDITION_FAILED", field: ["sequence"], message: expect.stringContaining("COMPLETED") },
  ]);
  await act("complete", number, at(-1));
  expect(await report(number, { scrap: 3, scrapReason: "leaks" })).toEqual([]);
  // Its counter was dead.
  expect(await report(number, { good: 40 })).toEqual([]);
  expect(await report(number, { good: 40 })).toMatchObject([
    { code: "PRECONDITION_FAILED", field: ["good"], message: expect.stringContaining("correctProduction") },
  ]);
  expect((await shown(number)).operation).toMatchObject({ goodQuantity: 40, scrapQuantity: 3 });
});

test("a barcode is no quantity, and a scrap reason needs scrap", async () => {
  const number = await running();
  const refusals = async (input: object) =>
    (await report(number, input)).map(({ code, field, message }) => [code, ...field, message]);
  expect(await refusals({ good: 4_006_381_333_931 })).toEqual([
    ["INVALID_INPUT", "good", "good must be at most 100,000,000"],
  ]);
  expect(await refusals({ scrap: 1e18 })).toEqual([
    ["INVALID_INPUT", "scrap", "scrap must be at most 100,000,000"],
  ]);
  expect(await refusals({ good: 1, scrapReason: "dents" })).toEqual([
    ["INVALID_INPUT", "scrapReason", "scrapReason is for scrap, and scrap is 0"],
  ]);
  expect((await shown(number)).records).toEqual([]);
});

test("a correction counts while its operation ran, though the machine counted when that was not known", async () => {
  const number = await running({ completion: "MANUAL" });
  await report(number, { good: 10, at: at(-1) });
  const [record] = (await shown(number)).records;
  // As the machine's record of an operation whose end is told afterwards.
  await act("complete", number, at(-5));
  expect((await correct({ record: record?.id, quantity: 4 })).record).toMatchObject({
    quantity: -6,
    at: at(-5),
  });
});
