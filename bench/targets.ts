import { figure, median } from "./figures.js";
import { rates } from "./ingest.js";
import { delayAt, type SHARES } from "./receivers.js";
import type { Results } from "./results.js";
import { scaleRatio } from "./scale.js";
import { mostIn, type SoakResult } from "./soak.js";
import { sparkplugRatio } from "./sparkplug.js";
import { valueRates } from "./sparkplug-ingest.js";

/** One thing that the server promises to keep, and what was found; null: not measured, or with sizes that do not tell. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly found: string | null;
  readonly met: boolean | null;
}

/** Memory counts as at rest when it grows by less than this share from one quarter of a run to the next. */
const AT_REST = 0.05;
const SOAK_MINUTES = 20;
/** An outage may take this share more than the load itself. */
const OUTAGE = 0.1;

/** Figures of a quick run are shown, and judge nothing. */
export function targets(results: Results): readonly Target[] {
  const {
    ingest,
    scale,
    latency,
    soak,
    reads,
    kpis,
    orders,
    sparkplug,
    "sparkplug-ingest": sparkplugIngest,
  } = results;
  const all: [Target[], boolean][] = [
    [ofIngest(ingest), ingest?.quick ?? false],
    [ofScale(scale), scale?.quick ?? false],
    [ofLatency(latency), latency?.quick ?? false],
    [ofMemory(soak), soak !== undefined && soak.result.minutes < SOAK_MINUTES],
    [ofHistory(reads), reads?.quick ?? false],
    [ofKpis(kpis), kpis?.quick ?? false],
    [ofOrders(orders), orders?.quick ?? false],
    [ofSparkplug(sparkplug), sparkplug?.quick ?? false],
    [ofSparkplugIngest(sparkplugIngest), sparkplugIngest?.quick ?? false],
  ];
  return all.flatMap(([found, small]) => (small ? found.map((one) => ({ ...one, met: null })) : found));
}

function ofIngest(ingest: Results["ingest"]): Target[] {
  const ratio = ingest
    ? median(rates(ingest.result.messages, ingest.result.server)) /
      median(rates(ingest.result.messages, ingest.result.bare))
    : null;
  return [atLeast("committed messages/s, in proportion to a bare client that drops them", ratio, 0.6)];
}

function ofScale(scale: Results["scale"]): Target[] {
  const subject = "cost per message with 100,000 machines, in proportion to 100";
  return [atMost(subject, scale ? scaleRatio(scale.result) : null, 1.3)];
}

function ofLatency(latency: Results["latency"]): Target[] {
  const delays = latency?.result.rates.find(({ rate, noDelay }) => rate === 1_000 && !noDelay)?.delays;
  const at = (subscriber: string, share: (typeof SHARES)[number]) => {
    const found = delays?.[subscriber];
    return found ? delayAt(found, share) : null;
  };
  const times = (share: (typeof SHARES)[number]) => {
    const own = at("telemetryReceived", share);
    const bare = at("mosquitto_sub", share);
    return own === null || bare === null ? null : own / bare;
  };
  const subject = "publish to subscriber at 1,000 messages/s";
  return [
    atMost(`${subject}: median, ms`, at("telemetryReceived", 50), 5),
    atMost(`${subject}: p99, ms`, at("telemetryReceived", 99), 25),
    atMost(`${subject}: median, in proportion to mosquitto_sub`, times(50), 3),
    atMost(`${subject}: p99, in proportion to mosquitto_sub`, times(99), 3),
  ];
}

function ofMemory(soak: Results["soak"]): Target[] {
  const result = soak?.result;
  const minutes = `${result?.minutes ?? SOAK_MINUTES} minutes`;
  const outage = result
    ? Math.max(mostIn(result, "PostgreSQL hangs"), mostIn(result, "PostgreSQL is stopped"))
    : null;
  const missing = result ? result.published * 7 - result.stored : null;
  return [
    atMost(
      `memory in ${minutes} at full rate: last quarter in proportion to the one before`,
      result ? meanRss(result, 0.75, 1) / meanRss(result, 0.5, 0.75) : null,
      1 + AT_REST,
    ),
    atMost(
      "most memory while PostgreSQL is away, in proportion to the most while it runs",
      result && outage !== null ? outage / mostIn(result, "running") : null,
      1 + OUTAGE,
    ),
    atMost("values missing after all of that", missing, 0),
  ];
}

function ofHistory(reads: Results["reads"]): Target[] {
  const asked = (id: string) => reads?.result.questions.find((one) => one.id === id)?.server.median ?? null;
  return [
    atMost("1 hour of 100 metrics at 1 Hz in 60 buckets each, ms", asked("hour"), 100),
    atMost("30 days of one metric at 1 Hz as 1,000 points, ms", asked("month"), 50),
    atMost("bytes per sample of the database, sealed", reads?.result.bytesSealed ?? null, 12),
  ];
}

function ofKpis(kpis: Results["kpis"]): Target[] {
  const asked = (id: string) => kpis?.result.questions.find((one) => one.id === id)?.server.median ?? null;
  return [
    atMost("30-day OEE of one machine, ms", asked("machine"), 50),
    atMost("30-day OEE of a line of 20 machines, ms", asked("line"), 200),
  ];
}

function ofOrders(orders: Results["orders"]): Target[] {
  const longest = (times: readonly number[] | undefined) => (times ? Math.max(...times) : null);
  return [
    atMost("10,000 orders upserted in one call, longest of all rounds, s", longest(orders?.result.made), 10),
  ];
}

function ofSparkplug(sparkplug: Results["sparkplug"]): Target[] {
  const ratio = sparkplug ? Math.min(...sparkplug.result.kinds.map(sparkplugRatio)) : null;
  return [atLeast("Sparkplug B metrics decoded/s, in proportion to protobufjs", ratio, 1.5)];
}

function ofSparkplugIngest(taken: Results["sparkplug-ingest"]): Target[] {
  const ratio = taken
    ? median(valueRates(taken.result.messages, taken.result.sparkplug)) /
      median(valueRates(taken.result.messages, taken.result.json))
    : null;
  return [atLeast("committed values/s of Sparkplug B, in proportion to JSON", ratio, 1)];
}

function meanRss({ samples, minutes }: SoakResult, from: number, to: number): number {
  const some = samples.filter(({ minute }) => minute >= minutes * from && minute < minutes * to);
  return some.reduce((sum, { rssMiB }) => sum + rssMiB, 0) / some.length;
}

function atLeast(what: string, found: number | null, wanted: number): Target {
  return target(what, `at least ${wanted}`, found, found === null ? null : found >= wanted);
}

function atMost(what: string, found: number | null, wanted: number): Target {
  return target(what, `at most ${wanted}`, found, found === null ? null : found <= wanted);
}

function target(what: string, wanted: string, found: number | null, met: boolean | null): Target {
  return { what, wanted, found: found === null ? null : figure(found), met };
}
