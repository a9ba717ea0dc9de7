import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { Initial1764000000000 } from "../migrations/1764000000000-initial.js";
import { CommandPolicies1764800000000 } from "../migrations/1764800000000-command-policies.js";
import { CommandStore } from "../src/commands/command.store.js";
import { REPLY_POLICY } from "../src/commands/command-policy.js";
import { CommandQueueStore } from "../src/commands/command-queue.store.js";
import { Database } from "../src/db/database.js";
import { entities } from "../src/entities.js";
import { silentLogger } from "./support/silent-logger.js";

let db: Database;
let url: URL;

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
  url = new URL(inject("postgresUrl"));
  url.pathname = `/empty_${randomUUID().replaceAll("-", "")}`;
  await onServer(`CREATE DATABASE ${url.pathname.slice(1)}`);
  db = new Database({ url: url.href, entities, logger: silentLogger });
  await db.orm.initialize();
});

afterEach(async () => {
  await db.stop();
  await onServer(`DROP DATABASE ${url.pathname.slice(1)} WITH (FORCE)`);
});

test("commands of before are proven by a reply, and the open ones go on as they were", async () => {
  const runner = db.orm.createQueryRunner();
  await new Initial1764000000000().up(runner);
  const machine = randomUUID();
  await db.query("INSERT INTO equipment (id, path, name, level) VALUES ($1, 'acme/m', 'm', 'MACHINE')", [
    machine,
  ]);
  const insert = async (status: string, sentAt: string | null) => {
    const id = randomUUID();
    await db.query(
      `INSERT INTO command (id, machine_id, name, status, requested_by, source, topic, queued_at, sent_at, expires_at)
       VALUES ($1, $2, 'start', $3, 'anna', 'shopfloor', 'acme/m/cmd/start', now(), $4::timestamptz, now() + interval '1 h')`,
      [id, machine, status, sentAt],
    );
    return id;
  };
  const [queued, sent] = [await insert("QUEUED", null), await insert("SENT", "2026-01-31T12:00:00Z")];
  await new CommandPolicies1764800000000().up(runner);
  await runner.release();

  const [store, queue] = [new CommandStore(db), new CommandQueueStore(db)];
  const unchanged = { policy: REPLY_POLICY, scheduledAt: null, retryAt: null, provedLateAt: null };
  expect(await store.find(queued)).toMatchObject({ ...unchanged, status: "QUEUED", sends: 0 });
  expect(await store.find(sent)).toMatchObject({ ...unchanged, status: "SENT", sends: 1 });
  expect(await queue.next(machine, new Date(), [])).toMatchObject({ command: { id: queued }, blocked: true });
  const ended = await queue.expire([queued, sent], new Date(Date.now() + 7_200_000));
  expect(ended.map(({ id, status, reason }) => [id, status, reason])).toEqual(
    expect.arrayContaining([
      [queued, "EXPIRED", "the command could not be sent before it expired"],
      [sent, "TIMED_OUT", "the device did not answer in time"],
    ]),
  );
  await expect(new CommandPolicies1764800000000().down()).rejects.toThrow("restore a backup");
});
