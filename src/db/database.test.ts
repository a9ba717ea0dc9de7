import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { Database } from "./database.js";

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, entities: [], logger: silentLogger });
  await db.start();
});
afterAll(async () => {
  await db?.stop();
  await database?.drop();
});

async function pidOf(sql: { query<Row>(text: string): Promise<Row[]> }): Promise<number> {
  return (await sql.query<{ pid: number }>("SELECT pg_backend_pid() AS pid"))[0]?.pid ?? 0;
}

test("a connection that breaks between two statements fails the work and nothing else", async () => {
  const work = db.withConnection(async (sql, client) => {
    const gone = new Promise((resolve) => client.once("end", resolve));
    await db.query("SELECT pg_terminate_backend($1)", [await pidOf(sql)]);
    await gone;
    return sql.query("SELECT 1");
  });
  await expect(work).rejects.toThrow();
  expect(await db.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("a connection whose work failed is not used again, its transaction is gone", async () => {
  let failed = 0;
  const work = db.withConnection(async (sql) => {
    failed = await pidOf(sql);
    await sql.query("BEGIN");
    await sql.query("CREATE TABLE half_done ()");
    throw new Error("no");
  });
  await expect(work).rejects.toThrow("no");
  expect(await db.withConnection(pidOf)).not.toBe(failed);
  expect(await db.query("SELECT to_regclass('half_done') AS found")).toEqual([{ found: null }]);
});

test("what a transaction throws rolls it back", async () => {
  const work = db.transaction(async (tx) => {
    await tx.query("CREATE TABLE half_done ()");
    throw new Error("no");
  });
  await expect(work).rejects.toThrow("no");
  expect(await db.query("SELECT to_regclass('half_done') AS found")).toEqual([{ found: null }]);
});

test("it can be stopped twice", async () => {
  const other = new Database({ url: database.url, entities: [], logger: silentLogger });
  await other.start();
  await other.stop();
  await other.stop();
  await expect(other.query("SELECT 1")).rejects.toThrow();
});

test("of two repeatable transactions that lock each other out both are done, and another error is told at once", async () => {
  await db.query("CREATE TABLE counter (id int PRIMARY KEY, n int)");
  await db.query("INSERT INTO counter VALUES (1, 0), (2, 0)");
  let begun = 0;
  let meet: () => void = () => undefined;
  const both = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const grow = (first: number, second: number) =>
    db.repeatable(async (tx) => {
      await tx.query("UPDATE counter SET n = n + 1 WHERE id = $1", [first]);
      begun += 1;
      if (begun === 2) meet();
      await both;
      await tx.query("UPDATE counter SET n = n + 1 WHERE id = $1", [second]);
    });
  await Promise.all([grow(1, 2), grow(2, 1)]);
  expect(begun).toBe(3);
  expect(await db.query("SELECT n FROM counter ORDER BY id")).toEqual([{ n: 2 }, { n: 2 }]);
  let attempts = 0;
  const wrong = db.repeatable(async (tx) => {
    attempts += 1;
    await tx.query("INSERT INTO counter VALUES (1, 0)");
  });
  await expect(wrong).rejects.toThrow("duplicate key");
  expect(attempts).toBe(1);
});
