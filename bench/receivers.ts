import { type ChildProcess, spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "graphql-ws";
import mqtt from "mqtt";
import WebSocket from "ws";
import { ended } from "./parts.js";

/** Shares of the messages, in percent, for which a delay is told. */
export const SHARES = [50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100] as const;

/** Those that tables show. */
export const SHOWN = [50, 90, 99, 99.9, 100] as const;

/** Delays from the time at which a message was due to its arrival at a subscriber, in ms. */
export interface Delays {
  readonly count: number;
  /** One for each of SHARES; the last is the longest. */
  readonly ms: readonly number[];
}

/** The delay in ms that so many percent of the messages did not exceed. */
export function delayAt({ ms }: Delays, share: (typeof SHARES)[number]): number {
  return ms[SHARES.indexOf(share)] ?? Number.NaN;
}

/** A subscriber at work. */
export interface Receiver {
  /** Ends it and tells the delays of the messages that were due at `from` or later, in ms since 1970. */
  finish(from: number): Promise<Delays>;
}

export type ReceiverOptions =
  | { readonly kind: "mqtt"; readonly url: string; readonly filter: string }
  | { readonly kind: "telemetry"; readonly url: string; readonly topic: string }
  | { readonly kind: "machines"; readonly url: string; readonly paths: readonly string[] };

/** Starts a subscriber in a process of its own; resolves when it listens. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const script = path.join(import.meta.dirname, "main.js");
  const child = spawn(process.execPath, [script, "receive", JSON.stringify(options)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`a subscriber ended with ${String(code)}`)));
    });
  await next();
  return {
    async finish(from) {
      const delays = next();
      child.send({ from });
      return (await delays) as Delays;
    },
  };
}

/** `mosquitto_sub`, which writes its own time of arrival to a file. */
export async function startMosquittoSub(url: string, filter: string): Promise<Receiver> {
  const { hostname, port } = new URL(url);
  const folder = await mkdtemp(path.join(tmpdir(), "mosquitto-sub-"));
  const file = path.join(folder, "received");
  const output = await open(file, "w");
  const child: ChildProcess = spawn(
    "mosquitto_sub",
    ["-h", hostname, "-p", port, "-q", "1", "-t", filter, "-F", "%U %p"],
    { stdio: ["ignore", output.fd, "inherit"] },
  );
  return {
    async finish(from) {
      await ended(child);
      await output.close();
      const delays = new DelayLog();
      for await (const line of createInterface({ input: createReadStream(file) })) {
        const space = line.indexOf(" ");
        delays.add(sentIn(line), Number(line.slice(0, space)) * 1000);
      }
      await rm(folder, { recursive: true, force: true });
      return delays.summary(from);
    },
  };
}

/** The subscriber's process. */
export async function receive(options: ReceiverOptions): Promise<void> {
  const delays = new DelayLog();
  process.once("disconnect", () => process.exit(1));
  if (options.kind === "mqtt") await receiveMqtt(options.url, options.filter, delays);
  else await receiveGraphQL(options, delays);
  const finish = new Promise<{ from: number }>((resolve) => process.once("message", resolve));
  process.send?.("ready");
  const { from } = await finish;
  process.send?.(delays.summary(from), undefined, {}, () => process.exit(0));
}

async function receiveMqtt(url: string, filter: string, delays: DelayLog): Promise<void> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, clientId: "bench-receiver" });
  client.on("message", (_topic, payload) => {
    const now = wallClock();
    delays.add(sentIn(payload.toString("latin1")), now);
  });
  await client.subscribeAsync(filter, { qos: 1 });
}

async function receiveGraphQL(
  options: Exclude<ReceiverOptions, { kind: "mqtt" }>,
  delays: DelayLog,
): Promise<void> {
  const client = createClient({
    url: `${options.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
  });
  const follow = (
    query: string,
    variables: Record<string, unknown>,
    sentOf: (data: never) => number | null,
  ) =>
    client.subscribe<never>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          const now = wallClock();
          if (errors) throw new Error(JSON.stringify(errors));
          const sent = data ? sentOf(data) : null;
          if (sent !== null) delays.add(sent, now);
        },
        error: (error) => {
          throw new Error(`the subscription ended: ${JSON.stringify(error)}`);
        },
        complete: () => {},
      },
    );
  if (options.kind === "telemetry")
    follow(
      "subscription ($topic: TopicFilter!) { telemetryReceived(topic: $topic) { topic value } }",
      { topic: options.topic },
      (data: { telemetryReceived: { value: number } }) => data.telemetryReceived.value,
    );
  else
    for (const machine of options.paths)
      follow(
        `subscription ($path: EquipmentPath!) {
           machineChanged(path: $path) { kind revision cursor metrics { name value } }
         }`,
        { path: machine },
        (data: MachineChanged) =>
          data.machineChanged.kind === "DELTA"
            ? (data.machineChanged.metrics.find(({ name }) => name === "sent")?.value ?? null)
            : null,
      );
  // The server does not say when a subscription has begun; what is missed belongs to the warm-up.
  await sleep(500);
}

interface MachineChanged {
  readonly machineChanged: {
    readonly kind: string;
    readonly metrics: readonly { readonly name: string; readonly value: number }[];
  };
}

/** Milliseconds since 1970 with fractions. All processes of a host agree on them. */
function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

function sentIn(payload: string): number {
  const begin = payload.indexOf('"sent":') + 7;
  return Number(payload.slice(begin, payload.indexOf(",", begin)));
}

class DelayLog {
  readonly #sent: number[] = [];
  readonly #delays: number[] = [];

  add(sent: number, received: number): void {
    this.#sent.push(sent);
    this.#delays.push(received - sent);
  }

  summary(from: number): Delays {
    const sorted = this.#delays.filter((_, index) => (this.#sent[index] ?? 0) >= from).sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))];
    return { count: sorted.length, ms: SHARES.map((share) => at(share) ?? 0) };
  }
}
