import { afterEach, beforeEach, expect, test } from "vitest";
import { IngestDatabase } from "../../test/support/ingest.js";
import { T0 } from "../../test/support/twins.js";
import { type DeadLetterFilter, type DeadLetterPageRequest, DeadLetterStore } from "./dead-letter.store.js";

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

test("are found by source, mapping and the beginning of the topic, newest first, a page at a time", async () => {
  const { db } = await database.start();
  const store = new DeadLetterStore(db);
  const letter = (topic: string, source: string, mapping: string | null, reason: string) => ({
    ...{ topic, source, mapping, reason },
    receivedAt: T0,
    payload: Buffer.from("x".repeat(300)),
  });
  await db.withConnection((sql) =>
    store.append(sql, [
      letter("a/1", "one", null, "unmapped"),
      letter("a/2", "two", "a/{m}", "broken"),
      letter("a_2", "two", null, "unmapped"),
      letter("b/%", "one", "b/{m}", "broken"),
      letter("a/3", "one", "a/{m}", "broken"),
    ]),
  );
  const all: DeadLetterFilter = { source: null, mapping: null, topicPrefix: null };
  const whole: DeadLetterPageRequest = { limit: 10, fromEnd: false, after: null, before: null };
  const topics = async (filter: Partial<DeadLetterFilter>, request: Partial<DeadLetterPageRequest> = {}) => {
    const page = await store.page({ ...all, ...filter }, { ...whole, ...request });
    return [page.items.map(({ topic }) => topic).join(" "), page.hasMore];
  };
  expect(await topics({})).toEqual(["a/3 b/% a_2 a/2 a/1", false]);
  expect(await topics({ source: "one" })).toEqual(["a/3 b/% a/1", false]);
  expect(await topics({ mapping: "a/{m}" })).toEqual(["a/3 a/2", false]);
  expect(await topics({ topicPrefix: "a_" })).toEqual(["a_2", false]);
  expect(await topics({ topicPrefix: "a/", source: "one" })).toEqual(["a/3 a/1", false]);
  expect(await topics({ topicPrefix: "%" })).toEqual(["", false]);
  expect(await topics({}, { limit: 2 })).toEqual(["a/3 b/%", true]);
  expect(await topics({}, { limit: 2, fromEnd: true })).toEqual(["a/2 a/1", true]);
  const { items } = await store.page(all, whole);
  const [second, fourth] = [items[1]?.id ?? null, items[3]?.id ?? null];
  expect(items[0]).toMatchObject({ receivedAt: new Date(T0), size: 300, head: Buffer.from("x".repeat(256)) });
  expect(await topics({}, { after: second, before: fourth })).toEqual(["a_2", false]);
  expect([await store.count(all), await store.count({ ...all, source: "two" })]).toEqual([5, 2]);
  const lastReceivedAt = new Date(T0);
  expect(await store.counts(all, 2)).toEqual([
    { source: "one", reason: "broken", count: 2, lastReceivedAt },
    { source: "one", reason: "unmapped", count: 1, lastReceivedAt },
  ]);
});
