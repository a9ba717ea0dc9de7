import { connect, type Socket } from "node:net";

const BUFFER = 1 << 16;
const CONNACK = 0x20;
const PUBACK = 0x40;

/**
 * Writes MQTT 3.1.1 PUBLISH packets at QoS 1 straight into a buffer and counts the acknowledgements, which Mosquitto sends in
 * order. It does nothing else that a client does, so that it takes little of the cores that are measured.
 */
export class RawPublisher {
  readonly #socket: Socket;
  #buffer = Buffer.allocUnsafe(BUFFER);
  #length = 0;
  #packetId = 0;
  #waiting = 0;
  #rest: Buffer = Buffer.alloc(0);
  #failure: Error | null = null;
  #changed: (() => void) | null = null;
  #connected = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (data: Buffer) => this.#read(data));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the broker closed the publisher's connection")));
  }

  /** @param url `mqtt://host:port`. @throws when the broker does not take the connection. */
  static async connect(url: string, clientId: string): Promise<RawPublisher> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port || 1883), noDelay: true });
    const publisher = new RawPublisher(socket);
    const id = Buffer.from(clientId);
    // Clean session, no keep-alive: the connection lasts as long as the process.
    const head = [0x10, 12 + id.length, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, id.length];
    socket.write(Buffer.concat([Buffer.from(head), id]));
    await publisher.#until(() => publisher.#connected);
    return publisher;
  }

  /** Messages without an acknowledgement. At most 65,535 are possible. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds a message to those that the next `flush` sends; Latin-1 only. */
  put(topic: string, payload: string): void {
    const remaining = 4 + topic.length + payload.length;
    if (this.#buffer.length - this.#length < remaining + 8) this.flush();
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = 0x32;
    let left = remaining;
    while (left > 127) {
      buffer[at++] = (left & 127) | 128;
      left >>= 7;
    }
    buffer[at++] = left;
    buffer[at++] = topic.length >> 8;
    buffer[at++] = topic.length & 255;
    at += buffer.write(topic, at, "latin1");
    this.#packetId = this.#packetId === 65_535 ? 1 : this.#packetId + 1;
    buffer[at++] = this.#packetId >> 8;
    buffer[at++] = this.#packetId & 255;
    this.#length = at + buffer.write(payload, at, "latin1");
    this.#waiting += 1;
  }

  flush(): void {
    if (this.#length === 0) return;
    this.#socket.write(this.#buffer.subarray(0, this.#length));
    // The socket may still hold what was written; what is left of the buffer serves the next messages.
    this.#buffer =
      this.#buffer.length - this.#length < BUFFER / 4
        ? Buffer.allocUnsafe(BUFFER)
        : this.#buffer.subarray(this.#length);
    this.#length = 0;
  }

  /** Resolves when at most `most` messages have no acknowledgement. @throws when the connection breaks. */
  drained(most: number): Promise<void> {
    return this.#until(() => this.#waiting <= most);
  }

  end(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.end(Buffer.from([0xe0, 0]));
  }

  async #until(check: () => boolean): Promise<void> {
    while (!check()) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    if (this.#failure) throw this.#failure;
  }

  #read(data: Buffer): void {
    const all = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let at = 0;
    // All packets of the broker are shorter than 128 bytes: one byte tells the length.
    while (at + 1 < all.length) {
      const end = at + 2 + (all[at + 1] ?? 0);
      if (end > all.length) break;
      if (all[at] === PUBACK) this.#waiting -= 1;
      else if (all[at] === CONNACK) {
        if (all[at + 3] === 0) this.#connected = true;
        else this.#fail(new Error(`the broker refused the publisher (${all[at + 3]})`));
      }
      at = end;
    }
    this.#rest = at < all.length ? Buffer.from(all.subarray(at)) : Buffer.alloc(0);
    this.#changed?.();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#changed?.();
  }
}
