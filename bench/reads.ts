import pg from "pg";
import { figure, median, percentile, table } from "./figures.js";
import { sealNow } from "./history-admin.js";
import { mosquitto, type Part, type Postgres, postgres, query, server } from "./parts.js";
import { pathOf, WIDE_SQL } from "./payloads.js";
import { startPublisher } from "./publisher.js";
import { serverMetrics, untilCommitted } from "./server-metrics.js";
import { size } from "./sizes.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WARM_UP = 3;
const RUNS = 20;

export interface ReadsResult {
  readonly samples: number;
  readonly loadSeconds: number;
  /** Of the database as a whole, for each sample: when all is committed, and when all is sealed. */
  readonly bytesCommitted: number;
  readonly bytesSealed: number;
  /** How long it took to seal what the server had not sealed meanwhile. */
  readonly sealSeconds: number;
  /** Of the plain table with its index. */
  readonly bareBytesPerSample: number;
  readonly questions: readonly QuestionFigures[];
}

interface QuestionFigures {
  readonly id: QuestionId;
  readonly name: string;
  readonly points: number;
  readonly server: Times;
  readonly bare: Times;
}

/** Milliseconds. */
interface Times {
  readonly first: number;
  readonly median: number;
  readonly p95: number;
}

/** A machine whose messages carry `metrics` values a second apart. */
interface Load {
  readonly root: string;
  readonly metrics: number;
  readonly seconds: number;
}

type QuestionId = "hour" | "fine hour" | "day" | "month" | "raw";

interface Question {
  readonly id: QuestionId;
  readonly load: Load;
  readonly metrics: number;
  /** The last part of the load's time. */
  readonly ms: number;
  readonly points: number;
}

/** Reads of the history over GraphQL, beside the same questions as SQL to a plain table in the same PostgreSQL. */
export async function reads(): Promise<ReadsResult> {
  const wide: Load = { root: "wide", metrics: 100, seconds: size("BENCH_HOURS", 24, 2) * 3_600 };
  const long: Load = { root: "long", metrics: 1, seconds: size("BENCH_DAYS", 30, 1) * 86_400 };
  const loads = [wide, long];
  // A whole second, so that ranges begin and end on samples.
  const end = Math.floor(Date.now() / 1000) * 1000;
  const questions: Question[] = [
    { id: "hour", load: wide, metrics: 100, ms: HOUR_MS, points: 60 },
    { id: "fine hour", load: wide, metrics: 100, ms: HOUR_MS, points: 300 },
    { id: "day", load: wide, metrics: 1, ms: DAY_MS, points: 1_000 },
    { id: "month", load: long, metrics: 1, ms: 30 * DAY_MS, points: 1_000 },
    { id: "raw", load: wide, metrics: 1, ms: 600_000, points: 10_000 },
  ];
  const database = await postgres();
  const broker = await mosquitto();
  try {
    const own = await database.create("bench_reads");
    const env = { DATABASE_URL: own, MQTT_URL: broker.url };
    const samples = loads.reduce((sum, load) => sum + load.metrics * load.seconds, 0);
    const empty = await databaseBytes(database.url);
    const loading = await server(env);
    let loadSeconds: number;
    try {
      loadSeconds = await loadAll(loading, broker, loads, end);
    } finally {
      await loading.stop();
    }
    const committed = await databaseBytes(own);
    const begun = performance.now();
    await sealNow(own);
    const sealSeconds = (performance.now() - begun) / 1000;
    const sealed = await databaseBytes(own);
    const bare = await bareTable(database, loads, end);
    const started = await server(env);
    try {
      const figures: QuestionFigures[] = [];
      for (const question of questions) figures.push(await askBoth(started, bare.client, question, end));
      await bare.client.end();
      const result = {
        samples,
        loadSeconds,
        bytesCommitted: (committed - empty) / samples,
        bytesSealed: (sealed - empty) / samples,
        sealSeconds,
        bareBytesPerSample: bare.bytes / samples,
        questions: figures,
      };
      process.stdout.write(print(result));
      return result;
    } finally {
      await started.stop();
    }
  } finally {
    await broker.stop();
    await database.stop();
  }
}

/** Sends everything over MQTT; @returns how long it took until the last value was committed. */
async function loadAll(started: Part, broker: Part, loads: readonly Load[], end: number): Promise<number> {
  const begun = performance.now();
  let messages = 0;
  for (const { root, metrics, seconds } of loads) {
    messages += seconds;
    await startPublisher({
      url: broker.url,
      root,
      machines: 1,
      messages: seconds,
      rate: null,
      limit: null,
      kind: "wide",
      base: end - seconds * 1000,
      stepUs: 1_000_000,
      metrics,
    }).done;
    await untilCommitted(started.url, messages);
  }
  const { samples } = await serverMetrics(started.url);
  const expected = loads.reduce((sum, load) => sum + load.metrics * load.seconds, 0);
  if (samples !== expected) throw new Error(`${samples} samples were committed and not ${expected}`);
  return (performance.now() - begun) / 1000;
}

/** The same samples, a row each, as a table that anyone would make. */
async function bareTable(database: Postgres, loads: readonly Load[], end: number) {
  const client = new pg.Client({ connectionString: await database.create("bench_reads_bare") });
  await client.connect();
  await client.query(
    "CREATE TABLE plain (series_id integer NOT NULL, time timestamptz NOT NULL, value double precision NOT NULL)",
  );
  // In the order in which they came.
  for (const load of loads)
    await client.query(
      `INSERT INTO plain
       SELECT ${seriesOf(load, 0)} + metric, to_timestamp(${end / 1000 - load.seconds} + number), ${WIDE_SQL}
       FROM generate_series(0, ${load.seconds - 1}) number, generate_series(0, ${load.metrics - 1}) metric`,
    );
  await client.query("CREATE INDEX ON plain (series_id, time)");
  await client.query("VACUUM (ANALYZE) plain");
  const { rows } = await client.query<{ bytes: string }>("SELECT pg_total_relation_size('plain') AS bytes");
  return { client, bytes: Number(rows[0]?.bytes) };
}

