import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../kernel/logger.js";
import { aborted, Wake } from "../kernel/wake.js";
import { MqttLink, type Subscription } from "../mqtt/link.js";
import { overlapsOf } from "../mqtt/topic.js";
import { BrokerDrops, DROP_FILTERS } from "./broker-drops.js";
import type { BrokerSession, Consumer, PublishProperties, SourceStatus } from "./consumer.js";
import { LeaseHold, type Leases } from "./lease-hold.service.js";
import type { MappingTable } from "./mapping.js";
import type { Pipeline } from "./pipeline.service.js";
import { SequenceWatch } from "./sequence-watch.js";
import { lagOf } from "./source-health.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceSessionStore } from "./source-session.store.js";
import type { SourceSetup } from "./source-setup.js";
import { SourceStats } from "./source-stats.js";

/** How long what has come may take to be committed before the connection is ended all the same. */
const LONGEST_REST_MS = 10_000;
const REST_STEP_MS = 10;

/** One broker connection and its mappings, consumed by whichever server holds the source's lock. */
export class SourceConsumer implements Consumer {
  readonly name: string;
  readonly stats: SourceStats;
  readonly sequences: SequenceWatch;
  readonly #hold: LeaseHold;
  readonly #sessions: SourceSessionStore;
  readonly #pipeline: Pipeline;
  readonly #committer: { readonly problem: string | null };
  readonly #logger: Logger;
  readonly #wake = new Wake();
  #lastEpoch: string | null = null;
  #setup: SourceSetup;
  /** The settings that the link was made of. */
  #linked: SourceSetup;
  #link: MqttLink;
  #drops = new BrokerDrops();
  /** What the broker may have subscribed in the session; null while that is not known here. */
  #filters: readonly string[] | null = null;
  #recording: Promise<void> = Promise.resolve();
  #connectedSince = 0;
  /** What is wanted is subscribed on the present connection. */
  #subscribed = false;
  #overlapsTold: SourceSetup | null = null;
  #resting = false;
  #quiesced = false;

  constructor(deps: {
    setup: SourceSetup;
    leases: Leases;
    sessions: SourceSessionStore;
    pipeline: Pipeline;
    committer: { readonly problem: string | null };
    logger: Logger;
  }) {
    this.name = deps.setup.config.name;
    this.stats = new SourceStats(this.name);
    this.#sessions = deps.sessions;
    this.#pipeline = deps.pipeline;
    this.#committer = deps.committer;
    this.#logger = deps.logger.child({ source: this.name });
    this.sequences = new SequenceWatch({ stats: this.stats, logger: this.#logger });
    this.#setup = deps.setup;
    this.#linked = deps.setup;
    this.#link = this.#linkFor(deps.setup);
    this.#hold = new LeaseHold({
      source: this.name,
      leases: deps.leases,
      work: (lease, until) => this.#consume(lease, until),
      logger: this.#logger,
    });
  }

  get setup(): SourceSetup {
    return this.#setup;
  }

  get table(): MappingTable {
    return this.#setup.table;
  }

  get discovery(): boolean {
    return this.#setup.config.discovery === "auto";
  }

  get drops(): BrokerDrops {
    return this.#drops;
  }

  get status(): SourceStatus {
    const { owner, paused } = this.#setup;
    return { name: this.name, owner, standby: this.#hold.standby, paused, link: this.#link.status };
  }

  get session(): BrokerSession {
    return { clientId: this.#linked.clientId, ready: this.#connected && this.#subscribed };
  }

  get #connected(): boolean {
    const { status } = this.#link;
    return status.phase === "connected" && status.problem === null;
  }

  /** The right to write what it brings; null while this server does not hold the source. */
  get lease(): SourceLease | null {
    return this.#hold.lease;
  }

  start(): void {
    this.#hold.start();
  }

  change(setup: SourceSetup): void {
    this.#setup = setup;
    this.#subscribed = false;
    this.#wake.nudge();
  }

  quiesce(): void {
    this.#quiesced = true;
    this.#link.pause();
  }

  stop(): Promise<void> {
    return this.#hold.stop();
  }

  logStats(): void {
    const { received, committed, repeated, late, dead, dropped, returned, missed } = this.stats;
    const counts = { received, committed, repeated, late, dead, dropped, returned, missed };
    this.#logger.info(
      { ...counts, brokerDropped: this.drops.dropped },
      "what became of the source's messages",
    );
  }

  async publish(topic: string, payload: Buffer, properties: PublishProperties): Promise<void> {
    await this.#link.publish(topic, payload, { qos: 1, properties });
  }

