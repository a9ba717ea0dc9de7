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
