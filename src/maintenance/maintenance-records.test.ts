import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type MaintenanceServer,
  startMaintenanceServers,
  TESTER,
} from "../../test/support/maintenance-servers.js";
import { MaintenanceFiguresResolver } from "./figures.resolver.js";
import {
  MAINTENANCE_STATUSES,
  type MaintenanceAction,
  type MaintenanceOrder,
  type MaintenanceStatus,
  type NewMaintenanceOrder,
} from "./maintenance.js";

let plant: Awaited<ReturnType<typeof startMaintenanceServers>>;
let one: MaintenanceServer;
let other: MaintenanceServer;

beforeAll(async () => {
  plant = await startMaintenanceServers(2);
  [one, other] = plant.servers as [MaintenanceServer, MaintenanceServer];
});

afterAll(async () => {
  await plant?.stop();
});

async function created(more: Partial<NewMaintenanceOrder> = {}): Promise<MaintenanceOrder> {
  const { order } = await one.maintenance.create(TESTER, {
    ...{ machine: "plant/m1", kind: "CORRECTIVE", title: "Seal leaks", description: null, priority: 50 },
    ...{ lockout: false, plannedStart: null, dueAt: null, estimatedMinutes: null, parts: [] },
    checklist: [{ text: "Look", required: false }],
    ...more,
  });
  if (!order) throw new Error("no order was made");
  return order;
}

const STEP = { expectedVersion: null, comment: null, at: null };

async function act(
  action: MaintenanceAction,
  { number }: MaintenanceOrder,
  at: Date | null = null,
): Promise<MaintenanceOrder> {
  const { order, userErrors } = await one.maintenance.act(TESTER, action, { ...STEP, number, at });
  if (!order) throw new Error(JSON.stringify(userErrors));
  return order;
}

function pass(minutes: number): void {
  plant.time.now += minutes * 60_000;
}

const key = ({ number }: MaintenanceOrder) => ({ number, expectedVersion: null });

/** How an order comes to a status. */
const WAYS: Record<MaintenanceStatus, () => Promise<MaintenanceOrder>> = {
  PLANNED: () => created({ plannedStart: new Date(plant.time.now + 60_000) }),
  OPEN: () => created(),
  IN_PROGRESS: async () => act("start", await created()),
  COMPLETED: async () => act("complete", await act("start", await created())),
  CANCELLED: async () => act("cancel", await created()),
};

const ALLOWED: Record<string, string[]> = {
  PLANNED: ["start", "cancel", "update", "comment"],
  OPEN: ["start", "cancel", "update", "comment"],
  IN_PROGRESS: ["complete", "update", "comment", "check", "part", "work"],
  COMPLETED: ["comment", "part", "work"],
  CANCELLED: ["comment"],
};

type Steps = Record<
  string,
  (order: MaintenanceOrder) => Promise<{ userErrors: readonly { code: string }[] }>
>;

const STEPS: Steps = {
  start: (order) => one.maintenance.act(TESTER, "start", { ...STEP, ...key(order) }),
  complete: (order) => one.maintenance.act(TESTER, "complete", { ...STEP, ...key(order) }),
  cancel: (order) => one.maintenance.act(TESTER, "cancel", { ...STEP, ...key(order) }),
  update: (order) => one.maintenance.edit(TESTER, { ...key(order), priority: 99 }),
  check: (order) => one.records.check(TESTER, { ...key(order), position: 1, done: true, value: null }),
  comment: (order) => one.records.comment(TESTER, { ...key(order), comment: "seen" }),
  part: (order) =>
    one.records.addPart(TESTER, { ...key(order), partNumber: "P1", name: null, quantity: 1, unit: "pcs" }),
  work: (order) =>
    one.records.logWork(TESTER, {
      ...key(order),
      worker: null,
      from: null,
      to: null,
      minutes: 5,
      note: null,
    }),
};

