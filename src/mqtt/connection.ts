import mqtt, { type IConnackPacket, type MqttClient } from "mqtt";
import { messageOf } from "../kernel/result.js";
import type { BrokerAddress } from "./broker-url.js";
import type { InboundMessage, Qos } from "./inbound-message.js";
import { Outbox, type PublishOptions } from "./outbox.js";
import { PacketStream } from "./packet-stream.js";
import { describeNetworkError, describeReason, errorCode, PublishError } from "./problems.js";
import { MOST_PACKET_BYTES } from "./publish-reader.js";
import { Receiver } from "./receiver.js";
import { openTransport } from "./transport.js";

export type ProtocolVersion = 4 | 5;

/** The message that the broker publishes when the connection ends without a goodbye. */
export interface Will {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
}

export interface Subscription {
  readonly filter: string;
  readonly qos: Qos;
  /** That the broker refuses it is no problem. */
  readonly optional?: true;
  /**
   * Retained messages come at every connection; otherwise only when the session had no such subscription (MQTT 5; by
   * MQTT 3.1.1 they come at every connection, whatever this says).
   */
  readonly retained?: "always";
}

export interface ConnectionOptions {
  readonly address: BrokerAddress;
  readonly protocolVersion: ProtocolVersion;
  readonly clientId: string;
  readonly clean: boolean;
  /** Seconds. */
  readonly keepaliveS: number;
  /** Most QoS 1 and 2 messages received and not acknowledged; 1 to 65,535. */
  readonly inFlight: number;
  /** Seconds that the broker keeps the session after the connection; MQTT 5 only. */
  readonly sessionExpiryS: number;
  readonly will: Will | undefined;
  onConnected(info: { sessionPresent: boolean }): void;
  onMessage(message: InboundMessage): void;
  /** Called exactly once, after which the connection is of no use. */
  onClosed(reason: CloseReason): void;
}

