import type { Duplex } from "node:stream";
import type { BrokerStore } from "./broker-store.js";

/** Most messages sent to a client and not confirmed by it; MQTT 3.1.1 lets the client set none. */
const MAX_IN_FLIGHT = 10_000;
/** Most messages of one session kept in memory for sending; the rest stay on disk until there is room. */
const MAX_LOADED = 5_000;

/** A message for one session; `number` orders all messages of the broker, 0 for a retained one sent on subscribing. */
export interface QueuedMessage {
  readonly number: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  /** Set once the client has confirmed the first half of QoS 2: only PUBREL is still to be sent, with this id. */
  readonly releasing?: number;
}

interface InFlight {
  readonly message: QueuedMessage;
  released: boolean;
}

const key = (clientId: string, number: number) =>
  `o!${encodeURIComponent(clientId)}!${String(number).padStart(16, "0")}`;

/** What is kept for a client that asked the broker to keep its session: the messages that it has not confirmed, in order. */
export class BrokerSession {
  readonly clientId: string;
  readonly #store: BrokerStore;
  #connection: Duplex | null = null;
  #loaded: QueuedMessage[] = [];
  #head = 0;
  readonly #inFlight = new Map<number, InFlight>();
  #nextId = 1;
  /** Whether messages of a higher number than `#loadedUpTo` are on disk only. */
  #spilled: boolean;
  #loadedUpTo = 0;
  #sentUpTo: number;
  #queued: number;
  /** What was added while a read from disk goes on; null when none does or it became too much. */
  #tail: QueuedMessage[] | null = null;
  #corked = false;
  #reading = false;
  #generation = 0;

  /** `queued` messages are on disk, numbered up to `lastNumber`. */
  constructor(store: BrokerStore, clientId: string, queued: number, lastNumber: number) {
    this.#store = store;
    this.clientId = clientId;
    this.#queued = queued;
    this.#spilled = queued > 0;
    this.#sentUpTo = lastNumber;
  }