describe("whatever the order's status", () => {
  const cases = MAINTENANCE_STATUSES.flatMap((status) =>
    Object.keys(STEPS).map((step) => [status, step] as const),
  );
  test.each(cases)("%s: %s is done or refused as the table says", async (status, step) => {
    const order = await WAYS[status]();
    const before = await one.maintenance.byNumber(order.number);
    const { userErrors } = (await STEPS[step]?.(order)) ?? { userErrors: [] };
    const after = await one.maintenance.byNumber(order.number);
    if (ALLOWED[status]?.includes(step)) {
      expect(userErrors).toEqual([]);
      expect(after?.version).toBe(order.version + 1);
    } else {
      expect(userErrors.map(({ code }) => code)).toEqual(["INVALID_TRANSITION"]);
      expect(after).toEqual(before);
    }
  });
});

test("every step of an order is in its log, with who and when", async () => {
  const order = await created({
    plannedStart: new Date(plant.time.now + 3_600_000),
    checklist: [{ text: "Pressure", required: true }],
  });
  await one.records.comment(
    { principal: "ann", idempotencyKey: null },
    { ...key(order), comment: "bring the key" },
  );
  pass(1);
  await one.maintenance.act(TESTER, "start", { ...STEP, ...key(order), comment: "leaks" });
  pass(1);
  const bob = { principal: "bob", idempotencyKey: null };
  await one.records.check(bob, { ...key(order), position: 1, done: true, value: "6.2 bar" });
  await one.records.addPart(bob, {
    ...key(order),
    partNumber: "S-7",
    name: "Seal",
    quantity: 2,
    unit: "pcs",
  });
  const [from, to] = [new Date(plant.time.now - 60_000), new Date(plant.time.now)];
  await one.records.logWork(bob, { ...key(order), worker: "eve", from, to, minutes: null, note: "new seal" });
  await act("complete", order);
  const [events] = await one.records.eventsOf([order.id]);
  expect(events?.map(({ kind, by, detail }) => [kind, by, detail])).toEqual([
    ["CREATED", "tester", null],
    ["COMMENTED", "ann", "bring the key"],
    ["OPENED", "tester", null],
    ["STARTED", "tester", "leaks"],
    ["ITEM_CHECKED", "bob", "1 Pressure: 6.2 bar"],
    ["PART_RECORDED", "bob", "2 pcs S-7"],
    ["WORK_LOGGED", "bob", "1 min by eve"],
    ["COMPLETED", "tester", null],
  ]);
  expect(events?.at(-1)?.at).toEqual(new Date(plant.time.now));
  expect(await one.records.itemsOf([order.id])).toMatchObject([
    [{ done: true, value: "6.2 bar", doneBy: "bob", doneAt: new Date(plant.time.now) }],
  ]);
  expect(await one.records.workOf([order.id])).toMatchObject([
    [{ worker: "eve", minutes: 1, note: "new seal" }],
  ]);
  expect((await one.maintenance.commentsOf([order.id]))[0]?.map(({ comment }) => comment)).toEqual([
    "bring the key",
    "leaks",
  ]);
});

test("a repair that is booked afterwards has the time that it took, and its log says when it was booked", async () => {
  const machine = "plant/m1";
  const night = plant.time.now - 8 * 3_600_000;
  const at = (hours: number) => new Date(night + hours * 3_600_000);
  const repair = await created({ machine });
  await act("start", repair, at(0));
  await act("complete", repair, at(1.5));
  const figures = await one.figures.figures(machine, { from: at(0), to: at(2) });
  expect(figures.repair).toEqual({ count: 1, hours: 1.5, meanHours: 1.5 });
  const machineId = one.plant.machine(machine)?.id ?? "";
  const range = { from: night - 3_600_000, to: plant.time.now };
  const spans = (await other.maintenance.spans([machineId], range)).get(machineId) ?? [];
  expect(spans.filter(({ value }) => value.number === repair.number)).toMatchObject([
    { from: night, to: night + 1.5 * 3_600_000 },
  ]);
  const now = new Date(plant.time.now);
  const [events] = await one.records.eventsOf([repair.id]);
  expect(events?.map(({ kind, at: when, recordedAt }) => [kind, when, recordedAt])).toEqual([
    ["CREATED", now, now],
    ["STARTED", at(0), now],
    ["COMPLETED", at(1.5), now],
  ]);
  const wrong = await act("start", await created({ machine }), at(3));
  expect(
    await one.maintenance.act(TESTER, "complete", { ...STEP, number: wrong.number, at: at(2) }),
  ).toMatchObject({ order: null, userErrors: [{ code: "INVALID_INPUT", field: ["at"] }] });
});

