import { setTimeout as sleep } from "node:timers/promises";
import { BrokerDrops } from "../ingest/broker-drops.js";
import type { Committer } from "../ingest/committer.service.js";
import type { BrokerSession, Consumer, SourceStatus } from "../ingest/consumer.js";
import { LeaseHold, type Leases } from "../ingest/lease-hold.service.js";
import type { MappingTable } from "../ingest/mapping.js";
import { MetricRules } from "../ingest/mapping-metrics.js";
import { PathTemplate } from "../ingest/mapping-path.js";
import type { Pipeline } from "../ingest/pipeline.service.js";
import type { Preview } from "../ingest/preview-model.js";
import { SequenceWatch } from "../ingest/sequence-watch.js";
import type { SourceLease } from "../ingest/source-lease.js";
import type { SourceSetup } from "../ingest/source-setup.js";
import { SourceStats } from "../ingest/source-stats.js";
import type { TwinIntake } from "../ingest/twin-intake.service.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import { aborted, Wake } from "../kernel/wake.js";
import type { LinkStatus } from "../mqtt/link-status.js";
import type { PlantService } from "../plant/plant.service.js";
import type { SparkplugConfig } from "../plant/sparkplug-settings.js";
import type { TwinService } from "../twin/twin.service.js";
import { EdgeIntake } from "./edge-intake.service.js";
import { EdgeNames } from "./edge-names.js";
import { previewEdge } from "./edge-preview.js";
import { HostSession } from "./host-session.service.js";
import { type MachineWrite, WriteRefused } from "./machine-write.js";
import type { SparkplugStore } from "./sparkplug.store.js";
import type { EdgeNodeId } from "./sparkplug-topic.js";

/** With so many messages waiting for the database the host says that it is away: edge nodes that can, keep theirs. */
const MOST_WAITING = 50_000;
const REST_STEP_MS = 200;
/** How long what has come may take to be committed before the source is given back all the same. */
const LONGEST_REST_MS = 10_000;
const STOPPED: LinkStatus = { phase: "stopped" };

/** One broker's edge nodes, followed as a Sparkplug host application by whichever server holds the source's lock. */
export class SparkplugConsumer implements Consumer {
  readonly name: string;
  readonly stats: SourceStats;
  readonly sequences: SequenceWatch;
  readonly drops = new BrokerDrops();
  readonly #hold: LeaseHold;
  readonly #pipeline: Pipeline;
  readonly #committer: Committer;
  readonly #store: SparkplugStore;
  readonly #intake: TwinIntake;
  readonly #plant: PlantService;
  readonly #twins: TwinService;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #mostWaiting: number;
  #setup: SourceSetup;
  readonly #wake = new Wake();
  #session: HostSession | null = null;
  #quiesced = false;