  /** Messages that the client has not confirmed. */
  get queued(): number {
    return this.#queued;
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  /** Keeps a message for the client and sends it when there is room; it is safe when the store has committed. */
  add(message: QueuedMessage): void {
    this.#queued += 1;
    this.#store.put(key(this.clientId, message.number), encodeMessage(message));
    if (this.#connection === null || this.#spilled || this.#loaded.length - this.#head >= MAX_LOADED) {
      this.#spilled = true;
      if (this.#tail && this.#tail.length >= MAX_LOADED) this.#tail = null;
      this.#tail?.push(message);
      return;
    }
    this.#loadedUpTo = message.number;
    this.#loaded.push(message);
    this.#pump();
  }

  /** Sends a message that is not kept, such as a retained one after subscribing. */
  addTransient(message: QueuedMessage): void {
    if (this.#connection === null) return;
    this.#loaded.push(message);
    this.#pump();
  }

  /** The client is there: sends what it has not confirmed, from the oldest on. */
  attach(connection: Duplex): void {
    this.detach();
    this.#connection = connection;
    this.#spilled = true;
    this.#loadedUpTo = 0;
    connection.on("drain", () => {
      if (this.#connection === connection) this.#pump();
    });
    this.#pump();
  }

  /** The client is gone; does nothing when another connection has taken the session meanwhile. */
  detach(connection: Duplex | null = this.#connection): void {
    if (connection !== this.#connection) return;
    this.#connection = null;
    this.#generation += 1;
    this.#loaded = [];
    this.#head = 0;
    this.#inFlight.clear();
    this.#spilled = this.#queued > 0;
  }

  /** PUBREC: from now on only PUBREL may be sent again. */
  received(id: number): void {
    const entry = this.#inFlight.get(id);
    if (!entry || entry.released) return;
    entry.released = true;
    if (entry.message.number > 0)
      this.#store.put(
        key(this.clientId, entry.message.number),
        encodeMessage({ ...entry.message, payload: Buffer.alloc(0), releasing: id }),
      );
  }

  /** PUBACK or PUBCOMP: the message is the client's. */
  confirmed(id: number): void {
    const entry = this.#inFlight.get(id);
    if (!entry) return;
    this.#inFlight.delete(id);
    if (entry.message.number > 0) {
      this.#queued -= 1;
      this.#store.delete(key(this.clientId, entry.message.number));
    }
    this.#pump();
  }

  async drop(): Promise<void> {
    this.detach();
    this.#queued = 0;
    this.#spilled = false;
    await this.#store.clear(key(this.clientId, 0), `${key(this.clientId, 0).slice(0, -17)}"`);
  }

  #pump(): void {
    const connection = this.#connection;
    if (connection === null) return;
    while (!connection.writableNeedDrain && !connection.destroyed && this.#inFlight.size < MAX_IN_FLIGHT) {
      const message = this.#loaded[this.#head];
      if (message === undefined) {
        this.#loaded = [];
        this.#head = 0;
        if (this.#spilled) void this.#load().catch(() => connection.destroy());
        return;
      }
      this.#head += 1;
      this.#send(connection, message);
    }
    if (this.#head > 1024) {
      this.#loaded = this.#loaded.slice(this.#head);
      this.#head = 0;
    }
  }

  #send(connection: Duplex, message: QueuedMessage): void {
    // The messages of one turn of the event loop leave in one write.
    if (!this.#corked) {
      this.#corked = true;
      connection.cork();
      process.nextTick(() => {
        this.#corked = false;
        connection.uncork();
      });
    }
    if (message.releasing !== undefined) {
      this.#inFlight.set(message.releasing, { message, released: true });
      connection.write(Buffer.from([0x62, 2, message.releasing >> 8, message.releasing & 0xff]));
      return;
    }
    while (this.#inFlight.has(this.#nextId)) this.#nextId = (this.#nextId % 0xffff) + 1;
    const id = this.#nextId;
    this.#nextId = (id % 0xffff) + 1;
    this.#inFlight.set(id, { message, released: false });
    const dup = message.number > 0 && message.number <= this.#sentUpTo;
    if (message.number > this.#sentUpTo) this.#sentUpTo = message.number;
    connection.write(encodePublish(message, id, dup));
  }

  async #load(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const generation = this.#generation;
    this.#tail = [];
    try {
      // What was added before must be on disk to be found.
      await this.#store.committed();
      const end = `${key(this.clientId, 0).slice(0, -17)}"`;
      const entries = await this.#store.range(key(this.clientId, this.#loadedUpTo), end, MAX_LOADED);
      if (generation !== this.#generation) return;
      const caughtUp = entries.length < MAX_LOADED && this.#tail !== null;
      const messages = entries.map(([name, value]) => decodeMessage(Number(name.slice(-16)), value));
      if (caughtUp) messages.push(...(this.#tail ?? []));
      for (const message of messages) {
        if (message.number <= this.#loadedUpTo) continue;
        this.#loaded.push(message);
        this.#loadedUpTo = message.number;
      }
      if (caughtUp) this.#spilled = false;
    } finally {
      this.#reading = false;
      this.#tail = null;
      if (generation !== this.#generation) this.#pump();
    }
    this.#pump();
  }
}

function encodeMessage(message: QueuedMessage): Buffer {
  const topic = Buffer.from(message.topic);
  const head = Buffer.alloc(5);
  head[0] = message.qos | (message.retain ? 4 : 0);
  head.writeUInt16BE(message.releasing ?? 0, 1);
  head.writeUInt16BE(topic.length, 3);
  return Buffer.concat([head, topic, message.payload]);
}

function decodeMessage(number: number, value: Buffer): QueuedMessage {
  const flags = value[0] ?? 1;
  const releasing = value.readUInt16BE(1);
  const end = 5 + value.readUInt16BE(3);
  return {
    number,
    topic: value.toString("utf8", 5, end),
    payload: value.subarray(end),
    qos: (flags & 3) === 2 ? 2 : 1,
    retain: (flags & 4) !== 0,
    ...(releasing > 0 ? { releasing } : {}),
  };
}

/** PUBLISH of MQTT 3.1.1. */
function encodePublish(message: QueuedMessage, id: number, dup: boolean): Buffer {
  const topicLength = Buffer.byteLength(message.topic);
  let remaining = 2 + topicLength + 2 + message.payload.length;
  const head = [0x30 | (dup ? 8 : 0) | (message.qos << 1) | (message.retain ? 1 : 0)];
  const body = remaining;
  do {
    const digit = remaining % 128;
    remaining = Math.floor(remaining / 128);
    head.push(remaining > 0 ? digit | 0x80 : digit);
  } while (remaining > 0);
  const packet = Buffer.allocUnsafe(head.length + body);
  packet.set(head, 0);
  let at = packet.writeUInt16BE(topicLength, head.length);
  at += packet.write(message.topic, at);
  at = packet.writeUInt16BE(id, at);
  packet.set(message.payload, at);
  return packet;
}
