import { setTimeout as sleep } from "node:timers/promises";
import { figure, table } from "./figures.js";
import { busy, measure } from "./measure.js";
import { mosquitto, type Part, type Postgres, postgres, server } from "./parts.js";
import { METRICS, pathOf } from "./payloads.js";
import { type PublisherReport, startPublisher } from "./publisher.js";
import { type Delays, delayAt, type Receiver, SHOWN, startMosquittoSub, startReceiver } from "./receivers.js";
import { serverMetrics, untilCommitted } from "./server-metrics.js";
import { size } from "./sizes.js";

const ROOT = "bench";
const FILTER = `${ROOT}/#`;
const WARM_UP_S = 5;
/** Of the subscribers that follow one machine each. */
const FOLLOWED = 20;

export interface LatencyResult {
  readonly seconds: number;
  readonly machines: number;
  readonly rates: readonly RateFigures[];
}

interface RateFigures {
  /** Messages a second. */
  readonly rate: number;
  /** Whether Mosquitto has `set_tcp_nodelay true`. */
  readonly noDelay: boolean;
  /** By subscriber. */
  readonly delays: Readonly<Record<string, Delays>>;
  readonly lateMedian: number;
  readonly lateP99: number;
  /** Share of one core that each part was busy, in percent. */
  readonly busy: Readonly<Record<string, number>>;
}

/** Publish to receive at steady rates: GraphQL subscribers beside MQTT subscribers of the same messages. */
export async function latency(): Promise<LatencyResult> {
  const seconds = size("BENCH_SECONDS", 30, 8);
  const machines = size("BENCH_MACHINES", 1_000, 1_000);
  const database = await postgres();
  const rates: RateFigures[] = [];
  try {
    for (const rate of [1_000, 5_000])
      for (const noDelay of [false, true])
        rates.push(await atRate(database, { rate, noDelay, seconds, machines }));
  } finally {
    await database.stop();
  }
  const result = { seconds, machines, rates };
  process.stdout.write(print(result));
  return result;
}

interface Load {
  readonly rate: number;
  readonly noDelay: boolean;
  readonly seconds: number;
  readonly machines: number;
}

async function atRate(database: Postgres, { rate, noDelay, seconds, machines }: Load): Promise<RateFigures> {
  const quiet = await mosquitto({ noDelay });
  const delays: Record<string, Delays> = {};
  try {
    const subscriber = await startMosquittoSub(quiet.url, FILTER);
    const { from } = await publishSteadily(quiet.url, rate, seconds, machines);
    delays["mosquitto_sub, no server"] = await subscriber.finish(from);
  } finally {
    await quiet.stop();
  }
  const broker = await mosquitto({ noDelay });
  const started = await server({
    DATABASE_URL: await database.create("bench_latency"),
    MQTT_URL: broker.url,
  });
  try {
    await seeAll(broker, started, rate, machines);
    const together = await subscribersTogether({ broker, started, database, rate, seconds, machines });
    return { rate, noDelay, ...together, delays: { ...delays, ...together.delays } };
  } finally {
    await started.stop();
    await broker.stop();
  }
}

/** The server knows all machines, and its code is warm. */
async function seeAll(broker: Part, started: Part, rate: number, machines: number): Promise<void> {
  const messages = Math.max(20_000, machines);
  const { committed } = await serverMetrics(started.url);
  await startPublisher({ ...STREAM, url: broker.url, machines, messages, rate }).done;
  await untilCommitted(started.url, committed + messages);
}

async function subscribersTogether(all: {
  readonly broker: Part;
  readonly started: Part;
  readonly database: Postgres;
  readonly rate: number;
  readonly seconds: number;
  readonly machines: number;
}): Promise<Omit<RateFigures, "rate" | "noDelay">> {
  const { broker, started, database, rate, seconds, machines } = all;
  const paths = Array.from({ length: FOLLOWED }, (_, index) =>
    pathOf(ROOT, Math.floor((index * machines) / FOLLOWED)),
  );
  const receivers: Readonly<Record<string, Receiver>> = {
    mosquitto_sub: await startMosquittoSub(broker.url, FILTER),
    "mqtt.js": await startReceiver({ kind: "mqtt", url: broker.url, filter: FILTER }),
    telemetryReceived: await startReceiver({
      kind: "telemetry",
      url: started.url,
      topic: `${ROOT}/+/+/+/+/sent`,
    }),
    machineChanged: await startReceiver({ kind: "machines", url: started.url, paths }),
  };
  let report: SteadyReport = { from: 0, begun: 0, cpu: 0, seconds: 0, lateMedian: 0, lateP99: 0 };
  const outcome = await measure(
    { server: started.pids, postgres: database.pids, mosquitto: broker.pids },
    async () => {
      report = await publishSteadily(broker.url, rate, seconds, machines);
      return { publisher: report.cpu };
    },
  );
  await sleep(1_000);
  const delays: Record<string, Delays> = {};
  for (const [name, receiver] of Object.entries(receivers)) delays[name] = await receiver.finish(report.from);
  const { lateMedian, lateP99 } = report;
  return {
    delays,
    lateMedian,
    lateP99,
    busy: Object.fromEntries(Object.keys(outcome.cpu).map((part) => [part, busy(outcome, part)])),
  };
}

const STREAM = {
  root: ROOT,
  kind: "clock",
  base: 0,
  stepUs: 0,
  metrics: METRICS,
  limit: null,
} as const;

interface SteadyReport extends PublisherReport {
  /** When the first message after the warm-up was due. */
  readonly from: number;
}

async function publishSteadily(
  url: string,
  rate: number,
  seconds: number,
  machines: number,
): Promise<SteadyReport> {
  const messages = rate * (seconds + WARM_UP_S);
  const report = await startPublisher({ ...STREAM, url, machines, messages, rate }).done;
  return { ...report, from: report.begun + WARM_UP_S * 1000 };
}

function print({ seconds, machines, rates }: LatencyResult): string {
  const parts = rates.map(({ rate, noDelay, delays, lateMedian, lateP99, busy: shares }) => {
    const rows = Object.entries(delays).map(([name, found]) => [
      name,
      String(found.count),
      ...SHOWN.map((share) => figure(delayAt(found, share))),
    ]);
    const used = Object.entries(shares).map(([part, share]) => `${part} ${share.toFixed(0)} %`);
    return [
      `\n${rate} messages/s${noDelay ? ", set_tcp_nodelay" : ""} for ${seconds} s from ${machines} machines; ms from due to received\n`,
      table([["", "received", "p50", "p90", "p99", "p99.9", "max"], ...rows]),
      `publisher late: median ${figure(lateMedian)} ms, p99 ${figure(lateP99)} ms; busy: ${used.join(", ")}\n`,
    ].join("");
  });
  return parts.join("");
}
