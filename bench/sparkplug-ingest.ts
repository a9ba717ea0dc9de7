import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { figure, median, spread, table } from "./figures.js";
import { afterRest, cost } from "./ingest.js";
import { measure, type Outcome } from "./measure.js";
import { mosquitto, type Part, postgres, server } from "./parts.js";
import type { Kind } from "./payloads.js";
import { type Publishing, startPublisher } from "./publisher.js";
import { serverMetrics } from "./server-metrics.js";
import { size } from "./sizes.js";
import { SPARKPLUG_METRICS } from "./sparkplug.js";

const SETTLE_MS = 200;
const STUCK_MS = 60_000;
const PLANT = `
sources:
  - name: json
    url: \${MQTT_URL}
    mappings: [{ topic: "{root}/{site}/{area}/{line}/{machine}/telemetry", format: json, timestamp: ts }]
  - name: edge
    url: \${MQTT_URL}
    sparkplug: {}
`;

export interface SparkplugIngestResult {
  readonly messages: number;
  readonly machines: number;
  readonly json: readonly Outcome[];
  readonly sparkplug: readonly Outcome[];
}

/** DDATA of 20 metrics from publisher to commit, beside JSON of 20 values through the same server, in turns. */
export async function sparkplugIngest(): Promise<SparkplugIngestResult> {
  const messages = size("BENCH_MESSAGES", 100_000, 20_000);
  const machines = size("BENCH_MACHINES", 1_000, 1_000);
  const rounds = size("BENCH_ROUNDS", 5, 2);
  const database = await postgres();
  const broker = await mosquitto();
  const folder = await mkdtemp(path.join(tmpdir(), "mes-twin-bench-"));
  const json: Outcome[] = [];
  const sparkplug: Outcome[] = [];
  try {
    const plantFile = path.join(folder, "plant.yaml");
    await writeFile(plantFile, PLANT);
    const started = await server({
      DATABASE_URL: database.url,
      MQTT_URL: broker.url,
      PLANT_FILE: plantFile,
    });
    const parts = { server: started.pids, postgres: database.pids, mosquitto: broker.pids };
    const round = (kind: Kind, count: number) =>
      afterRest(database, async () => {
        const stream = await begin(started, broker, kind, count, machines);
        return measure(parts, () => through(started, stream, count));
      });
    try {
      for (const kind of ["wide", "ddata"] as const) await round(kind, Math.ceil(messages / 10));
      for (let turn = 0; turn < rounds; turn += 1) {
        json.push(await round("wide", messages));
        sparkplug.push(await round("ddata", messages));
      }
    } finally {
      await started.stop();
    }
  } finally {
    await broker.stop();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const result = { messages, machines, json, sparkplug };
  process.stdout.write(print(result));
  return result;
}

/** Values a second of each round. */
export function valueRates(messages: number, outcomes: readonly Outcome[]): number[] {
  return outcomes.map(({ seconds }) => (messages * SPARKPLUG_METRICS) / seconds);
}

/** A publisher that waits with its messages until all births are committed, which a plant has once. */
async function begin(
  started: Part,
  broker: Part,
  kind: Kind,
  messages: number,
  machines: number,
): Promise<Publishing> {
  const before = (await serverMetrics(started.url)).samples;
  const publishing = startPublisher({
    url: broker.url,
    root: "bench",
    machines,
    messages,
    rate: null,
    limit: 0,
    kind,
    base: Date.now(),
    stepUs: 10,
    metrics: SPARKPLUG_METRICS,
  });
  if (kind === "ddata") await committed(started, before + machines * SPARKPLUG_METRICS);
  return publishing;
}

/** Until all values are committed. */
async function through(
  started: Part,
  publishing: Publishing,
  messages: number,
): Promise<{ publisher: number }> {
  const before = (await serverMetrics(started.url)).samples;
  publishing.allow(messages);
  const { cpu } = await publishing.done;
  await committed(started, before + messages * SPARKPLUG_METRICS);
  return { publisher: cpu };
}

async function committed(started: Part, wanted: number): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const { samples } = await serverMetrics(started.url);
    if (samples >= wanted) return;
    if (performance.now() - begun > STUCK_MS)
      throw new Error(`${wanted - samples} values were not committed`);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS / 4));
  }
}

function print({ messages, machines, json, sparkplug }: SparkplugIngestResult): string {
  const [a, b] = [valueRates(messages, json), valueRates(messages, sparkplug)];
  return `${json.length} rounds of ${figure(messages)} messages of ${SPARKPLUG_METRICS} values from ${figure(machines)} machines; medians\n${table(
    [
      ["", "JSON", "Sparkplug", "ratio"],
      ["values/s", figure(median(a)), figure(median(b)), (median(b) / median(a)).toFixed(2)],
      ["  spread of the rounds, %", spread(a).toFixed(0), spread(b).toFixed(0), ""],
      [
        "server CPU s per 1,000 messages",
        figure(cost(messages, json, "server")),
        figure(cost(messages, sparkplug, "server")),
        (cost(messages, sparkplug, "server") / cost(messages, json, "server")).toFixed(2),
      ],
      ...["publisher", "mosquitto", "postgres"].map((part) => [
        `  of ${part}`,
        figure(cost(messages, json, part)),
        figure(cost(messages, sparkplug, part)),
        "",
      ]),
    ],
  )}`;
}
