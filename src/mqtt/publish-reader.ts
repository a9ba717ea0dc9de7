import type { Delivery, DeliveryProperties, Qos } from "./inbound-message.js";
import { MALFORMED, type Malformed, PROTOCOL_ERROR, readProperties } from "./publish-properties.js";
import { TopicCache } from "./topic-cache.js";

/** Largest packet that is kept, in bytes, header included. */
export const MOST_PACKET_BYTES = 16 * 1_048_576;

const PUBLISH = 3;
const PINGRESP = 0xd0;
const LONGEST_HEADER = 5;
/** What comes before the properties of a PUBLISH: its header, the topic with its length, and the packet identifier. */
const LONGEST_BEGINNING = LONGEST_HEADER + 2 + 65_535 + 2;
const NOTHING: Buffer = Buffer.alloc(0);

const TOO_LARGE = 0x95;

/** What `next` found; after `malformed` nothing else is found. A `pong` is a PINGRESP, and stands in `others`. */
export type Found = "publish" | "pong" | "others" | "more" | "malformed";

/**
 * Cuts what a broker sends into packets. PUBLISH packets are read here, one at a time, and stand in the fields until
 * the next call of `next`; all others are handed on as the bytes they are. Only packets that
 * begin in one chunk and end in another are copied. Of a PUBLISH larger than `mostBytes` the beginning is kept and the
 * rest is thrown away as it comes.
 */
export class PublishReader implements Delivery {
  topic = "";
  topicNumber = -1;
  payload: Buffer = NOTHING;
  qos: Qos = 0;
  retain = false;
  dup = false;
  packetId = 0;
  properties: DeliveryProperties | null = null;
  oversize: number | null = null;
  /** The memory that the payload is a part of, and keeps. */
  source: Buffer = NOTHING;
  /** Whole packets that are not PUBLISH, in a row. */
  others: Buffer = NOTHING;
  /** How many those are. */
  otherCount = 0;
  malformed: Malformed | null = null;
  readonly #mqtt5: boolean;
  readonly #mostBytes: number;
  readonly #topics = new TopicCache();
  #chunk: Buffer = NOTHING;
  #at = 0;
  /** Bytes of the fixed header of the packet that was measured last. */
  #headerBytes = 0;
  /** The beginning of a packet that is too short to tell its length. */
  readonly #head = Buffer.alloc(LONGEST_HEADER);
  #headBytes = 0;
  /** A packet of which only the beginning has come. */
  #partial: Buffer | null = null;
  #filled = 0;
  /** Bytes still to come of a packet that are not kept, beyond those of `#partial`. */
  #unkept = 0;

  constructor(options: { protocolVersion: 4 | 5; mostBytes?: number }) {
    this.#mqtt5 = options.protocolVersion === 5;
    this.#mostBytes = options.mostBytes ?? MOST_PACKET_BYTES;
  }

  /** Takes the next bytes, which must not change any more. Only after `next` has said `more`. */
  feed(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Finds what comes next in the bytes fed so far. */
  next(): Found {
    if (this.malformed !== null) return "malformed";
    if (this.#headBytes > 0 || this.#partial !== null) return this.#complete();
    const chunk = this.#chunk;
    const at = this.#at;
    if (at >= chunk.length) return this.#starve();
    const size = this.#measure(chunk, at, chunk.length);
    if (size <= 0 || at + size > chunk.length || size > this.#mostBytes) return this.#keep(size);
    if ((chunk[at] as number) >>> 4 !== PUBLISH) return this.#pass(size);
    this.#at = at + size;
    return this.#publish(chunk, at, at + this.#headerBytes, at + size, size);
  }

  /** The bytes of the packet at `at`; 0 when that cannot be told yet, -1 when there is no telling. */
  #measure(bytes: Buffer, at: number, end: number): number {
    let length = 0;
    for (let i = 1; i < LONGEST_HEADER; i += 1) {
      if (at + i >= end) return 0;
      const byte = bytes[at + i] as number;
      length += (byte & 0x7f) << (7 * (i - 1));
      if (byte < 0x80) {
        this.#headerBytes = i + 1;
        const size = i + 1 + length;
        if (size <= this.#mostBytes || (bytes[at] as number) >>> 4 === PUBLISH) return size;
        this.#fail(`a packet of ${size} bytes, and at most ${this.#mostBytes} are read`, TOO_LARGE);
        return -1;
      }
    }
    this.#fail("a packet whose length is not a number");
    return -1;
  }

  /** All packets up to the next PUBLISH or PINGRESP, of which the first has `size` bytes. */
  #pass(size: number): Found {
    const chunk = this.#chunk;
    const from = this.#at;
    let to = from + size;
    let count = 1;
    const pong = chunk[from] === PINGRESP;
    while (!pong && to < chunk.length) {
      const first = chunk[to] as number;
      if (first >>> 4 === PUBLISH || first === PINGRESP) break;
      const next = this.#measure(chunk, to, chunk.length);
      if (next <= 0 || to + next > chunk.length) break;
      to += next;
      count += 1;
    }
    this.#at = to;
    this.others = chunk.subarray(from, to);
    this.otherCount = count;
    return pong ? "pong" : "others";
  }

  /** Keeps the beginning of a packet of `size` bytes until there is more. */
  #keep(size: number): Found {
    if (size < 0) return "malformed";
    if (size === 0) {
      this.#headBytes = this.#chunk.copy(this.#head, 0, this.#at);
      return this.#starve();
    }
    this.#headBytes = 0;
    this.#begin(size);
    return this.#complete();
  }

  /** Makes room for a packet of `size` bytes, and puts the beginning there. */
  #begin(size: number): void {
    const kept = size > this.#mostBytes ? Math.min(size, LONGEST_BEGINNING) : size;
    this.#partial = Buffer.allocUnsafeSlow(kept);
    this.#filled = this.#head.copy(this.#partial, 0, 0, this.#headBytes);
    this.#unkept = size - kept;
  }

