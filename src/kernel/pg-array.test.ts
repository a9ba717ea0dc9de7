import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { booleanArray, numberArray, textArray } from "./pg-array.js";

let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
});
afterAll(() => client.end());

/** What Postgres makes of the text. */
async function read(text: string, type: string): Promise<unknown> {
  const answer = await client.query<{ read: unknown }>(`SELECT to_json($1::${type}[]) AS read`, [text]);
  return answer.rows[0]?.read;
}

test.each([
  ["float8", [], []],
  ["float8", [1.5, null, -2, 1e21, 5e-324, 0.1], [1.5, null, -2, 1e21, 5e-324, 0.1]],
  ["float8", [-0], [0]],
  ["int8", [1, 2 ** 53 - 1, null], [1, 2 ** 53 - 1, null]],
])("numbers as %s: %j", async (type, values, wanted) => {
  expect(await read(numberArray(values), type)).toEqual(wanted);
});

test("integers of 64 bits keep every digit", async () => {
  const answer = await client.query<{ text: string }>("SELECT unnest($1::int8[])::text AS text", [
    numberArray([2n ** 63n - 1n, -(2n ** 63n)]),
  ]);
  expect(answer.rows.map((row) => row.text)).toEqual(["9223372036854775807", "-9223372036854775808"]);
});

test("booleans and null", async () => {
  expect(await read(booleanArray([true, null, false]), "boolean")).toEqual([true, null, false]);
  expect(await read(booleanArray([]), "boolean")).toEqual([]);
});

test("any text comes out as it went in", async () => {
  const special = ["", "NULL", "null", '"', "\\", '\\"', "{a,b}", ",", " x ", "'", "\n\t", "°C 日本", "$1"];
  expect(await read(textArray([...special, null]), "text")).toEqual([...special, null]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(fc.string({ unit: "grapheme" }))), async (given) => {
      const texts = given.map((text) => text?.replaceAll("\u0000", "") ?? null);
      expect(await read(textArray(texts), "text")).toEqual(texts);
    }),
    { numRuns: 50 },
  );
});
