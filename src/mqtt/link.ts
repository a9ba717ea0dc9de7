import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import { type BrokerAddress, parseBrokerUrl } from "./broker-url.js";
import type { BrokerConnection, Subscription, Will } from "./connection.js";
import type { InboundMessage } from "./inbound-message.js";
import type { LinkStatus } from "./link-status.js";
import type { PublishOptions } from "./outbox.js";
import { ReconnectingClient } from "./reconnecting.js";
import { validateFilter } from "./topic.js";

export { redactUrl } from "./broker-url.js";
export type { Subscription, Will } from "./connection.js";
export { InboundMessage } from "./inbound-message.js";
export type { PublishOptions } from "./outbox.js";

export interface MqttLinkOptions {
  /** `mqtt(s)://` or `ws(s)://`, with `user:password@` where the broker asks for it. */
  readonly url: string;
  /** Names the session on the broker; only one connection may use it at a time. */
  readonly clientId: string;
  /** Most QoS 1 and 2 messages received and not acknowledged, 1 to 65,535, which is also what it is unless told. */
  readonly inFlight?: number;
  /** Seconds the broker keeps the session while nobody is connected (MQTT 5); 7 days unless told. */
  readonly sessionExpiryS?: number;
  /** Seconds; 30 unless told. */
  readonly keepaliveS?: number;
  /** False for a session that ends with the connection; true unless told. */
  readonly persistent?: boolean;
  /** A function is asked again for each connection attempt. */
  readonly will?: Will | (() => Will);
  readonly logger: Logger;
  /** Must not throw. At QoS 1 and 2 the message stays with the broker until its `ack()`. */
  onMessage(message: InboundMessage): void;
  onStatus?(status: LinkStatus): void;
}

/**
 * A lasting connection to one broker with a persistent session. Messages are handed on as they come, many at a time, and acknowledged
 * only when the receiver says so; those not acknowledged when the connection is lost come again.
 */
export class MqttLink {
  readonly #options: MqttLinkOptions;
  readonly #address: BrokerAddress;
  readonly #client: ReconnectingClient;
  #status: LinkStatus = { phase: "stopped" };
  #wanted = new Map<string, Subscription>();
  /** What is subscribed on the current connection. */
  #subscribed = new Map<string, Subscription>();
  /** Filters that the session may still have on the broker though nobody wants them. */
  readonly #stale = new Set<string>();
  #refused = new Map<string, string>();
  #syncing: Promise<void> = Promise.resolve();

