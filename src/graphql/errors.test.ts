import { randomUUID } from "node:crypto";
import { GraphQLError } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { Database } from "../db/database.js";
import { publicError } from "./errors.js";

const SECRET = "planned_maintenance of somebody";

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, entities: [], logger: silentLogger });
  await db.start();
});

afterAll(async () => {
  await db.stop();
  await database.drop();
});

async function shownOf(statement: string, parameters: unknown[]) {
  const thrown = await db.orm.query(statement, parameters).then(
    () => null,
    (error: unknown) => error,
  );
  const originalError = thrown instanceof Error ? thrown : null;
  const shown = publicError(new GraphQLError("internals", { originalError, path: ["field"] }), silentLogger);
  return { message: shown.message, code: shown.extensions.code };
}

test("what names a machine that is not stored yet is to be tried again", async () => {
  const insert = `INSERT INTO machine_count_flag (machine_id, at, series_id, from_value, to_value, reason)
                  VALUES ($1, now(), 1, '', '', '')`;
  expect(await shownOf(insert, [randomUUID()])).toEqual({
    message: "The machine was discovered this moment and is not stored yet: try again",
    code: "UNAVAILABLE",
  });
});

test("any other failure of the database shows nothing of it", async () => {
  expect(await shownOf("SELECT $1::int / 0", [1])).toEqual({
    message: "Internal server error",
    code: "INTERNAL_SERVER_ERROR",
  });
  expect(await shownOf(`SELECT * FROM "${SECRET}"`, [])).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
});

test("what a client did wrong is told as it is", () => {
  const wrong = new GraphQLError("first must be positive", {
    path: ["field"],
    extensions: { code: "BAD_USER_INPUT" },
  });
  expect(publicError(wrong, silentLogger)).toBe(wrong);
});
