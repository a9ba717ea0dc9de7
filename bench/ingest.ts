import { setTimeout as sleep } from "node:timers/promises";
import mqtt from "mqtt";
import { figure, median, spread, table } from "./figures.js";
import { boundBy, busy, measure, type Outcome } from "./measure.js";
import { cpuSeconds, mosquitto, type Part, type Postgres, postgres, query, server } from "./parts.js";
import { METRICS } from "./payloads.js";
import { type PublisherReport, startPublisher } from "./publisher.js";
import { serverMetrics, untilCommitted } from "./server-metrics.js";
import { size } from "./sizes.js";

const ROOT = "bench";
const WARM_UP = 20_000;

export interface IngestResult {
  readonly messages: number;
  readonly machines: number;
  readonly bare: readonly Outcome[];
  readonly server: readonly Outcome[];
}

/** Messages from publisher to commit, beside a bare client that receives and drops the same, in turns. */
export async function ingest(): Promise<IngestResult> {
  const messages = size("BENCH_MESSAGES", 200_000, 40_000);
  const machines = size("BENCH_MACHINES", 1_000, 1_000);
  const rounds = size("BENCH_ROUNDS", 5, 2);
  const database = await postgres();
  const brokers = { bare: await mosquitto(), server: await mosquitto() };
  const bare: Outcome[] = [];
  const twin: Outcome[] = [];
  try {
    const started = await server({
      DATABASE_URL: await database.create("bench_ingest"),
      MQTT_URL: brokers.server.url,
    });
    const parts = { server: started.pids, postgres: database.pids, mosquitto: brokers.server.pids };
    try {
      await baseline(brokers.bare, WARM_UP, machines);
      await throughServer(started, parts, brokers.server, WARM_UP, machines);
      for (let round = 0; round < rounds; round += 1) {
        bare.push(await afterRest(database, () => baseline(brokers.bare, messages, machines)));
        twin.push(
          await afterRest(database, () => throughServer(started, parts, brokers.server, messages, machines)),
        );
      }
    } finally {
      await started.stop();
    }
  } finally {
    await brokers.bare.stop();
    await brokers.server.stop();
    await database.stop();
  }
  const result = { messages, machines, bare, server: twin };
  process.stdout.write(print(result));
  return result;
}

/** What PostgreSQL does after a round must not count for the next one. */
export async function afterRest<Result>(database: Postgres, work: () => Promise<Result>): Promise<Result> {
  await query(database.url, "CHECKPOINT");
  const pids = database.pids();
  for (let quiet = 0, before = cpuSeconds(pids); quiet < 2; ) {
    await sleep(500);
    const now = cpuSeconds(pids);
    quiet = now - before < 0.05 ? quiet + 1 : 0;
    before = now;
  }
  return await work();
}

/** mqtt.js as it comes, with its own acknowledgements. */
async function baseline(broker: Part, messages: number, machines: number): Promise<Outcome> {
  const client = await mqtt.connectAsync(broker.url, { protocolVersion: 5, clientId: "bench-baseline" });
  await client.subscribeAsync(`${ROOT}/#`, { qos: 1 });
  let received = 0;
  const all = new Promise<void>((resolve) => {
    client.on("message", () => {
      received += 1;
      if (received === messages) resolve();
    });
  });
  try {
    return await measure({ client: () => [process.pid], mosquitto: broker.pids }, async () => {
      const [report] = await Promise.all([publishAll(broker.url, messages, machines), all]);
      return { publisher: report.cpu };
    });
  } finally {
    await client.endAsync();
  }
}

/** Sends so many messages and waits until the server has committed them and all of their values. */
export async function throughServer(
  started: Part,
  parts: Readonly<Record<string, () => readonly number[]>>,
  broker: Part,
  messages: number,
  machines: number,
): Promise<Outcome> {
  const before = await serverMetrics(started.url);
  const outcome = await measure(parts, async () => {
    const report = await publishAll(broker.url, messages, machines);
    await untilCommitted(started.url, before.committed + messages);
    return { publisher: report.cpu };
  });
  const added = (await serverMetrics(started.url)).samples - before.samples;
  if (added !== messages * METRICS)
    throw new Error(`${added} samples were committed and not ${messages * METRICS}`);
  return outcome;
}

function publishAll(url: string, messages: number, machines: number): Promise<PublisherReport> {
  return startPublisher({
    url,
    root: ROOT,
    machines,
    messages,
    rate: null,
    limit: null,
    kind: "telemetry",
    // So close that those of the next round, which begins seconds later, are newer.
    base: Date.now(),
    stepUs: 10,
    metrics: METRICS,
  }).done;
}

/** Messages a second of each round. */
export function rates(messages: number, outcomes: readonly Outcome[]): number[] {
  return outcomes.map((outcome) => messages / outcome.seconds);
}

/** CPU seconds of some parts per 1,000 messages, the median of the rounds. */
export function cost(messages: number, outcomes: readonly Outcome[], ...parts: string[]): number {
  const sums = outcomes.map((outcome) => parts.reduce((sum, part) => sum + (outcome.cpu[part] ?? 0), 0));
  return (median(sums) / messages) * 1000;
}

function print({ messages, machines, bare, server: twin }: IngestResult): string {
  const rate = { bare: median(rates(messages, bare)), server: median(rates(messages, twin)) };
  const percent = (outcomes: readonly Outcome[], part: string) =>
    median(outcomes.map((outcome) => busy(outcome, part))).toFixed(0);
  const rows = [
    ["", "bare client", "server", "ratio"],
    ["messages/s", figure(rate.bare), figure(rate.server), (rate.server / rate.bare).toFixed(2)],
    [
      "  spread of the rounds, %",
      spread(rates(messages, bare)).toFixed(0),
      spread(rates(messages, twin)).toFixed(0),
      "",
    ],
    ["values/s", "", figure(rate.server * METRICS), ""],
    [
      "CPU s per 1,000 messages",
      figure(cost(messages, bare, "client")),
      figure(cost(messages, twin, "server")),
      "",
    ],
    ["  of postgres", "", figure(cost(messages, twin, "postgres")), ""],
    [
      "  of mosquitto",
      figure(cost(messages, bare, "mosquitto")),
      figure(cost(messages, twin, "mosquitto")),
      "",
    ],
    [
      "  of the publisher",
      figure(cost(messages, bare, "publisher")),
      figure(cost(messages, twin, "publisher")),
      "",
    ],
    ["busy: client or server, %", percent(bare, "client"), percent(twin, "server"), ""],
    ["busy: postgres, %", "", percent(twin, "postgres"), ""],
    ["busy: mosquitto, %", percent(bare, "mosquitto"), percent(twin, "mosquitto"), ""],
    ["busy: publisher, %", percent(bare, "publisher"), percent(twin, "publisher"), ""],
  ];
  const [last] = twin;
  return [
    `${bare.length} rounds of ${messages} messages of ${METRICS} values at QoS 1 from ${machines} machines; medians\n`,
    table(rows),
    last ? `the server is bound by ${boundBy(last, "server")}\n` : "",
  ].join("");
}
