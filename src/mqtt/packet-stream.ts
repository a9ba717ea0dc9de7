import { Duplex } from "node:stream";
import { AckCarrier } from "./ack-carrier.js";
import type { Malformed } from "./publish-properties.js";
import { PublishReader } from "./publish-reader.js";

/** How long a broker that sent nonsense has to take the DISCONNECT. */
const GOODBYE_MS = 1_000;
/** A chunk of this size, which is what TLS hands on at most, is followed by more without our help. */
const FULL_CHUNK_BYTES = 16_384;

export interface PacketStreamOptions {
  /** The connection to the broker, open or about to be. */
  readonly socket: Duplex;
  readonly protocolVersion: 4 | 5;
  /**
   * Gets each message, to be read before it returns, and when it was read.
   * @returns whether to go on; if not, nothing is read until `proceed`.
   */
  onPublish(publish: PublishReader, receivedAt: number): boolean;
  /** The broker sent what cannot be understood; the connection ends. */
  onMalformed(problem: Malformed): void;
}

/**
 * Stands between the socket and mqtt.js. Messages are taken out of what the broker sends and handed to `onPublish`;
 * mqtt.js gets all other packets and does all the writing. The order of the two is kept: a message waits until mqtt.js
 * has handled what came before it.
 */
export class PacketStream extends Duplex {
  readonly #options: PacketStreamOptions;
  readonly #socket: Duplex;
  readonly #reader: PublishReader;
  readonly #carrier = new AckCarrier();
  #reading = false;
  #socketPaused = false;
  /** The broker has accepted the client, and whoever waits for that knows it. */
  #accepted = false;
  /** A message is read and not handed on. */
  #next = false;
  /** `onPublish` wants no more for now. */
  #held = false;
  /** mqtt.js wants no more for now. */
  #full = false;
  /** Packets that mqtt.js has not handled. */
  #unhandled = 0;
  #settling = false;
  #chunkBytes = 0;
  /** Something was read that TCP may not have acknowledged. */
  #unconfirmed = false;
  #discarding = false;
  #ended = false;
  #stopped = false;

  constructor(options: PacketStreamOptions) {
    super({ allowHalfOpen: false });
    this.#options = options;
    this.#socket = options.socket;
    this.#reader = new PublishReader({ protocolVersion: options.protocolVersion });
    this.#socket.on("data", (chunk: Buffer) => {
      if (this.#stopped) return;
      this.#chunkBytes = chunk.length;
      this.#reader.feed(chunk);
      this.#drain();
    });
    this.#socket.on("end", () => {
      this.#ended = true;
      this.#drain();
    });
    this.#socket.on("error", (error) => this.destroy(error));
    this.#socket.on("close", () => {
      // What came before a regular end is still read, unless nobody wants it.
      if (!this.#ended || this.#held) this.destroy();
    });
  }

  /** Messages may come from now on. */
  accept(): void {
    this.#accepted = true;
    this.#settle();
  }

  /** Goes on after `onPublish` has said to stop. */
  proceed(): void {
    this.#held = false;
    this.#drain();
  }

  /** Throws away all further messages, so that what else comes is read at once. */
  discardMessages(): void {
    this.#discarding = true;
    this.proceed();
  }

  /** To be called before mqtt.js sends a PINGREQ: it gets the answer to that one, and to no other. */
  pinging(): void {
    this.#carrier.pinged();
  }

  /** To be called for each packet that mqtt.js has got. */
  handled(): void {
    this.#unhandled -= 1;
    if (this.#unhandled === 0) this.#settle();
  }

  override _read(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#drain();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#socket.destroyed) done();
    else this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stopped = true;
    if (this.#socket.closed) {
      done(error);
      return;
    }
    this.#socket.once("close", () => done(error));
    this.#socket.destroy();
  }

  /** What mqtt.js does with a packet ends within this turn of the event loop, promises included. */
  #settle(): void {
    setImmediate(() => {
      if (this.#unhandled > 0) return;
      this.#settling = false;
      this.#drain();
    });
  }

  /** Reads on as far as it may. */
  #drain(): void {
    // A message handler may resume; the loop below goes on then.
    if (this.#reading) return;
    this.#reading = true;
    try {
      const hungry = this.#readAll();
      if (this.#stopped) return;
      if (this.#held && this.#socket.destroyed) this.destroy();
      if (hungry && this.#ended) this.push(null);
      if (hungry && this.#unconfirmed) this.#acknowledge();
      if (hungry === !this.#socketPaused) return;
      this.#socketPaused = !hungry;
      if (hungry) this.#socket.resume();
      else this.#socket.pause();
    } finally {
      this.#reading = false;
    }
  }

  /** @returns whether all that came is read. */
  #readAll(): boolean {
    const reader = this.#reader;
    const receivedAt = Date.now();
    while (!this.#held && !this.#full && !this.#stopped) {
      const found = this.#next ? "publish" : reader.next();
      switch (found) {
        case "publish":
          this.#next = !this.#accepted || this.#settling;
          if (this.#next) return false;
          if (!this.#discarding) {
            if (reader.qos > 0) this.#unconfirmed = true;
            const goOn = this.#options.onPublish(reader, receivedAt);
            this.#held = !goOn && !this.#discarding;
          }
          break;
        case "pong":
          if (this.#carrier.answered()) this.#unconfirmed = true;
          else this.#pass();
          break;
        case "others":
          this.#pass();
          break;
        case "malformed":
          this.#refuse();
          return false;
        case "more":
          return true;
      }
    }
    return false;
  }

  /** Gives mqtt.js what is not a message. */
  #pass(): void {
    this.#unhandled += this.#reader.otherCount;
    this.#settling = true;
    this.#full = !this.push(this.#reader.others);
  }

  #send(bytes: Buffer, done: (error?: Error | null) => void): void {
    // What the broker said before it closed tells more than that nothing can be written any more.
    if (this.#socket.destroyed) done();
    else this.#writePackets(bytes, done);
  }

  #writePackets(bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#unconfirmed = false;
    const before = this.#carrier.end();
    if (before === null) {
      this.#socket.write(bytes, done);
      return;
    }
    this.#socket.cork();
    this.#socket.write(before);
    this.#socket.write(bytes, done);
    this.#socket.uncork();
  }

  /** Makes TCP acknowledge what was read, unless what is about to be written does, or more is there already. */
  #acknowledge(): void {
    this.#unconfirmed = false;
    if (this.writableLength > 0 || this.#chunkBytes >= FULL_CHUNK_BYTES || !this.#socket.writable) return;
    const bytes = this.#carrier.next();
    if (bytes !== null) this.#socket.write(bytes);
  }

  #refuse(): void {
    const { malformed } = this.#reader;
    if (malformed === null) return;
    this.#stopped = true;
    this.#options.onMalformed(malformed);
    const timer = setTimeout(() => this.destroy(), GOODBYE_MS);
    this.once("close", () => clearTimeout(timer));
    if (this.#options.protocolVersion === 5 && this.#accepted)
      this.write(Buffer.from([0xe0, 1, malformed.code]), () => this.destroy());
    else this.destroy();
  }
}
