import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { figure, median, spread, table } from "./figures.js";
import { afterRest, cost } from "./ingest.js";
import { measure, type Outcome } from "./measure.js";
import { mosquitto, type Part, postgres, server } from "./parts.js";
import type { Kind } from "./payloads.js";
import { startPublisher } from "./publisher.js";
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
      afterRest(database, () => measure(parts, () => through(started, broker, kind, count, machines)));
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

/** Until all values are committed; what births tell besides does not count. */
async function through(
  started: Part,
  broker: Part,
  kind: Kind,
  messages: number,
  machines: number,
): Promise<{ publisher: number }> {
  const before = (await serverMetrics(started.url)).samples;
  const report = await startPublisher({
    url: broker.url,
    root: "bench",
    machines,
    messages,
    rate: null,
    limit: null,
    kind,
    base: Date.now(),
    stepUs: 10,
    metrics: SPARKPLUG_METRICS,
  }).done;
  const births = kind === "ddata" ? machines * SPARKPLUG_METRICS : 0;
  const wanted = before + messages * SPARKPLUG_METRICS + births;
  const begun = performance.now();
  for (;;) {
    const { samples } = await serverMetrics(started.url);
    if (samples >= wanted) return { publisher: report.cpu };
    if (performance.now() - begun > STUCK_MS)
      throw new Error(`${samples - before} of ${wanted - before} values were committed`);
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
        "",
      ],
    ],
  )}`;
}
