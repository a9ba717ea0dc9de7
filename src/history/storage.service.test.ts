import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IngestDatabase, type Memory } from "../../test/support/ingest.js";
import { keeperOf } from "../../test/support/keeper.js";
import { T0 } from "../../test/support/twins.js";
import { addHistoryMetrics } from "../http/metrics-history.js";
import { StorageResolver } from "./storage.resolver.js";
import { StorageService } from "./storage.service.js";
import { StorageStore } from "./storage.store.js";

const MACHINE = "01900000-0000-7000-8000-000000000001";
const WEEK = 7 * 86_400_000;

let database: IngestDatabase;
let server: Memory;

beforeAll(async () => {
  database = await IngestDatabase.create();
  server = await database.start();
  await server.db.query("INSERT INTO equipment (id, path, name, level) VALUES ($1, 'm', 'm', 'MACHINE')", [
    MACHINE,
  ]);
  await server.db.query(
    "INSERT INTO series (id, machine_id, metric, data_type) VALUES (1, $1, 'a', 'Double')",
    [MACHINE],
  );
});
afterAll(() => database?.drop());

async function frames(count: number, from: number, everyMs: number): Promise<void> {
  const [segment] = await server.db.query<{ id: number }>("SELECT max(id) AS id FROM segment");
  await server.db.query(
    `INSERT INTO frame (segment, machine_id, time, received_time, revision, flags, series, doubles)
     SELECT $1, $2, to_timestamp(($3::float8 + n * $4::float8) / 1000), now(), n, 0, '{1}', ARRAY[n % 100]
     FROM generate_series(0, $5::int - 1) n`,
    [segment?.id, MACHINE, from, everyMs, count],
  );
}

test("tells what frames and sealed history take, and how many samples there are", async () => {
  const keeper = keeperOf(server.db, server.plants, { now: () => server.time.now });
  const clock = { now: () => server.time.now };
  const service = new StorageService({ store: new StorageStore(server.db), clock, embedded: true });
  const storage = new StorageResolver({ storage: service, keeper, plant: server.plants });

  await frames(20_000, T0, 1_000);
  const before = await storage.storage();
  expect(before).toMatchObject({
    samples: 0,
    bytesPerSample: null,
    historyBytes: 0,
    waitingSegments: 0,
    retention: [],
  });
  expect(before.openFrameBytes).toBeGreaterThan(1_000_000);
  expect(before.freeBytes).toBeGreaterThan(0);

  await keeper.sealNow();
  await frames(5_000, T0 + 2 * WEEK, 1_000);
  await keeper.sealNow();
  // What was measured is told for half a minute.
  expect(await storage.storage()).toMatchObject({ measuredAt: before.measuredAt, samples: 0 });
  server.time.now += 30_000;
  const after = await storage.storage();
  expect(after).toMatchObject({
    samples: 25_000,
    waitingSegments: 0,
    closedFrameBytes: 0,
    keeper: "KEEPING",
    problem: null,
  });
  expect(after.retention).toMatchObject([
    { retention: "default", samples: 25_000, oldest: new Date("2026-01-05T00:00:00Z"), keepSamplesMs: null },
  ]);
  const [policy] = after.retention;
  for (const bytes of [policy?.sampleBytes, policy?.minuteBytes, policy?.hourBytes, policy?.dayBytes])
    expect(bytes).toBeGreaterThan(0);
  expect(after.historyBytes + after.openFrameBytes + after.otherBytes).toBe(after.databaseBytes);
  await keeper.stop();

  const registry = new Registry();
  addHistoryMetrics(
    registry,
    () => service.usage(),
    () => keeper.status.problem,
  );
  const text = await registry.metrics();
  expect(text).toContain('mes_twin_history_samples{retention="default"} 25000');
  expect(text).toContain(`mes_twin_database_bytes ${after.databaseBytes}`);
  expect(text).toContain("mes_twin_history_problem 0");
});

test("many blocks are counted from a part of them, nearly right", async () => {
  await server.db.query("CREATE TABLE many (LIKE sample_block)");
  await server.db.query(
    `INSERT INTO many SELECT 'default', n % 100, to_timestamp(n), to_timestamp(n), 4000 + n % 97, repeat('x', 100)::bytea
     FROM generate_series(1, 100000) n`,
  );
  const [row] = await server.db.query<{ pages: string; exact: string }>(
    "SELECT pg_relation_size('many') / 8192 AS pages, (SELECT sum(count) FROM many) AS exact",
  );
  const leaf = {
    table: "sample_block",
    retention: "default",
    name: "many",
    from: new Date(0),
    bytes: 0,
    version: "",
  };
  const pages = Number(row?.pages);
  expect(pages).toBeGreaterThan(1_500);
  const found = await new StorageStore(server.db).samples({ ...leaf, table: "sample_block", pages });
  expect(Math.abs(found / Number(row?.exact) - 1)).toBeLessThan(0.03);
});