  /** Throws when the URL cannot be read. */
  constructor(options: MqttLinkOptions) {
    const address = parseBrokerUrl(options.url);
    if (!address.ok) throw new Error(address.error);
    this.#options = options;
    this.#address = address.value;
    const persistent = options.persistent ?? true;
    this.#client = new ReconnectingClient({
      address: address.value,
      clientId: options.clientId,
      clean: !persistent,
      keepaliveS: options.keepaliveS ?? 30,
      inFlight: Math.max(1, Math.min(options.inFlight ?? 65_535, 65_535)),
      sessionExpiryS: persistent ? (options.sessionExpiryS ?? 7 * 86_400) : 0,
      will: options.will,
      onMessage: options.onMessage,
      onUp: (connection, info) => this.#onUp(connection, info.sessionPresent),
      onDown: (problem) => this.#onDown(problem),
    });
  }

  get status(): LinkStatus {
    return this.#status;
  }

  /** Begins to connect in the background and goes on for ever; does nothing when started. */
  start(): void {
    if (this.#status.phase !== "stopped") return;
    this.#setStatus({ phase: "connecting", since: Date.now(), problem: null });
    this.#client.start();
  }

  /**
   * Ends the connection and resolves when it is closed; the broker keeps the session. Messages not acknowledged come
   * again after the next start.
   */
  async stop(): Promise<void> {
    if (this.#status.phase !== "stopped") this.#setStatus({ phase: "stopped" });
    await this.#client.stop();
  }

  /**
   * Replaces the wanted subscriptions, also for all connections to come. Resolves when the broker has answered, or at once when
   * not connected. What the broker refuses stands in the status, unless it is optional. Throws when a filter is not valid.
   */
  async setSubscriptions(list: readonly Subscription[]): Promise<void> {
    for (const { filter } of list) {
      const problem = validateFilter(filter);
      if (problem !== null) throw new Error(problem);
    }
    const wanted = new Map(list.map((subscription) => [subscription.filter, subscription]));
    for (const filter of this.#wanted.keys()) if (!wanted.has(filter)) this.#stale.add(filter);
    for (const filter of wanted.keys()) this.#stale.delete(filter);
    this.#wanted = wanted;
    await this.#sync();
  }

  /**
   * Publishes on the current connection. Resolves with the broker's reason code (0, or 16 when nobody subscribes)
   * once it has the message, at QoS 0 once the socket has it. Rejects with PublishError when not connected, or when the connection is
   * lost before the broker confirmed, in which case the broker may or may not have it; nothing is sent again later.
   */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): Promise<{ reasonCode: number }> {
    return this.#client.publish(topic, payload, options);
  }

  /**
   * Stops reading from the broker, after at most one message more, also across reconnections, until `resume`. Confirmations of
   * what is published are not read either.
   */
  pause(): void {
    this.#client.pause();
  }

  resume(): void {
    this.#client.resume();
  }

  #onUp(connection: BrokerConnection, sessionPresent: boolean): void {
    this.#subscribed = new Map();
    this.#refused = new Map();
    this.#options.logger.info(
      { broker: this.#address.label, mqtt: connection.protocolVersion, sessionPresent },
      "connected to the broker",
    );
    this.#setStatus({
      phase: "connected",
      since: Date.now(),
      protocolVersion: connection.protocolVersion,
      sessionPresent,
      // What is published before the broker has the subscriptions would not come.
      problem: this.#wanted.size > 0 && !sessionPresent ? "subscribing" : null,
    });
    void this.#sync();
  }

  #onDown(problem: string): void {
    if (this.#status.phase === "stopped") return;
    const repeated = this.#status.phase === "connecting" && this.#status.problem === problem;
    if (repeated) return;
    this.#options.logger.warn({ broker: this.#address.label }, problem);
    const since = this.#status.phase === "connecting" ? this.#status.since : Date.now();
    this.#setStatus({ phase: "connecting", since, problem });
  }

  /** One at a time: each run compares what is wanted when it begins with what the one before achieved. */
  #sync(): Promise<void> {
    this.#syncing = this.#syncing.then(() => this.#syncOnce());
    return this.#syncing;
  }

  async #syncOnce(): Promise<void> {
    const connection = this.#client.connection;
    if (!connection) return;
    const gone = [...new Set([...this.#subscribed.keys(), ...this.#stale])].filter(
      (filter) => !this.#wanted.has(filter),
    );
    const missing = [...this.#wanted.values()].filter(
      (wanted) => this.#subscribed.get(wanted.filter)?.qos !== wanted.qos,
    );
    try {
      // In this order nothing is missed that both an old and a new filter take.
      const refused = missing.length > 0 ? await connection.subscribe(missing) : [];
      if (gone.length > 0) await connection.unsubscribe(gone);
      if (this.#client.connection !== connection) return;
      for (const filter of gone) {
        this.#stale.delete(filter);
        this.#subscribed.delete(filter);
        this.#refused.delete(filter);
      }
      for (const subscription of missing) {
        this.#subscribed.set(subscription.filter, subscription);
        this.#refused.delete(subscription.filter);
      }
      for (const { filter, reason } of refused) this.#refuse(filter, reason);
      this.#showSubscriptionProblem();
    } catch (error) {
      // A lost connection is not a problem of the subscription: the next one subscribes again.
      if (this.#client.connection !== connection) return;
      this.#options.logger.error({ broker: this.#address.label }, `subscribing failed: ${messageOf(error)}`);
      this.#client.drop();
    }
  }

  #refuse(filter: string, reason: string): void {
    if (this.#subscribed.get(filter)?.optional)
      this.#options.logger.debug({ broker: this.#address.label, filter, reason }, "subscription refused");
    else this.#refused.set(filter, reason);
  }

  #showSubscriptionProblem(): void {
    if (this.#status.phase !== "connected") return;
    const refused = [...this.#refused].map(([filter, reason]) => `${filter} (${reason})`);
    const problem = refused.length > 0 ? `subscription refused: ${refused.slice(0, 5).join(", ")}` : null;
    if (problem === this.#status.problem) return;
    if (problem !== null) this.#options.logger.error({ broker: this.#address.label }, problem);
    this.#setStatus({ ...this.#status, problem });
  }

  #setStatus(status: LinkStatus): void {
    this.#status = status;
    this.#options.onStatus?.(status);
  }
}
