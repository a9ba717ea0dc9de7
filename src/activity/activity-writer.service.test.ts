import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ActivityFloor } from "../../test/support/activity-floor.js";
import { type OracleRun, oracleSpans, oracleSteps, oracleSums } from "../../test/support/activity-oracle.js";
import { type OrderPlant, startOrderPlant } from "../../test/support/order-plant.js";
import { newId } from "../kernel/ids.js";
import type { Interval } from "../kernel/intervals.js";
import type { MetricRole } from "../plant/machine-type.js";
import type { Sample, Scalar } from "../twin/sample.js";
import type { CountSum } from "./activity.js";

const S = 1_000;
const MINUTE = 60 * S;
const HOUR = 60 * MINUTE;

const ROLES: Record<string, MetricRole> = {
  state: "STATE",
  mode: "MODE",
  fault: "FAULT",
  good: "GOOD_COUNT",
  reject: "REJECT_COUNT",
  total: "TOTAL_COUNT",
};
const HINTS = {
  hintOf: (metric: string) => ({ unit: null, role: ROLES[metric] ?? null }),
};

let plant: OrderPlant;
let floor: ActivityFloor;
/** When the machines' time begins. */
let start = 0;

beforeAll(async () => {
  plant = await startOrderPlant();
  floor = await ActivityFloor.open(plant, HINTS);
  start = plant.time.now;
});

afterAll(async () => {
  await floor?.stop();
  await plant?.stop();
});

interface Machine {
  readonly path: string;
  readonly id: string;
}

async function newMachine(): Promise<Machine> {
  const { machine, changed } = plant.plants.plant.discover(`acme/line/${newId()}`);
  await plant.db.withConnection((sql) => plant.plants.save(sql, changed));
  return { path: machine.path, id: machine.id };
}

function sample(metric: string, value: Scalar, at: number, more: Partial<Sample> = {}): Sample {
  return { metric, value, time: start + at, quality: "GOOD", ...more };
}

/** An order of one operation on the machine, released. */
async function order(machine: Machine, more: object = {}, quantity = 1_000_000): Promise<string> {
  const number = newId();
  await plant.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    {
      input: {
        orders: [
          {
            number,
            product: "Lemonade",
            quantity,
            operations: [
              { sequence: 10, name: "Filling", machine: machine.path, completion: "MANUAL", ...more },
            ],
          },
        ],
      },
    },
  );
  await plant.ask(`mutation { releaseOrder(input: { number: "${number}" }) { userErrors { code } } }`);
  return number;
}

async function step(action: string, number: string, at: number): Promise<void> {
  const time = new Date(start + at).toISOString();
  const answer = await plant.ask(
    `mutation { ${action}Operation(input: { order: "${number}", sequence: 10, at: "${time}" }) { userErrors { message } } }`,
  );
  expect(answer).toEqual({ [`${action}Operation`]: { userErrors: [] } });
}

async function operationId(number: string): Promise<string> {
  const rows = await plant.db.query<{ id: string }>(
    "SELECT o.id FROM operation o JOIN production_order p ON p.id = o.order_id WHERE p.number = $1",
    [number],
  );
  return rows[0]?.id ?? "";
}

/** What the operation has made, as it says itself and as its records add up to. */
async function made(number: string): Promise<[string, string][]> {
  const rows = await plant.db.query<{ good: string; scrap: string; recorded: string; spoilt: string }>(
    `SELECT trim_scale(o.good_quantity)::text AS good, trim_scale(o.scrap_quantity)::text AS scrap,
            (SELECT trim_scale(coalesce(sum(quantity), 0))::text FROM production_record
             WHERE operation_id = o.id AND kind = 'GOOD') AS recorded,
            (SELECT trim_scale(coalesce(sum(quantity), 0))::text FROM production_record
             WHERE operation_id = o.id AND kind = 'SCRAP') AS spoilt
     FROM operation o JOIN production_order p ON p.id = o.order_id WHERE p.number = $1`,
    [number],
  );
  return rows.flatMap(({ good, scrap, recorded, spoilt }): [string, string][] => [
    [good, scrap],
    [recorded, spoilt],
  ]);
}

function sums(counts: readonly CountSum[] | undefined): string[] {
  return (counts ?? []).map((one) => `${one.kind} ${one.operationId}: ${one.quantity}`).sort();
}

const total = async (machine: Machine, range: Interval) =>
  sums((await floor.activity.counts([machine.id], range)).get(machine.id));

