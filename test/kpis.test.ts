import { afterAll, beforeAll, expect, test } from "vitest";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { waitFor } from "./support/wait-for.js";

const PLANT = `
calendars:
  - name: with-break
    timeZone: UTC
    shifts: [{ name: Early, start: "06:00", end: "14:00", breaks: [{ name: Lunch, start: "09:00", end: "10:00" }] }]
  - { name: plain, timeZone: UTC, shifts: [{ name: Early, start: "06:00", end: "14:00" }] }
  - { name: nights, timeZone: Europe/Berlin, shifts: [{ name: Night, start: "22:00", end: "06:00" }] }
machineTypes:
  - name: press
    idealCycleTime: 1s
    downtimeReasons: [{ code: jam, category: UNPLANNED }, { code: cleaning, category: PLANNED }]
    faultReasons: { E7: jam }
    metrics: &metrics
      - { name: state, type: String, role: STATE }
      - { name: fault, type: String, role: FAULT }
      - { name: good, type: Int64, role: GOOD_COUNT }
      - { name: reject, type: Int64, role: REJECT_COUNT }
      - { name: energy, role: ENERGY, unit: kWh }
  - { name: slow press, idealCycleTime: 2s, metrics: *metrics }
  - { name: by order, metrics: *metrics }
equipment:
  - { path: acme/site/area/line-1/press, type: press, calendar: with-break }
  - { path: acme/site/area/line-1/ordered, type: by order, calendar: plain }
  - { path: acme/site/area/line-1/fast, type: slow press, calendar: with-break }
  - { path: acme/site/area/line-2/unrated, type: by order, calendar: plain }
  - { path: acme/site/area/line-3/live, type: press }
  - { path: acme/site/area/line-5/shots, type: by order, calendar: plain }
  - { path: acme/site/area/line-4/night, type: press, calendar: nights }
sources:
  - name: shopfloor
    url: \${MQTT_URL}
    qos: 1
    mappings:
      - { topic: "{enterprise}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }
`;

const LINE = "acme/site/area/line-1";
const PRESS = `${LINE}/press`;
const ORDERED = `${LINE}/ordered`;
const FAST = `${LINE}/fast`;
const UNRATED = "acme/site/area/line-2/unrated";
const SHOTS = "acme/site/area/line-5/shots";
const LIVE = "acme/site/area/line-3/live";

const MINUTE = 60_000;
const SHIFT_START = Date.parse("2025-06-03T06:00:00Z");
const SHIFT = { from: at(0), to: at(480) };

let app: TestApp;
let device: DeviceClient;
let published = 0;

/** A moment by minutes since the shift began. */
function at(minute: number): string {
  return new Date(SHIFT_START + minute * MINUTE).toISOString();
}

async function tell(path: string, ts: string | number, values: object): Promise<void> {
  published += 1;
  await device.publish(`${path}/telemetry`, JSON.stringify({ ts, ...values }), { qos: 1 });
}

/** Waits until all that was told is committed. */
async function committed(): Promise<void> {
  await waitFor(async () => {
    const { data } = await app.ask("{ sources { committed dead } }");
    expect(data.sources[0].dead).toBe(0);
    return data.sources[0].committed >= published;
  });
}

// biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
async function ask(query: string, variables: Record<string, unknown> = {}): Promise<any> {
  const { data, errors } = await app.ask(query, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function kpis(path: string, fields: string, { from, to }: { from: string; to?: string } = SHIFT) {
  const { equipment } = await ask(
    `query ($path: EquipmentPath!, $from: DateTime!, $to: DateTime) {
       equipment(path: $path) { kpis(from: $from, to: $to) { ${fields} } } }`,
    { path, from, to },
  );
  return equipment.kpis;
}

async function step(mutation: string, input: object): Promise<void> {
  const type = mutation.endsWith("Order") ? "OrderActionInput" : "OperationActionInput";
  const answer = await ask(
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { message } } }`,
    { input },
  );
  expect(answer[mutation].userErrors).toEqual([]);
}

const percent = (ratio: number | null) => (ratio === null ? null : (ratio * 100).toFixed(2));
const FACTORS = "availability effectiveness qualityRatio oee";
const factorsOf = (report: Record<string, number | null>) =>
  FACTORS.split(" ").map((name) => percent(report[name] ?? null));

/** 47 minutes of stop, 19,271 made, 423 rejects. */
async function playPress(): Promise<void> {
  await tell(PRESS, at(0), { state: "EXECUTE", good: 0, reject: 0, energy: 1_000 });
  await tell(PRESS, at(180), { state: "IDLE", good: 9_000, reject: 200, energy: 1_100 });
  await tell(PRESS, at(240), { state: "EXECUTE" });
  await tell(PRESS, at(300), { state: "HELD", fault: "E7" });
  await tell(PRESS, at(347), { state: "EXECUTE", fault: "" });
  await tell(PRESS, at(479), { good: 18_848, reject: 423, energy: 1_200 });
  await tell(PRESS, at(480), { state: "STOPPED" });
}

/** 60 minutes down, 400 made, 380 good. */
async function playOrdered(): Promise<void> {
  const operations = [
    { sequence: 10, name: "Press", machine: ORDERED, idealCycleTimeMs: 60_000, completion: "MANUAL" },
    { sequence: 20, name: "Pack", machine: FAST, completion: "MANUAL" },
  ];
  const { upsertOrders } = await ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders: [{ number: "PO-1", product: "lid", quantity: 1_000, operations }] } },
  );
  expect(upsertOrders.results).toEqual([{ userErrors: [] }]);
  await step("releaseOrder", { number: "PO-1", at: at(-1) });
  await step("startOperation", { order: "PO-1", sequence: 10, at: at(0) });
  await tell(ORDERED, at(0), { state: "EXECUTE", good: 0, reject: 0, energy: 10 });
  await tell(ORDERED, at(100), { state: "HELD" });
  await tell(ORDERED, at(160), { state: "EXECUTE" });
  await tell(ORDERED, at(479), { good: 380, reject: 20, energy: 200 });
  await tell(ORDERED, at(480), { state: "STOPPED" });
  await committed();
  await step("completeOperation", { order: "PO-1", sequence: 10, at: at(480) });
}

/** An operation of 100 minutes and 50 pieces, and then three test shots without one. */
async function playOne(number: string, machine: string, idealCycleTimeMs: number | null): Promise<void> {
  const operations = [{ sequence: 10, name: "Press", machine, idealCycleTimeMs, completion: "MANUAL" }];
  const { upsertOrders } = await ask(
    "mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { userErrors { message } } } }",
    { input: { orders: [{ number, product: "lid", quantity: 100, operations }] } },
  );
  expect(upsertOrders.results).toEqual([{ userErrors: [] }]);
  await step("releaseOrder", { number, at: at(-1) });
  await step("startOperation", { order: number, sequence: 10, at: at(0) });
  await tell(machine, at(0), { state: "EXECUTE", good: 0, reject: 0 });
  await tell(machine, at(99), { good: 50 });
  await committed();
  await step("completeOperation", { order: number, sequence: 10, at: at(100) });
  await tell(machine, at(110), { good: 52, reject: 1 });
  await committed();
}

/** It works an hour before the shift and through the break, half as fast again as its ideal cycle. */
async function playFast(): Promise<void> {
  await tell(FAST, at(-60), { state: "EXECUTE", good: 0, reject: 0 });
  await tell(FAST, at(480), { state: "STOPPED", good: 24_300 });
}

beforeAll(async () => {
  app = await startTestApp({ plant: PLANT });
  device = connectDevice({ url: app.mqttUrl, clientId: "shift" });
  await device.ready();
  await playPress();
  await playOrdered();
  await playFast();
  await playOne("UNRATED", UNRATED, null);
  await playOne("SHOTS", SHOTS, 60_000);
}, 60_000);

afterAll(async () => {
  await device?.end();
  await app?.stop();
});

test("OEE of 480 minutes with a break of 60, a stop of 47 and 19,271 pieces at 1 s is 74.79 %", async () => {
  const report = await kpis(
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
  expect(factorsOf(await kpis(ORDERED, FACTORS))).toEqual(["87.50", "95.24", "95.00", "79.17"]);
  const { order } = await ask(
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
  const { order } = await ask(
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
  const report = await kpis(FAST, `${FACTORS} overtimeMs`, { from: at(-120), to: at(481) });
  expect(factorsOf(report)).toEqual(["128.57", "150.00", "100.00", "192.86"]);
  expect(report.overtimeMs).toBe(120 * MINUTE);
});

test("a line adds up what its machines' ratios are made of", async () => {
  const report = await kpis(LINE, `${FACTORS} plannedBusyTimeMs calendarTimeMs`);
  const made = 19_271 + 400;
  expect(report.plannedBusyTimeMs).toBe((420 + 480 + 420) * MINUTE);
  expect(report.availability).toBeCloseTo((373 + 420 + 480) / (420 + 480 + 420), 12);
  expect(report.effectiveness).toBeCloseTo((19_271 / 60 + 400) / (373 + 420 + 480), 12);
  expect(report.qualityRatio).toBeCloseTo((18_848 + 380) / made, 12);
  expect(report.calendarTimeMs).toBe(3 * 480 * MINUTE);
  // Of several at once, with each its own.
  const { equipment } = await ask(
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
    const { losses, calendarTimeMs } = await kpis(
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
  const { losses } = await kpis(
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
  const { machine, equipment } = await ask(
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
    const { machine } = await ask(
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
    expect(await kpis(UNRATED, fields, range)).toEqual({
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
  expect((await kpis(PRESS, "energy { unit amount perGoodPiece }")).energy).toEqual([
    { unit: "kWh", amount: 200, perGoodPiece: 200 / 18_848 },
  ]);
  // The machine that has a counter, but never told it, took nothing.
  expect((await kpis(LIVE, "energy { unit amount perGoodPiece }")).energy).toEqual([
    { unit: "kWh", amount: 0, perGoodPiece: null },
  ]);
});

test("a range is PROVISIONAL until data can no longer come late, and while an operation of it is open", async () => {
  const ago = (hours: number) => new Date(Date.now() - hours * 60 * MINUTE).toISOString();
  const finality = async (from: string, to?: string) =>
    (await kpis(UNRATED, "finality", to === undefined ? { from } : { from, to })).finality;
  expect(await finality(ago(2))).toBe("PROVISIONAL");
  expect(await finality(ago(30), ago(23))).toBe("PROVISIONAL");
  expect(await finality(ago(30), ago(25))).toBe("FINAL");
  const operations = [{ sequence: 10, name: "Press", machine: UNRATED, completion: "MANUAL" }];
  await ask(
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
  const report = await kpis(UNRATED, `${FACTORS} goodQuantity notes`);
  expect(report).toMatchObject({ effectiveness: null, oee: null, goodQuantity: 52 });
  expect(report.notes).toEqual([
    `effectiveness and OEE are not known: there is no ideal cycle time for what was made on ${UNRATED}`,
    `effectiveness leaves out 3 pieces that were made while no operation ran, without an ideal cycle time, on ${UNRATED}`,
  ]);
});

test("test shots between operations are in the quantities, and take no effectiveness away", async () => {
  const report = await kpis(SHOTS, `${FACTORS} goodQuantity scrapQuantity unallocatedTimeMs notes`);
  expect(report).toMatchObject({ goodQuantity: 52, scrapQuantity: 1, unallocatedTimeMs: 380 * MINUTE });
  expect(report.effectiveness).toBeCloseTo(50 / 100, 12);
  expect(report.qualityRatio).toBeCloseTo(52 / 53, 12);
  expect(report.oee).toBeCloseTo((100 / 480) * (50 / 100) * (52 / 53), 12);
  expect(report.notes).toEqual([
    `effectiveness leaves out 3 pieces that were made while no operation ran, without an ideal cycle time, on ${SHOTS}`,
  ]);
  const { equipment } = await ask(
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
    const { errors } = await app.ask(
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
  const { errors } = await app.ask(`{ equipment(path: "acme") { ${fields.join(" ")} } }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: "QUERY_TOO_LARGE" });
});

