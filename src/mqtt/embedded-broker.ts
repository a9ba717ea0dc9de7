import { mkdir } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { Aedes, type Client } from "aedes";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import { type BrokerPacket, BrokerPersistence } from "./broker-persistence.js";
import { BrokerStore } from "./broker-store.js";

export interface EmbeddedBrokerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** The broker keeps its state below `mqtt` in this folder. */
  readonly dataDir: string;
  /** When the port is taken: an error if true, else another port. */
  readonly strictPort?: boolean;
  /** Most unconfirmed messages kept for one client that is away or slow; 1,000,000 unless told. */
  readonly maxQueued?: number;
  /** Seconds a session and its queue are kept for a client that is away; 7 days unless told. */
  readonly sessionExpiryS?: number;
  /**
   * Which client ids are the server's own. They do not get back what they publish themselves, and when the queue of one
   * is full the publishers wait without acknowledgement instead of losing messages.
   */
  isServer?(clientId: string): boolean;
  readonly logger: Logger;
}

/** What aedes has but does not declare. */
interface AedesClientInternals {
  duplicates: Record<string, number>;
}

const DEFAULT_MAX_QUEUED = 1_000_000;
const SESSION_EXPIRY_S = 7 * 86_400;
const EXPIRE_EVERY_MS = 3_600_000;
const SLOW_CLIENT_TIMEOUT_MS = 10_000;

/**
 * An MQTT 3.1.1 broker inside the process. A QoS 1 or 2 message is acknowledged to its publisher only when it is on disk for every
 * client that keeps a session, so that it survives a crash.
 */
export class EmbeddedBroker {
  readonly #options: EmbeddedBrokerOptions;
  #store: BrokerStore | null = null;
  #aedes: Aedes | null = null;
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();
  #port: number;
  #expiring: NodeJS.Timeout | null = null;
  #dropped = 0;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: EmbeddedBrokerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** The port it listens on, which is another than asked for when that was taken. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    const { host } = this.#options;
    return `mqtt://${host.includes(":") ? `[${host}]` : host}:${this.#port}`;
  }

  /** Messages lost because the queue of a client that is not the server's was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves when it listens; rejects with a sentence when the port or the data folder cannot be used. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Closes all connections and the store. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { dataDir, logger, isServer = () => false } = this.#options;
    const folder = join(dataDir, "mqtt");
    const store = new BrokerStore(folder);
    try {
      await mkdir(folder, { recursive: true });
      await store.open();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new Error(`the embedded broker cannot open its data in ${folder}: ${messageOf(cause)}`);
    }
    this.#store = store;
    const persistence = new BrokerPersistence({
      store,
      maxQueued: this.#options.maxQueued ?? DEFAULT_MAX_QUEUED,
      isServer,
      onDropped: (clientId) => {
        if (this.#dropped % 10_000 === 0)
          logger.warn({ clientId, dropped: this.#dropped + 1 }, "the broker's queue for a client is full");
        this.#dropped += 1;
      },
    });
    const aedes: Aedes & { counter?: number } = new Aedes({
      persistence,
      // Unlimited: each publisher waits for its own messages, and none for those of another.
      concurrency: 0,
      queueLimit: 10_000,
      maxInflightInbound: 0,
      drainTimeout: SLOW_CLIENT_TIMEOUT_MS,
      preConnect: (client, _packet, done) => {
        // aedes takes a message that was overtaken by a later one for a duplicate and drops it.
        const { duplicates } = client as unknown as AedesClientInternals;
        Object.defineProperty(duplicates, aedes.id, { get: () => 0, set: () => {} });
        done(null, true);
      },
      authorizePublish: (client, packet, done) => {
        if (packet.topic.startsWith("$SYS/")) return done(new Error("$SYS/ topics are the broker's"));
        if (client === null) return done(null);
        const message = packet as BrokerPacket;
        message.clientId = client.id;
        // aedes acknowledges QoS 1 before it keeps the message, so it is kept here.
        if (packet.qos !== 1) return done(null);
        aedes.counter = (aedes.counter ?? 0) + 1;
        message.brokerId = aedes.id;
        message.brokerCounter = aedes.counter;
        persistence.keep(message, client.id).then(
          () => done(null),
          (error: unknown) => done(error instanceof Error ? error : new Error(messageOf(error))),
        );
      },
      authorizeForward: (client, packet) => {
        const own = (packet as BrokerPacket).clientId === client.id;
        if (own && isServer(client.id)) return null;
        if (client.clean || packet.qos === 0) return packet;
        if (packet.retain && !packet.brokerId) return this.#forwardRetained(persistence, client, packet);
        return persistence.hasQueuedDelivery(client.id, packet.topic) ? null : packet;
      },
    });
    this.#aedes = aedes;
    await aedes.listen();
    const expire = () =>
      persistence.expire(Date.now() - (this.#options.sessionExpiryS ?? SESSION_EXPIRY_S) * 1000);
    await expire();
    this.#expiring = setInterval(() => void expire(), EXPIRE_EVERY_MS);
    aedes.on("clientReady", (client) => {
      if (client.clean) return;
      persistence.session(client.id).attach(client.conn);
      persistence.seen(client.id);
    });
    aedes.on("clientDisconnect", (client) => {
      if (client.clean) return;
      persistence.session(client.id).detach(client.conn);
      persistence.seen(client.id);
    });
    aedes.on("clientError", (client, error) => {
      logger.debug({ clientId: client.id }, `an MQTT client's connection ended: ${error.message}`);
    });
    await this.#listen(aedes);
  }

  async #listen(aedes: Aedes): Promise<void> {
    const { host, port, strictPort, logger } = this.#options;
    const server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    this.#server = server;
    try {
      await listen(server, host, port);
    } catch (error) {
      const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      if (!taken || strictPort) {
        await this.#close();
        throw new Error(`the embedded broker cannot listen on ${host}:${port}: ${messageOf(error)}`);
      }
      await listen(server, host, 0);
    }
    const address = server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
    if (port !== 0 && this.#port !== port)
      logger.warn(
        { port: this.#port },
        `port ${port} is taken: the embedded broker listens on ${this.#port}`,
      );
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => {});
    await this.#close();
  }

  async #close(): Promise<void> {
    if (this.#expiring) clearInterval(this.#expiring);
    const server = this.#server;
    this.#server = null;
    const closed = server?.listening ? new Promise((resolve) => server.close(resolve)) : null;
    await new Promise<void>((resolve) => (this.#aedes ? this.#aedes.close(resolve) : resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await this.#store?.close();
    this.#store = null;
  }

  /** A retained message on subscribing goes the way of the session, whose packet ids it shares. */
  #forwardRetained<P extends BrokerPacket>(
    persistence: BrokerPersistence,
    client: Client,
    packet: P,
  ): P | null {
    const subscribed = persistence.subscribedQos(client.id, packet.topic);
    if (subscribed === 0) return { ...packet, qos: 0 };
    persistence.session(client.id).addTransient({
      number: 0,
      topic: packet.topic,
      payload: Buffer.from(packet.payload),
      qos: subscribed === 2 && packet.qos === 2 ? 2 : 1,
      retain: true,
    });
    return null;
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