// How something of a machine's day comes in.
const metrics = ["state", "mode", "fault", "good", "good", "good", "reject", "total"] as const;
const valuesOf: Record<string, fc.Arbitrary<Scalar>> = {
  state: fc.constantFrom<Scalar[]>(2, 4, 6, 6, 11, 9),
  mode: fc.constantFrom<Scalar[]>(1, 1, 2, 4),
  fault: fc.constantFrom<Scalar[]>("", "", "E1", "E2", null),
};
const counter = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 400 }) },
  { weight: 1, arbitrary: fc.integer({ min: 65_400, max: 65_535 }) },
  // Halves add up exactly, also as the binary fractions of a plain computation.
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 800 }).map((halves) => halves / 2) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const sent = fc.constantFrom(...metrics).chain((metric) =>
  fc.record({
    what: fc.constant("sample" as const),
    metric: fc.constant(metric),
    value: valuesOf[metric] ?? counter,
    at: fc.integer({ min: 0, max: 5 * HOUR }),
    // Mostly in the order of time, each a little after the one before.
    ahead: fc.option(fc.integer({ min: 0, max: 3 * MINUTE }), { freq: 4, nil: undefined }),
    flag: fc.constantFrom("", "", "", "", "", "", "historical", "transient"),
  }),
);
const happening = fc.oneof(
  { weight: 20, arbitrary: sent },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant("again" as const), which: fc.nat() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constantFrom("commit" as const, "fail" as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constantFrom("restart" as const, "seal" as const) }),
  },
);

test("whatever comes late, twice, never or after a restart, the facts are what the samples say", async () => {
  const property = async (
    happenings: readonly (typeof happening extends fc.Arbitrary<infer One> ? One : never)[],
    withGood: boolean,
    ranges: readonly [number, number][],
  ) => {
    plant.time.now = start;
    const machine = await newMachine();
    const [first, second] = [await order(machine), await order(machine, { countingSource: "OPERATOR" })];
    plant.time.now = start + 6 * HOUR;
    await step("start", first, HOUR);
    await step("hold", first, 2 * HOUR);
    await step("resume", first, 2.5 * HOUR);
    await step("complete", first, 3 * HOUR);
    await step("start", second, 3 * HOUR);
    await step("complete", second, 4 * HOUR);
    const run = { operationId: await operationId(first), idealCycleTimeMs: null, byPeople: false };
    const runs: OracleRun[] = [
      { ...run, from: start + HOUR, to: start + 2 * HOUR },
      { ...run, from: start + 2.5 * HOUR, to: start + 3 * HOUR },
      { ...run, operationId: "", byPeople: true, from: start + 3 * HOUR, to: start + 4 * HOUR },
    ];
    const taken = floor.taken.length;
    const messages: Sample[] = [];
    const used = new Set<string>();
    let clock = 0;
    // Which counters a machine has says what they count.
    floor.send(machine.path, [sample(withGood ? "good" : "total", null, 0)]);
    for (const one of happenings) {
      if (one.what === "sample") {
        const name = one.metric === "good" && !withGood ? "total" : one.metric;
        clock = one.ahead === undefined ? clock : Math.min(clock + one.ahead, 5 * HOUR);
        const at = one.ahead === undefined ? one.at : clock;
        // Of two values of one time that both come late nobody knows later which was first.
        const key = `${name} ${at}`;
        if (used.has(key)) continue;
        used.add(key);
        const flag = one.flag === "" ? {} : { [one.flag]: true };
        const message = sample(name, one.value, at, flag);
        messages.push(message);
        floor.send(machine.path, [message]);
      } else if (one.what === "again") {
        const message = messages[one.which % Math.max(1, messages.length)];
        if (message) floor.send(machine.path, [message]);
      } else if (one.what === "commit") await floor.settle();
      else if (one.what === "fail") floor.failures = 1;
      else if (one.what === "seal") await floor.seal();
      else await floor.restart();
    }
    await floor.settle();
    const ours = floor.taken.slice(taken);
    const counters = (["good", "reject", "total"] as const)
      .filter((name) => ours.some(({ metric }) => metric === name))
      .map((name) => ({ metric: name, role: ROLES[name] as "GOOD_COUNT" }));
    const steps = oracleSteps(ours, counters, runs);
    const all = { from: start - HOUR, to: start + 7 * HOUR };
    for (const range of [all, ...ranges.map(([from, to]) => ({ from: start + from, to: start + to }))]) {
      expect(await total(machine, range)).toEqual(oracleSums(steps, range));
      const [states, modes, faults] = await Promise.all([
        floor.activity.states([machine.id], range),
        floor.activity.modes([machine.id], range),
        floor.activity.faults([machine.id], range),
      ]);
      expect(states.get(machine.id)).toEqual(oracleSpans(ours, "state", range));
      expect(modes.get(machine.id)).toEqual(oracleSpans(ours, "mode", range));
      expect(faults.get(machine.id)).toEqual(oracleSpans(ours, "fault", range));
    }
    const ofKind = (kind: string) =>
      steps
        .filter((one) => one.operationId === run.operationId && one.kind === kind)
        .reduce((sum, { amount }) => sum + amount, 0);
    const expected = [String(ofKind("GOOD")), String(ofKind("SCRAP"))];
    expect(await made(first)).toEqual([expected, expected]);
    expect(await made(second)).toEqual([
      ["0", "0"],
      ["0", "0"],
    ]);
  };
  const range = fc
    .tuple(fc.integer({ min: 0, max: 5 * HOUR }), fc.integer({ min: 1, max: 5 * HOUR }))
    .map(([from, length]): [number, number] => [from, from + length]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 1, maxLength: 80, size: "max" }),
      fc.boolean(),
      fc.array(range, { minLength: 2, maxLength: 4 }),
      property,
    ),
    { numRuns: 40 },
  );
}, 600_000);

