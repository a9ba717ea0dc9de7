import "reflect-metadata";
import { execute, parse } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "../../test/support/database.js";
import { historyOf } from "../../test/support/history.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { Database } from "../db/database.js";
import type { GraphQLContext } from "../graphql/context.js";
import { NodeResolver } from "../graphql/node.resolver.js";
import { buildGraphQLSchema, type ResolverClass } from "../graphql/schema.js";
import { LiveBus } from "../live/live-bus.js";
import type { CalendarChanged } from "../live/live-events.js";
import type { Equipment } from "../plant/equipment.js";
import { EquipmentEntity, MachineTypeEntity } from "../plant/plant.entity.js";
import { PlantResolver } from "../plant/plant.resolver.js";
import { PlantService } from "../plant/plant.service.js";
import { PlantStore } from "../plant/plant.store.js";
import { parsePlantFile } from "../plant/plant-file.js";
import { TwinResolver } from "../twin/twin.resolver.js";
import { TwinService } from "../twin/twin.service.js";
import { TwinStore } from "../twin/twin.store.js";
import { TwinJournal } from "../twin/twin-journal.js";
import { CalendarResolver } from "./calendar.resolver.js";
import { CalendarService } from "./calendar.service.js";
import { PlannedStopEntity } from "./planned-stop.entity.js";
import { PlannedStopStore } from "./planned-stop.store.js";

const PLANT = `
calendars:
  - name: day
    timeZone: Europe/Berlin
    shifts: [{ name: Day, start: 08:00, end: 16:00, breaks: [{ name: Lunch, start: 12:00, end: 12:30 }] }]
    plannedStops: [{ reason: Cleaning, weekdays: wed, start: 15:30, end: 16:00 }]
  - name: always
    timeZone: Europe/Berlin
    shifts: [{ name: All day, start: 00:00, end: 24:00 }]
machineTypes: [{ name: press }]
equipment:
  - { path: acme/berlin, calendar: day }
  - { path: acme/berlin/hall/line/m1, type: press }
  - { path: acme/berlin/hall/line/m2, type: press, calendar: always }
  - { path: other/site/hall/line/m3, type: press }
`;

let plant: Awaited<ReturnType<typeof startPlant>>;

beforeAll(async () => {
  plant = await startPlant();
});

afterAll(async () => {
  await plant?.stop();
});

test("the calendar of the lowest scope holds; without one there are no shifts", async () => {
  expect(await shiftsOf("acme/berlin")).toEqual(["Day"]);
  expect(await shiftsOf("acme/berlin/hall/line/m1")).toEqual(["Day"]);
  expect(await shiftsOf("acme/berlin/hall/line/m2")).toEqual(["All day", "All day"]);
  expect(await shiftsOf("other/site/hall/line/m3")).toEqual([]);
});

test("a machine and a group show their shifts with breaks, and the shift of now", async () => {
  plant.time.now = Date.parse("2026-07-01T09:00:00Z");
  const shift = {
    name: "Day",
    date: "2026-07-01",
    from: "2026-07-01T06:00:00.000Z",
    to: "2026-07-01T14:00:00.000Z",
    breaks: [{ name: "Lunch", from: "2026-07-01T10:00:00.000Z", to: "2026-07-01T10:30:00.000Z" }],
  };
  const fields = "name date from to breaks { name from to }";
  for (const path of ["acme/berlin/hall", "acme/berlin/hall/line/m1"]) {
    const { equipment } = await plant.ask(
      `{ equipment(path: "${path}") { currentShift { ${fields} }
           shifts(from: "2026-07-01T00:00:00Z", to: "2026-07-02T00:00:00Z") { ${fields} } } }`,
    );
    expect(equipment).toEqual({ currentShift: shift, shifts: [shift] });
  }
  plant.time.now = Date.parse("2026-07-01T19:00:00Z");
  const { equipment } = await plant.ask(`{ equipment(path: "acme") { currentShift { name } } }`);
  expect(equipment).toEqual({ currentShift: null });
});

test("a range must go forwards and not be endless", async () => {
  const ask = (to: string) =>
    plant.ask(`{ equipment(path: "acme") { shifts(from: "2026-07-01T00:00:00Z", to: "${to}") { name } } }`);
  await expect(ask("2026-07-01T00:00:00Z")).rejects.toThrow("to must be after from");
  await expect(ask("2028-07-01T00:00:00Z")).rejects.toThrow("400 days");
});

