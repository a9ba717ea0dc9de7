import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import { rows } from "./database.js";

const WINDOW = 50;
const PACE_MS = 5;

/** What a machine that sends without end was told. */
export interface Load {
  /** The numbers whose messages the broker has acknowledged. */
  readonly acknowledged: readonly number[];
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
    async stop() {
      stopped = true;
      await running;
      await Promise.all(open);
      await device.end();
    },
  };
}

/** How often each number of a load stands in the history. */
export async function numbersStored(databaseUrl: string): Promise<Map<number, number>> {
  const found = await rows<{ n: number; count: string }>(
    databaseUrl,
    `SELECT value_double AS n, count(*) FROM sample
     WHERE series_id IN (SELECT id FROM series WHERE metric = 'n') GROUP BY value_double`,
  );
  return new Map(found.map(({ n, count }) => [n, Number(count)]));
}
