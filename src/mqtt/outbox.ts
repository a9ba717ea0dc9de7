import type { MqttClient } from "mqtt";
import { BoundedQueue } from "../kernel/bounded-queue.js";
import { messageOf } from "../kernel/result.js";
import type { Qos } from "./inbound-message.js";
import { describeReason, errorCode, PublishError } from "./problems.js";

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

interface PendingPublish {
  start(): void;
  fail(error: PublishError): void;
}

const MAX_WAITING_PUBLISHES = 100_000;
/** Half of the packet identifiers, so that one is never used twice at a time. */
const MAX_PUBLISHES_IN_FLIGHT = 32_767;

/** What is published on one connection: as much as the broker takes is in flight, the rest waits. */
export class Outbox {
  readonly #client: MqttClient;
  readonly #mqtt5: boolean;
  readonly #clientId: string;
  #max = MAX_PUBLISHES_IN_FLIGHT;
  #confirmedWith = 0;
  readonly #pending = new Set<PendingPublish>();
  readonly #waiting = new BoundedQueue<PendingPublish>({ max: MAX_WAITING_PUBLISHES, onFull: "drop-newest" });

  constructor(options: { client: MqttClient; protocolVersion: 4 | 5; clientId: string }) {
    this.#client = options.client;
    this.#mqtt5 = options.protocolVersion === 5;
    this.#clientId = options.clientId;
    this.#client.on("packetreceive", (packet) => {
      // The callback of a publish gets the packet that was sent and not the one that confirms it.
      if (packet.cmd === "puback") this.#confirmedWith = packet.reasonCode ?? 0;
    });
  }

  /** Most QoS 1 and 2 messages that the broker takes at a time. */
  limit(receiveMaximum: number | undefined): void {
    this.#max = Math.min(receiveMaximum ?? MAX_PUBLISHES_IN_FLIGHT, MAX_PUBLISHES_IN_FLIGHT);
  }

  /** Resolves when the broker has taken the message (QoS 1 and 2) or the socket has (QoS 0). Rejects with PublishError. */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): Promise<{ reasonCode: number }> {
    return new Promise((resolve, reject) => {
      const pending: PendingPublish = {
        start: () => {
          this.#pending.add(pending);
          this.#client.publish(topic, payload, this.#mqttOptions(options), (error) => {
            if (!this.#pending.delete(pending)) return;
            if (error) reject(this.#problem(error));
            else resolve({ reasonCode: options.qos === 1 ? this.#confirmedWith : 0 });
            this.#startWaiting();
          });
        },
        fail: reject,
      };
      if (options.qos === 0 || this.#pending.size < this.#max) pending.start();
      else if (!this.#waiting.push(pending))
        reject(new PublishError("TOO_MANY_WAITING", `${MAX_WAITING_PUBLISHES} messages wait for the broker`));
    });
  }

  /** Rejects all that is not confirmed: the connection is gone. */
  fail(problem: string): void {
    const lost = [...this.#pending, ...this.#waiting.take(this.#waiting.size)];
    this.#pending.clear();
    for (const pending of lost)
      pending.fail(new PublishError("CONNECTION_LOST", `the broker did not confirm the message: ${problem}`));
  }

  #startWaiting(): void {
    while (this.#pending.size < this.#max) {
      const next = this.#waiting.shift();
      if (!next) return;
      next.start();
    }
  }

  #mqttOptions({ qos, retain = false, properties }: PublishOptions) {
    if (!properties || !this.#mqtt5) return { qos, retain };
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

  #problem(error: Error): PublishError {
    const code = errorCode(error);
    if (typeof code === "number")
      return new PublishError("REFUSED", describeReason(code, this.#clientId), code);
    return new PublishError("CONNECTION_LOST", messageOf(error));
  }
}
