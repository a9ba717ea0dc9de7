import { messageOf } from "../kernel/result.js";
import type { DeviceClient } from "../mqtt/device-client.js";
import type { Qos } from "../mqtt/inbound-message.js";
import { PublishError } from "../mqtt/problems.js";

/** Failures after which a message is sent again at the next connection. */
const LOST: readonly PublishError["code"][] = ["NOT_CONNECTED", "CONNECTION_LOST"];

/**
 * Publishes to one topic with at most `window` messages unacknowledged, and again what a lost connection left
 * unacknowledged. The caller waits for `room` before each `send`.
 */
export class RowSender {
  readonly #client: DeviceClient;
  readonly #topic: string;
  readonly #qos: Qos;
  readonly #window: number;
  #unacknowledged = 0;
  #acknowledged = 0;
  #resent = 0;
  #failure: string | null = null;
  #wake: (() => void)[] = [];
  #connection: Promise<void> | null = null;
  #onConnection: () => void = () => {};

  constructor(options: { client: DeviceClient; topic: string; qos: Qos; window: number }) {
    this.#client = options.client;
    this.#topic = options.topic;
    this.#qos = options.qos;
    this.#window = options.window;
    options.client.onConnect(() => {
      this.#connection = null;
      this.#onConnection();
    });
  }

  /** Messages that the broker has (QoS 0: that the socket took). */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Messages published again because the connection was lost before their acknowledgement. */
  get resent(): number {
    return this.#resent;
  }

  /** Why nothing more is sent, or null. */
  get failure(): string | null {
    return this.#failure;
  }

  get hasRoom(): boolean {
    return this.#unacknowledged < this.#window;
  }

  /** Resolves when a message may be sent, or the sender has failed. */
  async room(): Promise<void> {
    while (!this.hasRoom && this.#failure === null) await this.#change();
  }

  /** Resolves when all is acknowledged, or the sender has failed. */
  async drained(): Promise<void> {
    while (this.#unacknowledged > 0 && this.#failure === null) await this.#change();
  }

  send(payload: string): void {
    this.#unacknowledged += 1;
    void this.#deliver(payload);
  }

  /** Gives up; those who wait go on and find the failure. */
  fail(reason: string): void {
    this.#failure ??= reason;
    this.#changed();
    this.#onConnection();
  }

  async #deliver(payload: string): Promise<void> {
    while (this.#failure === null) {
      // No pause while connected: rows leave in the file's order.
      if (!this.#client.connected) await this.#connected();
      try {
        await this.#client.publish(this.#topic, payload, { qos: this.#qos });
        this.#acknowledged += 1;
        this.#unacknowledged -= 1;
        this.#changed();
        return;
      } catch (error) {
        if (!(error instanceof PublishError)) this.fail(messageOf(error));
        else if (!LOST.includes(error.code)) this.fail(error.message);
        else this.#resent += 1;
      }
    }
  }

  #connected(): Promise<void> {
    this.#connection ??= new Promise((resolve) => {
      this.#onConnection = resolve;
    });
    return this.#connection;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #changed(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}
