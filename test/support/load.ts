import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import type { GraphQLClient } from "./graphql-client.js";
import { history } from "./questions.js";

const WINDOW = 50;
const PACE_MS = 5;
/** Numbers in one question about the history, which may bring twice as many points. */
const PAGE = 5_000;

/** What a machine that sends without end was told. */
export interface Load {
  /** The numbers whose messages the broker has acknowledged. */
  readonly acknowledged: readonly number[];
  /** The time of number 0, in ms; each is 1 ms later than the one before. */
  readonly base: number;
  /** Sends no more; resolves when every message is answered or lost. */
  stop(): Promise<void>;
}

/**
 * A machine that sends `{"ts": ..., "n": 0}`, `n` counting up and `ts` with it, at QoS 1 and never a message twice, whatever
 * becomes of the connection.
 */
export function startLoad(url: string, topic: string): Load {
  const device: DeviceClient = connectDevice({ url, clientId: `load-${process.pid}-${Date.now()}` });
  const acknowledged: number[] = [];
  const open = new Set<Promise<void>>();
  let stopped = false;
  const base = Date.now() - 60_000;
  const run = async () => {
    for (let n = 0; !stopped; n += 1) {
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      if (open.size >= WINDOW) await Promise.race(open);
      if (!device.connected) {
        n -= 1;
        await new Promise((resolve) => setTimeout(resolve, PACE_MS));
        continue;
      }
      const sent = device
        .publish(topic, JSON.stringify({ ts: base + n, n }), { qos: 1 })
        .then(
          () => {
            acknowledged.push(n);
          },
          () => undefined,
        )
        .finally(() => open.delete(sent));
      open.add(sent);
    }
  };
  const running = run();
  return {
    acknowledged,
    base,
    async stop() {
      stopped = true;
      await running;
      await Promise.all(open);
      await device.end();
    },
  };
}

/** How often each number of a load stands in the history of its machine. */
export async function numbersStored(
  client: Pick<GraphQLClient, "ask">,
  machine: string,
  { acknowledged, base }: Load,
): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  // What was sent and not acknowledged may be there, too.
  const last = Math.max(0, ...acknowledged) + PAGE;
  for (let from = base; from <= base + last; from += PAGE) {
    const range = { from: new Date(from).toISOString(), to: new Date(from + PAGE).toISOString() };
    for (const { value, count } of await history(client, machine, "n", { ...range, points: 2 * PAGE }))
      found.set(Number(value), (found.get(Number(value)) ?? 0) + count);
  }
  return found;
}
