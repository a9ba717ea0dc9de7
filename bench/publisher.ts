import { spawn } from "node:child_process";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { type EdgeMessage, EdgePlant } from "./edge-payloads.js";
import { percentile } from "./figures.js";
import { type PayloadOptions, pathOf, payloads } from "./payloads.js";
import { RawPublisher } from "./raw-publisher.js";

const WINDOW = 10_000;
/** A steady stream stops only where the packet ids end. */
const STEADY_WINDOW = 60_000;
const GROUP = 100;
const REPORT_MS = 200;

export interface PublisherOptions extends PayloadOptions {
  readonly url: string;
  readonly root: string;
  readonly machines: number;
  readonly messages: number;
  /** Messages a second, as many in each millisecond; null: as fast as the broker takes them. */
  readonly rate: number | null;
  /** Numbers from here on wait until `allow` raises it; null: none does. */
  readonly limit: number | null;
}

/** What the publisher's process tells at the end. */
export interface PublisherReport {
  /** When it began to send, in ms since 1970. */
  readonly begun: number;
  readonly seconds: number;
  readonly cpu: number;
  /** How much later than due messages were sent, in ms; 0 without a rate. */
  readonly lateMedian: number;
  readonly lateP99: number;
}

/** A publisher at work in a process of its own. */
export interface Publishing {
  /** Messages that the broker has acknowledged, as of the last fifth of a second. */
  acknowledged(): number;
  allow(limit: number): void;
  /** Resolves when the broker has all. */
  readonly done: Promise<PublisherReport>;
  /** Sends no more than what is on its way. */
  stop(): void;
}

type Told = { readonly acknowledged: number } | { readonly report: PublisherReport };

/** Starts a process that publishes at QoS 1, the machines in turn. */
export function startPublisher(options: PublisherOptions): Publishing {
  const script = path.join(import.meta.dirname, "main.js");
  const child = spawn(process.execPath, [script, "publish", JSON.stringify(options)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let acknowledged = 0;
  let report: PublisherReport | null = null;
  child.on("message", (told: Told) => {
    if ("report" in told) report = told.report;
    else acknowledged = told.acknowledged;
  });
  const done = new Promise<PublisherReport>((resolve, reject) => {
    child.once("close", (code) => {
      if (code === 0 && report) resolve(report);
      else reject(new Error(`the publisher ended with ${String(code)}`));
    });
  });
  return {
    acknowledged: () => acknowledged,
    allow: (limit) => {
      if (child.connected) child.send({ limit });
    },
    done,
    stop: () => {
      if (child.connected) child.send({ limit: -1 });
    },
  };
}

/** The publisher's process. */
export async function publish(options: PublisherOptions): Promise<void> {
  const { url, messages, rate } = options;
  const publisher = await RawPublisher.connect(url, `bench-publisher-${process.pid}`);
  const messageOf = await messagesOf(options, publisher);
  let limit = options.limit ?? Number.POSITIVE_INFINITY;
  process.on("message", (told: { limit: number }) => {
    limit = told.limit;
  });
  process.once("disconnect", () => process.exit(1));
  let next = 0;
  const put = (dueMs: number) => {
    const [topic, payload] = messageOf(next, dueMs);
    publisher.put(topic, payload);
    next += 1;
  };
  const reporting = setInterval(() => {
    process.send?.({ acknowledged: next - publisher.waiting } satisfies Told);
  }, REPORT_MS);
  const late: number[] = [];
  const cpu = process.cpuUsage();
  const started = performance.now();
  const stream = { publisher, messages, sent: () => next, limit: () => limit, put };
  if (rate === null) await fast(stream);
  else await steady(stream, rate, started, late);
  await publisher.drained(0);
  clearInterval(reporting);
  const used = process.cpuUsage(cpu);
  const report: PublisherReport = {
    begun: performance.timeOrigin + started,
    seconds: (performance.now() - started) / 1000,
    cpu: (used.user + used.system) / 1e6,
    lateMedian: late.length === 0 ? 0 : percentile(late, 0.5),
    lateP99: late.length === 0 ? 0 : percentile(late, 0.99),
  };
  process.send?.({ acknowledged: next } satisfies Told);
  process.send?.({ report } satisfies Told);
  publisher.end();
  process.removeAllListeners("disconnect");
  process.disconnect();
}

/** The messages by their numbers; births are sent before. */
async function messagesOf(
  options: PublisherOptions,
  publisher: RawPublisher,
): Promise<(number: number, dueMs: number) => EdgeMessage> {
  const { root, machines, base, stepUs } = options;
  if (options.kind === "ddata") {
    const plant = new EdgePlant(options);
    for (const [topic, payload] of plant.births(base)) publisher.put(topic, payload);
    publisher.flush();
    await publisher.drained(0);
    return (number) => plant.data(number, base + 1 + Math.floor((number * stepUs) / 1000));
  }
  const payloadOf = payloads(options);
  const topics = Array.from({ length: machines }, (_, machine) => `${pathOf(root, machine)}/telemetry`);
  return (number, dueMs) => [topics[number % machines] ?? "", payloadOf(number, dueMs)];
}

interface Stream {
  readonly publisher: RawPublisher;
  readonly messages: number;
  sent(): number;
  /** Negative when it is to stop. */
  limit(): number;
  put(dueMs: number): void;
}

async function fast({ publisher, messages, sent, limit, put }: Stream): Promise<void> {
  while (sent() < messages && limit() >= 0) {
    const upTo = Math.min(sent() + GROUP, messages, limit());
    if (upTo <= sent()) {
      pause(1);
      await turn();
      continue;
    }
    const now = performance.timeOrigin + performance.now();
    while (sent() < upTo) put(now);
    publisher.flush();
    if (publisher.waiting > WINDOW) await publisher.drained(WINDOW - GROUP * 10);
  }
}

/** What is due in the same millisecond is sent together. What was missed is made up for and carries the time it was due. */
async function steady(
  { publisher, messages, sent, limit, put }: Stream,
  rate: number,
  started: number,
  late: number[],
): Promise<void> {
  for (let tick = 0; sent() < messages && limit() >= 0; tick += 1) {
    const due = started + tick;
    const left = due - performance.now();
    // Timers come up to a millisecond late, which would be more than what is measured.
    if (left > 0) pause(left);
    const upTo = Math.min(Math.floor(((tick + 1) * rate) / 1000), messages);
    while (sent() < upTo) put(performance.timeOrigin + due);
    publisher.flush();
    late.push(performance.now() - due);
    await turn();
    if (publisher.waiting > STEADY_WINDOW) await publisher.drained(STEADY_WINDOW / 2);
  }
}

/** Blocks the thread: more exact than a timer, and without work for a core. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
