import { connect, createServer, type Socket } from "node:net";
import { PacketCutter } from "./mqtt-namespace.js";

/** What a client has sent, as far as tests look at it. */
export type Sent =
  | {
      readonly packet: "CONNECT";
      /** 4 is MQTT 3.1.1. */
      readonly version: number;
      readonly clientId: string;
      readonly clean: boolean;
      /** Seconds; null where the packet tells none, which is 0 in MQTT 5. */
      readonly sessionExpiry: number | null;
      readonly will: TappedMessage | null;
    }
  | { readonly packet: "SUBSCRIBE"; readonly filters: readonly string[] }
  | ({ readonly packet: "PUBLISH" } & TappedMessage)
  | { readonly packet: "DISCONNECT" };

export interface TappedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  /** When it was heard, in milliseconds. */
  readonly at: number;
}

/** A way to a broker that hears what its clients send. */
export interface WireTap {
  readonly url: string;
  /** By connection, in the order in which they began. */
  readonly connections: readonly (readonly Sent[])[];
  /** Breaks all connections. */
  cut(): void;
  /** Nothing more crosses, in neither direction, while the connections stand. */
  hang(): void;
  stop(): Promise<void>;
}

export async function tapTo(port: number): Promise<WireTap> {
  const connections: Sent[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(port, "127.0.0.1");
    const sent: Sent[] = [];
    connections.push(sent);
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        inner.destroy();
        outer.destroy();
      });
    }
    const cutter = new PacketCutter();
    let version = 4;
    inner.on("data", (data) => {
      for (const packet of cutter.take(data)) {
        const heard = read(packet, version);
        if (heard?.packet === "CONNECT") version = heard.version;
        if (heard !== null) sent.push(heard);
      }
    });
    inner.pipe(outer);
    outer.pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    connections,
    cut,
    hang() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.removeAllListeners("data");
        socket.pause();
      }
    },
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function read(packet: Buffer, version: number): Sent | null {
  const fields = new Fields(packet);
  const flags = (packet[0] ?? 0) & 15;
  switch ((packet[0] ?? 0) >> 4) {
    case 1:
      return readConnect(fields);
    case 3: {
      const topic = fields.text();
      const qos = (flags >> 1) & 3;
      if (qos > 0) fields.take(2);
      if (version === 5) fields.properties();
      const retain = (flags & 1) === 1;
      return { packet: "PUBLISH", topic, payload: fields.rest(), qos, retain, at: Date.now() };
    }
    case 8: {
      fields.take(2);
      if (version === 5) fields.properties();
      const filters: string[] = [];
      while (!fields.atEnd) {
        filters.push(fields.text());
        fields.take(1);
      }
      return { packet: "SUBSCRIBE", filters };
    }
    case 14:
      return { packet: "DISCONNECT" };
    default:
      return null;
  }
}

function readConnect(fields: Fields): Sent {
  fields.text();
  const [version = 0, flags = 0] = fields.take(4);
  const properties = version === 5 ? fields.properties() : Buffer.alloc(0);
  const clientId = fields.text();
  let will: TappedMessage | null = null;
  if ((flags & 0x04) !== 0) {
    if (version === 5) fields.properties();
    const topic = fields.text();
    const payload = Buffer.from(fields.bytes());
    will = { topic, payload, qos: (flags >> 3) & 3, retain: (flags & 0x20) !== 0, at: Date.now() };
  }
  const clean = (flags & 0x02) !== 0;
  return { packet: "CONNECT", version, clientId, clean, sessionExpiry: expiryIn(properties), will };
}

/** Bytes that the values of the properties of a CONNECT take; texts are none that the server sends. */
const WIDTHS: Readonly<Record<number, number>> = { 17: 4, 33: 2, 39: 4, 34: 2, 25: 1, 23: 1 };
const SESSION_EXPIRY = 17;

function expiryIn(properties: Buffer): number | null {
  for (let at = 0; at < properties.length; ) {
    const id = properties[at] ?? 0;
    if (id === SESSION_EXPIRY) return properties.readUInt32BE(at + 1);
    const width = WIDTHS[id];
    if (width === undefined) throw new Error(`property ${id} is not known here`);
    at += 1 + width;
  }
  return null;
}

/** Reads a packet's fields one after the other. */
class Fields {
  readonly #packet: Buffer;
  #at = 1;

  constructor(packet: Buffer) {
    this.#packet = packet;
    this.#length();
  }

  get atEnd(): boolean {
    return this.#at >= this.#packet.length;
  }

  take(count: number): Buffer {
    this.#at += count;
    return this.#packet.subarray(this.#at - count, this.#at);
  }

  /** Bytes with their length before them. */
  bytes(): Buffer {
    return this.take(this.take(2).readUInt16BE(0));
  }

  text(): string {
    return this.bytes().toString("utf8");
  }

  /** The properties of MQTT 5. */
  properties(): Buffer {
    return this.take(this.#length());
  }

  rest(): Buffer {
    return Buffer.from(this.take(this.#packet.length - this.#at));
  }

  #length(): number {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.take(1)[0] ?? 0;
      length += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return length;
    }
  }
}
