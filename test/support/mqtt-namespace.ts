/** Types of MQTT control packets, by their number. */
const TYPE = { connect: 1, publish: 3, subscribe: 8, unsubscribe: 10 } as const;
const CLEAN = 0x02;
const WILL = 0x04;
const USER = 0x80;
const PASSWORD = 0x40;
const RETAIN = 0x01;

/** Cuts what comes on a connection into packets. */
export class PacketCutter {
  #rest: Buffer = Buffer.alloc(0);

  /** The packets that are whole with these bytes, each with its fixed header. */
  take(data: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const packets: Buffer[] = [];
    for (let end = endOfPacket(this.#rest); end !== null; end = endOfPacket(this.#rest)) {
      packets.push(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
    }
    return packets;
  }
}

/** Who the clients are to the broker. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What a client leaves with a broker beyond its connection. */
export interface Traces {
  /** Client ids of sessions that the broker keeps. */
  readonly sessions: Set<string>;
  /** Topics of messages that the broker keeps. */
  readonly retained: Set<string>;
}

/**
 * Moves a client's world below a prefix: its client id, its topics and filters, but for those that begin with `$`; and says
 * who it is, where it does not. One for each connection.
 */
export class Namespace {
  readonly #prefix: string;
  readonly #traces: Traces;
  readonly #credentials: Credentials | null;
  #version = 4;

  constructor(prefix: string, traces: Traces, credentials: Credentials | null) {
    this.#prefix = prefix;
    this.#traces = traces;
    this.#credentials = credentials;
  }

  /** A packet of the client as the broker gets it. */
  outward(packet: Buffer): Buffer {
    switch ((packet[0] ?? 0) >> 4) {
      case TYPE.connect:
        return this.#connect(packet);
      case TYPE.publish: {
        const fields = new Fields(packet);
        const topic = this.#below(fields.text());
        if (((packet[0] ?? 0) & RETAIN) !== 0) this.#traces.retained.add(topic);
        return whole(packet, [textField(topic), fields.rest()]);
      }
      case TYPE.subscribe:
        return this.#filters(packet, 1);
      case TYPE.unsubscribe:
        return this.#filters(packet, 0);
      default:
        return packet;
    }
  }

  /** A packet of the broker as the client gets it. */
  inward(packet: Buffer): Buffer {
    if ((packet[0] ?? 0) >> 4 !== TYPE.publish) return packet;
    const fields = new Fields(packet);
    const topic = fields.text();
    if (!topic.startsWith(this.#prefix)) return packet;
    return whole(packet, [textField(topic.slice(this.#prefix.length)), fields.rest()]);
  }

  #connect(packet: Buffer): Buffer {
    const fields = new Fields(packet);
    const protocol = fields.bytes(fields.peekTextBytes());
    const head = fields.bytes(4);
    this.#version = head[0] ?? 4;
    const flags = head[1] ?? 0;
    const properties = this.#properties(fields);
    const clientId = this.#below(fields.text());
    if ((flags & CLEAN) === 0) this.#traces.sessions.add(clientId);
    const parts = [protocol, head, properties, textField(clientId)];
    if ((flags & WILL) !== 0) {
      parts.push(this.#properties(fields));
      parts.push(textField(this.#below(fields.text())));
    }
    parts.push(fields.rest());
    if (this.#credentials !== null && (flags & USER) === 0) {
      const { username, password } = this.#credentials;
      parts[1] = Buffer.from(head);
      parts[1][1] = flags | USER | PASSWORD;
      parts.push(textField(username), textField(password));
    }
    return whole(packet, parts);
  }

  /** @param optionBytes bytes after each filter. */
  #filters(packet: Buffer, optionBytes: number): Buffer {
    const fields = new Fields(packet);
    const parts = [fields.bytes(2), this.#properties(fields)];
    while (!fields.atEnd) parts.push(textField(this.#below(fields.text())), fields.bytes(optionBytes));
    return whole(packet, parts);
  }

  #properties(fields: Fields): Buffer {
    return this.#version === 5 ? fields.properties() : Buffer.alloc(0);
  }

  #below(name: string): string {
    return name.startsWith("$") || name === "" ? name : this.#prefix + name;
  }
}

/** Reads a packet's fields one after the other. */
class Fields {
  readonly #packet: Buffer;
  #at: number;

  constructor(packet: Buffer) {
    this.#packet = packet;
    this.#at = 1 + readLength(packet, 1).bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#packet.length;
  }

  bytes(count: number): Buffer {
    this.#at += count;
    return this.#packet.subarray(this.#at - count, this.#at);
  }

  peekTextBytes(): number {
    return 2 + this.#packet.readUInt16BE(this.#at);
  }

  text(): string {
    return this.bytes(this.peekTextBytes()).toString("utf8", 2);
  }

  /** The properties of MQTT 5 with their length. */
  properties(): Buffer {
    const { bytes, length } = readLength(this.#packet, this.#at);
    return this.bytes(bytes + length);
  }

  rest(): Buffer {
    return this.bytes(this.#packet.length - this.#at);
  }
}

function endOfPacket(data: Buffer): number | null {
  if (data.length < 2) return null;
  for (let at = 1; ((data[at] ?? 0) & 0x80) !== 0; at += 1) if (at + 1 >= data.length) return null;
  const { bytes, length } = readLength(data, 1);
  const end = 1 + bytes + length;
  return end <= data.length ? end : null;
}

function readLength(data: Buffer, at: number): { bytes: number; length: number } {
  let length = 0;
  for (let bytes = 0; bytes < 4; bytes += 1) {
    const byte = data[at + bytes] ?? 0;
    length += (byte & 0x7f) * 128 ** bytes;
    if ((byte & 0x80) === 0) return { bytes: bytes + 1, length };
  }
  throw new Error("the packet has no length");
}

function textField(text: string): Buffer {
  const field = Buffer.alloc(2 + Buffer.byteLength(text));
  field.writeUInt16BE(field.length - 2, 0);
  field.write(text, 2);
  return field;
}

/** A packet of the same type and flags with another body. */
function whole(packet: Buffer, body: readonly Buffer[]): Buffer {
  let length = body.reduce((sum, part) => sum + part.length, 0);
  const header = [packet[0] ?? 0];
  do {
    header.push((length % 128) | (length >= 128 ? 0x80 : 0));
    length = Math.floor(length / 128);
  } while (length > 0);
  return Buffer.concat([Buffer.from(header), ...body]);
}