test("an order cannot be completed before its required items are done", async () => {
  const checklist = [
    { text: "Clean", required: false },
    { text: "Pressure", required: true },
  ];
  const order = await act("start", await created({ checklist }));
  const complete = () => STEPS.complete?.(order);
  expect(await complete()).toMatchObject({
    userErrors: [
      { code: "PRECONDITION_FAILED", message: "required checklist items are not done: 2 (Pressure)" },
    ],
  });
  const check = (done: boolean) =>
    one.records.check(TESTER, { ...key(order), position: 2, done, value: null });
  await check(true);
  await check(false);
  expect((await complete())?.userErrors).toHaveLength(1);
  await check(true);
  expect((await complete())?.userErrors).toEqual([]);
});

test("what cannot be recorded is refused, with the field that is wrong", async () => {
  const order = await act("start", await created({ checklist: [] }));
  const fields = ({
    userErrors,
  }: {
    userErrors: readonly { code: string; field: readonly string[] | null }[];
  }) => userErrors.map(({ code, field }) => [code, field?.join(".")]);
  const part = { partNumber: "P1", name: null, quantity: 1, unit: "pcs" };
  const addPart = (more: Partial<typeof part>) =>
    one.records.addPart(TESTER, { ...key(order), ...part, ...more });
  expect(fields(await addPart({ partNumber: "", quantity: 0, unit: " " }))).toEqual([
    ["INVALID_INPUT", "partNumber"],
    ["INVALID_INPUT", "unit"],
    ["INVALID_INPUT", "quantity"],
  ]);
  await addPart({ quantity: 0.3 });
  expect(fields(await addPart({ quantity: -0.2 }))).toEqual([]);
  expect(fields(await addPart({ quantity: -0.2 }))).toEqual([["PRECONDITION_FAILED", "quantity"]]);
  expect(fields(await addPart({ quantity: -0.1 }))).toEqual([]);

  const now = new Date(plant.time.now);
  const work = { worker: null, from: null, to: null, minutes: null, note: null };
  const log = (more: object) => one.records.logWork(TESTER, { ...key(order), ...work, ...more });
  expect(fields(await log({}))).toEqual([["INVALID_INPUT", "minutes"]]);
  expect(fields(await log({ from: now }))).toEqual([["INVALID_INPUT", "to"]]);
  expect(fields(await log({ from: now, to: new Date(now.getTime() - 1) }))).toEqual([
    ["INVALID_INPUT", "to"],
  ]);
  const later = new Date(now.getTime() + 1);
  expect(fields(await log({ from: now, to: later }))).toEqual([["INVALID_INPUT", "to"]]);
  expect(fields(await log({ minutes: -5 }))).toEqual([["INVALID_INPUT", "minutes"]]);
  expect(fields(await log({ minutes: 5, worker: "" }))).toEqual([["INVALID_INPUT", "worker"]]);

  const check = (position: number) =>
    one.records.check(TESTER, { ...key(order), position, done: true, value: null });
  expect(fields(await check(1))).toEqual([["NOT_FOUND", "position"]]);
  expect(fields(await check(2 ** 31))).toEqual([["NOT_FOUND", "position"]]);
  const stale = { number: order.number, expectedVersion: 1 };
  expect(fields(await one.records.comment(TESTER, { ...stale, comment: "x" }))).toEqual([
    ["VERSION_CONFLICT", "expectedVersion"],
  ]);
});

test("an order is planned anew until it is closed, its start only while it is PLANNED", async () => {
  const order = await created({ plannedStart: new Date(plant.time.now + 3_600_000) });
  const plannedStart = new Date(plant.time.now + 60_000);
  const { order: edited } = await one.maintenance.edit(TESTER, {
    ...key(order),
    plannedStart,
    title: "Seals",
  });
  expect(edited).toMatchObject({ title: "Seals", plannedStart, status: "PLANNED", version: 2 });
  pass(2);
  await Promise.all([one.watch.pass(), other.watch.pass()]);
  expect(await one.maintenance.byNumber(order.number)).toMatchObject({ status: "OPEN", version: 3 });
  const late = { ...key(order), plannedStart: new Date(plant.time.now + 60_000) };
  expect((await one.maintenance.edit(TESTER, late)).userErrors).toMatchObject([
    { code: "INVALID_TRANSITION", field: ["plannedStart"] },
  ]);
  const [events] = await one.records.eventsOf([order.id]);
  expect(events?.map(({ kind, detail }) => [kind, detail])).toEqual([
    ["CREATED", null],
    ["CHANGED", "plannedStart, title"],
    ["OPENED", null],
  ]);
});

