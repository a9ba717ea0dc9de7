import { connectDevice } from "../src/mqtt/device-client.js";

const WINDOW = 2_000;

/**
 * Publishes at QoS 1, 7 metrics in each message, about 150 bytes of payload, the machines in turn, each message with a time of its
 * own. Resolves when the broker has all.
 */
export async function publish(url: string, messages: number, machines: number): Promise<void> {
  const device = connectDevice({ url, clientId: `bench-publisher-${process.pid}` });
  await device.ready();
  const base = Date.now() - 3_600_000;
  let waiting = 0;
  let wake: (() => void) | null = null;
  let failure: Error | null = null;
  const answered = (error?: Error) => {
    failure ??= error ?? null;
    waiting -= 1;
    wake?.();
  };
  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  for (let number = 0; number < messages && failure === null; number += 1) {
    waiting += 1;
    device
      .publish(topicOf(number % machines), body(base, number), { qos: 1 })
      .then(() => answered(), answered);
    if (waiting >= WINDOW) await change();
  }
  while (waiting > 0 && failure === null) await change();
  await device.end();
  if (failure !== null) throw failure;
}

function topicOf(machine: number): string {
  return `bench/plant/area-${machine % 10}/line-${machine % 100}/machine-${machine}/telemetry`;
}

function body(base: number, number: number): string {
  const part = number % 1_000;
  return JSON.stringify({
    ts: base + number,
    temperature: 20 + part / 100,
    pressure: 4 + part / 1_000,
    speed: 1_200 + part,
    current: 3.25 + part / 500,
    good: number,
    reject: Math.floor(number / 50),
    spindle: { vibration: 0.001 * part },
  });
}
