const PUBACK = 0x40;
const PUBREC = 0x50;

/** What the window needs to know of a message. */
export interface Acknowledgeable {
  readonly qos: 0 | 1 | 2;
  readonly packetId: number;
  readonly acknowledged: boolean;
}

/**
 * The messages of one connection that are not acknowledged yet, in the order received. Acknowledgements leave in that
 * order, those of one turn of the event loop in one write. Bounded by the receive maximum that the connection announced.
 */
export class AckWindow {
  #messages: (Acknowledgeable | undefined)[] = [];
  /** The memory that came to be held with each of them. */
  #held: number[] = [];
  #head = 0;
  #bytes = 0;
  #lastSource: Buffer | null = null;
  #released: number[] = [];
  #scheduled = false;
  readonly #write: (packets: Buffer) => void;

  /** `write` gets encoded PUBACK and PUBREC packets. */
  constructor(write: (packets: Buffer) => void) {
    this.#write = write;
  }

  /** How many messages were received and are not acknowledged. */
  get size(): number {
    return this.#messages.length - this.#head;
  }

  /** How many bytes those keep in memory, not counting what the oldest shares with messages released already. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param source the memory that the message is a part of; it is held, as a whole, until the message goes. */
  add(message: Acknowledgeable, source: Buffer): void {
    const held = source === this.#lastSource ? 0 : source.length;
    this.#lastSource = source;
    this.#bytes += held;
    this.#messages.push(message);
    this.#held.push(held);
  }

  /** Releases the acknowledgements at the front that nothing holds back any more. */
  advance(): void {
    const messages = this.#messages;
    let head = this.#head;
    while (head < messages.length) {
      const message = messages[head] as Acknowledgeable;
      if (!message.acknowledged) break;
      this.#released.push((message.qos === 1 ? PUBACK : PUBREC) * 0x10000 + message.packetId);
      this.#bytes -= this.#held[head] as number;
      messages[head] = undefined;
      head += 1;
    }
    if (head === this.#head) return;
    this.#head = head;
    this.#compact();
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.flush());
    }
  }

  /** Writes what is released now instead of at the end of this turn. */
  flush(): void {
    this.#scheduled = false;
    if (this.#released.length === 0) return;
    const released = this.#released;
    this.#released = [];
    // Both packets are four bytes in MQTT 3.1.1 and, with reason 0 left out, in MQTT 5.
    const packets = Buffer.allocUnsafe(released.length * 4);
    let at = 0;
    for (const entry of released) {
      packets[at] = entry >>> 16;
      packets[at + 1] = 2;
      packets[at + 2] = entry >>> 8;
      packets[at + 3] = entry;
      at += 4;
    }
    this.#write(packets);
  }

  /** Drops everything: the connection is gone and the broker will use the packet ids for other messages. */
  close(): void {
    this.#released = [];
    this.#forget();
  }

  #compact(): void {
    if (this.#head === this.#messages.length) {
      this.#forget();
    } else if (this.#head > 4096 && this.#head * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#held = this.#held.slice(this.#head);
      this.#head = 0;
    }
  }

  #forget(): void {
    this.#messages = [];
    this.#held = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#lastSource = null;
  }
}
