import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import { type InboundMessage, MqttLink } from "../mqtt/link.js";
import { BrokerDrops } from "./broker-drops.js";
import type { Consumer } from "./consumer.js";
import type { CompiledSource } from "./mapping.js";
import type { Pipeline, PipelineSource } from "./pipeline.service.js";
import { SequenceWatch } from "./sequence-watch.js";
import { compileDefinition } from "./source-definition.js";
import type { SourceLeaseStore } from "./source-lease.store.js";
import type { LeftSession, SourceSessionStore } from "./source-session.store.js";
import { SourceStats } from "./source-stats.js";

const CONNECT_MS = 10_000;
/** A session that has brought nothing for so long holds nothing more. */
const QUIET_MS = 2_000;
const STEP_MS = 20;
const RETRY_MS = 10_000;
/** Brokers keep a session for so long, as it was asked for. */
const EXPIRY_MS = 7 * 86_400_000;

/** Ends the sessions that nobody wants any more, so that no broker queues for them for ever. */
export class SessionFarewell {
  readonly #sessions: SourceSessionStore;
  readonly #leases: SourceLeaseStore;
  readonly #pipeline: Pick<Pipeline, "receive">;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #notBefore = new Map<string, number>();

  constructor(deps: {
    sessions: SourceSessionStore;
    leases: SourceLeaseStore;
    pipeline: Pick<Pipeline, "receive">;
    clock: Clock;
    logger: Logger;
  }) {
    this.#sessions = deps.sessions;
    this.#leases = deps.leases;
    this.#pipeline = deps.pipeline;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /** The sessions that are to be ended. */
  left(): Promise<LeftSession[]> {
    return this.#sessions.left();
  }

  /**
   * Ends those that can be ended now; the others stay for a later call.
   * @param consumerOf the consumer of a source of this server, also of one that is being stopped.
   */
  async end(
    left: readonly LeftSession[],
    consumerOf: (source: string) => Consumer | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    for (const session of left) {
      const { clientId, source } = session;
      if (signal.aborted || this.#clock.now() < (this.#notBefore.get(clientId) ?? 0)) continue;
      const consumer = consumerOf(source);
      const outcome = consumer
        ? await this.#besides(consumer, session, signal)
        : await this.#alone(session, signal);
      if (outcome === "failed") this.#notBefore.set(clientId, this.#clock.now() + RETRY_MS);
      else this.#notBefore.delete(clientId);
    }
  }

  /** The source has another session now: nothing of the one before is given up until that one takes everything. */
  async #besides(consumer: Consumer, session: LeftSession, signal: AbortSignal): Promise<Outcome> {
    const { lease, session: present, setup } = consumer;
    if (lease === null || setup.clientId === session.clientId) return "later";
    if (present.clientId === session.clientId || (session.drain && !present.ready)) return "later";
    const until = () => signal.aborted || !lease.valid;
    return this.#endOne(session, until, async (source) => {
      if (session.drain) await this.#drain(session, source, consumer, until);
    });
  }

  /** The source is gone. Its lock keeps servers from ending what one of them still consumes. */
  async #alone(session: LeftSession, signal: AbortSignal): Promise<Outcome> {
    const held = await this.#leases.tryAcquire(session.source, () => undefined);
    if (held === null) return "later";
    try {
      return await this.#endOne(
        session,
        () => signal.aborted || !held.lease.valid,
        async () => undefined,
      );
    } finally {
      await held.release();
    }
  }

  async #endOne(
    session: LeftSession,
    until: () => boolean,
    before: (source: CompiledSource) => Promise<void>,
  ): Promise<Outcome> {
    const { clientId } = session;
    const logger = this.#logger.child({ source: session.source, clientId });
    const source = compileDefinition(session.definition);
    try {
      if (!source.ok) throw new Error(source.error.map(({ message }) => message).join("; "));
      await before(source.value);
      if (until()) return "later";
      await this.#clear(source.value, clientId, until);
      logger.info({}, "ended a session that nobody wants any more");
    } catch (error) {
      if (until()) return "later";
      const problem = `a session that nobody wants any more stays with its broker: ${messageOf(error)}`;
      if (this.#clock.now() - session.leftAt.getTime() < EXPIRY_MS) {
        logger.warn({}, problem);
        return "failed";
      }
      logger.error({}, `${problem}; it is not tried again`);
    }
    await this.#sessions.forget(clientId);
    return "ended";
  }

  /** Takes what waits in a session of the source's, and nothing that is published from now on. */
  async #drain(
    { clientId, filters }: LeftSession,
    source: CompiledSource,
    consumer: Consumer,
    until: () => boolean,
  ): Promise<void> {
    const waiting = new Set<InboundMessage>();
    let heardAt = this.#clock.now();
    const as = this.#sourceBesides(consumer, source);
    const link = new MqttLink({
      url: source.config.url,
      clientId,
      inFlight: source.config.inFlight,
      logger: this.#logger.child({ source: consumer.name, clientId }),
      onStatus: ({ phase }) => {
        heardAt = this.#clock.now();
        // What was not acknowledged comes again.
        if (phase !== "connected") waiting.clear();
      },
      onMessage: (message) => {
        heardAt = this.#clock.now();
        if (message.qos > 0) waiting.add(message);
        this.#pipeline.receive(as, message);
      },
    });
    try {
      await link.setSubscriptions(filters.map((filter) => ({ filter, qos: 0 })));
      await link.setSubscriptions([]);
      await connected(link, until);
      await link.setSubscriptions([]);
      while (!until()) {
        for (const message of waiting) if (message.acknowledged) waiting.delete(message);
        const quiet = this.#clock.now() - heardAt >= QUIET_MS;
        if (link.status.phase === "connected" && waiting.size === 0 && quiet) return;
        await sleep(STEP_MS);
      }
    } finally {
      await link.stop();
    }
  }

  /** The source as it was, with the rights and figures of the one that it is. */
  #sourceBesides(consumer: Consumer, { config, table }: CompiledSource): PipelineSource {
    const { name } = consumer;
    // What is numbered here and came by the other session already is not missing.
    const sequences = new SequenceWatch({ stats: new SourceStats(name), logger: this.#logger });
    return {
      name,
      table,
      discovery: config.discovery === "auto",
      stats: consumer.stats,
      sequences,
      drops: new BrokerDrops(),
      get lease() {
        return consumer.lease;
      },
    };
  }

  /** A connection with a clean session ends the kept one. */
  async #clear({ config }: CompiledSource, clientId: string, until: () => boolean): Promise<void> {
    const link = new MqttLink({
      url: config.url,
      clientId,
      persistent: false,
      logger: this.#logger.child({ source: config.name, clientId }),
      onMessage: () => undefined,
    });
    try {
      await connected(link, until);
    } finally {
      await link.stop();
    }
  }
}

type Outcome = "ended" | "failed" | "later";

/** Starts the link. @throws when the broker cannot be reached, or does not want it. */
async function connected(link: MqttLink, until: () => boolean): Promise<void> {
  const end = Date.now() + CONNECT_MS;
  link.start();
  for (;;) {
    const { status } = link;
    if (status.phase === "connected") return;
    if (until()) throw new Error("stopped");
    if (status.phase === "connecting" && status.problem !== null) throw new Error(status.problem);
    if (Date.now() >= end) throw new Error("no answer");
    await sleep(STEP_MS);
  }
}
