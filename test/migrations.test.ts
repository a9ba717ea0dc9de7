import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { migrations } from "../migrations/index.js";
import { Database } from "../src/db/database.js";
import { entities } from "../src/entities.js";
import { createTestDatabase } from "./support/database.js";
import { silentLogger } from "./support/silent-logger.js";

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

test("the first migration cannot be undone, and trying loses nothing", async () => {
  const db = open();
  await db.start();
  while (((await done(db)) as string[]).length > 1) await db.orm.undoLastMigration();
  await expect(db.orm.undoLastMigration()).rejects.toThrow("not undone");
  expect(await db.query("SELECT count(*)::int AS n FROM installation")).toEqual([{ n: 1 }]);
});

test("the template of the tests is a migrated database", async () => {
  const clone = await createTestDatabase();
  const db = open(clone.url);
  await db.orm.initialize();
  expect(await done(db)).toEqual(ALL);
  await db.stop();
  await clone.drop();
});
