import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type MaintenanceServer,
  planInput,
  startMaintenanceServers,
  TESTER,
} from "../../test/support/maintenance-servers.js";
import { waitFor } from "../../test/support/wait-for.js";
import type { MaintenanceOrder } from "./maintenance.js";
import type { NewPlan } from "./plan.service.js";

let plant: Awaited<ReturnType<typeof startMaintenanceServers>>;
let one: MaintenanceServer;
let other: MaintenanceServer;

beforeEach(async () => {
  plant = await startMaintenanceServers(2);
  [one, other] = plant.servers as [MaintenanceServer, MaintenanceServer];
});

afterEach(async () => {
  await plant?.stop();
});

async function created(more: Partial<NewPlan> = {}): Promise<string> {
  const { state, userErrors } = await one.plans.create(TESTER, planInput(more));
  expect(userErrors).toEqual([]);
  return state?.plan.id ?? "";
}

async function orders(planId: string): Promise<MaintenanceOrder[]> {
  return ((await one.maintenance.ofPlans([planId]))[0] ?? []).toReversed();
}

function at(moment: string): void {
  plant.time.now = Date.parse(moment);
}

async function done(order: MaintenanceOrder | undefined): Promise<void> {
  const input = { number: order?.number ?? "", expectedVersion: null, comment: null, at: null };
  for (const action of ["start", "complete"] as const) {
    expect((await one.maintenance.act(TESTER, action, input)).userErrors).toEqual([]);
  }
}

async function nextDueAt(planId: string): Promise<string | undefined> {
  const due = (await one.plans.byId(planId))?.progress.dueAt;
  return due == null ? undefined : new Date(due).toISOString();
}

test("a plan makes an order when it is due, with all that the plan says", async () => {
  const planId = await created({
    ...{ title: "Grease the bearings", description: "Grease X2.", lockout: true, priority: 70 },
    ...{ estimatedMinutes: 45, dueWithin: "P3D" },
    checklist: [
      { text: "Clean the nipples", required: false },
      { text: "Measure the temperature", required: true },
    ],
    parts: [{ partNumber: "GX2", name: "Grease", quantity: 0.4, unit: "kg" }],
  });
  at("2026-04-01T04:59:59Z");
  await one.watch.pass();
  expect(await orders(planId)).toEqual([]);
  at("2026-04-01T05:00:00Z");
  await one.watch.pass();
  const [order] = await orders(planId);
  expect(order).toMatchObject({
    ...{ kind: "PREVENTIVE", title: "Grease the bearings", status: "OPEN", lockout: true, priority: 70 },
    ...{ estimatedMinutes: 45, planId, occurrence: 1, createdBy: "plan Grease" },
    description: "Grease X2.\n\nDue 2026-04-01T05:00:00.000Z, every P1M.",
    plannedStart: new Date("2026-04-01T05:00:00Z"),
    dueAt: new Date("2026-04-04T05:00:00Z"),
  });
  expect(await one.records.itemsOf([order?.id ?? ""])).toMatchObject([
    [
      { position: 1, text: "Clean the nipples", required: false, done: false },
      { position: 2, text: "Measure the temperature", required: true, done: false },
    ],
  ]);
  expect(await one.records.partsOf([order?.id ?? ""])).toMatchObject([
    [{ partNumber: "GX2", quantity: "0.4", unit: "kg", planned: true }],
  ]);
  expect(await nextDueAt(planId)).toBe("2026-05-01T05:00:00.000Z");
});

test("an order without a time of its own must be done before the next one is due", async () => {
  const planId = await created();
  at("2026-04-01T05:00:00Z");
  await one.watch.pass();
  expect((await orders(planId))[0]?.dueAt).toEqual(new Date("2026-05-01T05:00:00Z"));
});

test("two servers that look at the same moment make one order", async () => {
  const ids = await Promise.all([1, 2, 3, 4].map(() => created({ allowSeveral: true })));
  at("2026-04-01T05:00:00Z");
  await Promise.all([one, other, one, other].map(({ watch }) => watch.pass()));
  for (const id of ids) {
    expect(await orders(id)).toHaveLength(1);
    expect((await one.plans.byId(id))?.progress).toMatchObject({ occurrence: 1, skipped: 0 });
  }
});

