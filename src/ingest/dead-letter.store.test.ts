import { afterEach, beforeEach, expect, test } from "vitest";
import { IngestDatabase } from "../../test/support/ingest.js";
import { T0 } from "../../test/support/twins.js";
import { DeadLetterStore } from "./dead-letter.store.js";

let database: IngestDatabase;

beforeEach(async () => {
  database = await IngestDatabase.create();
});
afterEach(() => database.drop());

const letters = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    receivedAt: T0,
    source: "s",
    topic: String(from + index),
    mapping: null,
    reason: "none",
    payload: Buffer.from("x"),
  }));

test("a flood of dead letters leaves the newest 10,000 and few more, from several servers too", async () => {
  const { db } = await database.start();
  const servers = [new DeadLetterStore(db), new DeadLetterStore(db)];
  let most = 0;
  for (let from = 0; from < 30_000; from += 600) {
    await Promise.all(
      servers.map((store, index) =>
        db.withConnection(async (sql, client) => {
          await client.query("BEGIN");
          await store.append(sql, letters(from + index * 300, 300));
          await client.query("COMMIT");
        }),
      ),
    );
    const [row] = await db.query<{ count: string }>("SELECT count(*) FROM dead_letter");
    most = Math.max(most, Number(row?.count));
  }
  expect(most).toBeLessThan(12_000);
  const kept = await db.query<{ topic: string }>("SELECT topic FROM dead_letter ORDER BY id DESC LIMIT 600");
  expect(Math.min(...kept.map(({ topic }) => Number(topic)))).toBe(29_400);
  await servers[0]?.trim();
  expect(await db.query("SELECT count(*)::int FROM dead_letter")).toEqual([{ count: 10_000 }]);
});
