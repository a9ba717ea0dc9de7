import type { AckWindow } from "./ack-window.js";

export type Qos = 0 | 1 | 2;

/** What MQTT 5 may say beside a message. */
export interface DeliveryProperties {
  readonly responseTopic: string | undefined;
  readonly correlationData: Buffer | undefined;
  readonly contentType: string | undefined;
}

/** A PUBLISH packet from the broker. */
export interface Delivery {
  readonly topic: string;
  /** See `InboundMessage`. */
  readonly topicNumber?: number;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly packetId: number;
  /** Null when there are none. */
  readonly properties: DeliveryProperties | null;
  /** Bytes of a packet too large to keep, of which payload and properties are left out. */
  readonly oversize?: number | null;
}

/** A message as it came from the broker. */
export class InboundMessage {
  readonly topic: string;
  /**
   * A small number that the topic has on its connection, to find again by it what is known of the topic; -1 when it has
   * none. It may come to stand for another topic, so that who uses it compares the topics.
   */
  readonly topicNumber: number;
  /** A part of what was read from the socket together: who keeps a few bytes of it for long copies them. */
  readonly payload: Buffer;
  readonly qos: Qos;
  /** True when the broker sent it because of a new subscription, not because it was just published. */
  readonly retain: boolean;
  /** True when the broker may have delivered it before. */
  readonly dup: boolean;
  /** Milliseconds since the epoch at which this process read it. */
  readonly receivedAt: number;
  /** The broker's number for the delivery; 0 at QoS 0. */
  readonly packetId: number;
  /**
   * Bytes of the packet, header included, when that was too large to keep: the payload is empty and the properties are
   * missing. Null for others.
   */
  readonly oversize: number | null;
  #acknowledged = false;
  readonly #properties: DeliveryProperties | null;
  readonly #window: AckWindow | null;

  constructor(delivery: Delivery, receivedAt: number, window: AckWindow | null) {
    this.topic = delivery.topic;
    this.topicNumber = delivery.topicNumber ?? -1;
    this.payload = delivery.payload;
    this.qos = delivery.qos;
    this.retain = delivery.retain;
    this.dup = delivery.dup;
    this.receivedAt = receivedAt;
    this.packetId = delivery.packetId;
    this.oversize = delivery.oversize ?? null;
    this.#properties = delivery.properties;
    this.#window = window;
  }

  /** MQTT 5 only, as are the two below. */
  get responseTopic(): string | undefined {
    return this.#properties?.responseTopic;
  }

  get correlationData(): Buffer | undefined {
    return this.#properties?.correlationData;
  }

  get contentType(): string | undefined {
    return this.#properties?.contentType;
  }

  get acknowledged(): boolean {
    return this.#acknowledged;
  }

  /**
   * Tells the broker that the message is safe, so that it forgets it. Goes out once all messages received before it
   * are acknowledged; does nothing at QoS 0, a second time, or when the connection it came on is gone
   * (the broker delivers it again).
   */
  ack(): void {
    if (this.#acknowledged) return;
    this.#acknowledged = true;
    this.#window?.advance();
  }
}
