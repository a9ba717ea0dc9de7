import { AckWindow } from "./ack-window.js";
import { InboundMessage } from "./inbound-message.js";
import type { PublishReader } from "./publish-reader.js";

/** Bytes kept by unacknowledged messages beyond which reading stops. */
const MOST_HELD_BYTES = 64 * 1_048_576;

export interface ReceiverOptions {
  /** Most QoS 1 and 2 messages received and not acknowledged. */
  readonly inFlight: number;
  /** Seconds; 0 for none. */
  readonly keepaliveS: number;
  onMessage(message: InboundMessage): void;
  /** Sends acknowledgements. */
  write(packets: Buffer): void;
  /** Reads on after `take` has said to stop. */
  proceed(): void;
  /** Called from time to time while reading is stopped: the broker must hear from us, and its answers are not read. */
  ping(): void;
}

/** Hands on the messages of one connection, and says when reading must stop because too many are unacknowledged. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #window: AckWindow;
  #paused = false;
  #holding = false;
  #heldLately = false;
  #pings: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#window = new AckWindow((packets) => {
      options.write(packets);
      this.#letGo();
    });
  }

  /** Hands a message on. @returns whether reading may go on. */
  take(publish: PublishReader, receivedAt: number): boolean {
    if (publish.qos === 0) {
      this.#options.onMessage(new InboundMessage(publish, receivedAt, null));
    } else {
      const message = new InboundMessage(publish, receivedAt, this.#window);
      this.#window.add(message, publish.source);
      this.#options.onMessage(message);
    }
    if (!this.#mustHold()) return true;
    this.#hold();
    return false;
  }

  /** Stops reading after at most one message more. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#letGo();
  }

  /** Sends the acknowledgements that may go out now. */
  flush(): void {
    this.#window.flush();
  }

  /** Drops everything: the connection is gone. */
  close(): void {
    this.#closed = true;
    this.#window.close();
    this.#stopPings();
  }

  // MQTT 3.1.1 has no receive maximum to tell the broker, and none of the versions one in bytes.
  #mustHold(): boolean {
    return this.#paused || this.#window.size > this.#options.inFlight || this.#window.bytes > MOST_HELD_BYTES;
  }

  #hold(): void {
    if (this.#closed) return;
    this.#holding = true;
    this.#heldLately = true;
    const { keepaliveS } = this.#options;
    if (keepaliveS > 0)
      this.#pings ??= setInterval(() => this.#ping(), Math.max(250, (keepaliveS * 1000) / 3));
  }

  #letGo(): void {
    if (!this.#holding || this.#mustHold()) return;
    this.#holding = false;
    this.#options.proceed();
  }

  #ping(): void {
    // Reading that stops again and again keeps the pings of mqtt.js from their time as well.
    if (!this.#holding && !this.#heldLately) {
      this.#stopPings();
      return;
    }
    this.#heldLately = this.#holding;
    this.#options.ping();
  }

  #stopPings(): void {
    if (this.#pings) clearInterval(this.#pings);
    this.#pings = null;
  }
}