test("a planned stop of a line holds for its machines until it is cancelled, and is told", async () => {
  const from = "2026-07-03T07:00:00Z";
  const day = { from: Date.parse("2026-07-03T06:00:00Z"), to: Date.parse("2026-07-03T10:00:00Z") };
  const kinds = async (path: string) =>
    (await plant.calendar.planned(plant.at(path), day)).map(({ value }) => value.kind);
  const told: CalendarChanged[] = [];
  const unlisten = plant.live.listen("calendarChanged", (change) => told.push(change));

  const input = { equipment: "acme/berlin/hall/line", from, to: "2026-07-03T08:00:00Z", reason: "Meeting" };
  const { plannedStop, userErrors } = await planStop(input);
  expect(userErrors).toEqual([]);
  expect(plannedStop).toMatchObject({
    reason: "Meeting",
    plannedBy: "tester",
    equipment: { path: input.equipment },
  });
  expect(await kinds("acme/berlin/hall/line/m1")).toEqual(["BUSY", "PLANNED_STOP", "BUSY"]);
  expect(await kinds("acme/berlin/hall/line/m2")).toEqual(["BUSY", "PLANNED_STOP", "BUSY"]);
  expect(await kinds("acme/berlin/hall")).toEqual(["BUSY"]);
  expect(await kinds("other/site/hall/line/m3")).toEqual(["BUSY"]);

  expect((await cancel(plannedStop?.id)).plannedStop).toMatchObject({ cancelledAt: expect.any(String) });
  expect(await kinds("acme/berlin/hall/line/m1")).toEqual(["BUSY"]);
  expect((await cancel(plannedStop?.id)).userErrors).toEqual([{ code: "INVALID_TRANSITION", field: ["id"] }]);
  unlisten();
  expect(told.map((change) => [change.from, change.machines.map(({ name }) => name)])).toEqual([
    [Date.parse(from), ["m1", "m2"]],
    [Date.parse(from), ["m1", "m2"]],
  ]);
});

test("plannedStops lists those of the calendar and those of people, by their beginning", async () => {
  const path = "acme/berlin/hall/line/m1";
  await planStop({
    equipment: "acme",
    from: "2026-07-08T07:00:00Z",
    to: "2026-07-09T07:00:00Z",
    reason: "Audit",
  });
  await planStop({
    equipment: path,
    from: "2026-07-08T20:00:00Z",
    to: "2026-07-08T21:00:00Z",
    reason: "Oil",
  });
  const { equipment } = await plant.ask(
    `{ equipment(path: "${path}") {
         plannedStops(from: "2026-07-08T00:00:00Z", to: "2026-07-09T00:00:00Z") {
           reason plannedBy from to equipment { path } } } }`,
  );
  expect(equipment).toEqual({
    plannedStops: [
      stop("Audit", "tester", "2026-07-08T07:00:00.000Z", "2026-07-09T07:00:00.000Z", "acme"),
      stop("Cleaning", null, "2026-07-08T13:30:00.000Z", "2026-07-08T14:00:00.000Z", path),
      stop("Oil", "tester", "2026-07-08T20:00:00.000Z", "2026-07-08T21:00:00.000Z", path),
    ],
  });
});

test("what cannot be planned is refused and names its field", async () => {
  const errors = async (input: object) =>
    (
      await planStop({
        equipment: "acme",
        from: "2026-07-03T07:00:00Z",
        to: "2026-07-03T08:00:00Z",
        reason: "Meeting",
        ...input,
      })
    ).userErrors;
  expect(await errors({ equipment: "acme/nowhere" })).toEqual([{ code: "NOT_FOUND", field: ["equipment"] }]);
  expect(await errors({ to: "2026-07-03T07:00:00Z" })).toEqual([{ code: "INVALID_INPUT", field: ["to"] }]);
  expect(await errors({ to: "2027-08-07T07:00:01Z" })).toEqual([{ code: "INVALID_INPUT", field: ["to"] }]);
  expect(await errors({ reason: " " })).toEqual([{ code: "INVALID_INPUT", field: ["reason"] }]);
  expect((await cancel("PlannedStop:nonsense")).userErrors).toEqual([{ code: "NOT_FOUND", field: ["id"] }]);
});

