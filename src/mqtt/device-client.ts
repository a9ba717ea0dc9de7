import { parseBrokerUrl } from "./broker-url.js";
import type { BrokerConnection, Subscription, Will } from "./connection.js";
import type { InboundMessage, Qos } from "./inbound-message.js";
import type { PublishOptions } from "./outbox.js";
import { ReconnectingClient } from "./reconnecting.js";
import { topicMatches, validateFilter } from "./topic.js";

/** Gets a message of a subscription; it counts as received when the handler returns. */
export type DeviceMessageHandler = (
  topic: string,
  payload: Buffer,
  properties: { readonly responseTopic?: string; readonly correlationData?: Buffer },
) => void;

export interface DeviceOptions {
  /** `mqtt(s)://` or `ws(s)://`, with `user:password@` where the broker asks for it. */
  readonly url: string;
  readonly clientId: string;
  /** Take precedence over those of the URL. */
  readonly username?: string;
  readonly password?: string;
  readonly will?: Will;
  /** Seconds; 30 unless told. */
  readonly keepaliveS?: number;
  /** Whether the broker keeps what comes for the device while it is away; false unless told. */
  readonly persistent?: boolean;
}

/** Makes a client for a simulated device or a tool and begins to connect. Throws when the URL cannot be read. */
export function connectDevice(options: DeviceOptions): DeviceClient {
  const client = new DeviceClient(options);
  client.start();
  return client;
}

/** The device's end of MQTT: connects again by itself, subscribes again, never publishes again by itself. */
export class DeviceClient {
  readonly #client: ReconnectingClient;
  readonly #subscriptions = new Map<string, Subscription & { handler: DeviceMessageHandler }>();
  readonly #onConnect: (() => void)[] = [];
  readonly #onClose: ((problem: string) => void)[] = [];

  constructor(options: DeviceOptions) {
    const address = parseBrokerUrl(options.url);
    if (!address.ok) throw new Error(address.error);
    const persistent = options.persistent ?? false;
    this.#client = new ReconnectingClient({
      address: {
        ...address.value,
        username: options.username ?? address.value.username,
        password: options.password ?? address.value.password,
      },
      clientId: options.clientId,
      clean: !persistent,
      keepaliveS: options.keepaliveS ?? 30,
      inFlight: 1000,
      sessionExpiryS: persistent ? 86_400 : 0,
      will: options.will,
      onMessage: (message) => this.#deliver(message),
      onUp: (connection) => void this.#onUp(connection),
      onDown: (problem) => {
        for (const listener of this.#onClose) listener(problem);
      },
    });
  }

  get connected(): boolean {
    return this.#client.connection !== null;
  }

  start(): void {
    this.#client.start();
  }

  /** Calls the listener at each connection, after the subscriptions are back. */
  onConnect(listener: () => void): void {
    this.#onConnect.push(listener);
  }

  /** Calls the listener at each lost connection and failed attempt, with the reason; not because of `end`. */
  onClose(listener: (problem: string) => void): void {
    this.#onClose.push(listener);
  }

  /** Resolves when connected; rejects after `timeoutMs` with the last problem. */
  ready(timeoutMs = 10_000): Promise<void> {
    if (this.connected) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let problem = "no answer";
      const timer = setTimeout(() => reject(new Error(`not connected in time: ${problem}`)), timeoutMs);
      this.onClose((reason) => {
        problem = reason;
      });
      this.onConnect(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** As MqttLink's: resolves when the broker has the message, rejects with PublishError. */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): Promise<{ reasonCode: number }> {
    return this.#client.publish(topic, payload, options);
  }

  /**
   * Subscribes now and at each connection to come. Resolves when the broker has answered, or at once when not
   * connected; rejects when the filter is not valid or the broker refuses it.
   */
  async subscribe(filter: string, qos: Qos, handler: DeviceMessageHandler): Promise<void> {
    const problem = validateFilter(filter);
    if (problem !== null) throw new Error(problem);
    this.#subscriptions.set(filter, { filter, qos, handler });
    const connection = this.#client.connection;
    if (!connection) return;
    const [refused] = await connection.subscribe([{ filter, qos }]);
    if (refused) throw new Error(`subscription refused: ${filter} (${refused.reason})`);
  }

  /** Says goodbye to the broker, so that the will does not fire, and stays away. */
  end(): Promise<void> {
    return this.#client.stop();
  }

  /** Drops the TCP connection without a goodbye, so that the will fires; connects again unless `stayAway`. */
  async destroy({ stayAway = true }: { stayAway?: boolean } = {}): Promise<void> {
    this.#client.drop();
    if (stayAway) await this.#client.stop();
  }

  async #onUp(connection: BrokerConnection): Promise<void> {
    try {
      if (this.#subscriptions.size > 0) await connection.subscribe([...this.#subscriptions.values()]);
    } catch {
      // The connection is lost; the next one subscribes.
      return;
    }
    for (const listener of this.#onConnect) listener();
  }

  #deliver(message: InboundMessage): void {
    const { responseTopic, correlationData } = message;
    for (const { filter, handler } of this.#subscriptions.values()) {
      if (!topicMatches(filter, message.topic)) continue;
      handler(message.topic, message.payload, {
        ...(responseTopic === undefined ? {} : { responseTopic }),
        ...(correlationData === undefined ? {} : { correlationData }),
      });
    }
    message.ack();
  }
}
