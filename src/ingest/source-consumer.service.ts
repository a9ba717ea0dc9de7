import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import { MqttLink, type Subscription } from "../mqtt/link.js";
import type { LinkStatus } from "../mqtt/link-status.js";
import type { SourceConfig } from "../plant/plant-file.js";
import { BrokerDrops, DROP_FILTERS } from "./broker-drops.js";
import type { MappingTable } from "./mapping.js";
import type { Pipeline, PipelineSource } from "./pipeline.service.js";
import { SequenceWatch } from "./sequence-watch.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceLeaseStore } from "./source-lease.store.js";
import { SourceStats } from "./source-stats.js";

const LOCK_RETRY_MS = 1_000;

/** A source as others see it. */
export interface SourceStatus {
  readonly name: string;
  /** Another server consumes it, and this one takes over when that ends. */
  readonly standby: boolean;
  readonly link: LinkStatus;
}

/** One broker connection and its mappings, consumed by whichever server holds the source's lock. */
export class SourceConsumer implements PipelineSource {
  readonly name: string;
  readonly discovery: boolean;
  readonly table: MappingTable;
  readonly stats: SourceStats;
  readonly sequences: SequenceWatch;
  readonly drops = new BrokerDrops();
  readonly #config: SourceConfig;
  readonly #link: MqttLink;
  readonly #leases: SourceLeaseStore;
  readonly #pipeline: Pipeline;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #holding: Promise<void> | null = null;
  #standby = false;
  #lease: SourceLease | null = null;
  #lastEpoch: string | null = null;
  /** When the connection began on which the broker was asked for what it dropped. */
  #askedSince = 0;
  #paused = false;

  /** @param deps.clientId names the persistent session; it belongs to the source, not to the process. */
  constructor(deps: {
    config: SourceConfig;
    table: MappingTable;
    clientId: string;
    leases: SourceLeaseStore;
    pipeline: Pipeline;
    logger: Logger;
  }) {
    this.name = deps.config.name;
    this.discovery = deps.config.discovery === "auto";
    this.table = deps.table;
    this.stats = new SourceStats(this.name);
    this.#config = deps.config;
    this.#leases = deps.leases;
    this.#pipeline = deps.pipeline;
    this.#logger = deps.logger.child({ source: this.name });
    this.sequences = new SequenceWatch({ stats: this.stats, logger: this.#logger });
    this.#link = new MqttLink({
      url: deps.config.url,
      clientId: deps.clientId,
      inFlight: deps.config.inFlight,
      logger: this.#logger,
      onStatus: (status) => {
        if (status.phase === "connected" && status.since !== this.#askedSince)
          void this.#askForDrops(status.since);
      },
      onMessage: (message) => {
        // One that still comes could not be acknowledged any more: the broker keeps it.
        if (!this.#paused) deps.pipeline.receive(this, message);
      },
    });
  }

  get status(): SourceStatus {
    return { name: this.name, standby: this.#standby, link: this.#link.status };
  }

  /** The right to write what it brings; null while this server does not hold the source. */
  get lease(): SourceLease | null {
    return this.#lease;
  }

  /** Begins to consume as soon as the lock is free. Idempotent. */
  start(): void {
    this.#holding ??= this.#hold();
  }

  /** Takes no more messages; acknowledgements of those that came still go out. */
  pause(): void {
    this.#paused = true;
    this.#link.pause();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#holding;
  }

  /** Writes what became of its messages to the log. */
  logStats(): void {
    const { received, committed, repeated, late, dead, dropped, returned, missed } = this.stats;
    const counts = { received, committed, repeated, late, dead, dropped, returned, missed };
    this.#logger.info(
      { ...counts, brokerDropped: this.drops.dropped },
      "what became of the source's messages",
    );
  }

  /** Publishes at QoS 1. @throws when the broker did not take it, or another server holds the source. */
  async publish(
    topic: string,
    payload: Buffer,
    properties: { correlationData: Buffer; responseTopic: string; messageExpiryIntervalS: number },
  ): Promise<void> {
    await this.#link.publish(topic, payload, { qos: 1, properties });
  }

  async #hold(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const lost = new AbortController();
      try {
        const held = await this.#leases.tryAcquire(this.name, () => lost.abort());
        this.#standby = held === null;
        if (held !== null) {
          try {
            this.#lease = held.lease;
            this.#rememberEpoch(held.lease.epoch);
            await this.#consume(AbortSignal.any([signal, lost.signal]));
          } finally {
            await held.release();
            this.#lease = null;
          }
          if (lost.signal.aborted)
            this.#logger.warn({}, "lost the lock of the source with its database connection");
          continue;
        }
      } catch (error) {
        this.#logger.warn({}, `cannot ask for the lock of the source: ${messageOf(error)}`);
      }
      await sleep(LOCK_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The numbers of devices say nothing about what came while another server held the source. */
  #rememberEpoch(epoch: string): void {
    const inOneGo = this.#lastEpoch !== null && BigInt(epoch) === BigInt(this.#lastEpoch) + 1n;
    if (!inOneGo) this.sequences.forget();
    this.#lastEpoch = epoch;
  }

  #subscriptions(withDrops: boolean): Subscription[] {
    const { qos } = this.#config;
    const drops = withDrops
      ? DROP_FILTERS.map((filter) => ({ filter, qos: 0, optional: true }) as const)
      : [];
    return [...this.table.filters.map((filter) => ({ filter, qos })), ...drops];
  }

  /** A broker tells its totals when they change or are newly subscribed, and they may have changed while it was away. */
  async #askForDrops(since: number): Promise<void> {
    this.#askedSince = since;
    await this.#link.setSubscriptions(this.#subscriptions(false));
    await this.#link.setSubscriptions(this.#subscriptions(true));
  }

  async #consume(until: AbortSignal): Promise<void> {
    await this.#pipeline.catchUp(this.name, until);
    await this.#link.setSubscriptions(this.#subscriptions(true));
    this.#link.start();
    if (!until.aborted)
      await new Promise<void>((resolve) => until.addEventListener("abort", () => resolve(), { once: true }));
    await this.#link.stop();
  }
}