test("sent twice with one key, a stop is planned once", async () => {
  const input = {
    equipment: "other",
    from: "2026-07-03T07:00:00Z",
    to: "2026-07-03T08:00:00Z",
    reason: "Meeting",
    idempotencyKey: "k1",
  };
  const first = await planStop(input);
  expect((await planStop(input)).plannedStop?.id).toBe(first.plannedStop?.id);
  expect((await planStop({ ...input, reason: "Lunch" })).userErrors).toEqual([
    { code: "IDEMPOTENCY_KEY_REUSED", field: ["idempotencyKey"] },
  ]);
});

interface Payload {
  plannedStop: { id: string } | null;
  userErrors: { code: string; field: string[] }[];
}

async function planStop(input: object): Promise<Payload> {
  const answer = await plant.ask(
    `mutation ($input: PlanStopInput!) { planStop(input: $input) {
       plannedStop { id reason plannedBy equipment { path } } userErrors { code field } } }`,
    { input },
  );
  return answer.planStop as Payload;
}

async function cancel(id: string | undefined): Promise<Payload> {
  const answer = await plant.ask(
    `mutation ($input: CancelPlannedStopInput!) { cancelPlannedStop(input: $input) {
       plannedStop { id cancelledAt } userErrors { code field } } }`,
    { input: { id } },
  );
  return answer.cancelPlannedStop as Payload;
}

function stop(reason: string, plannedBy: string | null, from: string, to: string, path: string): object {
  return { reason, plannedBy, from, to, equipment: { path } };
}

async function shiftsOf(path: string): Promise<string[]> {
  const { equipment } = await plant.ask(
    `{ equipment(path: "${path}") { shifts(from: "2026-07-01T00:00:00Z", to: "2026-07-02T00:00:00Z") { name } } }`,
  );
  return (equipment as { shifts: { name: string }[] }).shifts.map(({ name }) => name);
}

async function startPlant() {
  const database = await createTestDatabase();
  const entities = [EquipmentEntity, MachineTypeEntity, PlannedStopEntity];
  const db = new Database({ url: database.url, entities, logger: silentLogger });
  await db.start();
  const plants = new PlantService({ store: new PlantStore(db), db, logger: silentLogger });
  const file = parsePlantFile(PLANT, {});
  if (!file.ok) throw new Error(JSON.stringify(file.error));
  await plants.apply(file.value);
  const time = { now: Date.parse("2026-07-01T09:00:00Z") };
  const clock = { now: () => time.now };
  const live = new LiveBus();
  const { plant: equipment } = plants;
  const { history } = historyOf(db);
  const twins = new TwinService({ plant: equipment, store: new TwinStore(db), history, clock, run: "test" });
  const calendar = new CalendarService({ store: new PlannedStopStore(db), db, plants, live, clock });
  const machines = { view: (machine: Equipment) => twins.of(machine).view };
  const resolvers: object[] = [
    new PlantResolver({ plant: equipment, machines }),
    new TwinResolver({ plant: equipment, twins, live, journal: new TwinJournal(10, () => time.now) }),
    new CalendarResolver({ calendar, plant: equipment, twins }),
    new NodeResolver([]),
  ];
  const instanceOf = (of: ResolverClass): object => {
    const found = resolvers.find((one) => one.constructor === of);
    if (!found) throw new Error(`no ${of.name}`);
    return found;
  };
  const schema = buildGraphQLSchema(
    resolvers.map((one) => one.constructor as ResolverClass),
    instanceOf,
  );
  const ask = async (document: string, variableValues: Record<string, unknown> = {}) => {
    const contextValue = { principal: { name: "tester" }, loaders: new Map() } as unknown as GraphQLContext;
    const result = await execute({ schema, document: parse(document), variableValues, contextValue });
    if (result.errors?.[0]) throw result.errors[0].originalError ?? result.errors[0];
    // Objects of graphql have no prototype, which toEqual takes for a difference.
    return JSON.parse(JSON.stringify(result.data)) as Record<string, unknown>;
  };
  return {
    time,
    live,
    calendar,
    ask,
    at(path: string): Equipment {
      const found = equipment.byPath(path);
      if (!found) throw new Error(`no ${path}`);
      return found;
    },
    async stop(): Promise<void> {
      await db.stop();
      await database.drop();
    },
  };
}
