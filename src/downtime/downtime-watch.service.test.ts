import { afterAll, beforeAll, expect, test } from "vitest";
import { type DowntimeRow, downtimeDesk } from "../../test/support/downtime-desk.js";
import { type DowntimePlant, startDowntimePlant } from "../../test/support/downtime-plant.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { waitFor } from "../../test/support/wait-for.js";
import { systemClock } from "../kernel/clock.js";
import type { MachineState } from "../twin/packml.js";
import { DowntimeWatch } from "./downtime-watch.service.js";

const MINUTE = 60_000;
const DIRT = { category: "PLANNED", reason: "dirt" };
const TAKEN_BACK = { category: "UNCLASSIFIED", reason: "" };

let plant: DowntimePlant;
/** When all stories begin: some hours ago, on the full minute. */
const start = Math.floor(Date.now() / MINUTE) * MINUTE - 360 * MINUTE;
const { at, ms, list, classify, split, merge } = downtimeDesk(() => plant, start);

beforeAll(async () => {
  plant = await startDowntimePlant(`
machineTypes:
  - name: free
    idealCycleTime: 1s
    microStop: 2s
    downtimeReasons: [{ code: jam, category: UNPLANNED }, { code: dirt, category: PLANNED }]
    faultReasons: { E7: jam }
  - { name: ordered }
equipment:
${[..."abcdefghi"].map((name) => `  - { path: acme/line/${name}, type: free }`).join("\n")}
  - { path: acme/other/ordered, type: ordered }
`);
});

afterAll(async () => {
  await plant?.stop();
});

interface Told extends DowntimeRow {
  readonly removed: boolean;
}

async function follow(under: string, fields: string, since?: string) {
  const changes = await plant.follow(
    `subscription ($under: EquipmentPath, $since: DateTime) { downtimeChanged(under: $under, since: $since) { ${fields} } }`,
    { under, since },
  );
  return {
    next: async () => (await changes.next())?.downtimeChanged as Told,
    end: () => changes.end(),
    async *all() {
      for (let told = await changes.next(); told; told = await changes.next())
        yield told.downtimeChanged as Told;
    },
  };
}

test("who follows the downtimes below a path sees them begin, be classified and end", async () => {
  const path = "acme/line/a";
  const changes = await follow("acme/line", "to category classifiedBy removed machine { path }");
  const so = { removed: false, machine: { path } };
  await plant.states("acme/other/ordered", [ms(30), "HELD"]);
  await plant.states(path, [ms(30), "HELD"]);
  const lasts = { ...so, to: null };
  expect(await changes.next()).toEqual({ ...lasts, category: "UNCLASSIFIED", classifiedBy: "DERIVED" });
  await plant.reported(path, "FAULT", [{ at: ms(31), value: "E7" }]);
  expect(await changes.next()).toEqual({ ...lasts, category: "UNPLANNED", classifiedBy: "FAULT" });
  await classify({ id: (await list(path)).at(-1)?.id, category: "PLANNED", reason: "dirt" });
  expect(await changes.next()).toEqual({ ...lasts, category: "PLANNED", classifiedBy: "OPERATOR" });
  await plant.states(path, [ms(35), "EXECUTE"]);
  const ended = { ...so, to: at(35), category: "PLANNED", classifiedBy: "OPERATOR" };
  expect(await changes.next()).toEqual(ended);
  await changes.end();
});

test("what late data takes away is told as removed, also of a time before anyone followed", async () => {
  const path = "acme/line/b";
  await plant.states(path, [ms(0), "EXECUTE"], [ms(10), "HELD"], [ms(20), "EXECUTE"]);
  await plant.states(path, [ms(30), "HELD"], [ms(40), "EXECUTE"]);
  const [first, second] = await list(path);
  const changes = await follow(path, "id from to removed");
  await plant.unreport(path, ms(10), ms(11));
  expect(await changes.next()).toEqual({ id: first?.id, from: at(10), to: at(20), removed: true });
  await plant.states(path, [ms(35), "EXECUTE"]);
  expect(await changes.next()).toEqual({ id: second?.id, from: at(30), to: at(35), removed: false });
  await plant.unreport(path, ms(30), ms(31));
  await plant.states(path, [ms(32), "HELD"]);
  const told = [await changes.next(), await changes.next()];
  expect(told.map(({ from, to, removed }) => [from, to, removed])).toEqual([
    [at(30), at(35), true],
    [at(32), at(35), false],
  ]);
  await changes.end();
});

