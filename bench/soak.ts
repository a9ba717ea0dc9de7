import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { figure, slope, table } from "./figures.js";
import { mosquitto, type Part, type Postgres, postgres, residentBytes, server } from "./parts.js";
import { METRICS } from "./payloads.js";
import { type Publishing, startPublisher } from "./publisher.js";
import { serverMetrics } from "./server-metrics.js";
import { size } from "./sizes.js";

const SAMPLE_MS = 5_000;
const STEP_MS = 250;
/** Messages that the publisher may be ahead of the commits: enough to keep the server busy. */
const AHEAD = 50_000;
const MIB = 1_048_576;
const STUCK_MS = 120_000;

type Phase = "running" | "PostgreSQL hangs" | "PostgreSQL is stopped";

export interface SoakResult {
  readonly minutes: number;
  readonly outageS: number;
  /** Messages a second; null: as many as the server takes. */
  readonly rate: number | null;
  readonly samples: readonly SoakSample[];
  readonly published: number;
  /** Values that the server says it has stored, of `published` messages. */
  readonly stored: number;
  /** Of the server's resident memory over the last half, in MiB per minute. */
  readonly slope: number;
}

interface SoakSample {
  readonly minute: number;
  readonly phase: Phase;
  readonly rssMiB: number;
  readonly heapMiB: number;
  readonly brokerMiB: number;
  readonly committed: number;
}

interface Soak {
  readonly started: Part;
  readonly broker: Part;
  readonly database: Postgres;
  readonly publishing: Publishing;
  readonly rate: number | null;
  readonly minutes: number;
  readonly outageS: number;
  phase: Phase;
}

/**
 * Full load for minutes, PostgreSQL first hanging and then stopped for a tenth of the time each, devices sending on. Tells how
 * the server's memory goes, and whether everything was stored at the end.
 */
export async function soak(args: readonly string[] = []): Promise<SoakResult> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rate: { type: "string" } },
  });
  const minutes = Number(positionals[0] ?? 20);
  const rate = values.rate === undefined ? null : Number(values.rate);
  const outageS = (minutes * 60) / 10;
  const database = await postgres();
  const broker = await mosquitto();
  let started: Part | null = null;
  try {
    started = await server({ DATABASE_URL: database.url, MQTT_URL: broker.url, LOG_LEVEL: "silent" });
    const publishing = startSending(broker.url, rate);
    const all: Soak = { started, broker, database, publishing, rate, minutes, outageS, phase: "running" };
    const [samples] = await Promise.all([watch(all), faults(all)]);
    publishing.stop();
    await publishing.done;
    const published = publishing.acknowledged();
    const stored = await untilStored(started.url, published * METRICS);
    const half = samples.filter(({ minute }) => minute >= minutes / 2);
    const result = {
      minutes,
      outageS,
      rate,
      samples,
      published,
      stored,
      slope: slope(half.map(({ minute, rssMiB }) => ({ x: minute, y: rssMiB }))),
    };
    process.stdout.write(print(result));
    return result;
  } finally {
    await started?.stop();
    await broker.stop();
    await database.stop();
  }
}

function startSending(url: string, rate: number | null): Publishing {
  return startPublisher({
    url,
    root: "bench",
    machines: size("BENCH_MACHINES", 1_000, 1_000),
    messages: Number.MAX_SAFE_INTEGER,
    rate,
    limit: rate === null ? AHEAD : null,
    kind: "telemetry",
    base: Date.now(),
    // So close that no rate takes them into the future.
    stepUs: 10,
    metrics: METRICS,
  });
}

/** Lets the publisher go on and takes a sample every few seconds, until the time is over. */
async function watch(all: Soak): Promise<SoakSample[]> {
  const { started, broker, publishing, rate, minutes } = all;
  const outageRate = size("BENCH_OUTAGE_RATE", 5_000, 5_000);
  const samples: SoakSample[] = [];
  const begun = performance.now();
  let limit = AHEAD;
  for (let at = 0; at < minutes * 60_000; at = performance.now() - begun) {
    const metrics = await serverMetrics(started.url);
    const grown = limit + (outageRate * STEP_MS) / 1000;
    // While PostgreSQL is away the devices go on at a rate of their own, and the broker keeps what they send.
    limit = all.phase === "running" ? Math.max(limit, metrics.committed + AHEAD) : grown;
    if (rate === null) publishing.allow(limit);
    if (at >= samples.length * SAMPLE_MS)
      samples.push({
        minute: at / 60_000,
        phase: all.phase,
        rssMiB: resident(started),
        heapMiB: metrics.get("nodejs_heap_size_used_bytes") / MIB,
        brokerMiB: resident(broker),
        committed: metrics.committed,
      });
    await sleep(STEP_MS);
  }
  return samples;
}

/** Both in the first half, so that the second one shows whether memory comes to rest. */
async function faults(all: Soak): Promise<void> {
  const { database, minutes, outageS } = all;
  await sleep(minutes * 60_000 * 0.15);
  const pids = database.pids();
  all.phase = "PostgreSQL hangs";
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  await sleep(outageS * 1_000);
  for (const pid of pids) process.kill(pid, "SIGCONT");
  all.phase = "running";
  await sleep(minutes * 60_000 * 0.1);
  all.phase = "PostgreSQL is stopped";
  await database.down();
  await sleep(outageS * 1_000);
  await database.up();
  all.phase = "running";
}

/** Waits until the values are stored, or none has been for a while; tells how many are. */
async function untilStored(url: string, values: number): Promise<number> {
  let stored = 0;
  for (let moved = performance.now(); stored < values && performance.now() - moved < STUCK_MS; ) {
    await sleep(STEP_MS);
    const now = (await serverMetrics(url)).samples;
    if (now !== stored) moved = performance.now();
    stored = now;
  }
  return stored;
}

function resident(part: Part): number {
  return part.pids().reduce((sum, pid) => sum + residentBytes(pid), 0) / MIB;
}

/** The most memory that the server took in a phase, in MiB. */
export function mostIn({ samples }: SoakResult, phase: Phase): number {
  return Math.max(...samples.filter((one) => one.phase === phase).map(({ rssMiB }) => rssMiB));
}

function print(result: SoakResult): string {
  const { minutes, outageS, published, stored, samples } = result;
  const last = samples.at(-1);
  const rows = [
    ["messages published", figure(published)],
    ["values missing at the end", figure(published * METRICS - stored)],
    ["messages/s committed, mean with outages", figure((last?.committed ?? 0) / (minutes * 60))],
    ["RSS at the end, MiB", figure(last?.rssMiB ?? Number.NaN)],
    ["RSS over the last half, MiB per minute", figure(result.slope)],
    ["highest RSS while running, MiB", figure(mostIn(result, "running"))],
    [`highest RSS in ${outageS} s of a hanging PostgreSQL`, figure(mostIn(result, "PostgreSQL hangs"))],
    [`highest RSS in ${outageS} s without PostgreSQL`, figure(mostIn(result, "PostgreSQL is stopped"))],
  ];
  return `${minutes} minutes\n${table(rows)}`;
}
