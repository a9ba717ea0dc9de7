import type { IPublishPacket } from "mqtt";
import type { AckWindow } from "./ack-window.js";

export type Qos = 0 | 1 | 2;

/** A message as it came from the broker. */
export class InboundMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  /** True when the broker sent it because of a new subscription, not because it was just published. */
  readonly retain: boolean;
  /** True when the broker may have delivered it before. */
  readonly dup: boolean;
  /** Milliseconds since the epoch at which this process read it. */
  readonly receivedAt: number;
  /** MQTT 5 only, as are the two below. */
  readonly responseTopic: string | undefined;
  readonly correlationData: Buffer | undefined;
  readonly contentType: string | undefined;
  /** The broker's number for the delivery; 0 at QoS 0. */
  readonly packetId: number;
  #acknowledged = false;
  readonly #window: AckWindow | null;

  constructor(packet: IPublishPacket, receivedAt: number, window: AckWindow | null) {
    this.topic = packet.topic;
    this.payload = packet.payload as Buffer;
    this.qos = packet.qos;
    this.retain = packet.retain;
    this.dup = packet.dup;
    this.receivedAt = receivedAt;
    const properties = packet.properties;
    this.responseTopic = properties?.responseTopic;
    this.correlationData = properties?.correlationData;
    this.contentType = properties?.contentType;
    this.packetId = packet.messageId ?? 0;
    this.#window = window;
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