  /** The numbers of devices say nothing about what came while another server held the source. */
  #rememberEpoch(epoch: string): void {
    const inOneGo = this.#lastEpoch !== null && BigInt(epoch) === BigInt(this.#lastEpoch) + 1n;
    if (!inOneGo) this.sequences.forget();
    this.#lastEpoch = epoch;
  }

  /** Follows the settings from one change to the next. */
  async #consume({ epoch }: SourceLease, until: AbortSignal): Promise<void> {
    this.#rememberEpoch(epoch);
    await this.#pipeline.catchUp(this.name, until);
    // Another server may have changed the session meanwhile.
    this.#filters = null;
    try {
      while (!until.aborted) {
        const next = AbortSignal.any([until, this.#wake.signal]);
        const setup = this.#setup;
        if (setup.paused || !sameLink(setup, this.#linked)) await this.#rest();
        if (!setup.paused) await this.#connect(setup, next);
        await aborted(next);
      }
    } finally {
      await this.#rest();
    }
  }

  /** Brings connection and subscriptions to what is wanted, as far as the broker is there, or until `next`. */
  async #connect(setup: SourceSetup, next: AbortSignal): Promise<void> {
    if (!sameLink(setup, this.#linked)) this.#renewLink(setup);
    const link = this.#link;
    if (this.#filters === null) {
      const known = await unless(next, this.#sessions.filters(setup.clientId));
      if (known === undefined) return;
      this.#filters = known;
      // Those that are not wanted any more are unsubscribed then.
      await link.setSubscriptions(known.map((filter) => ({ filter, qos: 0 })));
    }
    this.#tellOverlaps(setup);
    const wanted = subscriptionsOf(setup);
    const filters = wanted.map(({ filter }) => filter);
    // Before the broker has them, so that whoever comes after a crash knows of all that it has.
    await unless(next, this.#recordFilters([...new Set([...this.#filters, ...filters])]));
    if (next.aborted) return;
    const subscribed = link.setSubscriptions(wanted);
    link.start();
    await unless(next, subscribed);
    if (next.aborted || !this.#connected) return;
    this.#subscribed = true;
    await unless(next, this.#recordFilters(filters));
  }

  /** Once for all that is subscribed together. */
  #tellOverlaps(setup: SourceSetup): void {
    if (this.#overlapsTold === setup) return;
    this.#overlapsTold = setup;
    const filters = setup.table.filters.map(({ filter }) => filter);
    for (const [one, other] of overlapsOf(filters))
      this.#logger.warn(
        { filters: [one, other] },
        "two filters overlap in part: some brokers deliver what both match twice, which is stored twice where it has no time of its own",
      );
  }

  /** One after the other, so that the last one stays. */
  #recordFilters(filters: readonly string[]): Promise<void> {
    const { clientId } = this.#linked;
    const work = this.#recording.then(async () => {
      const known = this.#filters ?? [];
      if (filters.length === known.length && filters.every((filter) => known.includes(filter))) return;
      await this.#sessions.setFilters(clientId, this.name, filters);
      this.#filters = filters;
    });
    this.#recording = work.catch(() => undefined);
    return work;
  }

  /** Commits and acknowledges what has come, and ends the connection; what comes later waits in the session. */
  async #rest(): Promise<void> {
    const link = this.#link;
    if (link.status.phase === "stopped") return;
    this.#resting = true;
    link.pause();
    const end = Date.now() + LONGEST_REST_MS;
    // Without lease or database nothing more is committed here: it comes again.
    while (
      lagOf(this.stats, 0).messages > 0 &&
      this.lease?.valid &&
      this.#committer.problem === null &&
      Date.now() < end
    )
      await sleep(REST_STEP_MS);
    await link.stop();
    link.resume();
    this.#resting = false;
  }

  #renewLink(setup: SourceSetup): void {
    if (setup.clientId !== this.#linked.clientId) {
      // Another broker: its totals are others, and what the devices sent before is in the session before.
      this.#filters = null;
      this.#drops = new BrokerDrops();
      this.sequences.forget();
    }
    this.#linked = setup;
    this.#link = this.#linkFor(setup);
  }

  #linkFor({ config, clientId }: SourceSetup): MqttLink {
    return new MqttLink({
      url: config.url,
      clientId,
      inFlight: config.inFlight,
      logger: this.#logger,
      onStatus: (status) => {
        if (status.phase !== "connected") this.#subscribed = false;
        if (status.phase !== "connected" || status.since === this.#connectedSince) return;
        this.#connectedSince = status.since;
        this.#wake.nudge();
      },
      onMessage: (message) => {
        // One that still comes could not be acknowledged any more: the broker keeps it.
        if (!this.#resting && !this.#quiesced) this.#pipeline.receive(this, message);
      },
    });
  }
}

/** Whether one connection serves both. */
function sameLink(one: SourceSetup, other: SourceSetup): boolean {
  return (
    one.clientId === other.clientId &&
    one.config.url === other.config.url &&
    one.config.inFlight === other.config.inFlight
  );
}

function subscriptionsOf({ table }: SourceSetup): Subscription[] {
  // A broker tells its totals when they change, and they may have changed while nobody listened.
  const drops = DROP_FILTERS.map(
    (filter) => ({ filter, qos: 0, optional: true, retained: "always" }) as const,
  );
  return [...table.filters, ...drops];
}

/** @returns undefined when the signal is aborted before the work is done, which then goes on alone. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, aborted(signal).then(() => undefined)]);
}
