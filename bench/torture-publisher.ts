import { setTimeout as sleep } from "node:timers/promises";
import { connectDevice, type DeviceClient } from "../src/mqtt/device-client.js";
import { numberAt, readingsOf } from "./torture-made.js";

const CLIENTS = 4;
/** Messages that the broker has not answered yet, of all clients; a broker that is away stops the stream with them. */
const MOST_OPEN = 4_000;
const TICK_MS = 10;
const REPORT_TICKS = 10;

/** What the publishers' process tells, several times a second. */
export interface Published {
  /** So many have been sent. */
  readonly next: number;
  readonly acknowledged: number;
  /** Sent again because the connection broke before the broker's answer. */
  readonly resent: number;
  /** Acknowledged although nobody subscribed: the server's session was not there. */
  readonly unrouted: number;
}

/** What the publishers' process is told: no more than `limit` messages. */
export interface Allowed {
  readonly limit: number;
}

export interface PublisherOptions {
  readonly url: string;
  readonly messages: number;
  readonly machines: number;
  /** Messages a second. */
  readonly rate: number;
  /** The time of message 0, in ms; each message is 1 ms later than the one before. */
  readonly base: number;
  /** The first level of all topics. */
  readonly root: string;
}

/** @param root the first level of all topics and paths of a run. */
export function pathOf(root: string, machine: number): string {
  return `${root}/plant/area-${machine % 3}/line-${machine % 10}/machine-${machine}`;
}

/**
 * The process of the publishers: sends the numbers at QoS 1, the machines in turn and a few too early or too late, and again
 * what the broker did not acknowledge. Ends when the broker has acknowledged all.
 */
export async function publishNumbered(options: PublisherOptions): Promise<void> {
  const { messages, machines, rate, base, root } = options;
  let limit = 0;
  process.on("message", (message: Allowed) => {
    limit = message.limit;
  });
  process.once("disconnect", () => process.exit(1));
  const clients = Array.from(
    { length: CLIENTS },
    (_, index) =>
      new NumberedClient(`${root}-${process.pid}-${index}`, options.url, (place) => {
        const number = numberAt(place, options);
        return {
          topic: `${pathOf(root, number % machines)}/telemetry`,
          body: JSON.stringify({ ts: base + number, n: number, ...readingsOf(number, machines) }),
        };
      }),
  );
  const sum = (of: (client: NumberedClient) => number) =>
    clients.reduce((total, client) => total + of(client), 0);
  let next = 0;
  let allowance = 0;
  let last = performance.now();
  const acknowledged = () => sum((client) => client.acknowledged);
  const report = () =>
    process.send?.({
      next,
      acknowledged: acknowledged(),
      resent: sum((client) => client.resent),
      unrouted: sum((client) => client.unrouted),
    } satisfies Published);
  for (let tick = 0; acknowledged() < messages; tick += 1) {
    const now = performance.now();
    // What was missed is not made up for: the rate is steady, or less.
    allowance = Math.min(allowance + ((now - last) * rate) / 1000, rate / 10);
    last = now;
    while (allowance >= 1 && next < Math.min(limit, messages) && next - acknowledged() < MOST_OPEN) {
      clients[(next % machines) % CLIENTS]?.take(next);
      next += 1;
      allowance -= 1;
    }
    for (const client of clients) client.pump();
    if (tick % REPORT_TICKS === 0) report();
    await sleep(TICK_MS);
  }
  report();
  for (const client of clients) await client.end();
  process.removeAllListeners("disconnect");
  process.disconnect();
}

/** One connection with machines of its own, whose messages it keeps in order. */
class NumberedClient {
  acknowledged = 0;
  resent = 0;
  unrouted = 0;
  readonly #device: DeviceClient;
  readonly #messageOf: (place: number) => { topic: string; body: string };
  #waiting: number[] = [];
  #failed = false;

  constructor(id: string, url: string, messageOf: (place: number) => { topic: string; body: string }) {
    this.#device = connectDevice({ url, clientId: id });
    this.#messageOf = messageOf;
  }

  take(place: number): void {
    this.#waiting.push(place);
  }

  /** Sends what waits, the lowest place first. */
  pump(): void {
    if (!this.#device.connected || this.#waiting.length === 0) return;
    if (this.#failed) this.#waiting.sort((a, b) => a - b);
    this.#failed = false;
    for (const place of this.#waiting.splice(0)) {
      const { topic, body } = this.#messageOf(place);
      this.#device.publish(topic, body, { qos: 1 }).then(
        ({ reasonCode }) => {
          this.acknowledged += 1;
          if (reasonCode !== 0) this.unrouted += 1;
        },
        () => {
          this.resent += 1;
          this.#failed = true;
          this.#waiting.push(place);
        },
      );
    }
  }

  end(): Promise<void> {
    return this.#device.end();
  }
}