describe("between what a server finds and its commit", () => {
  /**
   * Whoever writes an event of that kind waits until `release`.
   * @returns also how many wait.
   */
  async function halt(kind: string) {
    const client = new pg.Client({ connectionString: plant.url });
    await client.connect();
    await client.query(`
      CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END $$;
      CREATE TRIGGER halt BEFORE INSERT ON maintenance_event FOR EACH ROW WHEN (NEW.kind = '${kind}')
        EXECUTE FUNCTION halt();
      SELECT pg_advisory_lock(1);`);
    const waiting = `FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    return {
      waiting: async () => (await client.query(`SELECT ${waiting}`)).rowCount,
      kill: () => client.query(`SELECT pg_terminate_backend(pid) ${waiting}`),
      release: () => client.end(),
    };
  }

  test("two servers that find a plan due again tell its open order once", async () => {
    const planId = await created();
    at("2026-04-01T05:00:00Z");
    await one.watch.pass();
    const halted = await halt("DUE_AGAIN");
    at("2026-05-01T05:00:00Z");
    const passing = [one, other].map(({ watch }) => watch.pass());
    try {
      await waitFor(async () => (await halted.waiting()) === 2);
    } finally {
      await halted.release();
    }
    await Promise.all(passing);
    const [order] = await orders(planId);
    const [events] = await one.records.eventsOf([order?.id ?? ""]);
    expect(events?.map(({ kind }) => kind)).toEqual(["CREATED", "DUE_AGAIN"]);
    expect((await one.plans.byId(planId))?.progress).toMatchObject({ occurrence: 2, skipped: 1 });
  });

  test("a change of the plan waits, and is not undone by the order that is made", async () => {
    const planId = await created();
    const halted = await halt("CREATED");
    at("2026-04-01T05:00:00Z");
    const passing = one.watch.pass();
    const calendar = { every: "P1W", firstDueAt: null, timeZone: null, leadTime: null };
    const change = { id: planId, expectedVersion: 1, calendar, usage: null, condition: null };
    try {
      await waitFor(async () => (await halted.waiting()) === 1);
    } catch (error) {
      await halted.release();
      throw error;
    }
    const changing = other.plans.update(TESTER, change);
    try {
      await waitFor(async () => (await halted.waiting()) === 2);
    } finally {
      await halted.release();
    }
    await Promise.all([passing, changing]);
    expect(await nextDueAt(planId)).toBe("2026-04-08T05:00:00.000Z");
    expect((await one.plans.byId(planId))?.progress.occurrence).toBe(1);
  });

  test("one that is killed there leaves nothing, and the order is made once by the next", async () => {
    const planId = await created();
    const halted = await halt("CREATED");
    at("2026-04-01T05:00:00Z");
    const passing = expect(one.watch.pass()).rejects.toThrow();
    try {
      await waitFor(async () => (await halted.waiting()) === 1);
      await halted.kill();
    } finally {
      await halted.release();
    }
    await passing;
    expect(await orders(planId)).toEqual([]);
    await Promise.all([one, other].map(({ watch }) => watch.pass()));
    expect(await orders(planId)).toMatchObject([{ occurrence: 1 }]);
    expect((await one.plans.byId(planId))?.progress).toMatchObject({ occurrence: 1, skipped: 0 });
  });
});

test("a clock that jumps back and forth makes no order twice", async () => {
  const planId = await created({ allowSeveral: true });
  for (const moment of ["2026-04-01", "2026-03-10", "2026-04-01", "2026-05-01", "2026-04-02", "2026-05-02"]) {
    at(`${moment}T05:00:00Z`);
    await Promise.all([one, other].map(({ watch }) => watch.pass()));
  }
  expect((await orders(planId)).map(({ plannedStart }) => plannedStart)).toEqual([
    new Date("2026-04-01T05:00:00Z"),
    new Date("2026-05-01T05:00:00Z"),
  ]);
});

test("a plan that was due while no server ran makes one order and says what it missed", async () => {
  const planId = await created();
  at("2026-08-15T12:00:00Z");
  await Promise.all([one.watch.pass(), other.watch.pass()]);
  const made = await orders(planId);
  expect(made).toHaveLength(1);
  expect(made[0]).toMatchObject({
    plannedStart: new Date("2026-08-01T05:00:00Z"),
    dueAt: new Date("2026-09-01T05:00:00Z"),
    occurrence: 1,
  });
  expect(made[0]?.description).toContain("4 occurrences before it passed without an order.");
  expect(await nextDueAt(planId)).toBe("2026-09-01T05:00:00.000Z");
});

test("while its order is open a plan makes no other one, and the next one says so", async () => {
  const planId = await created();
  const heard: string[] = [];
  one.live.listen("maintenanceOrderChanged", ({ id }) => heard.push(id));
  for (const month of ["04", "05", "06"]) {
    at(`2026-${month}-01T05:00:00Z`);
    await one.watch.pass();
  }
  const [first, ...more] = await orders(planId);
  expect(more).toEqual([]);
  const [events] = await one.records.eventsOf([first?.id ?? ""]);
  expect(events?.map(({ kind }) => kind)).toEqual(["CREATED", "DUE_AGAIN"]);
  expect((await one.plans.byId(planId))?.progress).toMatchObject({ occurrence: 3, skipped: 2 });
  expect(heard).toEqual([first?.id, first?.id, first?.id]);

  await done(first);
  at("2026-07-01T05:00:00Z");
  await one.watch.pass();
  const [, second] = await orders(planId);
  expect(second).toMatchObject({ occurrence: 4 });
  expect(second?.description).toContain(
    "2 occurrences before it made no order, because the last one was open.",
  );
});

test("a plan that allows several makes each of its orders", async () => {
  const planId = await created({ allowSeveral: true });
  for (const month of ["04", "05", "06"]) {
    at(`2026-${month}-01T05:00:00Z`);
    await one.watch.pass();
  }
  expect((await orders(planId)).map(({ occurrence }) => occurrence)).toEqual([1, 2, 3]);
});

test("an order made ahead is PLANNED and opens itself in time, once, whichever server is first", async () => {
  const calendar = { every: "P1M", firstDueAt: new Date("2026-04-01T05:00:00Z"), timeZone: null };
  const planId = await created({ calendar: { ...calendar, leadTime: "P7D" } });
  at("2026-03-25T06:00:00Z");
  await one.watch.pass();
  const [order] = await orders(planId);
  expect(order).toMatchObject({ status: "PLANNED", version: 1 });
  const heard: string[] = [];
  for (const { live } of [one, other]) live.listen("maintenanceOrderChanged", ({ id }) => heard.push(id));
  at("2026-04-01T05:00:00Z");
  await Promise.all([one.watch.pass(), other.watch.pass()]);
  expect((await orders(planId))[0]).toMatchObject({ status: "OPEN", version: 2 });
  const [events] = await one.records.eventsOf([order?.id ?? ""]);
  expect(events?.map(({ kind, by }) => `${kind} ${by}`)).toEqual(["CREATED plan Grease", "OPENED mes-twin"]);
  expect(heard).toEqual([order?.id]);
});

describe("a plan that is changed", () => {
  test("follows its new rhythm with the anchor that it had", async () => {
    const planId = await created();
    at("2026-04-20T00:00:00Z");
    await one.watch.pass();
    const calendar = { every: "P1W", firstDueAt: null, timeZone: null, leadTime: null };
    const change = { id: planId, expectedVersion: 1, calendar, usage: null, condition: null, priority: 90 };
    const { state } = await other.plans.update(TESTER, change);
    expect(state?.plan).toMatchObject({ version: 2, priority: 90, name: "Grease" });
    expect(await nextDueAt(planId)).toBe("2026-04-22T05:00:00.000Z");
    expect((await one.plans.update(TESTER, change)).userErrors).toMatchObject([
      { code: "VERSION_CONFLICT", field: ["expectedVersion"] },
    ]);
  });

  test("makes no second order for a due time whose order was made ahead", async () => {
    const calendar = { every: "P1M", firstDueAt: new Date("2026-04-01T05:00:00Z"), timeZone: null };
    const rhythm = { calendar: { ...calendar, leadTime: "P7D" } };
    const planId = await created({ ...rhythm, allowSeveral: true });
    at("2026-03-26T00:00:00Z");
    await one.watch.pass();
    const key = { id: planId, expectedVersion: null };
    await one.plans.setActive(TESTER, { ...key, active: false });
    await one.plans.setActive(TESTER, { ...key, active: true });
    expect(await nextDueAt(planId)).toBe("2026-05-01T05:00:00.000Z");
    await one.plans.update(TESTER, { ...key, ...rhythm, usage: null, condition: null });
    expect(await nextDueAt(planId)).toBe("2026-05-01T05:00:00.000Z");
    await one.watch.pass();
    expect(await orders(planId)).toHaveLength(1);
  });

  test("makes no order while it is inactive, and none for what was due meanwhile", async () => {
    const planId = await created();
    await one.plans.setActive(TESTER, { id: planId, active: false, expectedVersion: null });
    at("2026-06-15T00:00:00Z");
    await one.watch.pass();
    await other.plans.setActive(TESTER, { id: planId, active: true, expectedVersion: 2 });
    await one.watch.pass();
    expect(await orders(planId)).toEqual([]);
    expect(await nextDueAt(planId)).toBe("2026-07-01T05:00:00.000Z");
  });
});

test("a first due time in the past only sets the rhythm", async () => {
  const calendar = { every: "P1Y", firstDueAt: new Date("2020-02-29T11:00:00Z"), timeZone: null };
  const planId = await created({ calendar: { ...calendar, leadTime: null } });
  await one.watch.pass();
  expect(await orders(planId)).toEqual([]);
  expect(await nextDueAt(planId)).toBe("2027-02-28T11:00:00.000Z");
});

test("without a first due time it is due one period from now, by the machine's clock", async () => {
  const calendar = { every: "P1M", firstDueAt: null, timeZone: null, leadTime: null };
  const planId = await created({ calendar });
  expect(await nextDueAt(planId)).toBe("2026-04-01T07:00:00.000Z");
});

test("a plan that cannot be is refused, with the fields that are wrong", async () => {
  const usage = { metric: "hours", every: 500, alreadyUsed: null };
  const above = { operator: "GT", threshold: 1 } as const;
  const condition = { ...above, metric: "hours", forMs: 0, hysteresis: 0 };
  const calendar = { every: "monthly", firstDueAt: null, timeZone: "Berlin", leadTime: "P-1D" };
  const fields = async (more: Partial<NewPlan>) =>
    (await one.plans.create(TESTER, planInput(more))).userErrors.map(({ code, field }) => [
      code,
      field?.join("."),
    ]);
  const fault = { machine: "plant", name: " ", priority: 1_001, dueWithin: "soon", estimatedMinutes: 0 };
  expect(await fields(fault)).toEqual([
    ["INVALID_INPUT", "name"],
    ["INVALID_INPUT", "priority"],
    ["INVALID_INPUT", "dueWithin"],
    ["INVALID_INPUT", "estimatedMinutes"],
    ["NOT_FOUND", "machine"],
  ]);
  expect(await fields({ calendar: null })).toEqual([["INVALID_INPUT", "calendar"]]);
  expect(await fields({ usage })).toEqual([["INVALID_INPUT", "usage"]]);
  expect(await fields({ calendar })).toEqual([
    ["INVALID_INPUT", "calendar.every"],
    ["INVALID_INPUT", "calendar.timeZone"],
    ["INVALID_INPUT", "calendar.leadTime"],
  ]);
  expect(await fields({ calendar: null, usage: { ...usage, every: 0, alreadyUsed: -1 } })).toEqual([
    ["INVALID_INPUT", "usage.every"],
    ["INVALID_INPUT", "usage.alreadyUsed"],
  ]);
  expect(await fields({ calendar: null, usage: { ...usage, metric: "strokes" } })).toEqual([
    ["NOT_FOUND", "usage.metric"],
  ]);
  expect(await fields({ calendar: null, condition: { ...condition, metric: "program" } })).toEqual([
    ["INVALID_INPUT", "condition.metric"],
  ]);
  expect(await fields({ calendar: null, condition: { ...condition, forMs: -1, hysteresis: -1 } })).toEqual([
    ["INVALID_INPUT", "condition.forMs"],
    ["INVALID_INPUT", "condition.hysteresis"],
  ]);
  expect(
    await fields({
      checklist: [{ text: "", required: false }],
      parts: [{ partNumber: "", name: null, quantity: 0, unit: "kg" }],
    }),
  ).toEqual([
    ["INVALID_INPUT", "checklist.0.text"],
    ["INVALID_INPUT", "parts.0.partNumber"],
    ["INVALID_INPUT", "parts.0.quantity"],
  ]);
  expect(await one.plans.under(null)).toEqual([]);
});

test("the same call with its key makes one plan", async () => {
  const caller = { principal: "tester", idempotencyKey: "plan-1" };
  const [first, second] = [
    await one.plans.create(caller, planInput()),
    await other.plans.create(caller, planInput()),
  ];
  expect(second).toEqual(first);
  expect(await one.plans.under("plant")).toHaveLength(1);
  expect((await one.plans.create(caller, planInput({ priority: 1 }))).userErrors).toMatchObject([
    { code: "IDEMPOTENCY_KEY_REUSED" },
  ]);
});
