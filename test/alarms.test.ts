import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AlarmDesk, Devices, FILLER, LINE, PLANT } from "./support/alarms.js";
import { startTestApp, type TestApp } from "./support/app.js";
import { metric, stored } from "./support/questions.js";
import { waitFor } from "./support/wait-for.js";

const NOBODY = "Alarm:00000000-0000-7000-8000-000000000000";
const inOneHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe("alarms of a plant", () => {
  let app: TestApp;
  let desk: AlarmDesk;
  let devices: Devices;

  beforeAll(async () => {
    app = await startTestApp({ plant: PLANT });
    desk = new AlarmDesk(app);
    devices = await Devices.connect(app.mqttUrl);
  });

  afterAll(async () => {
    await devices?.end();
    await app?.stop();
  });

  /** Values are taken one after the other; resolves when the twin shows them. */
  async function tells(machine: string, values: Record<string, number | string | null>): Promise<number> {
    const ts = await devices.tell(values, { machine });
    for (const [name, value] of Object.entries(values))
      await waitFor(async () => (await metric(app, `${LINE}/${machine}`, name))?.value === value);
    return ts;
  }

  test("one is raised with its message, opens its maintenance order, and is told of", async () => {
    const changes = desk.follow();
    await devices.tell({ temperature: 20 });
    const ts = await devices.tell({ temperature: 85 });
    const alarm = await desk.one("HOT");
    expect(alarm).toMatchObject({
      severity: "MAJOR",
      message: "filler-1: temperature is 85 °C, above 80 °C",
      metric: "temperature",
      value: 85,
      limit: 80,
      active: true,
      acknowledged: false,
      raisedAt: new Date(ts).toISOString(),
      occurrences: 1,
      clearedAt: null,
      machine: { path: FILLER },
      events: [{ kind: "RAISED", count: 1, by: null }],
    });
    await waitFor(() => changes.includes("HOT true 1"));
    const orders = await waitFor(async () => {
      const made = await desk.maintenanceOrders();
      return made.length > 0 ? made : null;
    });
    expect(orders).toEqual([
      {
        title: "filler-1 runs hot",
        kind: "CORRECTIVE",
        priority: 80,
        description: alarm.message,
        alarm: { id: alarm.id },
      },
    ]);
    const answer = await app.ask(
      `{ node(id: "${alarm.id}") { ... on Alarm { code maintenanceOrder { title alarm { id } } } }
         machine(path: "${FILLER}") { alarms { code } machineType { alarms { code kind above delayMs opensMaintenance } } } }`,
    );
    const maintenanceOrder = { title: "filler-1 runs hot", alarm: { id: alarm.id } };
    expect(answer.data).toMatchObject({
      node: { code: "HOT", maintenanceOrder },
      machine: { alarms: [{ code: "HOT" }] },
    });
    expect(answer.data.machine.machineType.alarms).toEqual([
      { code: "HOT", kind: "LIMIT", above: 80, delayMs: 0, opensMaintenance: "CORRECTIVE" },
      { code: "PRESSED", kind: "LIMIT", above: 5, delayMs: 2_000, opensMaintenance: null },
      { code: "FAULT-17", kind: "FAULT", above: null, delayMs: 0, opensMaintenance: null },
      { code: "FAULT", kind: "FAULT", above: null, delayMs: 0, opensMaintenance: null },
      { code: "GONE", kind: "OFFLINE", above: null, delayMs: 0, opensMaintenance: null },
    ]);
  });

  test("within the hysteresis it stays, and what comes back is counted in it", async () => {
    const { id } = await desk.one("HOT");
    await tells("filler-1", { temperature: 79 });
    expect(await desk.one("HOT")).toMatchObject({ id, active: true, occurrences: 1 });
    for (let round = 0; round < 20; round += 1) {
      await devices.tell({ temperature: 70 });
      await devices.tell({ temperature: 90 });
    }
    const alarm = await desk.one("HOT", ({ occurrences }) => occurrences === 21);
    expect(alarm).toMatchObject({ id, active: true, clearedAt: null });
    expect(alarm.events.map(({ kind, count }) => [kind, count])).toEqual([
      ["RAISED", 1],
      ["CLEARED", 20],
      ["REPEATED", 20],
    ]);
    expect(await desk.maintenanceOrders()).toHaveLength(1);
  });

  test("the same message once more changes nothing", async () => {
    const ts = await tells("filler-1", { temperature: 91 });
    const before = await desk.one("HOT");
    await devices.tell({ temperature: 91 }, { ts });
    await devices.tell({ temperature: 70 }, { ts: ts - 5_000 });
    await tells("filler-1", { pressure: 1 });
    expect(await desk.one("HOT")).toEqual(before);
  });

  test("acknowledging and clearing are apart, and with both it is over", async () => {
    const { id } = await desk.one("HOT");
    const { alarm, userErrors } = await desk.acknowledge(id, ', comment: "on my way"');
    expect(userErrors).toEqual([]);
    expect(alarm).toMatchObject({
      active: true,
      acknowledged: true,
      acknowledgedBy: "anonymous",
      comment: "on my way",
    });
    expect((await desk.acknowledge(id)).userErrors).toMatchObject([
      { code: "INVALID_TRANSITION", field: ["id"] },
    ]);
    expect((await desk.acknowledge(NOBODY)).userErrors).toMatchObject([{ code: "NOT_FOUND", field: ["id"] }]);
    expect((await desk.acknowledge("nonsense")).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    await devices.tell({ temperature: 20 });
    await desk.one("HOT", ({ active, acknowledged }) => !active && acknowledged);
    // It is over: the next one is another alarm.
    await devices.tell({ temperature: 99 });
    await waitFor(async () => (await desk.list('active: null, code: "HOT"')).length === 2);
    const [next] = await desk.list('code: "HOT"');
    expect(next).toMatchObject({ occurrences: 1, acknowledged: false });
    expect((await desk.acknowledge(id)).userErrors).toMatchObject([{ code: "INVALID_TRANSITION" }]);
  });

  test("one that comes back has the order of the one before it while that is open, then one of its own", async () => {
    const orderOf = (id: string) =>
      waitFor(async () => {
        const answer = await app.ask(
          `{ node(id: "${id}") { ... on Alarm { maintenanceOrder { number alarm { id } events { kind detail } } } } }`,
        );
        return answer.data.node.maintenanceOrder;
      });
    const [over, next] = await desk.list('active: null, code: "HOT"');
    const order = await orderOf(over?.id ?? "");
    // Also where the server may have come before to see that it is wanted.
    const again = await orderOf(next?.id ?? "");
    expect(again).toMatchObject({ number: order.number, alarm: { id: over?.id } });
    expect(again.events).toEqual([
      { kind: "CREATED", detail: null },
      { kind: "DUE_AGAIN", detail: next?.message },
    ]);
    expect(await desk.maintenanceOrders()).toHaveLength(1);

    const input = `input: { number: "${order.number}" }`;
    const done = await app.ask(`mutation { startMaintenance(${input}) { userErrors { code } }
      completeMaintenance(${input}) { userErrors { code } } }`);
    expect(done.data.completeMaintenance.userErrors).toEqual([]);
    await desk.acknowledge(next?.id ?? "");
    await devices.tell({ temperature: 20 });
    await waitFor(async () => (await desk.list('code: "HOT"')).length === 0);
    await devices.tell({ temperature: 99 });
    const third = await waitFor(async () => (await desk.list('code: "HOT"'))[0]);
    const own = await orderOf(third.id);
    expect([own.number === order.number, own.alarm.id]).toEqual([false, third.id]);
  });

  test("a delay is over without another message", async () => {
    await devices.tell({ pressure: 9 }, { machine: "filler-2" });
    await devices.tell({ pressure: 9 }, { machine: "filler-3" });
    await devices.tell({ pressure: 1 }, { machine: "filler-3" });
    const alarm = await desk.one("PRESSED");
    expect(alarm).toMatchObject({ active: true, machine: { path: `${LINE}/filler-2` } });
    await devices.tell({ pressure: 1 }, { machine: "filler-2" });
    await desk.one("PRESSED", ({ active }) => !active);
  });

  test("faults and lost machines raise alarms of their own", async () => {
    await devices.tell({ fault: "17" }, { machine: "filler-4" });
    await devices.tell({ fault: "E99" }, { machine: "filler-4" });
    await desk.one("FAULT", ({ active }) => active);
    await devices.online(false, "filler-4");
    await desk.one("GONE", ({ active }) => active);
    expect(await desk.one("FAULT-17")).toMatchObject({ active: false, message: "Jam of filler-4" });
    expect(await desk.one("FAULT")).toMatchObject({ active: true, message: "filler-4: fault E99" });
    await devices.online(true, "filler-4");
    await devices.tell({ fault: "" }, { machine: "filler-4" });
    await desk.one("GONE", ({ active }) => !active);
    await desk.one("FAULT", ({ active }) => !active);
  });

  test("lists are filtered and come in pages", async () => {
    const codes = async (filter: string) => (await desk.list(filter)).map(({ code }) => code);
    expect(await codes(`under: "${LINE}/filler-4", active: null`)).toEqual(["FAULT-17", "FAULT", "GONE"]);
    expect(await codes(`under: "${LINE}/filler-4"`)).toEqual([]);
    expect(await codes("active: false, severity: [CRITICAL]")).toEqual(["FAULT-17", "FAULT"]);
    expect(await codes("active: null, acknowledged: true")).toEqual(["HOT", "HOT"]);
    const page = await app.ask(
      "{ alarms(active: null, first: 2) { totalCount edges { node { code } } pageInfo { hasNextPage endCursor } } }",
    );
    const { totalCount, edges, pageInfo } = page.data.alarms;
    expect([totalCount, edges.length, pageInfo.hasNextPage]).toEqual([7, 2, true]);
    const rest = await app.ask(
      `{ alarms(active: null, first: 9, after: "${pageInfo.endCursor}") { edges { node { code } } pageInfo { hasNextPage } } }`,
    );
    expect([rest.data.alarms.edges.length, rest.data.alarms.pageInfo.hasNextPage]).toEqual([5, false]);
    expect((await app.ask('{ alarms(under: "nowhere") { totalCount } }')).errors?.[0]?.extensions?.code).toBe(
      "BAD_USER_INPUT",
    );
  });

  test("many are acknowledged at once, each for itself and once for a key", async () => {
    const open = await desk.list("active: null, acknowledged: false");
    const ids = [...open.map(({ id }) => id), NOBODY];
    const results = await desk.acknowledgeAll(ids, { idempotencyKey: "all", comment: "seen" });
    expect(results.map(({ alarm }) => alarm?.acknowledged ?? null)).toEqual([...open.map(() => true), null]);
    expect(results.at(-1)?.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    const again = await desk.acknowledgeAll(ids, { idempotencyKey: "all", comment: "seen" });
    expect(again).toEqual(results);
    const other = await desk.acknowledgeAll([NOBODY], { idempotencyKey: "all" });
    expect(other[0]?.userErrors).toMatchObject([{ code: "IDEMPOTENCY_KEY_REUSED" }]);
    expect(await desk.list("active: null, acknowledged: false")).toEqual([]);
  });

  describe("on a shelf", () => {
    const machine = `${LINE}/filler-5`;

    test("it neither tells nor opens an order, is told apart, and shows again by itself", async () => {
      await tells("filler-5", { temperature: 20 });
      // A new machine is shown before it is stored.
      await waitFor(async () => (await stored(app, machine, "temperature")) > 0);
      const made = (await desk.maintenanceOrders()).length;
      const until = new Date(Date.now() + 3_000).toISOString();
      const shelved = await desk.shelve({ machine, code: "HOT", until, reason: "trial run" });
      expect(shelved).toMatchObject({ alarm: null, shelf: { code: "HOT", until }, userErrors: [] });
      expect(await desk.shelves()).toMatchObject([
        { code: "HOT", reason: "trial run", by: "anonymous", machine: { path: machine } },
      ]);
      const changes = desk.follow(machine);
      // Nothing tells when a subscription is in place, except that it brings something.
      await waitFor(async () => {
        await tells("filler-5", { fault: "1" });
        await tells("filler-5", { fault: "" });
        return changes.length > 0;
      });
      await tells("filler-5", { temperature: 99 });
      const alarm = await waitFor(async () => (await desk.list("shelved: true"))[0] ?? null);
      expect(alarm).toMatchObject({
        code: "HOT",
        active: true,
        shelved: true,
        shelf: { reason: "trial run" },
      });
      expect(await desk.list(`under: "${machine}", shelved: false, code: "HOT"`)).toEqual([]);
      expect([
        changes.filter((change) => change.startsWith("HOT")),
        (await desk.maintenanceOrders()).length,
      ]).toEqual([[], made]);
      // Its time is over, and it is active still: now it tells, and opens its order.
      await waitFor(() => changes.includes("HOT true 1"));
      const shown = (await desk.list(`under: "${machine}", code: "HOT"`))[0];
      expect(shown).toMatchObject({ shelved: false, shelf: null });
      expect(shown?.events.map(({ kind, by }) => [kind, by])).toEqual([
        ["RAISED", null],
        ["UNSHELVED", null],
      ]);
      await waitFor(async () => (await desk.maintenanceOrders()).length === made + 1);
      expect(await desk.shelves()).toEqual([]);
    });

    test("one that is cleared there opens no order afterwards", async () => {
      const made = (await desk.maintenanceOrders()).length;
      const [hot] = await desk.list(`under: "${machine}", code: "HOT"`);
      await desk.acknowledge(hot?.id ?? "");
      await tells("filler-5", { temperature: 20 });
      await desk.shelve({ machine, code: "HOT", until: inOneHour(), reason: "again" });
      await tells("filler-5", { temperature: 99 });
      await waitFor(async () => (await desk.list("shelved: true")).some(({ active }) => active));
      await tells("filler-5", { temperature: 20 });
      const [cleared] = await waitFor(async () => {
        const found = await desk.list("active: false, shelved: true");
        return found.length > 0 ? found : null;
      });
      const { alarm, shelf, userErrors } = await desk.unshelve({ id: cleared?.id });
      expect([userErrors, shelf, alarm?.shelved]).toEqual([[], null, false]);
      expect(alarm?.events.at(-1)).toMatchObject({ kind: "UNSHELVED", by: "anonymous" });
      // What is opened later was not opened for it.
      await tells("filler-6", { temperature: 99 });
      await waitFor(async () => (await desk.maintenanceOrders()).length > made);
      const orders = await desk.maintenanceOrders();
      expect(orders.filter((order) => order.alarm?.id === cleared?.id)).toEqual([]);
      expect(orders).toHaveLength(made + 1);
    });

    test.each([
      [{ code: "HOT" }, "INVALID_INPUT", "machine"],
      [{ machine }, "INVALID_INPUT", "code"],
      [{ id: NOBODY, machine }, "INVALID_INPUT", "id"],
      [{ id: NOBODY }, "NOT_FOUND", "id"],
      [{ machine: "acme/nowhere", code: "HOT" }, "NOT_FOUND", "machine"],
      [{ machine, code: "NONE" }, "NOT_FOUND", "code"],
      [{ machine, code: "HOT", reason: " " }, "INVALID_INPUT", "reason"],
      [{ machine, code: "HOT", until: "2020-01-01T00:00:00.000Z" }, "INVALID_INPUT", "until"],
    ])("%j is refused with %s in %s", async (input, code, field) => {
      const { userErrors } = await desk.shelve({ until: inOneHour(), reason: "why", ...input });
      expect(userErrors).toMatchObject([{ code, field: [field] }]);
    });

    test("what is on no shelf cannot be taken off one, and what is over cannot be put on one", async () => {
      expect((await desk.unshelve({ machine, code: "FAULT-17" })).userErrors).toMatchObject([
        { code: "INVALID_TRANSITION", field: ["code"] },
      ]);
      const [over] = await desk.list("active: false, acknowledged: true");
      const { userErrors } = await desk.shelve({ id: over?.id, until: inOneHour(), reason: "why" });
      expect(userErrors).toMatchObject([{ code: "INVALID_TRANSITION", field: ["id"] }]);
    });

    test("one that is shelved anew at the moment when its shelf ends stays there", async () => {
      const path = `${LINE}/filler-6`;
      await tells("filler-6", { temperature: 99 });
      const [alarm] = await waitFor(async () => {
        const found = await desk.list(`under: "${path}", code: "HOT"`);
        return found.length > 0 && found;
      });
      const id = alarm?.id ?? "";
      await desk.shelve({ id, until: new Date(Date.now() + 3_000).toISOString(), reason: "first" });
      const other = new pg.Client({ connectionString: app.env.DATABASE_URL });
      await other.connect();
      try {
        // Were the two to wait for each other, this one would find out first.
        await other.query("SET deadlock_timeout = 1");
        // As the server shelves: first the alarm, then the shelf, which the server is about to end meanwhile.
        await other.query("BEGIN");
        await other.query("SELECT FROM alarm WHERE id = $1 FOR UPDATE", [id.slice("Alarm:".length)]);
        await waitFor(async () => {
          const waiting = await other.query(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
          );
          return waiting.rows.length > 0;
        });
        await other.query("UPDATE alarm_shelf SET until = now() + interval '1 hour'");
        await other.query("COMMIT");
      } finally {
        await other.end();
      }
      // The next look at what is to be done finds it there too.
      await tells("filler-6", { fault: "1" });
      await waitFor(async () => (await desk.list(`under: "${path}", code: "FAULT"`)).length > 0);
      const [still] = await desk.list(`under: "${path}", code: "HOT"`);
      expect(still).toMatchObject({ shelved: true });
      expect(still?.events.map(({ kind }) => kind)).toEqual(["RAISED", "SHELVED"]);
    });
  });
});
