import pg from "pg";
import { figure, median, table } from "./figures.js";
import { cpuSeconds, type Part, postgres } from "./parts.js";
import { size } from "./sizes.js";
import { type Batch, type Layout, layouts, METRICS, seriesOf, uuidOf } from "./storage-layouts.js";

const HOUR_MS = 3_600_000;
const BATCH = 5_000;
const READS = 20;
const DATABASE = "mes_twin_bench_storage";
/** Beyond this time one more read would tell nothing new. */
const MOST_READ_MS = 5_000;

export interface StorageResult {
  readonly machines: number;
  readonly messages: number;
  readonly layouts: readonly StorageFigures[];
}

interface StorageFigures {
  readonly layout: string;
  readonly index: string;
  readonly valuesPerS: number;
  /** CPU seconds per 1,000 messages. */
  readonly postgresCpu: number;
  readonly clientCpu: number;
  readonly bytesPerValue: number;
  readonly indexBytesPerValue: number;
  readonly walBytesPerValue: number;
  /** Milliseconds, medians. */
  readonly readOneMs: number;
  readonly readBucketsMs: number;
}

/** Table layouts for samples beside each other: cost of writing, size, and time of two reads. */
export async function storage(): Promise<StorageResult> {
  const machines = size("BENCH_STORAGE_MACHINES", 1_000, 1_000);
  const rounds = size("BENCH_STORAGE_ROUNDS", 360, 60);
  const database = await postgres();
  const found: StorageFigures[] = [];
  try {
    const client = await scratch(database.url);
    try {
      for (const index of ["B-tree", "BRIN"])
        for (const layout of layouts())
          found.push(await measure(client, database, layout, index, machines, rounds));
    } finally {
      await client.end();
    }
    await onServer(database.url, `DROP DATABASE ${DATABASE}`);
  } finally {
    await database.stop();
  }
  const result = { machines, messages: machines * rounds, layouts: found };
  process.stdout.write(print(result));
  return result;
}

async function measure(
  client: pg.Client,
  database: Part,
  layout: Layout,
  index: string,
  machines: number,
  rounds: number,
): Promise<StorageFigures> {
  await client.query("DROP TABLE IF EXISTS candidate");
  await client.query(`CREATE TABLE candidate (${layout.columns})`);
  await client.query(
    index === "B-tree"
      ? `CREATE INDEX ON candidate ${layout.key}`
      : `CREATE INDEX ON candidate USING brin ${layout.time} WITH (autosummarize = on)`,
  );
  await client.query("CHECKPOINT");
  const step = Math.floor(HOUR_MS / rounds);
  const from = Date.UTC(2026, 0, 1);
  const wal = await walPosition(client);
  const cpu = { postgres: cpuSeconds(database.pids()), client: process.cpuUsage() };
  let making = 0;
  const started = performance.now();
  for (const batch of batches(machines, rounds, from, step, (ms) => {
    making += ms;
  })) {
    await client.query("BEGIN");
    await layout.append(client, "candidate", batch);
    await client.query("COMMIT");
  }
  const seconds = (performance.now() - started - making) / 1000;
  const used = process.cpuUsage(cpu.client);
  const messages = machines * rounds;
  const written = {
    valuesPerS: (messages * METRICS) / seconds,
    postgresCpu: ((cpuSeconds(database.pids()) - cpu.postgres) / messages) * 1000,
    clientCpu: (((used.user + used.system) / 1e6 - making / 1000) / messages) * 1000,
    walBytesPerValue: ((await walPosition(client)) - wal) / (messages * METRICS),
  };
  await client.query("VACUUM (ANALYZE) candidate");
  const [size] = (
    await client.query<{ total: string; indexes: string }>(
      "SELECT pg_total_relation_size('candidate') AS total, pg_indexes_size('candidate') AS indexes",
    )
  ).rows;
  return {
    layout: layout.name,
    index,
    ...written,
    bytesPerValue: Number(size?.total) / (messages * METRICS),
    indexBytesPerValue: Number(size?.indexes) / (messages * METRICS),
    ...(await reads(client, layout, machines, rounds, from)),
  };
}

