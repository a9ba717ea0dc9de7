import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { migrations } from "../migrations/index.js";
import { Database } from "../src/db/database.js";
import { entities } from "../src/entities.js";
import { OperationRunService } from "../src/orders/operation-run.service.js";
import { OrderEventStore } from "../src/orders/order-event.store.js";
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

async function migrate(from: string | null, before: string | null): Promise<void> {
  const runner = db.orm.createQueryRunner();
  const names = migrations.map((migration) => migration.name);
  const first = from === null ? 0 : names.indexOf(from);
  const last = before === null ? names.length : names.indexOf(before);
  for (const migration of migrations.slice(first, last)) await new migration().up(runner);
  await runner.release();
}

test("orders of before get a log of what is known of them, and their runs", async () => {
  await migrate(null, "OrderEvents1765360000000");
  const machine = randomUUID();
  await db.query("INSERT INTO equipment (id, path, name, level) VALUES ($1, 'acme/m', 'm', 'MACHINE')", [
    machine,
  ]);
  const add = async (
    number: string,
    status: string,
    operations: [status: string, from: number | null, to: number | null][],
  ) => {
    const id = randomUUID();
    const time = (hour: number | null) => (hour === null ? null : new Date(Date.UTC(2026, 0, 5, hour)));
    const starts = operations.flatMap(([, from]) => from ?? []);
    const ended = status === "COMPLETED" || status === "ABORTED" ? (operations.at(-1)?.[2] ?? null) : null;
    await db.query(
      `INSERT INTO production_order (id, number, product, quantity, unit, priority, status, version, started_at, ended_at, created_at)
       VALUES ($1, $2, 'water', 5, 'pcs', 50, $3, 4, $4, $5, $6)`,
      [id, number, status, time(starts[0] ?? null), time(ended), time(1)],
    );
    for (const [index, [state, from, to]] of operations.entries()) {
      await db.query(
        `INSERT INTO operation (id, order_id, sequence, name, status, machine_id, planned_machine_id, planned_start,
           counting_source, completion, started_at, ended_at)
         VALUES ($1, $2, $3, 'Fill', $4, $5, $5, $6, 'OPERATOR', 'MANUAL', $7, $8)`,
        [randomUUID(), id, (index + 1) * 10, state, machine, time(3), time(from), time(to)],
      );
    }
  };
  await add("done", "COMPLETED", [
    ["COMPLETED", 4, 6],
    ["COMPLETED", 6, 8],
  ]);
  await add("aborted", "ABORTED", [["ABORTED", null, 9]]);
  await add("runs", "RUNNING", [
    ["RUNNING", 10, null],
    ["WAITING", null, null],
  ]);
  await add("fresh", "CREATED", [["WAITING", null, null]]);
  await db.query(
    `INSERT INTO production_record (id, operation_id, kind, quantity, counting_source, recorded_by, at)
     SELECT gen_random_uuid(), id, 'GOOD', 5, 'OPERATOR', 'anna', '2026-01-05T07:00:00Z' FROM operation WHERE sequence = 20`,
  );
  await migrate("OrderEvents1765360000000", null);

  const events = await db.query<{ line: string }>(
    `SELECT concat_ws(' ', p.number, e.sequence, e.kind, to_char(e.at AT TIME ZONE 'UTC', 'HH24')) AS line
     FROM order_event e JOIN production_order p ON p.id = e.order_id ORDER BY p.number, e.at, e.id`,
  );
  expect(events.map((event) => event.line)).toEqual([
    "aborted CREATED 01",
    "aborted 10 ABORTED 09",
    "aborted ABORTED 09",
    "done CREATED 01",
    "done 10 STARTED 04",
    "done STARTED 04",
    "done 10 COMPLETED 06",
    "done 20 STARTED 06",
    "done 20 COMPLETED 08",
    "done COMPLETED 08",
    "fresh CREATED 01",
    "runs CREATED 01",
    "runs 10 STARTED 10",
    "runs STARTED 10",
  ]);
  const runs = new OperationRunService({ events: new OrderEventStore(db) });
  const hour = (value: number) => Date.UTC(2026, 0, 5, value);
  const found = (await runs.runs([machine], { from: hour(0), to: hour(12) })).get(machine) ?? [];
  expect(found.map(({ from, to, value }) => [value.orderNumber, value.sequence, from, to])).toEqual([
    ["done", 10, hour(4), hour(6)],
    ["done", 20, hour(6), hour(8)],
    ["runs", 10, hour(10), hour(12)],
  ]);
  expect(await db.query("SELECT count(*)::int AS n FROM production_record WHERE recorded_at <> at")).toEqual([
    { n: 0 },
  ]);
  expect(
    await db.query(
      "SELECT number, planned_start FROM production_order WHERE status_at = planned_start - interval '2 h' OR number = 'done' ORDER BY number",
    ),
  ).toEqual([
    { number: "done", planned_start: new Date(hour(3)) },
    { number: "fresh", planned_start: new Date(hour(3)) },
  ]);
});
