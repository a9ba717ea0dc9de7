import type { BrokerAddress } from "./broker-url.js";
import { BrokerConnection, type CloseReason, type ProtocolVersion, type Will } from "./connection.js";
import type { InboundMessage } from "./inbound-message.js";
import type { PublishOptions } from "./outbox.js";
import { PublishError } from "./problems.js";
import { validateTopic } from "./topic.js";

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;
/** A connection that lasted this long counts as a success. */
const STABLE_AFTER_MS = 5_000;

export interface ReconnectingOptions {
  readonly address: BrokerAddress;
  readonly clientId: string;
  readonly clean: boolean;
  readonly keepaliveS: number;
  readonly inFlight: number;
  readonly sessionExpiryS: number;
  /** A function is asked again for each attempt. */
  readonly will: Will | (() => Will) | undefined;
  onMessage(message: InboundMessage): void;
  onUp(connection: BrokerConnection, info: { sessionPresent: boolean }): void;
  /** Called for each failed attempt and each lost connection, not because of `stop` nor while finding the MQTT version. */
  onDown(problem: string): void;
}

/**
 * Keeps one connection to a broker: connects again for ever, after 0.25 s to 5 s, and finds out which MQTT version the broker
 * speaks, 5 first. A version that the broker refused by name is not tried again; one that was only suspected is.
 */
export class ReconnectingClient {
  readonly #options: ReconnectingOptions;
  #running = false;
  #connection: BrokerConnection | null = null;
  #up = false;
  #upSince = 0;
  #paused = false;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #version: ProtocolVersion = 5;
  #versionRefused = false;
  #ending: Promise<void> | null = null;

  constructor(options: ReconnectingOptions) {
    this.#options = options;
  }

  /** The connection when CONNACK has come and it is not lost. */
  get connection(): BrokerConnection | null {
    return this.#up ? this.#connection : null;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    if (this.#ending !== null) return;
    this.#attempt();
  }

  /** Ends the connection with DISCONNECT and stays away; resolves when the socket is closed. */
  stop(): Promise<void> {
    this.#running = false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const connection = this.#connection;
    if (connection)
      this.#ending ??= connection.end().finally(() => {
        this.#ending = null;
        if (this.#running && !this.#connection) this.#attempt();
      });
    return this.#ending ?? Promise.resolve();
  }

  /** Drops the socket without DISCONNECT; connects again unless stopped. */
  drop(): void {
    this.#connection?.destroy();
  }

  pause(): void {
    this.#paused = true;
    this.#connection?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#connection?.resume();
  }

  publish(topic: string, payload: string | Buffer, options: PublishOptions): Promise<{ reasonCode: number }> {
    const problem = validateTopic(topic);
    if (problem !== null) return Promise.reject(new PublishError("INVALID_TOPIC", problem));
    const connection = this.connection;
    if (!connection)
      return Promise.reject(
        new PublishError("NOT_CONNECTED", `not connected to ${this.#options.address.label}`),
      );
    return connection.publish(topic, payload, options);
  }

  #attempt(): void {
    const { address, clientId, clean, keepaliveS, inFlight, sessionExpiryS, will } = this.#options;
    this.#timer = null;
    const connection: BrokerConnection = new BrokerConnection({
      address,
      protocolVersion: this.#version,
      clientId,
      clean,
      keepaliveS,
      inFlight,
      sessionExpiryS,
      will: typeof will === "function" ? will() : will,
      onConnected: (info) => {
        if (!this.#running) return;
        this.#up = true;
        this.#upSince = Date.now();
        this.#options.onUp(connection, info);
      },
      onMessage: (message) => this.#options.onMessage(message),
      onClosed: (reason) => this.#onClosed(reason),
    });
    if (this.#paused) connection.pause();
    this.#connection = connection;
    connection.open();
  }

  #onClosed(reason: CloseReason): void {
    this.#connection = null;
    if (this.#up && Date.now() - this.#upSince >= STABLE_AFTER_MS) this.#failures = 0;
    this.#up = false;
    const retryAtOnce = this.#chooseVersion(reason);
    if (!this.#running || this.#ending !== null) return;
    this.#failures += 1;
    // Brokers need not say that another connection took the session; two that take it from each other look like this.
    const hint =
      reason.unexplained && this.#failures >= 3
        ? `, again and again; perhaps another client uses the client id "${this.#options.clientId}"`
        : "";
    if (!retryAtOnce) this.#options.onDown(reason.problem + hint);
    const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#failures - 1, 10));
    // Up to half of the delay is by chance, so that clients cut off together do not come back together.
    const delay = retryAtOnce ? 0 : most * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#attempt(), delay);
  }

  /** Sets the version of the next attempt; true when that attempt needs no delay because it tries another one. */
  #chooseVersion(reason: CloseReason): boolean {
    const tried = this.#version;
    if (reason.version === "refused" && tried === 5) this.#versionRefused = true;
    if (this.#versionRefused) this.#version = 4;
    else this.#version = reason.version === "suspected" && tried === 5 ? 4 : 5;
    return this.#version === 4 && tried === 5;
  }
}
