const PUBACK = 0x40;
const PUBREC = 0x50;

/** What the window needs to know of a message. */
export interface Acknowledgeable {
  readonly qos: 0 | 1 | 2;
  readonly packetId: number;
  readonly payload: { readonly length: number };
  readonly acknowledged: boolean;
}

/**
 * The messages of one connection that are not acknowledged yet, in the order received. Acknowledgements leave in that
 * order, those of one turn of the event loop in one write. Bounded by the receive maximum that the connection announced.
 */
export class AckWindow {
  #messages: (Acknowledgeable | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #released: number[] = [];
  #scheduled = false;
  #closed = false;
  readonly #write: (packets: Buffer) => void;

  /** `write` gets encoded PUBACK and PUBREC packets. */
  constructor(write: (packets: Buffer) => void) {
    this.#write = write;
  }

  /** How many messages were received and are not acknowledged. */
  get size(): number {
    return this.#messages.length - this.#head;
  }

  /** How many bytes the payloads of those have. */
  get bytes(): number {
    return this.#bytes;
  }

  add(message: Acknowledgeable): void {
    this.#bytes += message.payload.length;
    this.#messages.push(message);
  }

  /** Releases the acknowledgements at the front that nothing holds back any more. */
  advance(): void {
    if (this.#closed) return;
    const messages = this.#messages;
    let head = this.#head;
    while (head < messages.length) {
      const message = messages[head] as Acknowledgeable;
      if (!message.acknowledged) break;
      this.#released.push((message.qos === 1 ? PUBACK : PUBREC) * 0x10000 + message.packetId);
      this.#bytes -= message.payload.length;
      messages[head] = undefined;
      head += 1;
    }
    this.#head = head;
    this.#compact();
    if (this.#released.length > 0 && !this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.flush());
    }
  }

  /** Writes what is released now instead of at the end of this turn. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed || this.#released.length === 0) return;
    const released = this.#released;
    this.#released = [];
    // Both packets are four bytes in MQTT 3.1.1 and, with reason 0 left out, in MQTT 5.
    const packets = Buffer.allocUnsafe(released.length * 4);
    let at = 0;
    for (const entry of released) {
      packets[at] = entry >>> 16;
      packets[at + 1] = 2;
      packets.writeUInt16BE(entry & 0xffff, at + 2);
      at += 4;
    }
    this.#write(packets);
  }

  /** Drops everything: the connection is gone and the broker will use the packet ids for other messages. */
  close(): void {
    this.#closed = true;
    this.#bytes = 0;
    this.#messages = [];
    this.#head = 0;
    this.#released = [];
  }

  #compact(): void {
    if (this.#head === this.#messages.length) {
      this.#messages = [];
      this.#head = 0;
    } else if (this.#head > 4096 && this.#head * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
  }
}