test("subscribers of the live report get it at once, after changes, and at most once a second", async () => {
  const begun = Date.now() - 60 * MINUTE;
  const document = `subscription { kpiChanged(path: "acme/site/area/line-3", from: "${new Date(begun).toISOString()}") {
      goodQuantity actualProductionTimeMs finality to } }`;
  const started = Date.now();
  const [one, other] = [app.follow(document), app.follow(document)];
  for (const { events } of [one, other])
    await waitFor(() => events.at(-1)?.data.kpiChanged.goodQuantity === 0);
  await tell(LIVE, begun, { state: "EXECUTE", good: 0 });
  for (let good = 1; good <= 30; good += 1) {
    await tell(LIVE, Date.now(), { good });
    await committed();
  }
  for (const { events, problem } of [one, other]) {
    await waitFor(() => events.at(-1)?.data.kpiChanged.goodQuantity === 30);
    expect(problem).toBeNull();
    expect(events.at(-1)?.data.kpiChanged).toMatchObject({ finality: "PROVISIONAL" });
    expect(events.at(-1)?.data.kpiChanged.actualProductionTimeMs).toBeGreaterThanOrEqual(60 * MINUTE);
    expect(events.length).toBeLessThanOrEqual((Date.now() - started) / 1_000 + 2);
  }
});

