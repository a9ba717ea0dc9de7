import { Readable } from "node:stream";
import { messageOf } from "../kernel/result.js";
import { BrokerSession } from "./broker-session.js";
import type { BrokerStore } from "./broker-store.js";
import { topicMatches } from "./topic.js";

/** What aedes hands around as a packet, as far as it is used here. */
export interface BrokerPacket {
  cmd?: string;
  topic: string;
  payload: Buffer | string;
  qos: 0 | 1 | 2;
  retain: boolean;
  messageId?: number;
  brokerId?: string;
  brokerCounter?: number;
  clientId?: string;
}

interface ClientRef {
  readonly id: string;
}

interface StoredSubscription {
  readonly topic: string;
  readonly qos: number;
}

interface Target {
  readonly clientId: string;
  readonly qos: 1 | 2;
  readonly topic: string;
}

const MAX_CACHED_TOPICS = 50_000;

export interface BrokerPersistenceOptions {
  readonly store: BrokerStore;
  /** Most unconfirmed messages kept for one session. */
  readonly maxQueued: number;
  /** Sessions that are never made to lose a message: when one is full, publishers are not acknowledged. */
  isServer(clientId: string): boolean;
  onDropped(clientId: string): void;
}

/**
 * The memory of the embedded broker, in the shape that aedes asks for: sessions with their queues, retained messages and wills, all
 * of it on disk.
 */
export class BrokerPersistence {
  readonly #options: BrokerPersistenceOptions;
  readonly #store: BrokerStore;
  readonly #sessions = new Map<string, BrokerSession>();
  readonly #subscriptions = new Map<string, Map<string, StoredSubscription>>();
  readonly #retained = new Map<string, BrokerPacket>();
  readonly #wills = new Map<string, BrokerPacket>();
  readonly #incoming = new Map<string, Map<number, BrokerPacket>>();
  readonly #lastSeen = new Map<string, number>();
  /** Messages that were kept before their PUBACK, which aedes will ask to keep once more. */
  readonly #kept = new Set<number>();
  #targets = new Map<string, readonly Target[]>();
  #counter = 0;
  #brokerId = "";