  /** Goes on with the packet of which the beginning was kept. */
  #complete(): Found {
    const chunk = this.#chunk;
    while (this.#partial === null) {
      if (this.#at >= chunk.length) return this.#starve();
      this.#head[this.#headBytes] = chunk[this.#at] as number;
      this.#headBytes += 1;
      this.#at += 1;
      const size = this.#measure(this.#head, 0, this.#headBytes);
      if (size < 0) return "malformed";
      if (size === 0) continue;
      this.#begin(size);
    }
    const packet = this.#partial;
    const taken = chunk.copy(packet, this.#filled, this.#at);
    const thrown = Math.min(this.#unkept, chunk.length - this.#at - taken);
    this.#filled += taken;
    this.#unkept -= thrown;
    this.#at += taken + thrown;
    if (this.#filled < packet.length || this.#unkept > 0) return this.#starve();
    this.#partial = null;
    this.#headBytes = 0;
    if ((packet[0] as number) >>> 4 === PUBLISH) {
      const size = this.#measure(packet, 0, packet.length);
      return this.#publish(packet, 0, this.#headerBytes, packet.length, size);
    }
    this.others = packet;
    this.otherCount = 1;
    return packet[0] === PINGRESP ? "pong" : "others";
  }

  /** Lets go of what is read. */
  #starve(): Found {
    this.#chunk = NOTHING;
    this.#at = 0;
    return "more";
  }

  /** The PUBLISH of `size` bytes of which those up to `end` are there. */
  #publish(bytes: Buffer, start: number, body: number, end: number, size: number): Found {
    const first = bytes[start] as number;
    const qos = (first >>> 1) & 3;
    if (qos === 3) return this.#fail("a message with QoS 3");
    const topicFrom = body + 2;
    if (topicFrom > end) return this.#fail("a message without a topic");
    const topicTo = topicFrom + (((bytes[body] as number) << 8) | (bytes[body + 1] as number));
    let at = topicTo + (qos === 0 ? 0 : 2);
    if (at > end) return this.#fail("a message that ends within its topic or packet identifier");
    let packetId = 0;
    if (qos > 0) {
      packetId = ((bytes[at - 2] as number) << 8) | (bytes[at - 1] as number);
      if (packetId === 0) return this.#fail("a message with packet identifier 0");
    }
    this.properties = null;
    const oversize = size > this.#mostBytes;
    if (this.#mqtt5 && !oversize) {
      // Most messages have none.
      at = at < end && bytes[at] === 0 ? at + 1 : this.#readProperties(bytes, at, end);
      if (at < 0) return "malformed";
    }
    if (topicFrom === topicTo) return this.#fail("a message with an empty topic", PROTOCOL_ERROR);
    const topic = this.#topics.read(bytes, topicFrom, topicTo);
    if (topic === null) return this.#fail("a topic that is not UTF-8 text");
    this.topic = topic;
    this.topicNumber = this.#topics.number;
    this.qos = qos as Qos;
    this.retain = (first & 1) !== 0;
    this.dup = (first & 8) !== 0;
    this.packetId = packetId;
    this.oversize = oversize ? size : null;
    this.payload = oversize ? NOTHING : bytes.subarray(at, end);
    this.source = oversize ? NOTHING : bytes;
    return "publish";
  }

  /** @returns where the payload begins, -1 when the properties are malformed. */
  #readProperties(bytes: Buffer, from: number, end: number): number {
    const read = readProperties(bytes, from, end);
    if (!read.ok) {
      this.malformed = read.error;
      return -1;
    }
    this.properties = read.value.properties;
    return read.value.payloadAt;
  }

  #fail(text: string, code = MALFORMED): "malformed" {
    this.malformed = { code, text };
    return "malformed";
  }
}
