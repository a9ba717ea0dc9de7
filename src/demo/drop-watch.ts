import type { DeviceClient } from "../mqtt/device-client.js";

const DROPPED = "$SYS/broker/publish/messages/dropped";
/** Published at each round of a broker's statistics, so it tells when the counter above is current. */
const UPTIME = "$SYS/broker/uptime";
const FIRST_MS = 500;
/** Mosquitto's rounds are 10 s apart unless configured otherwise. */
const ROUND_MS = 12_000;
/** The values of one round come one after the other. */
const SAME_ROUND_MS = 250;

/** Watches a broker's own count of messages that it threw away, where the broker publishes it as Mosquitto does. */
export class DropWatch {
  readonly #client: DeviceClient;
  #last: number | null = null;
  #grown = 0;
  #present = false;
  #onRound: () => void = () => {};

  constructor(client: DeviceClient) {
    this.#client = client;
  }

  /** Messages dropped since the start, for whichever client; null when the broker does not tell. */
  get dropped(): number | null {
    return this.#present ? this.#grown : null;
  }

  /** Reads where the counter stands; a broker without it costs half a second. */
  async start(): Promise<void> {
    const first = new Promise<void>((resolve) => {
      this.#onRound = resolve;
    });
    try {
      await this.#client.subscribe(DROPPED, 0, (_topic, payload) => this.#count(Number(payload.toString())));
      await this.#client.subscribe(UPTIME, 0, () => {
        this.#present = true;
        this.#onRound();
      });
    } catch {
      // A broker may keep its statistics from us; then nothing is known about drops.
      return;
    }
    await Promise.race([first, sleep(FIRST_MS)]);
    if (!this.#present) return;
    await sleep(50);
    // A counter that still stands at 0 may not have been published yet.
    this.#last ??= 0;
  }

  /** Waits for the broker's next round, so that `dropped` counts what happened until now; at most 12 s. */
  async settle(signal?: AbortSignal): Promise<void> {
    if (!this.#present || signal?.aborted) return;
    const aborted = new Promise<void>((resolve) => {
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
    const round = new Promise<void>((resolve) => {
      this.#onRound = resolve;
    });
    await Promise.race([round.then(() => sleep(SAME_ROUND_MS)), sleep(ROUND_MS), aborted]);
  }

  #count(value: number): void {
    if (!Number.isFinite(value)) return;
    // A fall is a restart of the broker, which counts from 0 again.
    if (this.#last !== null) this.#grown += value >= this.#last ? value - this.#last : value;
    this.#last = value;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
