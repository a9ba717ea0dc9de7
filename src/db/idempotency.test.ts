import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.js";
import { silentLogger } from "../../test/support/silent-logger.js";
import { waitFor } from "../../test/support/wait-for.js";
import { Database } from "./database.js";
import { type IdempotentCall, once } from "./idempotency.js";

let database: TestDatabase;
let db: Database;
let keys = 0;
let call: IdempotentCall;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, entities: [], logger: silentLogger });
  await db.start();
});
afterAll(async () => {
  await db?.stop();
  await database?.drop();
});
beforeEach(() => {
  keys += 1;
  call = { principal: "erp", key: `key-${keys}`, operation: "start", input: { machine: "m1", count: 1 } };
});

function run<Payload>(of: IdempotentCall, work: () => Promise<Payload>) {
  return db.transaction((tx) => once(tx, of, work));
}

describe("a call", () => {
  test.each<[string, Partial<IdempotentCall>, object]>([
    ["with the same key and input gives the first answer", {}, { payload: { n: 1 }, replayed: true }],
    [
      "with the fields in another order is the same",
      { input: { count: 1, machine: "m1" } },
      { payload: { n: 1 }, replayed: true },
    ],
    ["of another caller is another call", { principal: "mes" }, { payload: { n: 2 }, replayed: false }],
    ["with another key is another call", { key: "other" }, { payload: { n: 2 }, replayed: false }],
    ["without a key is another call", { key: null }, { payload: { n: 2 }, replayed: false }],
    [
      "with another input is refused",
      { input: { machine: "m1", count: 2 } },
      { refused: { code: "IDEMPOTENCY_KEY_REUSED", field: ["idempotencyKey"] } },
    ],
    [
      "of another mutation is refused",
      { operation: "stop" },
      { refused: { code: "IDEMPOTENCY_KEY_REUSED" } },
    ],
  ])("%s", async (_, other, wanted) => {
    let runs = 0;
    const work = async () => {
      runs += 1;
      return { n: runs };
    };
    expect(await run(call, work)).toEqual({ payload: { n: 1 }, replayed: false });
    expect(await run({ ...call, ...other }, work)).toMatchObject(wanted);
  });
});

test("dates and integers beyond 2^53 are part of the input", async () => {
  const inputs = [
    { at: new Date(0), n: 2n ** 60n, list: [1, 2] },
    { at: new Date(1), n: 2n ** 60n, list: [1, 2] },
    { at: new Date(0), n: 2n ** 60n + 1n, list: [1, 2] },
    { at: new Date(0), n: 2n ** 60n, list: [2, 1] },
  ];
  const answers = [];
  for (const input of [...inputs, inputs[0]]) answers.push(await run({ ...call, input }, async () => "done"));
  expect(answers.map((answer) => "refused" in answer)).toEqual([false, true, true, true, false]);
});

test("a call that threw leaves its key free", async () => {
  const failing = run(call, async () => {
    throw new Error("database away");
  });
  await expect(failing).rejects.toThrow("database away");
  expect(await run(call, async () => "done")).toEqual({ payload: "done", replayed: false });
});

describe("two calls at once", () => {
  /** Starts a call that waits, then a second one with the same key that has begun to wait for it. */
  async function overlap() {
    let release: (fail: boolean) => void = () => undefined;
    const released = new Promise<boolean>((resolve) => {
      release = resolve;
    });
    let started = false;
    const first = run(call, async () => {
      started = true;
      if (await released) throw new Error("rolled back");
      return "first";
    });
    await waitFor(() => started);
    const second = run(call, async () => "second");
    await waitFor(async () => {
      const rows = await db.query<{ waiting: string }>(
        `SELECT count(*) AS waiting FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO idempotency%'`,
      );
      return rows[0]?.waiting === "1";
    });
    return { first, second, release };
  }

  test("do the work once", async () => {
    const { first, second, release } = await overlap();
    release(false);
    expect(await first).toEqual({ payload: "first", replayed: false });
    expect(await second).toEqual({ payload: "first", replayed: true });
  });

  test("of which the first is rolled back: the second does the work", async () => {
    const { first, second, release } = await overlap();
    release(true);
    await expect(first).rejects.toThrow("rolled back");
    expect(await second).toEqual({ payload: "second", replayed: false });
  });
});