/** Every ten seconds of an hour one piece more. */
function count(machine: Machine, from: number, to: number): void {
  for (let at = from; at <= to; at += 10 * S) floor.send(machine.path, [sample("good", at / (10 * S), at)]);
}

test("what an operation made belongs to it also where its steps are told later than they were", async () => {
  plant.time.now = start;
  const machine = await newMachine();
  const number = await order(machine);
  plant.time.now = start + 3 * HOUR;
  const id = await operationId(number);
  count(machine, 0, HOUR);
  await floor.settle();
  const hour = { from: start, to: start + 2 * HOUR };
  expect(await total(machine, hour)).toEqual(["GOOD null: 360"]);
  const told: Interval["from"][] = [];
  const stop = plant.live.listen("activityChanged", ({ machines, from }) => {
    if (machines.some(({ path }) => path === machine.path)) told.push(from - start);
  });

  await step("start", number, 10 * MINUTE + 5 * S);
  expect(await total(machine, hour)).toEqual([`GOOD ${id}: 300`, "GOOD null: 60"]);
  await step("hold", number, 20 * MINUTE + 5 * S);
  await step("resume", number, 30 * MINUTE + 5 * S);
  await step("complete", number, 40 * MINUTE + 5 * S);
  expect(await total(machine, hour)).toEqual([`GOOD ${id}: 120`, "GOOD null: 240"]);
  expect(await made(number)).toEqual([
    ["120", "0"],
    ["120", "0"],
  ]);
  expect(told).toEqual([10, 20, 30, 40].map((minutes) => minutes * MINUTE + 5 * S));
  stop();
});

test("what was counted of a time whose samples are dropped stays, whatever is told of that time later", async () => {
  plant.time.now = start;
  const machine = await newMachine();
  const number = await order(machine);
  plant.time.now = start + 3 * HOUR;
  count(machine, 0, HOUR);
  await floor.settle();
  // As the retention policy does.
  await plant.db.query("DELETE FROM frame WHERE machine_id = $1 AND time < to_timestamp($2::float8 / 1000)", [
    machine.id,
    start + 30 * MINUTE,
  ]);
  await step("start", number, 10 * MINUTE + 5 * S);
  const hour = { from: start, to: start + 2 * HOUR };
  const id = await operationId(number);
  expect(await total(machine, hour)).toEqual([`GOOD ${id}: 180`, "GOOD null: 180"]);
  expect(await made(number)).toEqual([
    ["180", "0"],
    ["180", "0"],
  ]);
  await plant.db.query("DELETE FROM frame WHERE machine_id = $1", [machine.id]);
  await step("complete", number, 20 * MINUTE);
  expect(await total(machine, hour)).toEqual([`GOOD ${id}: 180`, "GOOD null: 180"]);
});

