import { afterAll, beforeAll, expect, test } from "vitest";
import {
  at,
  FAST,
  KpiFloor,
  LINE,
  LIVE,
  MINUTE,
  ORDERED,
  PRESS,
  SHIFT,
  SHOTS,
  UNRATED,
} from "./support/kpi-floor.js";

let floor: KpiFloor;

async function step(mutation: string, input: object): Promise<void> {
  const type = mutation.endsWith("Order") ? "OrderActionInput" : "OperationActionInput";
  const answer = await floor.ask(
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { message } } }`,
    { input },
  );
  expect(answer[mutation].userErrors).toEqual([]);
}

const percent = (ratio: number | null) => (ratio === null ? null : (ratio * 100).toFixed(2));
const FACTORS = "availability effectiveness qualityRatio oee";
const factorsOf = (report: Record<string, number | null>) =>
  FACTORS.split(" ").map((name) => percent(report[name] ?? null));

/** 60 minutes down, 400 made, 380 good. */
async function playOrdered(): Promise<void> {
  const operations = [
    { sequence: 10, name: "Press", machine: ORDERED, idealCycleTimeMs: 60_000, completion: "MANUAL" },
    { sequence: 20, name: "Pack", machine: FAST, completion: "MANUAL" },
  ];
  const { upsertOrders } = await floor.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders: [{ number: "PO-1", product: "lid", quantity: 1_000, operations }] } },
  );
  expect(upsertOrders.results).toEqual([{ userErrors: [] }]);
  await step("releaseOrder", { number: "PO-1", at: at(-1) });
  await step("startOperation", { order: "PO-1", sequence: 10, at: at(0) });
  await floor.tell(ORDERED, at(0), { state: "EXECUTE", good: 0, reject: 0, energy: 10 });
  await floor.tell(ORDERED, at(100), { state: "HELD" });
  await floor.tell(ORDERED, at(160), { state: "EXECUTE" });
  await floor.tell(ORDERED, at(479), { good: 380, reject: 20, energy: 200 });
  await floor.tell(ORDERED, at(480), { state: "STOPPED" });
  await floor.committed();
  await step("completeOperation", { order: "PO-1", sequence: 10, at: at(480) });
}

/** An operation of 100 minutes and 50 pieces, and then three test shots without one. */
async function playOne(number: string, machine: string, idealCycleTimeMs: number | null): Promise<void> {
  const operations = [{ sequence: 10, name: "Press", machine, idealCycleTimeMs, completion: "MANUAL" }];
  const { upsertOrders } = await floor.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders: [{ number, product: "lid", quantity: 100, operations }] } },
  );
  expect(upsertOrders.results).toEqual([{ userErrors: [] }]);
  await step("releaseOrder", { number, at: at(-1) });
  await step("startOperation", { order: number, sequence: 10, at: at(0) });
  await floor.tell(machine, at(0), { state: "EXECUTE", good: 0, reject: 0 });
  await floor.tell(machine, at(99), { good: 50 });
  await floor.committed();
  await step("completeOperation", { order: number, sequence: 10, at: at(100) });
  await floor.tell(machine, at(110), { good: 52, reject: 1 });
  await floor.committed();
}

/** It works an hour before the shift and through the break, half as fast again as its ideal cycle. */
async function playFast(): Promise<void> {
  await floor.tell(FAST, at(-60), { state: "EXECUTE", good: 0, reject: 0 });
  await floor.tell(FAST, at(480), { state: "STOPPED", good: 24_300 });
}

beforeAll(async () => {
  floor = await KpiFloor.start();
  await floor.playPress();
  await playOrdered();
  await playFast();
  await playOne("UNRATED", UNRATED, null);
  await playOne("SHOTS", SHOTS, 60_000);
}, 60_000);

afterAll(() => floor?.stop());

test("OEE of 480 minutes with a break of 60, a stop of 47 and 19,271 pieces at 1 s is 74.79 %", async () => {
  const report = await floor.kpis(
    PRESS,
    `${FACTORS} plannedBusyTimeMs actualProductionTimeMs actualDownTimeMs notPlannedTimeMs failureCount mttrMs
     mttfMs mtbfMs goodQuantity scrapQuantity finality notes from to`,
  );
  expect(factorsOf(report)).toEqual(["88.81", "86.11", "97.80", "74.79"]);
  expect(report).toMatchObject({
    plannedBusyTimeMs: 420 * MINUTE,
    actualProductionTimeMs: 373 * MINUTE,
    actualDownTimeMs: 47 * MINUTE,
    notPlannedTimeMs: 60 * MINUTE,
    failureCount: 1,
    mttrMs: 47 * MINUTE,
    mttfMs: 373 * MINUTE,
    mtbfMs: 420 * MINUTE,
    goodQuantity: 18_848,
    scrapQuantity: 423,
    finality: "FINAL",
    notes: [],
    ...SHIFT,
  });
});

test("OEE of 480 minutes with 60 down and 380 good of 400 at 1 min is 79.2 %, also of the operation", async () => {
  expect(factorsOf(await floor.kpis(ORDERED, FACTORS))).toEqual(["87.50", "95.24", "95.00", "79.17"]);
  const { order } = await floor.ask(
    `{ order(number: "PO-1") { kpis { energy { amount perGoodPiece } } operations { kpis {
         ${FACTORS} from to finality throughputPerHour energy { amount perGoodPiece } } } } }`,
  );
  const [first, second] = order.operations;
  expect(factorsOf(first.kpis)).toEqual(["87.50", "95.24", "95.00", "79.17"]);
  expect(first.kpis).toMatchObject({ ...SHIFT, finality: "FINAL", throughputPerHour: 50 });
  expect(second.kpis).toBeNull();
  expect(first.kpis.energy).toEqual([{ amount: 190, perGoodPiece: 0.5 }]);
  expect(order.kpis.energy).toEqual(first.kpis.energy);
});

test("an order that is not done is PROVISIONAL, and delivers what its last operation made", async () => {
  const { order } = await floor.ask(
    `{ order(number: "PO-1") { kpis { ${FACTORS} finality from goodQuantity throughputPerHour } } }`,
  );
  expect(factorsOf(order.kpis)).toEqual(["87.50", "95.24", "95.00", "79.17"]);
  expect(order.kpis).toMatchObject({
    finality: "PROVISIONAL",
    from: SHIFT.from,
    goodQuantity: 380,
    throughputPerHour: 0,
  });
});

test("factors above 100 % are shown: they tell of overtime and of an ideal cycle that is none", async () => {
  const report = await floor.kpis(FAST, `${FACTORS} overtimeMs`, { from: at(-120), to: at(481) });
  expect(factorsOf(report)).toEqual(["128.57", "150.00", "100.00", "192.86"]);
  expect(report.overtimeMs).toBe(120 * MINUTE);
});

test("a line adds up what its machines' ratios are made of", async () => {
  const report = await floor.kpis(LINE, `${FACTORS} plannedBusyTimeMs calendarTimeMs`);
  const made = 19_271 + 400;
  expect(report.plannedBusyTimeMs).toBe((420 + 480 + 420) * MINUTE);
  expect(report.availability).toBeCloseTo((373 + 420 + 480) / (420 + 480 + 420), 12);
  expect(report.effectiveness).toBeCloseTo((19_271 / 60 + 400) / (373 + 420 + 480), 12);
  expect(report.qualityRatio).toBeCloseTo((18_848 + 380) / made, 12);
  expect(report.calendarTimeMs).toBe(3 * 480 * MINUTE);
  // Of several at once, with each its own.
  const { equipment } = await floor.ask(
    `{ equipment(path: "${LINE}") { ... on EquipmentGroup {
         machines { path kpis(from: "${SHIFT.from}", to: "${SHIFT.to}") { availability } } } } }`,
  );
  const shown = equipment.machines.map((one: { path: string; kpis: { availability: number } }) => [
    one.path,
    percent(one.kpis.availability),
  ]);
  expect(shown).toEqual([
    [FAST, "114.29"],
    [ORDERED, "87.50"],
    [PRESS, "88.81"],
  ]);
});

test("the loss tree adds up to the range, down to the downtime and its reason", async () => {
  for (const path of [PRESS, LINE, "acme"]) {
    const { losses, calendarTimeMs } = await floor.kpis(
      path,
      `calendarTimeMs losses(downtimes: true) {
         key parentKey kind durationMs share reason downtime { id from reason durationMs removed machine { path } } }`,
    );
    const [root] = losses;
    expect(root).toMatchObject({
      kind: "CALENDAR_TIME",
      parentKey: null,
      durationMs: calendarTimeMs,
      share: 1,
    });
    for (const { key, durationMs } of losses) {
      const parts = losses.filter((one: { parentKey: string }) => one.parentKey === key);
      if (parts.length === 0) continue;
      const sum = parts.reduce((all: number, one: { durationMs: number }) => all + one.durationMs, 0);
      expect([key, sum]).toEqual([key, durationMs]);
    }
  }
  const { losses } = await floor.kpis(
    PRESS,
    "losses(downtimes: true) { kind reason durationMs downtime { from reason machine { path } } }",
  );
  const of = (kind: string) => losses.filter((one: { kind: string }) => one.kind === kind);
  expect(of("REASON")).toEqual([{ kind: "REASON", reason: "jam", durationMs: 47 * MINUTE, downtime: null }]);
  expect(of("DOWNTIME")).toMatchObject([
    { durationMs: 47 * MINUTE, downtime: { from: at(300), reason: "jam", machine: { path: PRESS } } },
  ]);
  expect(of("BREAK")).toMatchObject([{ durationMs: 60 * MINUTE }]);
  expect(of("SPEED_LOSS")).toMatchObject([{ durationMs: 373 * MINUTE - 19_271_000 }]);
});

test("each shift of a range has its report", async () => {
  const range = `from: "${at(-1440)}", to: "${at(1440)}"`;
  const { machine, equipment } = await floor.ask(
    `{ machine(path: "${PRESS}") { kpisByShift(${range}) { shift { name date from to } oee from to } }
       equipment(path: "${LINE}") { kpisByShift(${range}) { shift { name date } plannedBusyTimeMs } } }`,
  );
  const shown = machine.kpisByShift.map((one: { shift: { date: string }; oee: number | null }) => [
    one.shift.date,
    percent(one.oee),
  ]);
  expect(shown).toEqual([
    ["2025-06-02", null],
    ["2025-06-03", "74.79"],
  ]);
  expect(machine.kpisByShift[1]).toMatchObject({ shift: { name: "Early", ...SHIFT }, ...SHIFT });
  expect(equipment.kpisByShift).toMatchObject([
    { shift: { name: "Early", date: "2025-06-02" } },
    { shift: { name: "Early", date: "2025-06-03" }, plannedBusyTimeMs: (420 + 480 + 420) * MINUTE },
  ]);
});

test("nights in which the clock changes have an hour more or less", async () => {
  const nights = async (from: string, to: string) => {
    const { machine } = await floor.ask(
      `{ machine(path: "acme/site/area/line-4/night") {
           kpisByShift(from: "${from}", to: "${to}") { shift { date } plannedBusyTimeMs calendarTimeMs } } }`,
    );
    return machine.kpisByShift.map(
      (one: { shift: { date: string }; plannedBusyTimeMs: number; calendarTimeMs: number }) => [
        one.shift.date,
        one.plannedBusyTimeMs / (60 * MINUTE),
        one.calendarTimeMs / (60 * MINUTE),
      ],
    );
  };
  expect(await nights("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z")).toEqual([
    ["2026-03-28", 7, 7],
    ["2026-03-29", 8, 8],
  ]);
  expect(await nights("2025-10-25T12:00:00Z", "2025-10-27T00:00:00Z")).toEqual([
    ["2025-10-25", 9, 9],
    // As much of it as lies in the range.
    ["2025-10-26", 3, 3],
  ]);
});

test("before the first report a machine counts as idle, however long ago", async () => {
  const fields = `${FACTORS} calendarTimeMs unallocatedTimeMs failureCount losses { kind durationMs } energy { amount }`;
  for (const year of ["1950", "1969", "2024"]) {
    const range = { from: `${year}-12-30T00:00:00Z`, to: `${year}-12-31T00:00:00Z` };
    expect(await floor.kpis(UNRATED, fields, range)).toEqual({
      ...{ availability: 0, effectiveness: null, qualityRatio: null, oee: null },
      ...{
        calendarTimeMs: 1_440 * MINUTE,
        unallocatedTimeMs: 480 * MINUTE,
        failureCount: 0,
        energy: [{ amount: 0 }],
      },
      losses: [
        { kind: "CALENDAR_TIME", durationMs: 1_440 * MINUTE },
        { kind: "NOT_PLANNED", durationMs: 960 * MINUTE },
        { kind: "OFF_SHIFT", durationMs: 960 * MINUTE },
        { kind: "BUSY", durationMs: 480 * MINUTE },
        { kind: "UNALLOCATED", durationMs: 480 * MINUTE },
      ],
    });
  }
});

test("energy per good piece is by what the counters grew", async () => {
  expect((await floor.kpis(PRESS, "energy { unit amount perGoodPiece }")).energy).toEqual([
    { unit: "kWh", amount: 200, perGoodPiece: 200 / 18_848 },
  ]);
  // The machine that has a counter, but never told it, took nothing.
  expect((await floor.kpis(LIVE, "energy { unit amount perGoodPiece }")).energy).toEqual([
    { unit: "kWh", amount: 0, perGoodPiece: null },
  ]);
});

test("a range is PROVISIONAL until data can no longer come late, and while an operation of it is open", async () => {
  const ago = (hours: number) => new Date(Date.now() - hours * 60 * MINUTE).toISOString();
  const finality = async (from: string, to?: string) =>
    (await floor.kpis(UNRATED, "finality", to === undefined ? { from } : { from, to })).finality;
  expect(await finality(ago(2))).toBe("PROVISIONAL");
  expect(await finality(ago(30), ago(23))).toBe("PROVISIONAL");
  expect(await finality(ago(30), ago(25))).toBe("FINAL");
  const operations = [{ sequence: 10, name: "Press", machine: UNRATED, completion: "MANUAL" }];
  await floor.ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders: [{ number: "PO-2", product: "lid", quantity: 10, operations }] } },
  );
  await step("releaseOrder", { number: "PO-2", at: ago(40) });
  await step("startOperation", { order: "PO-2", sequence: 10, at: ago(40) });
  expect(await finality(ago(30), ago(25))).toBe("PROVISIONAL");
  await step("completeOperation", { order: "PO-2", sequence: 10 });
  expect(await finality(ago(30), ago(25))).toBe("FINAL");
});

test("without an ideal cycle time there is no effectiveness, and a note says so", async () => {
  const report = await floor.kpis(UNRATED, `${FACTORS} goodQuantity notes`);
  expect(report).toMatchObject({ effectiveness: null, oee: null, goodQuantity: 52 });
  expect(report.notes).toEqual([
    `effectiveness and OEE are not known: there is no ideal cycle time for what was made on ${UNRATED}`,
    `effectiveness leaves out 3 pieces that were made while no operation ran, without an ideal cycle time, on ${UNRATED}`,
  ]);
});

test("test shots between operations are in the quantities, and take no effectiveness away", async () => {
  const report = await floor.kpis(SHOTS, `${FACTORS} goodQuantity scrapQuantity unallocatedTimeMs notes`);
  expect(report).toMatchObject({ goodQuantity: 52, scrapQuantity: 1, unallocatedTimeMs: 380 * MINUTE });
  expect(report.effectiveness).toBeCloseTo(50 / 100, 12);
  expect(report.qualityRatio).toBeCloseTo(52 / 53, 12);
  expect(report.oee).toBeCloseTo((100 / 480) * (50 / 100) * (52 / 53), 12);
  expect(report.notes).toEqual([
    `effectiveness leaves out 3 pieces that were made while no operation ran, without an ideal cycle time, on ${SHOTS}`,
  ]);
  const { equipment } = await floor.ask(
    `{ equipment(path: "${SHOTS}") { ... on Machine { kpis(from: "${at(100)}", to: "${at(480)}") { losses { key durationMs } } } } }`,
  );
  expect(equipment.kpis.losses[2]).toEqual({ key: "BUSY/UNALLOCATED", durationMs: 380 * MINUTE });
});

test.each([
  ["from after to", { from: at(10), to: at(0) }, "to"],
  ["a range in the future", { from: "2090-01-01T00:00:00Z", to: "2090-01-02T00:00:00Z" }, "from"],
  ["a range without length", { from: at(0), to: at(0) }, "to"],
  ["more than 400 days", { from: "2023-01-01T00:00:00Z", to: "2024-03-01T00:00:00Z" }, "from"],
])("%s is refused and names the argument", async (_, range, field) => {
  for (const name of ["kpis", "kpisByShift"]) {
    const { errors } = await floor.app.ask(
      `query ($from: DateTime!, $to: DateTime) { machine(path: "${PRESS}") { ${name}(from: $from, to: $to) { oee } } }`,
      range,
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: [field] });
  }
});

test("reports of many long ranges cost more than one question may", async () => {
  const fields = Array.from(
    { length: 40 },
    (_, index) =>
      `r${index}: kpisByShift(from: "2025-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z") { ${FACTORS} }`,
  );
  const { errors } = await floor.app.ask(`{ equipment(path: "acme") { ${fields.join(" ")} } }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: "QUERY_TOO_LARGE" });
});
