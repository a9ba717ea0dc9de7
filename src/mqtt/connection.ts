import mqtt, { type IConnackPacket, type IPublishPacket, type MqttClient, type Packet } from "mqtt";
import { BoundedQueue } from "../kernel/bounded-queue.js";
import { messageOf } from "../kernel/result.js";
import { AckWindow } from "./ack-window.js";
import type { BrokerAddress } from "./broker-url.js";
import { InboundMessage, type Qos } from "./inbound-message.js";
import { describeNetworkError, describeReason, errorCode, PublishError } from "./problems.js";

export type ProtocolVersion = 4 | 5;

/** The message that the broker publishes when the connection ends without a goodbye. */
export interface Will {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
}

export interface PublishOptions {
  readonly qos: Qos;
  readonly retain?: boolean;
  /** Left out on MQTT 3.1.1. */
  readonly properties?: {
    readonly responseTopic?: string;
    readonly correlationData?: Buffer;
    /** Seconds after which the broker drops the message undelivered. */
    readonly messageExpiryIntervalS?: number;
    readonly contentType?: string;
  };
}

export interface Subscription {
  readonly filter: string;
  readonly qos: Qos;
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

/** What mqtt.js has but does not declare; the version is pinned and contract tests prove that it works. */
interface MqttClientInternals {
  _sendPacket(packet: Packet, done?: () => void, stored?: () => void, noStore?: boolean): void;
}

interface PendingPublish {
  start(): void;
  fail(error: PublishError): void;
}

/** Payload bytes of unacknowledged messages beyond which reading stops. */
const MOST_HELD_BYTES = 64 * 1_048_576;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_WAITING_PUBLISHES = 100_000;
/** Half of the packet identifiers, so that one is never used twice at a time. */
const MAX_PUBLISHES_IN_FLIGHT = 32_767;
const END_TIMEOUT_MS = 2_000;

/**
 * One connection to a broker, from CONNECT to its end; a new one is made for each attempt, so nothing of a lost
 * connection (packet ids, unsent messages, acknowledgements) can reach the next.
 */
export class BrokerConnection {
  readonly #options: ConnectionOptions;
  readonly #window: AckWindow;
  #client: MqttClient | null = null;
  #connected = false;
  #closed = false;
  #problem: string | null = null;
  #version: CloseReason["version"] = "accepted";
  #paused = false;
  #heldBack: (() => void) | null = null;
  #pingWhileHeld: NodeJS.Timeout | null = null;
  #maxPublishes = MAX_PUBLISHES_IN_FLIGHT;
  #confirmedWith = 0;
  readonly #pending = new Set<PendingPublish>();
  readonly #waiting = new BoundedQueue<PendingPublish>({ max: MAX_WAITING_PUBLISHES, onFull: "drop-newest" });

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#window = new AckWindow((packets) => {
      this.#client?.stream.write(packets);
      this.#letGo();
    });
  }

  get protocolVersion(): ProtocolVersion {
    return this.#options.protocolVersion;
  }

  /** Begins to connect. */
  open(): void {
    const { address, protocolVersion: version, inFlight, sessionExpiryS, will } = this.#options;
    const websocket = address.protocol === "ws" || address.protocol === "wss";
    const client = mqtt.connect({
      protocol: address.protocol,
      host: websocket && address.host.includes(":") ? `[${address.host}]` : address.host,
      port: address.port,
      ...(websocket ? { path: address.path } : {}),
      ...(address.username === undefined ? {} : { username: address.username }),
      ...(address.password === undefined ? {} : { password: address.password }),
      protocolVersion: version,
      clientId: this.#options.clientId,
      clean: this.#options.clean,
      keepalive: this.#options.keepaliveS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      subscribeBatchSize: 100,
      ...(version === 5
        ? { properties: { receiveMaximum: inFlight, sessionExpiryInterval: sessionExpiryS } }
        : {}),
      ...(will ? { will: { ...will, payload: Buffer.from(will.payload) } } : {}),
      log: () => {},
    });
    this.#client = client;
    this.#takeOverAcknowledging(client);
    client.on("connect", (packet) => this.#onConnack(packet));
    client.on("packetreceive", (packet) => {
      // The callback of a publish gets the packet that was sent and not the one that confirms it.
      if (packet.cmd === "puback") this.#confirmedWith = packet.reasonCode ?? 0;
    });
    client.on("disconnect", (packet) => {
      this.#problem = describeReason(packet.reasonCode ?? 0, this.#options.clientId);
    });
    client.on("error", (error) => this.#onError(error));
    client.on("close", () => this.#onClose());
  }

  /**
   * Publishes and resolves when the broker has taken the message (QoS 1 and 2) or the socket has (QoS 0). As many as
   * the broker takes are in flight, the rest wait. Rejects with PublishError.
   */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): Promise<{ reasonCode: number }> {
    const client = this.#client;
    if (!client || !this.#connected || this.#closed)
      return Promise.reject(
        new PublishError("NOT_CONNECTED", `not connected to ${this.#options.address.label}`),
      );
    return new Promise((resolve, reject) => {
      const pending: PendingPublish = {
        start: () => {
          this.#pending.add(pending);
          client.publish(topic, payload, this.#mqttOptions(options), (error) => {
            if (!this.#pending.delete(pending)) return;
            if (error) reject(this.#publishError(error));
            else resolve({ reasonCode: options.qos === 1 ? this.#confirmedWith : 0 });
            this.#startWaiting();
          });
        },
        fail: reject,
      };
      if (options.qos === 0 || this.#pending.size < this.#maxPublishes) pending.start();
      else if (!this.#waiting.push(pending))
        reject(new PublishError("TOO_MANY_WAITING", `${MAX_WAITING_PUBLISHES} messages wait for the broker`));
    });
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
        batch.map(({ filter, qos }) => [
          filter,
          // No local is a protocol error on a shared subscription (MQTT 5, 3.8.3.1).
          v5 ? { qos, nl: !filter.startsWith("$share/"), rh: 1, rap: false } : { qos },
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
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#letGo();
  }

  /** Sends what is acknowledged and DISCONNECT, and closes; gives up waiting after two seconds. */
  async end(): Promise<void> {
    const client = this.#client;
    if (!client || this.#closed) return;
    this.#window.flush();
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
    this.#client?.stream.destroy();
  }

  #mqttOptions({ qos, retain = false, properties }: PublishOptions) {
    if (!properties || this.#options.protocolVersion === 4) return { qos, retain };
    const { responseTopic, correlationData, messageExpiryIntervalS, contentType } = properties;
    return {
      qos,
      retain,
      properties: {
        ...(responseTopic === undefined ? {} : { responseTopic }),
        ...(correlationData === undefined ? {} : { correlationData }),
        ...(messageExpiryIntervalS === undefined ? {} : { messageExpiryInterval: messageExpiryIntervalS }),
        ...(contentType === undefined ? {} : { contentType }),
      },
    };
  }

  /**
   * mqtt.js acknowledges as soon as its handlers return. Here its PUBACK and PUBREC packets go nowhere, while reading goes on; the
   * window sends them when the message is acknowledged.
   */
  #takeOverAcknowledging(client: MqttClient): void {
    const options = this.#options;
    // mqtt.js takes this option for MQTT 5 only, yet its handlers call it for both versions.
    client.options.customHandleAcks = (_topic, _payload, packet: IPublishPacket, done) => {
      const message = new InboundMessage(packet, Date.now(), this.#window);
      this.#window.add(message);
      options.onMessage(message);
      done(0);
    };
    client.on("message", (_topic, _payload, packet) => {
      if (packet.qos === 0) options.onMessage(new InboundMessage(packet, Date.now(), null));
    });
    const internals = client as unknown as MqttClientInternals;
    const send = internals._sendPacket.bind(client);
    internals._sendPacket = (packet, done, stored, noStore) => {
      if (packet.cmd === "puback" || packet.cmd === "pubrec") this.#goOn(done);
      else send(packet, done, stored, noStore);
    };
    client.handleMessage = (packet, done) => {
      // A QoS 1 or 2 message is held back, if at all, where its acknowledgement would be sent.
      if (packet.qos === 0) this.#goOn(done);
      else done();
    };
  }

  /** Lets mqtt.js read the next packet, or keeps it from doing so while reading is stopped. */
  #goOn(next: (() => void) | undefined): void {
    if (next === undefined) return;
    if (!this.#mustHold()) {
      next();
      return;
    }
    this.#heldBack = next;
    // The answers to pings are not read while reading is stopped, so mqtt.js must not wait for them.
    this.#pingWhileHeld ??= setInterval(
      () => {
        if (this.#closed) return;
        this.#client?.reschedulePing(true);
        this.#client?.sendPing();
      },
      Math.max(250, (this.#options.keepaliveS * 1000) / 3),
    );
  }

  // MQTT 3.1.1 has no receive maximum to tell the broker, and none of the versions one in bytes.
  #mustHold(): boolean {
    return this.#paused || this.#window.size > this.#options.inFlight || this.#window.bytes > MOST_HELD_BYTES;
  }

  #letGo(): void {
    if (this.#heldBack === null || this.#mustHold()) return;
    const next = this.#heldBack;
    this.#heldBack = null;
    if (this.#pingWhileHeld) clearInterval(this.#pingWhileHeld);
    this.#pingWhileHeld = null;
    this.#client?.reschedulePing(true);
    next();
  }

  #onConnack(packet: IConnackPacket): void {
    if (this.#closed) return;
    this.#connected = true;
    const most = packet.properties?.receiveMaximum ?? MAX_PUBLISHES_IN_FLIGHT;
    this.#maxPublishes = Math.min(most, MAX_PUBLISHES_IN_FLIGHT);
    this.#options.onConnected({ sessionPresent: packet.sessionPresent });
  }

  #onError(error: Error): void {
    const code = errorCode(error);
    const { address, clientId, protocolVersion } = this.#options;
    if (typeof code === "number") {
      this.#problem = describeReason(code, clientId);
      if (!this.#connected && (code === 1 || code === 132)) this.#version = "refused";
    } else if (this.#connected) {
      this.#problem = `the connection to ${address.label} is lost: ${messageOf(error)}`;
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
    this.#window.close();
    if (this.#pingWhileHeld) clearInterval(this.#pingWhileHeld);
    const { address, protocolVersion } = this.#options;
    if (!this.#connected && this.#problem === null && protocolVersion === 5) this.#version = "suspected";
    const unexplained = this.#connected && this.#problem === null;
    const problem =
      this.#problem ??
      (this.#connected
        ? `the broker at ${address.label} closed the connection`
        : `the broker at ${address.label} closed the connection without an answer`);
    this.#failPublishes(problem);
    this.#options.onClosed({ wasConnected: this.#connected, problem, version: this.#version, unexplained });
  }

  #failPublishes(problem: string): void {
    const lost = [...this.#pending, ...this.#waiting.take(this.#waiting.size)];
    this.#pending.clear();
    for (const pending of lost)
      pending.fail(new PublishError("CONNECTION_LOST", `the broker did not confirm the message: ${problem}`));
  }

  #startWaiting(): void {
    while (this.#pending.size < this.#maxPublishes) {
      const next = this.#waiting.shift();
      if (!next) return;
      next.start();
    }
  }

  #publishError(error: Error): PublishError {
    const code = errorCode(error);
    if (typeof code === "number")
      return new PublishError("REFUSED", describeReason(code, this.#options.clientId), code);
    return new PublishError("CONNECTION_LOST", messageOf(error));
  }
}