  constructor(deps: {
    setup: SourceSetup;
    leases: Leases;
    pipeline: Pipeline;
    committer: Committer;
    store: SparkplugStore;
    intake: TwinIntake;
    plant: PlantService;
    twins: TwinService;
    clock: Clock;
    logger: Logger;
    /** Entries that may wait for the database; 50,000 unless told. */
    mostWaiting?: number;
  }) {
    this.name = deps.setup.config.name;
    this.stats = new SourceStats(this.name);
    this.#setup = deps.setup;
    this.#pipeline = deps.pipeline;
    this.#committer = deps.committer;
    this.#store = deps.store;
    this.#intake = deps.intake;
    this.#plant = deps.plant;
    this.#twins = deps.twins;
    this.#clock = deps.clock;
    this.#mostWaiting = deps.mostWaiting ?? MOST_WAITING;
    this.#logger = deps.logger.child({ source: this.name });
    this.sequences = new SequenceWatch({ stats: this.stats, logger: this.#logger });
    this.#hold = new LeaseHold({
      source: this.name,
      leases: deps.leases,
      work: (_, until) => this.#consume(until),
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

  get lease(): SourceLease | null {
    return this.#hold.lease;
  }

  get status(): SourceStatus {
    const { owner, paused } = this.#setup;
    const link = this.#session?.status ?? STOPPED;
    return { name: this.name, owner, standby: this.#hold.standby, paused, link };
  }

  get session(): BrokerSession {
    return { clientId: this.#setup.clientId, ready: this.#session?.online ?? false };
  }

  /** What is known of its edge nodes; null while no connection is to be there. */
  get host(): HostSession | null {
    return this.#session;
  }

  start(): void {
    this.#hold.start();
  }

  change(setup: SourceSetup): void {
    this.#setup = setup;
    this.#wake.nudge();
  }

  quiesce(): void {
    this.#quiesced = true;
    this.#session?.end().catch((error: unknown) => this.#logger.warn({}, messageOf(error)));
  }

  stop(): Promise<void> {
    return this.#hold.stop();
  }

  preview(topic: string, payload: Buffer): Preview | null {
    const settings = this.#settings;
    const { name, discovery } = this;
    const { plant } = this.#plant;
    const source = { name, discovery, plant, groups: settings.groups, names: namesOf(settings) };
    return previewEdge({ ...source, nodeOf: (id) => this.#session?.nodeOf(id) }, topic, payload);
  }

  logStats(): void {
    const { received, committed, repeated, late, dead, dropped, returned } = this.stats;
    this.#logger.info(
      { received, committed, repeated, late, dead, dropped, returned },
      "what became of the source's messages",
    );
  }

  publish(): Promise<void> {
    return Promise.reject(new Error(`${this.name} speaks Sparkplug: its devices take writes of metrics`));
  }

  /**
   * Writes metrics of a machine, as an NCMD or DCMD. Nothing tells whether the device follows, but its reports.
   * @throws when the machine is not there, has no such metric, or the value does not fit it.
   */
  async write(path: string, writes: readonly MachineWrite[]): Promise<void> {
    if (this.#session === null)
      throw new WriteRefused(`the source ${this.name} is not consumed by this server`, { final: false });
    await this.#session.write(path, writes);
  }

  /** Asks an edge node for a rebirth. @throws when it cannot be sent. */
  async requestRebirth(id: EdgeNodeId): Promise<void> {
    if (this.#session === null) throw new Error(`${this.name} is not consumed by this server`);
    await this.#session.askForRebirth(id);
  }

  /** Follows the settings from one change to the next. */
  async #consume(until: AbortSignal): Promise<void> {
    await this.#pipeline.catchUp(this.name, until);
    while (!until.aborted) {
      const next = AbortSignal.any([until, this.#wake.signal]);
      if (!this.#setup.paused && !this.#quiesced) await this.#serve(next);
      await aborted(next);
    }
    await Promise.race([this.#committer.drain(), sleep(LONGEST_REST_MS, undefined, { ref: false })]);
  }

  /** One connection after the other, until `next`: a host that cannot store what comes goes away in good order. */
  async #serve(next: AbortSignal): Promise<void> {
    while (!next.aborted && !this.#quiesced) {
      const session = await this.#begin();
      this.#session = session;
      if (!this.#quiesced) await session.start();
      await Promise.race([aborted(next), session.overflown]);
      await session.end();
      this.#session = null;
      if (next.aborted) return;
      this.#logger.warn({}, "the database is too slow: the host is away until it has caught up");
      while (!next.aborted && this.#committer.backlog > this.#mostWaiting / 2)
        await sleep(REST_STEP_MS, undefined, { signal: next }).catch(() => undefined);
    }
  }

  get #settings(): SparkplugConfig {
    const { sparkplug } = this.#setup.config;
    if (!sparkplug) throw new Error(`the source ${this.name} has no sparkplug settings`);
    return sparkplug;
  }

  async #begin(): Promise<HostSession> {
    const { config, clientId } = this.#setup;
    const settings = this.#settings;
    const session = new HostSession({
      source: this,
      settings,
      url: config.url,
      clientId,
      isFull: () => this.#committer.backlog >= this.#mostWaiting,
      edge: new EdgeIntake({
        source: this,
        names: namesOf(settings),
        intake: this.#intake,
        plant: this.#plant,
        twins: this.#twins,
      }),
      intake: this.#intake,
      clock: this.#clock,
      logger: this.#logger,
    });
    for (const [node, known] of await this.#store.nodes(this.name)) session.remember(node, known);
    return session;
  }
}

function namesOf(settings: SparkplugConfig): EdgeNames {
  return new EdgeNames({
    machine: templateOf(settings.machine),
    node: templateOf(settings.node),
    machineType: settings.machineType === undefined ? null : templateOf(settings.machineType),
    rules: new MetricRules(settings.metrics),
  });
}

function templateOf(text: string): PathTemplate {
  const template = PathTemplate.parse(text);
  if (!template.ok) throw new Error(template.error);
  return template.value;
}
