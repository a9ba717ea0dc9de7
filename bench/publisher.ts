import { connectDevice } from "../src/mqtt/device-client.js";

/**
 * A process that publishes: `publisher.js URL MESSAGES MACHINES`. QoS 1, 7 metrics in each message, about 170 bytes, the
 * machines in turn, each with a time of its own. Says `done` when the broker has all.
 */
const [url = "", messages = "0", machines = "1"] = process.argv.slice(2);
const WINDOW = 2_000;

const device = connectDevice({ url, clientId: `bench-publisher-${process.pid}` });
await device.ready();
const total = Number(messages);
const base = Date.now() - 3_600_000;
let waiting = 0;
let wake: (() => void) | null = null;
let failure: Error | null = null;
for (let number = 0; number < total && failure === null; number += 1) {
  waiting += 1;
  device.publish(topicOf(number % Number(machines)), body(number), { qos: 1 }).then(answered, failed);
  if (waiting >= WINDOW) await new Promise<void>((resolve) => (wake = resolve));
}
while (waiting > 0 && failure === null) await new Promise<void>((resolve) => (wake = resolve));
await device.end();
if (failure !== null) throw failure;
process.stdout.write("done\n");

function answered(): void {
  waiting -= 1;
  if (waiting > WINDOW / 2 && waiting % 100 !== 0) return;
  wake?.();
}

function failed(error: Error): void {
  failure = error;
  wake?.();
}

function topicOf(machine: number): string {
  return `bench/plant/area-${machine % 10}/line-${machine % 100}/machine-${machine}/telemetry`;
}

function body(number: number): string {
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