test("a fault code that comes late explains the parts of its downtime that were split off before, too", async () => {
  const path = "acme/line/i";
  await plant.states(path, [ms(0), "EXECUTE"], [ms(10), "HELD"], [ms(20), "EXECUTE"]);
  await split({ id: (await list(path))[0]?.id, at: at(15) });
  const changes = await follow(path, "from reason");
  await plant.reported(path, "FAULT", [{ at: ms(17), value: "E7" }]);
  expect([await changes.next(), await changes.next()]).toEqual([
    { from: at(10), reason: "jam" },
    { from: at(15), reason: "jam" },
  ]);
  await changes.end();
});

test("a stop that is planned afterwards takes downtimes away, and brings them back when it is cancelled", async () => {
  const path = "acme/line/c";
  await plant.states(path, [ms(0), "EXECUTE"], [ms(10), "HELD"], [ms(20), "EXECUTE"]);
  const changes = await follow("acme", "from to removed");
  const input = { equipment: path, from: at(5), to: at(15), reason: "Meeting" };
  const { planStop } = (await plant.ask(
    "mutation ($input: PlanStopInput!) { planStop(input: $input) { plannedStop { id } } }",
    { input },
  )) as { planStop: { plannedStop: { id: string } } };
  expect([await changes.next(), await changes.next()]).toEqual([
    { from: at(10), to: at(20), removed: true },
    { from: at(15), to: at(20), removed: false },
  ]);
  await plant.ask("mutation ($id: ID!) { cancelPlannedStop(input: { id: $id }) { userErrors { code } } }", {
    id: planStop.plannedStop.id,
  });
  expect([await changes.next(), await changes.next()]).toEqual([
    { from: at(15), to: at(20), removed: true },
    { from: at(10), to: at(20), removed: false },
  ]);
  await changes.end();
});

test("an operation that is booked afterwards makes delays of a time that has passed, and they are told", async () => {
  const path = "acme/other/ordered";
  await plant.unreport(path, 0, Date.now());
  await plant.states(path, [ms(0), "IDLE"]);
  const order = { number: "PO-1", product: "cola", quantity: 5 };
  await plant.ask("mutation ($input: UpsertOrdersInput!) { upsertOrders(input: $input) { failedCount } }", {
    input: {
      orders: [
        { ...order, operations: [{ sequence: 10, name: "fill", machine: path, countingSource: "OPERATOR" }] },
      ],
    },
  });
  const changes = await follow(path, "from to operation { sequence }");
  const step = async (name: string, input: string, moment: string) => {
    const answer = await plant.ask(
      `mutation { ${name}(input: { ${input}, at: "${moment}" }) { userErrors { message } } }`,
    );
    expect(answer).toEqual({ [name]: { userErrors: [] } });
  };
  await step("releaseOrder", 'number: "PO-1"', at(90));
  await step("startOperation", 'order: "PO-1", sequence: 10', at(100));
  expect(await changes.next()).toEqual({ from: at(100), to: null, operation: { sequence: 10 } });
  await step("completeOperation", 'order: "PO-1", sequence: 10', at(110));
  expect(await changes.next()).toEqual({ from: at(100), to: at(110), operation: { sequence: 10 } });
  await changes.end();
});

test("who names a moment gets all downtimes since then at first, and later what becomes of them", async () => {
  const path = "acme/line/d";
  const stops = [10, 30, 50].flatMap(
    (minute) =>
      [
        [ms(minute), "HELD"],
        [ms(minute + 10), "EXECUTE"],
      ] as const,
  );
  await plant.states(path, [ms(0), "EXECUTE"], ...stops);
  for (const _ of ["the first who follows", "another"]) {
    const changes = await follow(path, "from removed", at(35));
    expect([await changes.next(), await changes.next()]).toEqual([
      { from: at(30), removed: false },
      { from: at(50), removed: false },
    ]);
    await plant.states(path, [ms(70), "HELD"]);
    expect(await changes.next()).toEqual({ from: at(70), removed: false });
    await plant.unreport(path, ms(70), ms(71));
    expect(await changes.next()).toEqual({ from: at(70), removed: true });
    await changes.end();
  }
});

test("what nobody is to follow is refused", async () => {
  const bad = { extensions: { code: "BAD_USER_INPUT" } };
  await expect(follow("acme/nowhere", "id")).rejects.toMatchObject(bad);
  await expect(follow("acme", "id", at(-32 * 24 * 60))).rejects.toMatchObject(bad);
});

test("a downtime that lasts is told again when it is a micro-stop no longer", async () => {
  const path = "acme/line/e";
  await plant.states(path, [ms(0), "EXECUTE"]);
  const changes = await follow(path, "to microStop");
  const begin = Date.now();
  await plant.states(path, [begin, "HELD"]);
  expect(await changes.next()).toEqual({ to: null, microStop: true });
  expect(await changes.next()).toEqual({ to: null, microStop: false });
  expect(Date.now() - begin).toBeGreaterThanOrEqual(2_000);
  expect(Date.now() - begin).toBeLessThan(10_000);
  await changes.end();
});

