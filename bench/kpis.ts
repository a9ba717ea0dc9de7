import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { figure, median, percentile, table } from "./figures.js";
import {
  ask,
  DAY_MS,
  KPI_LINE,
  type KpiPlant,
  kpiPlantFile,
  type Loaded,
  loadHistory,
  machinePath,
  tellOrders,
} from "./kpi-plant.js";
import { mosquitto, postgres, query, server } from "./parts.js";
import { size } from "./sizes.js";

const WARM_UP = 3;
const RUNS = 20;
const RANGE_OFFSET_MS = 3_723_123;
/** How far the bare sum may lie from the report: it knows nothing of late shifts of a millisecond. */
const TOLERANCE = 1e-9;

/** Milliseconds. */
interface Times {
  readonly first: number;
  readonly median: number;
  readonly p95: number;
}

export interface KpisResult extends Loaded {
  readonly machines: number;
  readonly days: number;
  readonly loadSeconds: number;
  readonly databaseBytes: number;
  readonly questions: readonly KpiQuestion[];
}

interface KpiQuestion {
  readonly id: "machine" | "line" | "losses" | "shifts";
  readonly name: string;
  readonly server: Times;
  readonly bare: Times;
}

/** KPIs over GraphQL, beside SQL that sums the same facts without calendar, downtimes and orders. */
export async function kpis(): Promise<KpisResult> {
  const machines = size("BENCH_MACHINES", 20, 4);
  const days = size("BENCH_DAYS", 30, 2);
  const plant: KpiPlant = { machines, days, end: Math.floor(Date.now() / DAY_MS) * DAY_MS };
  const folder = await mkdtemp(path.join(tmpdir(), "mes-twin-bench-"));
  const file = path.join(folder, "plant.yaml");
  await writeFile(file, kpiPlantFile(plant));
  const database = await postgres();
  const broker = await mosquitto();
  try {
    const own = await database.create("bench_kpis");
    const env = { DATABASE_URL: own, MQTT_URL: broker.url, PLANT_FILE: file };
    const loading = await server(env);
    try {
      await tellOrders(loading, broker, plant);
    } finally {
      await loading.stop();
    }
    const begun = performance.now();
    const loaded = await loadHistory(own, plant);
    const loadSeconds = (performance.now() - begun) / 1000;
    const [row] = await query<{ bytes: string }>(own, "SELECT pg_database_size(current_database()) AS bytes");
    const client = new pg.Client({ connectionString: own });
    await client.connect();
    const started = await server(env);
    try {
      const questions = await askAll(started.url, client, plant);
      const sizes = { machines, days, loadSeconds, databaseBytes: Number(row?.bytes) };
      const result = { ...loaded, ...sizes, questions };
      process.stdout.write(print(result));
      return result;
    } finally {
      await started.stop();
      await client.end();
    }
  } finally {
    await broker.stop();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const FACTORS = "oee availability effectiveness qualityRatio";

async function askAll(url: string, client: pg.Client, plant: KpiPlant): Promise<KpiQuestion[]> {
  // Neither end on a full minute, as a question for the last 30 days has it.
  const from = new Date(plant.end - plant.days * DAY_MS + RANGE_OFFSET_MS);
  const to = new Date(plant.end - RANGE_OFFSET_MS);
  const range = { from: from.toISOString(), to: to.toISOString() };
  const days = `${plant.days} days of`;
  const all: [KpiQuestion["id"], string, string, string][] = [
    [
      "machine",
      `${days} one machine: OEE and factors`,
      machinePath(0),
      `kpis(from: $from, to: $to) { ${FACTORS} }`,
    ],
    ["line", `${days} the line: OEE and factors`, KPI_LINE, `kpis(from: $from, to: $to) { ${FACTORS} }`],
    [
      "losses",
      `${days} the line: loss tree`,
      KPI_LINE,
      "kpis(from: $from, to: $to) { losses { key durationMs } }",
    ],
    [
      "shifts",
      `${days} one machine by shift`,
      machinePath(0),
      `kpisByShift(from: $from, to: $to) { ${FACTORS} }`,
    ],
  ];
  const questions: KpiQuestion[] = [];
  for (const [id, name, equipment, field] of all) {
    const document = `query ($path: EquipmentPath!, $from: DateTime!, $to: DateTime!) { equipment(path: $path) { ${field} } }`;
    const ids = await machineIds(client, equipment);
    const bare = await timed(() => bareSums(client, ids, from, to));
    const asked = await timed(() => ask(url, document, { path: equipment, ...range }));
    if (id === "machine" || id === "line") {
      const sums = await bareSums(client, ids, from, to);
      const told = await ask<Told>(
        url,
        `query ($path: EquipmentPath!, $from: DateTime!, $to: DateTime!) { equipment(path: $path) {
           kpis(from: $from, to: $to) { actualProductionTimeMs goodQuantity } } }`,
        { path: equipment, ...range },
      );
      requireClose(sums.productionMs, told.equipment.kpis.actualProductionTimeMs);
    }
    questions.push({ id, name, server: asked, bare });
  }
  return questions;
}

interface Told {
  readonly equipment: {
    readonly kpis: { readonly actualProductionTimeMs: number; readonly goodQuantity: number };
  };
}

async function machineIds(client: pg.Client, equipment: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM equipment WHERE level = 'MACHINE' AND (path = $1 OR path LIKE $1 || '/%')",
    [equipment],
  );
  return rows.map(({ id }) => id);
}

/** How long machines were in EXECUTE, and what they counted in whole hours. */
async function bareSums(client: pg.Client, ids: readonly string[], from: Date, to: Date) {
  const time = await client.query<{ ms: string }>(
    `SELECT sum(extract(epoch FROM least(coalesce(ends, $3), $3) - greatest(at, $2))) * 1000 AS ms FROM (
       SELECT at, value, lead(at) OVER (PARTITION BY machine_id ORDER BY at) AS ends FROM machine_activity
       WHERE machine_id = ANY($1::uuid[]) AND kind = 'STATE' AND at < $3) AS span
     WHERE value = 'EXECUTE' AND coalesce(ends, $3) > $2`,
    [ids, from, to],
  );
  const counts = await client.query<{ kind: string; quantity: string }>(
    `SELECT kind, sum(quantity) AS quantity FROM machine_count_hour
     WHERE machine_id = ANY($1::uuid[]) AND at >= $2 AND at < $3 GROUP BY kind`,
    [ids, from, to],
  );
  return { productionMs: Number(time.rows[0]?.ms), kinds: counts.rows.length };
}

function requireClose(bare: number, told: number): void {
  if (Math.abs(bare - told) > TOLERANCE * told)
    throw new Error(`the report has ${told} ms of production, and the facts ${bare}`);
}

async function timed(work: () => Promise<unknown>): Promise<Times> {
  const all: number[] = [];
  for (let run = 0; run < 1 + WARM_UP + RUNS; run += 1) {
    const started = performance.now();
    await work();
    all.push(performance.now() - started);
  }
  const warm = all.slice(1 + WARM_UP);
  return { first: all[0] ?? 0, median: median(warm), p95: percentile(warm, 0.95) };
}

function print({ samples, states, minutes, loadSeconds, databaseBytes, questions }: KpisResult): string {
  const rows = questions.map(({ name, server: twin, bare }) => [
    name,
    ...[twin, bare].flatMap((one) => [figure(one.first), figure(one.median), figure(one.p95)]),
    (twin.median / bare.median).toFixed(2),
  ]);
  return [
    `${figure(samples)} samples, ${figure(states)} changes of state and ${figure(minutes)} minutes of counts written in ${figure(loadSeconds)} s; `,
    `the database has ${figure(databaseBytes / 1e6)} MB\n`,
    "milliseconds; first, median and p95 of the rest\n",
    table([["", "server", "median", "p95", "plain SQL", "median", "p95", "ratio"], ...rows]),
  ].join("");
}