test("figures without an end reach to now, by the server's clock", async () => {
  const resolver = new MaintenanceFiguresResolver({ figures: one.figures, plant: one.plant });
  const from = new Date(plant.time.now - 3_600_000);
  const { to } = await resolver.maintenanceFigures({ from });
  expect(to).toEqual(new Date(plant.time.now));
  await expect(resolver.maintenanceFigures({ from: to })).rejects.toThrow("to must be after from");
});

test("figures tell backlog, compliance and repair times of a range", async () => {
  const machine = "plant/m3";
  const start = plant.time.now;
  const at = (hours: number) => new Date(start + hours * 3_600_000);
  const moveTo = (hours: number) => {
    plant.time.now = start + hours * 3_600_000;
  };
  const preventive = { machine, kind: "PREVENTIVE" } as const;
  const inTime = await created({ ...preventive, dueAt: at(10) });
  const late = await created({ ...preventive, dueAt: at(4) });
  const called = await created({ ...preventive, dueAt: at(6) });
  await created({ ...preventive, dueAt: at(8), estimatedMinutes: 90 });
  await created({ ...preventive, dueAt: at(30) });
  const repairs = [await created({ machine }), await created({ machine })];
  for (const order of repairs) await act("start", order);
  await act("cancel", called);
  moveTo(1);
  await act("complete", repairs[0] as MaintenanceOrder);
  moveTo(4);
  await act("complete", repairs[1] as MaintenanceOrder);
  await one.records.logWork(TESTER, {
    ...key(repairs[1] as MaintenanceOrder),
    ...{ worker: null, from: at(2), to: at(3.5), minutes: null, note: null },
  });
  moveTo(5);
  for (const order of [inTime, late]) await act("complete", await act("start", order));
  moveTo(20);
  const figures = await one.figures.figures(machine, { from: at(0), to: at(24) });
  expect(figures).toMatchObject({
    backlog: { orders: 2, overdue: 1, estimatedHours: 1.5, withoutEstimate: 1 },
    compliance: { due: 3, onTime: 1, ratio: 1 / 3 },
    repair: { count: 2, hours: 5, meanHours: 2.5 },
  });
  expect(figures.byKind.find(({ kind }) => kind === "CORRECTIVE")).toMatchObject({
    ...{ created: 2, completed: 2, cancelled: 0, workedHours: 1.5 },
    backlog: { orders: 0 },
  });
  // As it was then.
  expect(await one.figures.figures(machine, { from: at(0), to: at(3) })).toMatchObject({
    backlog: { orders: 5, overdue: 0 },
    compliance: { due: 0, ratio: null },
    repair: { count: 1, meanHours: 1 },
  });
  expect((await one.figures.figures("plant/nowhere", { from: at(0), to: at(24) })).backlog.orders).toBe(0);
});

test("the times in which orders were in progress are told per machine", async () => {
  const machine = "plant/m2";
  const machineId = one.plant.machine(machine)?.id ?? "";
  const idle = one.plant.machine("plant/m1")?.id ?? "";
  const start = plant.time.now;
  const service = await act("start", await created({ machine, kind: "PREVENTIVE" }));
  pass(10);
  const repair = await act("start", await created({ machine }));
  pass(10);
  await act("complete", repair);
  pass(10);
  const range = { from: start - 60_000, to: plant.time.now + 60_000 };
  const spans = await other.maintenance.spans([machineId, idle], range);
  const minute = (time: number) => (time - start) / 60_000;
  expect(
    spans.get(machineId)?.map(({ from, to, value }) => [minute(from), minute(to), value.number]),
  ).toEqual([
    [0, 10, service.number],
    [10, 20, repair.number],
    [20, 31, service.number],
  ]);
  expect([...spans.keys()]).toEqual([machineId, idle]);
});