test("a downtime that begins because a planned stop is over is told without anything else happening", async () => {
  const path = "acme/line/f";
  await plant.states(path, [ms(0), "HELD"]);
  const { timeModel } = plant.services.mes;
  const { live, plant: plants } = plant.services;
  const parts = { model: timeModel, plant: plants.plant, live, clock: systemClock, logger: silentLogger };
  const watch = new DowntimeWatch({ ...parts, everyMs: 500 });
  const end = Date.now() + 3_000;
  const input = { equipment: path, from: at(-1), to: new Date(end).toISOString(), reason: "Meeting" };
  await plant.ask("mutation ($input: PlanStopInput!) { planStop(input: $input) { userErrors { code } } }", {
    input,
  });
  const changes = await watch.follow({ under: path, since: null });
  const { value } = await changes.next();
  expect(value).toMatchObject({ downtime: { from: end, to: null }, removed: false });
  await watch.stop();
  expect(await changes.next()).toMatchObject({ done: true });
});

/** The same numbers at every run. */
function dice(seed: number) {
  let state = seed;
  return (sides: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

test("a list that is kept by what is told is the list that is asked for, whatever happens", async () => {
  const paths = ["acme/line/g", "acme/line/h"];
  const roll = dice(7);
  const changes = await follow("acme/line", "id from to category reason removed", at(-1));
  const kept = new Map<string, DowntimeRow>();
  const reading = (async () => {
    for await (const { removed, ...told } of changes.all()) {
      if (removed) expect(kept.delete(told.id)).toBe(true);
      else kept.set(told.id, told);
    }
  })();
  const mine = async () => {
    const all = await Promise.all(paths.map((path) => list(path)));
    const wanted = all.flat();
    const ids = new Set(paths.map((path) => plant.machineOf(path).id));
    const own = [...kept.values()].filter(({ id }) => ids.has(id.split(":")[1] ?? ""));
    const order = (a: DowntimeRow, b: DowntimeRow) => (a.id < b.id ? -1 : 1);
    expect(own.sort(order)).toEqual(wanted.sort(order));
    return true;
  };
  const states: readonly MachineState[] = ["EXECUTE", "HELD", "ABORTED", "EXECUTE"];
  const acts = [
    (path: string) =>
      plant.states(path, [ms(roll(300)) + roll(1_000), states[roll(states.length)] ?? "HELD"]),
    (path: string) => plant.states(path, [ms(roll(300)) + roll(1_000), "EXECUTE"]),
    (path: string) => {
      const from = ms(roll(300));
      return plant.unreport(path, from, from + roll(40) * MINUTE);
    },
    (path: string) =>
      plant.reported(path, "MODE", [
        { at: ms(roll(300)) + roll(1_000), value: roll(2) ? "SETUP" : "PRODUCTION" },
      ]),
    (path: string) =>
      plant.reported(path, "FAULT", [{ at: ms(roll(300)) + roll(1_000), value: roll(2) ? "E7" : "" }]),
    async (path: string) => {
      const all = await list(path);
      const one = all[roll(all.length)];
      if (one) await classify({ id: one.id, ...(roll(2) ? DIRT : TAKEN_BACK) });
    },
    async (path: string) => {
      const all = await list(path);
      const one = all[roll(all.length)];
      if (one) await split({ id: one.id, at: new Date(Date.parse(one.from) + 60_000).toISOString() });
    },
    async (path: string) => {
      const all = await list(path);
      const index = all.findIndex(({ to }, place) => to !== null && to === all[place + 1]?.from);
      if (index >= 0) await merge([all[index]?.id, all[index + 1]?.id]);
    },
    async (path: string) => {
      const minute = roll(300);
      const input = { equipment: path, from: at(minute), to: at(minute + 1 + roll(20)), reason: "Meeting" };
      await plant.ask(
        "mutation ($input: PlanStopInput!) { planStop(input: $input) { userErrors { code } } }",
        {
          input,
        },
      );
    },
  ];
  for (let round = 0; round < 25; round += 1) {
    for (let turn = 0; turn < 4; turn += 1) await acts[roll(acts.length)]?.(paths[roll(2)] ?? "");
    await waitFor(mine, { what: `the list of round ${round}` });
  }
  expect(kept.size).toBeGreaterThan(10);
  await changes.end();
  await reading;
}, 60_000);