test("pieces that come late are recorded as such for an operation that is completed", async () => {
  plant.time.now = start;
  const machine = await newMachine();
  const number = await order(machine, { completion: "QUANTITY" });
  plant.time.now = start + 3 * HOUR;
  await step("start", number, 0);
  floor.send(machine.path, [sample("good", 0, 0)]);
  floor.send(machine.path, [sample("good", 40, HOUR)]);
  await floor.settle();
  await step("complete", number, 2 * HOUR);
  // It turns out that the counter began anew in between.
  floor.send(machine.path, [sample("good", 30, 10 * MINUTE)]);
  floor.send(machine.path, [sample("good", 2, 20 * MINUTE)]);
  await floor.settle();
  const records = await plant.db.query<{ quantity: string; comment: string | null }>(
    `SELECT trim_scale(quantity)::text AS quantity, comment FROM production_record WHERE operation_id = $1 ORDER BY comment NULLS FIRST`,
    [await operationId(number)],
  );
  expect(records).toEqual([
    { quantity: "40", comment: null },
    { quantity: "30", comment: "late data" },
  ]);
  expect(await made(number)).toEqual([
    ["70", "0"],
    ["70", "0"],
  ]);
});

test("an operation that late data completes ran until then, so that all it has counted stays its own", async () => {
  plant.time.now = start;
  const machine = await newMachine();
  const number = await order(machine, { completion: "QUANTITY" }, 100);
  plant.time.now = start + 3 * HOUR;
  await step("start", number, 0);
  for (const [value, minute] of [
    [0, 0],
    [60, 10],
    [90, 20],
  ] as const)
    floor.send(machine.path, [sample("good", value, minute * MINUTE)]);
  await floor.settle();
  // The counter began anew in between: there are 120.
  floor.send(machine.path, [sample("good", 30, 4 * MINUTE)]);
  floor.send(machine.path, [sample("good", 2, 5 * MINUTE)]);
  await floor.settle();
  floor.send(machine.path, [sample("good", 70, 15 * MINUTE)]);
  await floor.settle();
  expect(await made(number)).toEqual([
    ["120", "0"],
    ["120", "0"],
  ]);
  const operation = await plant.ask(`{ order(number: "${number}") { operations { status endedAt } } }`);
  const endedAt = new Date(start + 3 * HOUR).toISOString();
  expect(operation).toEqual({ order: { operations: [{ status: "COMPLETED", endedAt }] } });
});

test("what an operation that is booked afterwards has made is not called late data", async () => {
  plant.time.now = start;
  const machine = await newMachine();
  const number = await order(machine);
  plant.time.now = start + HOUR;
  for (const [value, minute] of [
    [0, 0],
    [5, 10],
    [8, 20],
  ] as const)
    floor.send(machine.path, [sample("good", value, minute * MINUTE)]);
  await floor.settle();
  await step("start", number, 5 * MINUTE);
  await step("complete", number, 15 * MINUTE);
  const rows = await plant.db.query<{ quantity: string; comment: string | null }>(
    "SELECT trim_scale(quantity)::text AS quantity, comment FROM production_record WHERE operation_id = $1 ORDER BY quantity DESC",
    [await operationId(number)],
  );
  expect(rows).toEqual([
    { quantity: "8", comment: "booked afterwards" },
    { quantity: "-3", comment: "booked afterwards" },
  ]);
});

test("what a server counts first after its start is not late", async () => {
  plant.time.now = start;
  const machine = await newMachine();
  const number = await order(machine);
  plant.time.now = start + 3 * HOUR;
  await step("start", number, 0);
  floor.send(machine.path, [sample("good", 0, 0)]);
  floor.send(machine.path, [sample("good", 40, HOUR)]);
  await floor.restart();
  floor.send(machine.path, [sample("good", 45, 2 * HOUR)]);
  await floor.settle();
  const records = await plant.db.query<{ quantity: string; comment: string | null }>(
    "SELECT trim_scale(quantity)::text AS quantity, comment FROM production_record WHERE operation_id = $1 ORDER BY at",
    [await operationId(number)],
  );
  expect(records).toEqual([
    { quantity: "40", comment: null },
    { quantity: "5", comment: null },
  ]);
});

test("steps that nobody can believe are kept and count nothing, until a late reading explains them", async () => {
  const machine = await newMachine();
  const flags = () =>
    plant.db.query<{ from_value: string; to_value: string; reason: string }>(
      "SELECT from_value, to_value, reason FROM machine_count_flag WHERE machine_id = $1",
      [machine.id],
    );
  plant.time.now = start + HOUR;
  floor.send(machine.path, [sample("good", 5_000, 0)]);
  floor.send(machine.path, [sample("good", 4_000, 10 * S)]);
  await floor.settle();
  expect(await flags()).toEqual([{ from_value: "5000", to_value: "4000", reason: "implausible fall" }]);
  floor.send(machine.path, [sample("good", 0, 5 * S)]);
  await floor.settle();
  expect(await flags()).toEqual([]);
  expect(await total(machine, { from: start, to: start + HOUR })).toEqual(["GOOD null: 4000"]);
});