  constructor(options: BrokerPersistenceOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  async setup(broker: { id: string }): Promise<void> {
    this.#brokerId = broker.id;
    for (const [key, value] of await this.#store.range("s!", 's"')) {
      const clientId = decodeURIComponent(key.split("!")[1] ?? "");
      this.#subscriptionsOf(clientId).set(key.slice(key.indexOf("!", 2) + 1), JSON.parse(value.toString()));
    }
    for (const [key, value] of await this.#store.range("r!", 'r"'))
      this.#retained.set(key.slice(2), fromJson(value));
    for (const [key, value] of await this.#store.range("w!", 'w"'))
      this.#wills.set(decodeURIComponent(key.slice(2)), fromJson(value));
    for (const [key, value] of await this.#store.range("i!", 'i"')) {
      const [, clientId = "", id = ""] = key.split("!");
      this.#incomingOf(decodeURIComponent(clientId)).set(Number(id), fromJson(value));
    }
    for (const [key, value] of await this.#store.range("x!", 'x"'))
      this.#lastSeen.set(decodeURIComponent(key.slice(2)), Number(value.toString()));
    const queued = new Map<string, number>();
    let after = "o!";
    for (;;) {
      const entries = await this.#store.range(after, 'o"', 10_000);
      for (const [key] of entries) {
        const clientId = decodeURIComponent(key.split("!")[1] ?? "");
        queued.set(clientId, (queued.get(clientId) ?? 0) + 1);
        this.#counter = Math.max(this.#counter, Number(key.slice(-16)));
      }
      const last = entries.at(-1);
      if (!last) break;
      after = last[0];
    }
    const clientIds = new Set([...this.#subscriptions.keys(), ...queued.keys()]);
    for (const clientId of clientIds)
      this.#sessions.set(
        clientId,
        new BrokerSession(this.#store, clientId, queued.get(clientId) ?? 0, this.#counter),
      );
  }

  /** Notes that a client is there or was until now. */
  seen(clientId: string): void {
    this.#lastSeen.set(clientId, Date.now());
    this.#store.put(`x!${encodeURIComponent(clientId)}`, Buffer.from(String(Date.now())));
  }

  /** Forgets the sessions of clients that have not been seen since `before`, in milliseconds since the epoch. */
  async expire(before: number): Promise<void> {
    for (const [clientId, session] of [...this.#sessions]) {
      if (session.connected) continue;
      const seen = this.#lastSeen.get(clientId);
      if (seen === undefined) this.seen(clientId);
      else if (seen < before) await this.cleanSubscriptions({ id: clientId });
    }
  }

  session(clientId: string): BrokerSession {
    let session = this.#sessions.get(clientId);
    if (!session) {
      session = new BrokerSession(this.#store, clientId, 0, this.#counter);
      this.#sessions.set(clientId, session);
    }
    return session;
  }

  /** Whether the message reaches the client through its session, and so must not be sent beside it. */
  hasQueuedDelivery(clientId: string, topic: string): boolean {
    return this.#targetsOf(topic).some((target) => target.clientId === clientId);
  }

  /** The best QoS above 0 at which a client subscribes to the topic, or 0. */
  subscribedQos(clientId: string, topic: string): 0 | 1 | 2 {
    return this.#targetsOf(topic).find((target) => target.clientId === clientId)?.qos ?? 0;
  }

  /**
   * Keeps a QoS 1 message, whose `brokerCounter` must be set, on disk for all its sessions before the publisher is told
   * that the broker has it. Rejects when the queue of the server is full.
   */
  async keep(packet: BrokerPacket, publisher: string): Promise<void> {
    const targets = this.#targetsOf(packet.topic);
    for (const target of targets)
      if (
        this.#options.isServer(target.clientId) &&
        this.session(target.clientId).queued >= this.#options.maxQueued
      )
        throw new Error(`the queue of ${target.clientId} is full`);
    this.#enqueue(targets, packet, publisher);
    if (packet.retain) this.#retain(packet);
    // What aedes never asks for again, because its connection ended, must not stay for ever.
    if (this.#kept.size > 100_000) this.#kept.clear();
    this.#kept.add(packet.brokerCounter ?? 0);
    if (targets.length > 0 || packet.retain) await this.#store.committed();
  }

  async storeRetained(packet: BrokerPacket): Promise<void> {
    if (this.#kept.has(packet.brokerCounter ?? 0)) return;
    this.#retain(packet);
    await this.#store.committed();
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    const found = [...this.#retained.values()].filter((packet) =>
      filters.some((filter) => topicMatches(filter, packet.topic)),
    );
    return Readable.from(found);
  }

  createRetainedStream(filter: string): Readable {
    return this.createRetainedStreamCombi([filter]);
  }

  async addSubscriptions(client: ClientRef, subscriptions: readonly StoredSubscription[]): Promise<void> {
    const own = this.#subscriptionsOf(client.id);
    for (const { topic, qos } of subscriptions) {
      own.set(topic, { topic, qos });
      this.#store.put(subscriptionKey(client.id, topic), Buffer.from(JSON.stringify({ topic, qos })));
    }
    this.#targets = new Map();
    this.session(client.id);
    await this.#store.committed();
  }

  async removeSubscriptions(client: ClientRef, topics: readonly string[]): Promise<void> {
    const own = this.#subscriptionsOf(client.id);
    for (const topic of topics) if (own.delete(topic)) this.#store.delete(subscriptionKey(client.id, topic));
    this.#targets = new Map();
    await this.#store.committed();
  }

  async subscriptionsByClient(client: ClientRef): Promise<StoredSubscription[]> {
    return [...(this.#subscriptions.get(client.id)?.values() ?? [])];
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    let subsCount = 0;
    for (const own of this.#subscriptions.values()) subsCount += own.size;
    return { subsCount, clientsCount: this.#subscriptions.size };
  }

  async subscriptionsByTopic(topic: string): Promise<readonly Target[]> {
    return this.#targetsOf(topic);
  }

  /** A client that asks for a clean session: what was kept for it is forgotten. */
  async cleanSubscriptions(client: ClientRef): Promise<void> {
    const own = this.#subscriptions.get(client.id);
    if (own) await this.removeSubscriptions(client, [...own.keys()]);
    this.#subscriptions.delete(client.id);
    const session = this.#sessions.get(client.id);
    this.#sessions.delete(client.id);
    if (this.#lastSeen.delete(client.id)) this.#store.delete(`x!${encodeURIComponent(client.id)}`);
    await session?.drop();
  }

  async outgoingEnqueue(target: Target, packet: BrokerPacket): Promise<void> {
    await this.outgoingEnqueueCombi([target], packet);
  }

  async outgoingEnqueueCombi(targets: readonly Target[], packet: BrokerPacket): Promise<void> {
    if (this.#kept.delete(packet.brokerCounter ?? 0) || targets.length === 0) return;
    this.#enqueue(targets, packet, packet.clientId);
    await this.#store.committed();
  }

  async outgoingUpdate(client: ClientRef, packet: BrokerPacket): Promise<void> {
    if (packet.cmd === "pubrel") {
      this.#sessions.get(client.id)?.received(packet.messageId ?? 0);
      await this.#store.committed();
    }
  }

  async outgoingClearMessageId(client: ClientRef, packet: BrokerPacket): Promise<undefined> {
    if (packet.messageId !== undefined) this.#sessions.get(client.id)?.confirmed(packet.messageId);
  }

  /** Empty: the session sends its queue itself, in order and not more than the client can take. */
  outgoingStream(): Readable {
    return Readable.from([]);
  }

  async incomingStorePacket(client: ClientRef, packet: BrokerPacket): Promise<void> {
    const id = packet.messageId ?? 0;
    const marker: BrokerPacket = { topic: "", payload: "", qos: 2, retain: false, messageId: id };
    this.#incomingOf(client.id).set(id, marker);
    this.#store.put(incomingKey(client.id, id), toJson(marker));
  }

  async incomingGetPacket(client: ClientRef, packet: BrokerPacket): Promise<BrokerPacket> {
    const found = this.#incoming.get(client.id)?.get(packet.messageId ?? 0);
    if (!found) throw new Error("no such packet");
    return found;
  }

  async incomingDelPacket(client: ClientRef, packet: BrokerPacket): Promise<void> {
    const id = packet.messageId ?? 0;
    if (this.#incoming.get(client.id)?.delete(id)) this.#store.delete(incomingKey(client.id, id));
  }

  async cleanIncoming(client: ClientRef): Promise<void> {
    for (const id of this.#incoming.get(client.id)?.keys() ?? [])
      this.#store.delete(incomingKey(client.id, id));
    this.#incoming.delete(client.id);
  }

  async putWill(client: ClientRef, packet: BrokerPacket): Promise<void> {
    packet.brokerId = this.#brokerId;
    packet.clientId = client.id;
    this.#wills.set(client.id, packet);
    this.#store.put(`w!${encodeURIComponent(client.id)}`, toJson(packet));
    await this.#store.committed();
  }

  async getWill(client: ClientRef): Promise<BrokerPacket | undefined> {
    return this.#wills.get(client.id);
  }

  async delWill(client: ClientRef): Promise<BrokerPacket | undefined> {
    const will = this.#wills.get(client.id);
    if (this.#wills.delete(client.id)) this.#store.delete(`w!${encodeURIComponent(client.id)}`);
    return will;
  }

  streamWill(brokers: Record<string, unknown> = {}): Readable {
    return Readable.from([...this.#wills.values()].filter((will) => !brokers[will.brokerId ?? ""]));
  }

  getClientList(topic: string): Readable {
    return Readable.from([...this.#subscriptions].filter(([, own]) => own.has(topic)).map(([id]) => id));
  }

  async destroy(): Promise<void> {}

  #enqueue(targets: readonly Target[], packet: BrokerPacket, publisher: string | undefined): void {
    // Given out here and not by aedes, so that the numbers of a queue rise in the order of its messages.
    this.#counter += 1;
    const number = this.#counter;
    for (const target of targets) {
      const isServer = this.#options.isServer(target.clientId);
      if (isServer && target.clientId === publisher) continue;
      const session = this.session(target.clientId);
      if (!isServer && session.queued >= this.#options.maxQueued) {
        this.#options.onDropped(target.clientId);
        continue;
      }
      session.add({
        number,
        topic: packet.topic,
        payload: Buffer.from(packet.payload),
        qos: packet.qos === 2 && target.qos === 2 ? 2 : 1,
        retain: false,
      });
    }
  }

  #retain(packet: BrokerPacket): void {
    if (packet.payload.length === 0) {
      this.#retained.delete(packet.topic);
      this.#store.delete(`r!${packet.topic}`);
      return;
    }
    const { topic, payload, qos, retain } = packet;
    const kept: BrokerPacket = { cmd: "publish", topic, payload: Buffer.from(payload), qos, retain };
    this.#retained.set(topic, kept);
    this.#store.put(`r!${topic}`, toJson(kept));
  }

  #targetsOf(topic: string): readonly Target[] {
    const known = this.#targets.get(topic);
    if (known) return known;
    const targets: Target[] = [];
    for (const [clientId, own] of this.#subscriptions) {
      let qos = 0;
      for (const subscription of own.values())
        if (subscription.qos > qos && topicMatches(subscription.topic, topic)) qos = subscription.qos;
      if (qos > 0) targets.push({ clientId, qos: qos === 2 ? 2 : 1, topic });
    }
    if (this.#targets.size >= MAX_CACHED_TOPICS) this.#targets = new Map();
    this.#targets.set(topic, targets);
    return targets;
  }

  #subscriptionsOf(clientId: string): Map<string, StoredSubscription> {
    const own = this.#subscriptions.get(clientId) ?? new Map<string, StoredSubscription>();
    this.#subscriptions.set(clientId, own);
    return own;
  }

  #incomingOf(clientId: string): Map<number, BrokerPacket> {
    const own = this.#incoming.get(clientId) ?? new Map<number, BrokerPacket>();
    this.#incoming.set(clientId, own);
    return own;
  }
}

const subscriptionKey = (clientId: string, topic: string) => `s!${encodeURIComponent(clientId)}!${topic}`;
const incomingKey = (clientId: string, id: number) => `i!${encodeURIComponent(clientId)}!${id}`;

function toJson(packet: BrokerPacket): Buffer {
  const { cmd, topic, qos, retain, messageId, brokerId, clientId } = packet;
  const payload = Buffer.from(packet.payload).toString("base64");
  return Buffer.from(JSON.stringify({ cmd, topic, payload, qos, retain, messageId, brokerId, clientId }));
}

function fromJson(value: Buffer): BrokerPacket {
  try {
    const packet: BrokerPacket & { payload: string } = JSON.parse(value.toString());
    return { ...packet, payload: Buffer.from(packet.payload, "base64") };
  } catch (error) {
    throw new Error(`the broker's data cannot be read: ${messageOf(error)}`);
  }
}