test("the live report follows what people say of downtimes, and the calendar", async () => {
  const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();
  await tell(LIVE, ago(50), { state: "HELD" });
  await tell(LIVE, ago(40), { state: "EXECUTE" });
  await committed();
  const live = app.follow(
    `subscription { kpiChanged(path: "${LIVE}", from: "${ago(55)}") { plannedDownTimeMs notPlannedTimeMs } }`,
  );
  const latest = () => live.events.at(-1)?.data.kpiChanged;
  await waitFor(() => latest()?.plannedDownTimeMs === 0);
  const { machine } = await ask(
    `{ machine(path: "${LIVE}") { downtimes(from: "${ago(55)}") { edges { node { id } } } } }`,
  );
  await ask(
    "mutation ($input: ClassifyDowntimeInput!) { classifyDowntime(input: $input) { userErrors { message } } }",
    { input: { id: machine.downtimes.edges[0].node.id, category: "PLANNED", reason: "cleaning" } },
  );
  await waitFor(() => latest()?.plannedDownTimeMs > 0);
  const { planStop } = await ask(
    "mutation ($input: PlanStopInput!) { planStop(input: $input) { userErrors { message } } }",
    { input: { equipment: "acme/site/area/line-3", from: ago(52), to: ago(41), reason: "power cut" } },
  );
  expect(planStop.userErrors).toEqual([]);
  await waitFor(() => latest()?.notPlannedTimeMs > 0);
  expect(live.problem).toBeNull();
});

test.each([
  ["a shift that is none", `path: "${PRESS}", shift: "Nigth"`, "shift"],
  ["a time and a shift", `path: "${PRESS}", shift: "Early", from: "2026-01-01T00:00:00Z"`, "shift"],
  ["a time to come", `path: "${PRESS}", from: "2090-01-01T00:00:00Z"`, "from"],
  ["equipment that is none", 'path: "acme/nowhere"', "path"],
])("a live report of %s is refused and names the argument", async (_, args, field) => {
  const live = app.follow(`subscription { kpiChanged(${args}) { oee } }`);
  const [error] = await waitFor(() => live.events.find(({ errors }) => errors)?.errors);
  expect(error?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: [field] });
});

test("late data and what people say restate the report", async () => {
  await tell(PRESS, at(400), { state: "ABORTED" });
  await tell(PRESS, at(410), { state: "EXECUTE" });
  await committed();
  const late = await kpis(PRESS, "availability failureCount actualDownTimeMs finality");
  expect(late).toMatchObject({ failureCount: 2, actualDownTimeMs: 57 * MINUTE, finality: "FINAL" });
  const { machine } = await ask(
    `{ machine(path: "${PRESS}") { downtimes(from: "${at(395)}", to: "${at(405)}") { edges { node { id } } } } }`,
  );
  const { classifyDowntime } = await ask(
    `mutation ($input: ClassifyDowntimeInput!) { classifyDowntime(input: $input) { userErrors { message } } }`,
    { input: { id: machine.downtimes.edges[0].node.id, category: "UNPLANNED", reason: "jam" } },
  );
  expect(classifyDowntime.userErrors).toEqual([]);
  const { losses } = await kpis(PRESS, "losses { kind reason durationMs downtimeCount }");
  expect(losses).toContainEqual({ kind: "REASON", reason: "jam", durationMs: 57 * MINUTE, downtimeCount: 2 });
});
