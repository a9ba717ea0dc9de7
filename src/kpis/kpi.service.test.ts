import "reflect-metadata";
import { execute, parse } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { Database } from "../db/database.js";
import { entities } from "../entities.js";
import type { GraphQLContext } from "../graphql/context.js";
import { buildGraphQLSchema, type ResolverClass } from "../graphql/schema.js";
import type { BulkSql } from "../kernel/sql.js";
import { parsePlantFile } from "../plant/plant-file.js";
import { resolverClasses } from "../resolvers.js";
import { createServices, type Services } from "../services.js";

const MACHINES = 6;
const DAY = 86_400_000;
const HOUR = DAY / 24;

/** Counts what is asked of it, over whatever connection. */
class CountingDatabase extends Database {
  asked = 0;

  override query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    this.asked += 1;
    return super.query<Row>(text, values);
  }

  override withConnection<T>(
    work: (sql: BulkSql, client: Parameters<Parameters<Database["withConnection"]>[0]>[1]) => Promise<T>,
  ): Promise<T> {
    this.asked += 1;
    return super.withConnection(work);
  }
}

let database: TestDatabase;
let db: CountingDatabase;
let services: Services;
const begun = Date.now() - 399 * DAY;

const PLANT = `
machineTypes:
  - { name: press, idealCycleTime: 1s, metrics: [{ name: state, type: String, role: STATE }] }
equipment:
${Array.from({ length: MACHINES }, (_, index) => `  - { path: acme/site/area/line/press-${index}, type: press }`).join("\n")}
`;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new CountingDatabase({ url: database.url, entities, logger: silentLogger });
  await db.start();
  services = createServices(db, silentLogger, { embeddedDatabase: false });
  const file = parsePlantFile(PLANT, {});
  if (!file.ok) throw new Error(JSON.stringify(file.error));
  await services.plant.load();
  await services.plant.apply(file.value);
  await services.twins.load();
  for (const [index, machine] of [...services.plant.plant.machines()].entries()) {
    // Each works and is held some hours more than the one before.
    const states = [
      [begun, "EXECUTE"],
      [begun + (index + 1) * 24 * HOUR, "HELD"],
      [begun + (index + 1) * 25 * HOUR, "IDLE"],
    ] as const;
    await db.query(
      `WITH own AS (INSERT INTO series (machine_id, metric, data_type) VALUES ($1, 'state', 'String') RETURNING id)
       INSERT INTO machine_activity (machine_id, kind, at, series_id, value)
       SELECT $1, 'STATE', one.at, own.id, one.value FROM own, unnest($2::timestamptz[], $3::text[]) AS one (at, value)`,
      [machine.id, states.map(([at]) => new Date(at)), states.map(([, value]) => value)],
    );
  }
});

afterAll(async () => {
  await db?.stop();
  await database?.drop();
});

// biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
async function ask(document: string): Promise<any> {
  const instanceOf = (of: ResolverClass): object => services.resolvers.get(of) ?? {};
  const contextValue: GraphQLContext = {
    principal: { name: "tester" },
    loaders: new Map(),
    resolver: <Resolver>(of: new (...deps: never[]) => Resolver) =>
      instanceOf(of as ResolverClass) as Resolver,
  };
  const schema = buildGraphQLSchema(resolverClasses, instanceOf);
  const { data, errors } = await execute({ schema, document: parse(document), contextValue });
  if (errors) throw errors[0];
  return JSON.parse(JSON.stringify(data));
}

const iso = (time: number) => new Date(time).toISOString();

/** How many statements a question takes the second time. */
async function cost(document: string): Promise<number> {
  await ask(document);
  const before = db.asked;
  await ask(document);
  return db.asked - before;
}

test("where machines are read one by one, each takes one statement more", async () => {
  const report = `kpis(from: "${iso(begun)}", to: "${iso(begun + 50 * DAY)}") { availability }`;
  const one = await cost(`{ equipment(path: "acme/site/area/line/press-0") { ${report} } }`);
  expect(await cost(`{ equipment(path: "acme") { ${report} } }`)).toBe(one + MACHINES - 1);
});

test("the statements of a list of machines do not grow with the machines", async () => {
  const range = `from: "${iso(begun)}", to: "${iso(begun + 10 * DAY)}"`;
  const report = `kpis(${range}) { availability finality losses { durationMs } energy { amount } }`;
  const figures = await cost(
    `{ machine(path: "acme/site/area/line/press-0") { kpis(${range}) { availability losses { durationMs } } } }`,
  );
  const withoutLosses = await cost(
    `{ machine(path: "acme/site/area/line/press-0") { kpis(${range}) { availability } } }`,
  );
  expect(figures).toBe(withoutLosses);
  const one = await cost(`{ machine(path: "acme/site/area/line/press-0") { ${report} } }`);
  const all = await cost(`{ machines { edges { node { ${report} } } } }`);
  const group = await cost(
    `{ equipment(path: "acme") { ${report} ... on EquipmentGroup { machines { ${report} } } } }`,
  );
  expect(one).toBeGreaterThan(0);
  expect([all, group]).toEqual([one, one]);
});

test("the losses of a few days are read with the figures, down to the downtime", async () => {
  const path = "acme/site/area/line/press-0";
  const asked = (fields: string, days: number) =>
    ask(
      `{ machine(path: "${path}") { kpis(from: "${iso(begun)}", to: "${iso(begun + days * DAY)}") { ${fields} } } }`,
    );
  const cost = async (fields: string, days: number) => {
    const before = db.asked;
    const { machine } = await asked(fields, days);
    return [db.asked - before, machine.kpis] as const;
  };
  const losses = "losses(downtimes: true) { kind durationMs downtimeCount downtime { from durationMs } }";
  const [plain] = await cost("availability", 10);
  const [few, short] = await cost(losses, 10);
  const [many, long] = await cost(losses, 100);
  expect(few).toBe(plain);
  expect(many).toBe(2 * plain);
  const held = { kind: "DOWNTIME", durationMs: HOUR, downtimeCount: 1 };
  for (const report of [short, long])
    expect(report.losses).toContainEqual({
      ...held,
      downtime: { from: iso(begun + DAY), durationMs: HOUR },
    });
});

test("a range too long to be read at once has the same report and losses", async () => {
  const fields = `kpis(from: "${iso(begun)}", to: "${iso(begun + 398 * DAY)}") {
    actualProductionTimeMs actualDownTimeMs calendarTimeMs failureCount losses { kind durationMs } }`;
  const { equipment } = await ask(
    `{ equipment(path: "acme") { ${fields} ... on EquipmentGroup { machines { ${fields} } } } }`,
  );
  const of = (index: number) => equipment.machines[index].kpis;
  const hours = Array.from({ length: MACHINES }, (_, index) => index + 1).reduce((sum, one) => sum + one);
  expect(equipment.kpis).toMatchObject({
    actualProductionTimeMs: hours * 24 * HOUR,
    actualDownTimeMs: hours * HOUR,
    calendarTimeMs: MACHINES * 398 * DAY,
    failureCount: MACHINES,
  });
  expect(of(2)).toMatchObject({ actualProductionTimeMs: 3 * 24 * HOUR, actualDownTimeMs: 3 * HOUR });
  expect(equipment.kpis.losses).toContainEqual({ kind: "DOWN", durationMs: hours * HOUR });
  expect(of(2).losses).toContainEqual({ kind: "DOWN", durationMs: 3 * HOUR });
});