export interface CloseReason {
  /** Whether CONNACK had said yes. */
  readonly wasConnected: boolean;
  /** Why, as a sentence without credentials. */
  readonly problem: string;
  /**
   * `refused`: the broker says that it does not speak the version. `suspected`: it accepted the
   * connection and closed it in answer to CONNECT, as some brokers do for that reason.
   */
  readonly version: "accepted" | "refused" | "suspected";
  /** The broker accepted the client and later closed the connection without saying why. */
  readonly unexplained: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 2_000;

/**
 * One connection to a broker, from CONNECT to its end; a new one is made for each attempt, so nothing of a lost
 * connection (packet ids, unsent messages, acknowledgements) can reach the next.
 */
export class BrokerConnection {
  readonly #options: ConnectionOptions;
  readonly #receiver: Receiver;
  #client: MqttClient | null = null;
  #stream: PacketStream | null = null;
  #outbox: Outbox | null = null;
  #connected = false;
  #closed = false;
  #problem: string | null = null;
  #version: CloseReason["version"] = "accepted";

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#receiver = new Receiver({
      inFlight: options.inFlight,
      keepaliveS: options.keepaliveS,
      onMessage: (message) => options.onMessage(message),
      // Through the stream that mqtt.js writes its packets to, each of them in one turn, so never into one of them.
      write: (packets) => this.#stream?.write(packets),
      proceed: () => {
        this.#client?.reschedulePing(true);
        this.#stream?.proceed();
      },
      ping: () => {
        this.#client?.reschedulePing(true);
        this.#client?.sendPing();
      },
    });
  }

  get protocolVersion(): ProtocolVersion {
    return this.#options.protocolVersion;
  }

  /** Begins to connect. */
  open(): void {
    const { address, protocolVersion, clientId } = this.#options;
    const stream = new PacketStream({
      socket: openTransport(address),
      protocolVersion,
      onPublish: (publish, receivedAt) => this.#receiver.take(publish, receivedAt),
      onMalformed: ({ text }) => {
        this.#problem = `the broker at ${address.label} sent ${text}`;
      },
    });
    const client = new mqtt.MqttClient(() => stream, this.#mqttOptions());
    this.#stream = stream;
    this.#client = client;
    this.#outbox = new Outbox({ client, protocolVersion, clientId });
    client.on("connect", (packet) => this.#onConnack(packet));
    client.on("packetreceive", () => stream.handled());
    client.on("packetsend", ({ cmd }) => {
      if (cmd === "pingreq") stream.pinging();
    });
    client.on("disconnect", (packet) => {
      this.#problem = describeReason(packet.reasonCode ?? 0, clientId);
    });
    client.on("error", (error) => this.#onError(error));
    client.on("close", () => this.#onClose());
  }

  /**
   * Publishes and resolves when the broker has taken the message (QoS 1 and 2) or the socket has (QoS 0). As many as
   * the broker takes are in flight, the rest wait. Rejects with PublishError.
   */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): Promise<{ reasonCode: number }> {
    if (!this.#outbox || !this.#connected || this.#closed)
      return Promise.reject(
        new PublishError("NOT_CONNECTED", `not connected to ${this.#options.address.label}`),
      );
    return this.#outbox.publish(topic, payload, options);
  }

  /** Subscribes; resolves with those that the broker refused and why, rejects when the connection is lost. */
  async subscribe(list: readonly Subscription[]): Promise<{ filter: string; reason: string }[]> {
    const client = this.#client;
    if (!client || !this.#connected) throw new Error("not connected");
    const v5 = this.#options.protocolVersion === 5;
    const refused: { filter: string; reason: string }[] = [];
    // One packet at a time: the callback of several tells only of the first refusal.
    for (let i = 0; i < list.length; i += 100) {
      const batch = list.slice(i, i + 100);
      const wanted = Object.fromEntries(
        batch.map(({ filter, qos, retained }) => [
          filter,
          // No local is a protocol error on a shared subscription (MQTT 5, 3.8.3.1).
          v5
            ? { qos, nl: !filter.startsWith("$share/"), rh: retained === "always" ? 0 : 1, rap: false }
            : { qos },
        ]),
      );
      const granted = await new Promise<readonly number[]>((resolve, reject) => {
        client.subscribe(wanted, (error, _subscriptions, packet) => {
          const answer = packet && "granted" in packet ? packet.granted : undefined;
          if (Array.isArray(answer)) resolve(answer.map(Number));
          else reject(error ?? new Error("the broker did not answer SUBSCRIBE"));
        });
      });
      // An object keeps integer-like keys first, so the order is the object's and not the list's.
      for (const [index, filter] of Object.keys(wanted).entries()) {
        const code = granted[index] ?? 0x80;
        if (code >= 0x80) refused.push({ filter, reason: describeReason(code, this.#options.clientId) });
      }
    }
    return refused;
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    const client = this.#client;
    if (!client || !this.#connected) throw new Error("not connected");
    for (let i = 0; i < filters.length; i += 100) await client.unsubscribeAsync(filters.slice(i, i + 100));
  }

  /** Stops reading after at most one message more; the broker is kept back by TCP. Keepalive goes on. */
  pause(): void {
    this.#receiver.pause();
  }

  resume(): void {
    this.#receiver.resume();
  }

  /** Sends what is acknowledged and DISCONNECT, and closes; gives up waiting after two seconds. */
  async end(): Promise<void> {
    const client = this.#client;
    if (!client || this.#closed) return;
    this.#receiver.flush();
    // Nobody acknowledges them any more, and the answers to what is published may come after them.
    this.#stream?.discardMessages();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.destroy();
        resolve();
      }, END_TIMEOUT_MS);
      client.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.#problem = "stopped";
      if (this.#connected) client.end();
      else this.destroy();
    });
  }

  /** Drops the connection without DISCONNECT, so that the broker publishes the will. */
  destroy(): void {
    this.#stream?.destroy();
  }

  #mqttOptions() {
    const { address, protocolVersion, inFlight, sessionExpiryS, will } = this.#options;
    return {
      protocol: address.protocol,
      ...(address.username === undefined ? {} : { username: address.username }),
      ...(address.password === undefined ? {} : { password: address.password }),
      protocolVersion,
      clientId: this.#options.clientId,
      clean: this.#options.clean,
      keepalive: this.#options.keepaliveS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      subscribeBatchSize: 100,
      ...(protocolVersion === 5
        ? {
            properties: {
              receiveMaximum: inFlight,
              sessionExpiryInterval: sessionExpiryS,
              maximumPacketSize: MOST_PACKET_BYTES,
            },
          }
        : {}),
      ...(will ? { will: { ...will, payload: Buffer.from(will.payload) } } : {}),
      log: () => {},
    };
  }

  #onConnack(packet: IConnackPacket): void {
    if (this.#closed) return;
    this.#connected = true;
    this.#outbox?.limit(packet.properties?.receiveMaximum);
    this.#options.onConnected({ sessionPresent: packet.sessionPresent });
    this.#stream?.accept();
  }

  #onError(error: Error): void {
    const code = errorCode(error);
    const { address, clientId, protocolVersion } = this.#options;
    if (typeof code === "number") {
      this.#problem = describeReason(code, clientId);
      if (!this.#connected && (code === 1 || code === 132)) this.#version = "refused";
    } else if (this.#connected) {
      this.#problem ??= `the connection to ${address.label} is lost: ${messageOf(error)}`;
    } else {
      this.#problem = describeNetworkError(error, address.label);
      const answered = code === undefined && !/timeout/i.test(error.message);
      if (protocolVersion === 5 && (answered || code === "ECONNRESET")) this.#version = "suspected";
    }
    this.destroy();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#receiver.close();
    const { address, protocolVersion } = this.#options;
    if (!this.#connected && this.#problem === null && protocolVersion === 5) this.#version = "suspected";
    const unexplained = this.#connected && this.#problem === null;
    const problem =
      this.#problem ??
      (this.#connected
        ? `the broker at ${address.label} closed the connection`
        : `the broker at ${address.label} closed the connection without an answer`);
    this.#outbox?.fail(problem);
    this.#options.onClosed({ wasConnected: this.#connected, problem, version: this.#version, unexplained });
  }
}
