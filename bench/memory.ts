import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { figure, table } from "./figures.js";
import { ended, mosquitto, type Part, type Postgres, postgres, residentBytes, server } from "./parts.js";
import { METRICS, pathOf } from "./payloads.js";
import { startPublisher } from "./publisher.js";
import { serverMetrics, untilCommitted } from "./server-metrics.js";
import { size } from "./sizes.js";

const ROOT = "bench";
const ROUNDS = 3;
/** Lets a signal collect all garbage: what is then left is what is held. */
const COLLECT = "data:text/javascript,process.on('SIGUSR2',()=>gc())";
const SETTLE_MS = 15_000;

export interface MemoryResult {
  readonly counts: readonly MemoryFigures[];
}

interface MemoryFigures {
  readonly machines: number;
  readonly server: Held;
  readonly bare: Held;
}

/** Bytes. */
interface Held {
  /** Of the process, as it is some seconds after the last message. */
  readonly rss: number;
  /** After all garbage is collected, with buffers outside of the heap. */
  readonly heap: number;
}

/** What the server holds for its machines, beside a bare process with the same values in maps. */
export async function memory(): Promise<MemoryResult> {
  const most = size("BENCH_MANY_MACHINES", 100_000, 10_000);
  const database = await postgres();
  const counts: MemoryFigures[] = [];
  try {
    for (const machines of [100, 10_000, 100_000].filter((count) => count <= most))
      counts.push({
        machines,
        server: await heldByServer(database, machines),
        bare: await heldByMaps(machines),
      });
  } finally {
    await database.stop();
  }
  const result = { counts };
  process.stdout.write(print(result));
  return result;
}

async function heldByServer(database: Postgres, machines: number): Promise<Held> {
  const broker = await mosquitto();
  const env = { DATABASE_URL: await database.create("bench_memory"), MQTT_URL: broker.url };
  const started = await server(env, ["--expose-gc", "--import", COLLECT]);
  try {
    const messages = machines * ROUNDS;
    await startPublisher({
      url: broker.url,
      root: ROOT,
      machines,
      messages,
      rate: null,
      limit: null,
      kind: "telemetry",
      base: Date.now(),
      stepUs: 10,
      metrics: METRICS,
    }).done;
    await untilCommitted(started.url, messages);
    await sleep(SETTLE_MS);
    const rss = (await serverMetrics(started.url)).get("process_resident_memory_bytes");
    return { rss, heap: await collected(started) };
  } finally {
    await started.stop();
    await broker.stop();
  }
}

async function collected(started: Part): Promise<number> {
  for (const pid of started.pids()) process.kill(pid, "SIGUSR2");
  await sleep(2_000);
  const metrics = await serverMetrics(started.url);
  return metrics.get("nodejs_heap_size_used_bytes") + metrics.get("nodejs_external_memory_bytes");
}

async function heldByMaps(machines: number): Promise<Held> {
  const script = path.join(import.meta.dirname, "main.js");
  const child: ChildProcess = spawn(process.execPath, ["--expose-gc", script, "hold", String(machines)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  try {
    const heap = await new Promise<number>((resolve, reject) => {
      child.once("message", (bytes) => resolve(Number(bytes)));
      child.once("exit", (code) => reject(new Error(`the bare process ended with ${String(code)}`)));
    });
    return { rss: child.pid === undefined ? 0 : residentBytes(child.pid), heap };
  } finally {
    await ended(child);
  }
}

/** The bare process: holds the values of so many machines, each in a map by metric, in a map by path. */
export async function hold(machines: number): Promise<void> {
  const values = new Map<string, Map<string, number>>();
  for (let machine = 0; machine < machines; machine += 1) {
    const metrics = new Map<string, number>();
    for (let metric = 0; metric < METRICS; metric += 1) metrics.set(`m${metric}`, machine + metric / 10);
    values.set(pathOf(ROOT, machine), metrics);
  }
  (globalThis as { gc?: () => void }).gc?.();
  await sleep(1_000);
  const { heapUsed, external } = process.memoryUsage();
  process.send?.(heapUsed + external);
  await new Promise((resolve) => process.once("disconnect", resolve));
  // What is held must be held until here.
  if (values.size !== machines) throw new Error("machines are missing");
}

/** Bytes per machine: what more machines take, by what the fewest take. */
export function bytesPerMachine({ counts }: MemoryResult, of: "server" | "bare", what: keyof Held): number {
  const [few] = counts;
  const many = counts.at(-1);
  if (!few || !many) return Number.NaN;
  return (many[of][what] - few[of][what]) / (many.machines - few.machines);
}

function print(result: MemoryResult): string {
  const mib = (bytes: number) => (bytes / 1_048_576).toFixed(1);
  const rows = result.counts.map(({ machines, server: twin, bare }) => [
    String(machines),
    mib(twin.rss),
    mib(twin.heap),
    mib(bare.rss),
    mib(bare.heap),
  ]);
  return [
    `machines of ${METRICS} metrics; MiB\n`,
    table([["machines", "server RSS", "server heap", "bare RSS", "bare heap"], ...rows]),
    `bytes per machine: server ${figure(bytesPerMachine(result, "server", "heap"))}, `,
    `bare ${figure(bytesPerMachine(result, "bare", "heap"))}\n`,
  ].join("");
}
