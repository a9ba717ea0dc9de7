import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { Initial1764000000000 } from "../migrations/1764000000000-initial.js";
import { HistorySegments1764500000000 } from "../migrations/1764500000000-history-segments.js";
import { migrations } from "../migrations/index.js";
import { Database } from "../src/db/database.js";
import { entities } from "../src/entities.js";
import { createTestDatabase } from "./support/database.js";
import { historyOf } from "./support/history.js";
import { silentLogger } from "./support/silent-logger.js";
import { T0 } from "./support/twins.js";

let url: string;
const opened: Database[] = [];

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

beforeEach(async () => {
  const name = `empty_${randomUUID().replaceAll("-", "")}`;
  await onServer(`CREATE DATABASE ${name}`);
  const at = new URL(inject("postgresUrl"));
  at.pathname = `/${name}`;
  url = at.href;
});

afterEach(async () => {
  for (const db of opened.splice(0)) await db.stop();
  await onServer(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
});

function open(at = url): Database {
  const db = new Database({ url: at, entities, logger: silentLogger });
  opened.push(db);
  return db;
}

async function done(db: Database): Promise<unknown> {
  return (await db.query<{ name: string }>("SELECT name FROM migration ORDER BY id")).map((row) => row.name);
}

const ALL = migrations.map((migration) => migration.name);

test("an empty database gets every migration, and every entity its table", async () => {
  const db = open();
  await db.start();
  expect(await done(db)).toEqual(ALL);
  for (const { target } of db.orm.entityMetadatas)
    expect(await db.orm.getRepository(target).find()).toEqual([]);
});

test("a database that is up to date is left alone, with what it holds", async () => {
  const first = open();
  await first.start();
  await first.query("INSERT INTO machine_type VALUES (gen_random_uuid(), 'filler', 1, '{}')");
  const installation = await first.query("SELECT * FROM installation");
  await first.stop();
  const second = open();
  await second.start();
  expect(await done(second)).toEqual(ALL);
  expect(await second.query("SELECT name FROM machine_type")).toEqual([{ name: "filler" }]);
  expect(await second.query("SELECT * FROM installation")).toEqual(installation);
});

test("servers that start together migrate once", async () => {
  const servers = [open(), open(), open()];
  await Promise.all(servers.map((db) => db.start()));
  expect(await Promise.all(servers.map(done))).toEqual([ALL, ALL, ALL]);
});

test("a migration cannot be undone, and trying loses nothing", async () => {
  const db = open();
  await db.start();
  await expect(db.orm.undoLastMigration()).rejects.toThrow("restore a backup");
  expect(await db.query("SELECT count(*)::int AS n FROM installation")).toEqual([{ n: 1 }]);
  await expect(new Initial1764000000000().down()).rejects.toThrow("not undone");
});

test("samples that were stored one by one are still there, of every type", async () => {
  const db = open();
  await db.orm.initialize();
  const runner = db.orm.createQueryRunner();
  await new Initial1764000000000().up(runner);
  await db.query("CREATE TABLE sample_20260105 PARTITION OF sample DEFAULT");
  const [machine, a, b] = [randomUUID(), 1, 2];
  await db.query("INSERT INTO equipment (id, path, name, level) VALUES ($1, 'acme/m', 'm', 'MACHINE')", [
    machine,
  ]);
  await db.query(
    "INSERT INTO series (id, machine_id, metric, data_type) VALUES (1, $1, 'a', 'Double'), (2, $1, 'b', 'String')",
    [machine],
  );
  const at = (ms: number) => new Date(T0 + ms);
  await db.query(
    `INSERT INTO sample (series_id, time, value_double, value_bigint, value_boolean, value_text, quality) VALUES
       ($1, $3, 1.5, NULL, NULL, NULL, 0), ($2, $3, NULL, NULL, NULL, 'x', 2), ($1, $3, 2.5, NULL, NULL, NULL, 0),
       ($1, $4, NULL, 9007199254740993, NULL, NULL, 0), ($2, $4, NULL, NULL, true, NULL, 0),
       ($2, $5, NULL, NULL, NULL, NULL, 1)`,
    [a, b, at(0), at(1), at(2)],
  );
  await new HistorySegments1764500000000().up(runner);
  await runner.release();
  const { history } = historyOf(db);
  const found: unknown[] = [];
  await history.eachRecent(({ time, series, values, qualities, shown }) => {
    expect(shown).toBe(false);
    for (const [index, id] of series.entries())
      found.push([id, time - T0, values[index], qualities?.[index] ?? "GOOD"]);
  });
  expect(found).toHaveLength(6);
  expect(found).toEqual(
    expect.arrayContaining([
      [a, 0, 1.5, "GOOD"],
      [a, 0, 2.5, "GOOD"],
      [b, 0, "x", "BAD"],
      [a, 1, 9_007_199_254_740_993n, "GOOD"],
      [b, 1, true, "GOOD"],
      [b, 2, null, "UNCERTAIN"],
    ]),
  );
});

test("the template of the tests is a migrated database", async () => {
  const clone = await createTestDatabase();
  const db = open(clone.url);
  await db.orm.initialize();
  expect(await done(db)).toEqual(ALL);
  await db.stop();
  await clone.drop();
});