/** An hour of one metric as it is, and an hour of all metrics of a machine in 300 buckets. */
async function reads(client: pg.Client, layout: Layout, machines: number, rounds: number, from: number) {
  const all = Array.from({ length: METRICS }, (_, metric) => metric);
  const buckets = Math.min(300, rounds);
  const ask = async (statement: string, metrics: readonly number[], expected: number) => {
    const times: number[] = [];
    const begun = performance.now();
    for (let run = 0; run <= READS && performance.now() - begun < MOST_READ_MS; run += 1) {
      const machine = Math.floor((machines * (run + 0.5)) / (READS + 1));
      const series = metrics.map((metric) => seriesOf(machine, metric));
      const started = performance.now();
      const { rowCount } = await client.query(statement, [
        uuidOf(machine),
        series,
        new Date(from),
        new Date(from + HOUR_MS),
      ]);
      times.push(performance.now() - started);
      if (rowCount !== expected) throw new Error(`${layout.name}: ${rowCount} rows and not ${expected}`);
    }
    // The first read plans and fills caches.
    return median(times.length > 1 ? times.slice(1) : times);
  };
  const rows = layout.samples("candidate");
  return {
    readOneMs: await ask(`${rows} ORDER BY 2`, all.slice(0, 1), rounds),
    readBucketsMs: await ask(
      `SELECT series_id, floor((extract(epoch FROM time)::float8 * 1000 - ${from}) / ${HOUR_MS / buckets}) AS bucket,
              count(*), min(value), max(value), avg(value)
       FROM (${rows}) s GROUP BY 1, 2 ORDER BY 1, 2`,
      all,
      buckets * METRICS,
    ),
  };
}

/** The machines in turn, each `step` ms; what it takes to make a batch is told and counts as nobody's. */
function* batches(
  machines: number,
  rounds: number,
  from: number,
  step: number,
  took: (ms: number) => void,
): Generator<Batch> {
  const messages = machines * rounds;
  for (let first = 0; first < messages; first += BATCH) {
    const started = performance.now();
    const numbers = Array.from({ length: Math.min(BATCH, messages - first) }, (_, index) => first + index);
    numbers.sort((a, b) => (a % machines) - (b % machines) || a - b);
    const batch = {
      machines: numbers.map((number) => number % machines),
      times: numbers.map((number) => from + Math.floor(number / machines) * step),
      values: numbers.flatMap(valuesOf),
    };
    took(performance.now() - started);
    yield batch;
  }
}

/** Like those of a machine: a few digits, slowly changing, two of them counters. */
function valuesOf(number: number): number[] {
  const part = number % 997;
  return [
    20 + part / 100,
    4 + part / 1_000,
    1_200 + part,
    3.25 + part / 500,
    number,
    Math.floor(number / 50),
    part / 1_000,
  ];
}

async function scratch(url: string): Promise<pg.Client> {
  await onServer(url, `DROP DATABASE IF EXISTS ${DATABASE}`);
  await onServer(url, `CREATE DATABASE ${DATABASE}`);
  const address = new URL(url);
  address.pathname = `/${DATABASE}`;
  const client = new pg.Client({ connectionString: address.href });
  await client.connect();
  return client;
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function walPosition(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ at: string }>(
    "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS at",
  );
  return Number(rows[0]?.at);
}

function print({ machines, messages, layouts: found }: StorageResult): string {
  const rows = found.map((one) => [
    `${one.layout}, ${one.index}`,
    figure(one.valuesPerS),
    figure(one.postgresCpu),
    figure(one.clientCpu),
    figure(one.bytesPerValue),
    figure(one.indexBytesPerValue),
    figure(one.walBytesPerValue),
    figure(one.readOneMs),
    figure(one.readBucketsMs),
  ]);
  return `${messages} messages of ${METRICS} values from ${machines} machines in an hour, in batches of ${BATCH}\n${table(
    [
      [
        "layout",
        "values/s",
        "PG CPU s/1k",
        "client CPU s/1k",
        "B/value",
        "of index",
        "WAL B/value",
        "1 h ms",
        "300 bkt ms",
      ],
      ...rows,
    ],
  )}`;
}