function seriesOf(load: Load, metric: number): number {
  return load.root === "wide" ? 1_000 + metric : 2_000 + metric;
}

async function askBoth(
  started: Part,
  client: pg.Client,
  question: Question,
  end: number,
): Promise<QuestionFigures> {
  const { id, load, metrics } = question;
  const from = end - Math.min(question.ms, load.seconds * 1000);
  const held = (end - from) / 1000;
  const name = nameOf(question, held);
  const asked = Array.from({ length: metrics }, (_, metric) => metric);
  const buckets = held > question.points;
  const bareTimes = await timed(async () => {
    const { rows } = await client.query(buckets ? SQL_BUCKETS : SQL_SAMPLES, [
      asked.map((metric) => seriesOf(load, metric)),
      new Date(from),
      new Date(end),
      ...(buckets ? [question.points] : []),
    ]);
    return rows.length;
  });
  let counted = 0;
  const serverTimes = await timed(async () => {
    const series = await history(started.url, {
      path: pathOf(load.root, 0),
      metrics: asked.map((metric) => `m${metric}`),
      from: new Date(from).toISOString(),
      to: new Date(end).toISOString(),
      points: question.points,
    });
    counted = 0;
    let points = 0;
    for (const one of series) {
      points += one.points.length;
      for (const { count } of one.points) counted += count;
    }
    return points;
  });
  if (counted !== held * metrics)
    throw new Error(`${name}: the points stand for ${counted} samples and not ${held * metrics}`);
  return { id, name, points: serverTimes.points, server: serverTimes.times, bare: bareTimes.times };
}

/** With the range that it really has: in a quick run there is less to ask for. */
function nameOf({ metrics, points }: Question, seconds: number): string {
  const range =
    seconds >= 172_800
      ? `${seconds / 86_400} days`
      : seconds >= 3_600
        ? `${seconds / 3_600} h`
        : `${seconds / 60} min`;
  const amount = seconds > points ? `${points.toLocaleString("en")} points` : "raw";
  return `${metrics} ${metrics === 1 ? "metric" : "metrics"}, ${range}, ${amount}`;
}

const SQL_SAMPLES =
  "SELECT series_id, time, value FROM plain WHERE series_id = ANY($1::int[]) AND time >= $2 AND time < $3 ORDER BY 1, 2";
const SQL_BUCKETS = `
  SELECT series_id, width_bucket(extract(epoch FROM time)::float8, extract(epoch FROM $2::timestamptz)::float8,
           extract(epoch FROM $3::timestamptz)::float8, $4::int) AS bucket,
         min(value), max(value), avg(value), count(*)
  FROM plain WHERE series_id = ANY($1::int[]) AND time >= $2 AND time < $3 GROUP BY 1, 2 ORDER BY 1, 2`;

const HISTORY = `
  query ($path: EquipmentPath!, $metrics: [String!]!, $from: DateTime!, $to: DateTime!, $points: Int!) {
    machine(path: $path) {
      history(metrics: $metrics, from: $from, to: $to, points: $points) {
        metric points { time value min max avg count }
      }
    }
  }`;

interface Series {
  readonly metric: string;
  readonly points: readonly { readonly count: number }[];
}

async function history(url: string, variables: Record<string, unknown>): Promise<readonly Series[]> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: HISTORY, variables }),
  });
  const answer = (await response.json()) as {
    data?: { machine: { history: Series[] } | null };
    errors?: unknown;
  };
  if (answer.errors !== undefined || !answer.data?.machine) throw new Error(JSON.stringify(answer));
  return answer.data.machine.history;
}

async function timed(work: () => Promise<number>) {
  const all: number[] = [];
  let points = 0;
  for (let run = 0; run < 1 + WARM_UP + RUNS; run += 1) {
    const started = performance.now();
    points = await work();
    all.push(performance.now() - started);
  }
  const warm = all.slice(1 + WARM_UP);
  return { points, times: { first: all[0] ?? 0, median: median(warm), p95: percentile(warm, 0.95) } };
}

async function databaseBytes(url: string): Promise<number> {
  const [row] = await query<{ bytes: string }>(url, "SELECT pg_database_size(current_database()) AS bytes");
  return Number(row?.bytes);
}

function print({
  samples,
  loadSeconds,
  bytesCommitted,
  bytesSealed,
  bareBytesPerSample,
  questions,
}: ReadsResult): string {
  const rows = questions.map(({ name, points, server: twin, bare }) => [
    name,
    String(points),
    figure(twin.first),
    figure(twin.median),
    figure(twin.p95),
    figure(bare.first),
    figure(bare.median),
    figure(bare.p95),
  ]);
  return [
    `${figure(samples)} samples over MQTT in ${figure(loadSeconds)} s (${figure(samples / loadSeconds)} a second)\n`,
    `bytes per sample of the whole database: ${figure(bytesCommitted)} committed, ${figure(bytesSealed)} sealed; of a plain table: ${figure(bareBytesPerSample)}\n`,
    "milliseconds; first, median and p95 of the rest\n",
    table([["", "points", "server", "median", "p95", "plain SQL", "median", "p95"], ...rows]),
  ].join("");
}
