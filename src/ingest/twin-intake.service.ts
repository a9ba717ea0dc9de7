import type { AlarmWatch } from "../alarms/alarm-watch.service.js";
import type { Logger } from "../kernel/logger.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Equipment } from "../plant/equipment.js";
import type { PlantService } from "../plant/plant.service.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Sample } from "../twin/sample.js";
import { type Applied, applyConnectivity, applySamples } from "../twin/twin.js";
import type { TwinService } from "../twin/twin.service.js";
import type { TwinChange } from "../twin/twin-change.js";
import { headOf } from "../twin/twin-head.js";
import type { MetricHints, ReducerLimits } from "../twin/twin-model.js";
import { type DeadLetter, Entry, type EntryMessage } from "./batch.js";
import type { Committer } from "./committer.service.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceStats } from "./source-stats.js";

const MOST_MACHINES = 200_000;
const MOST_METRICS = 5_000;
const MAX_AHEAD_MS = 5 * 60_000;
const DISCOVERING: ReducerLimits = { maxAheadMs: MAX_AHEAD_MS, maxMetrics: MOST_METRICS, discovery: true };
const KNOWN_ONLY: ReducerLimits = { ...DISCOVERING, discovery: false };

/** What of a source the intake needs to know. */
export interface IntakeSource {
  readonly name: string;
  readonly discovery: boolean;
  readonly stats: SourceStats;
  /** Null while another server consumes it. */
  readonly lease: SourceLease | null;
}

/** A message of a machine, and what was understood of it. */
export interface Told {
  readonly message: EntryMessage;
  /** The mapping that read it; null where none did. */
  readonly mapping: string | null;
  /** Parts of it that could not be taken. */
  readonly problems: string[];
  /** New or changed equipment that the machine needs. */
  readonly equipment: readonly Equipment[];
  /** Tells of metrics that it brings for the first time. */
  readonly hints?: MetricHints;
  /** The message caused more than this, and is acknowledged with another entry. */
  readonly part?: boolean;
}

/** Applies what devices say to the twins, tells subscribers, and makes the entry that is to be committed. */
export class TwinIntake {
  readonly #plant: PlantService;
  readonly #twins: TwinService;
  readonly #live: LiveBus;
  readonly #committer: Committer;
  readonly #alarms: AlarmWatch | null;
  readonly #logger: Logger;

  /** @param deps.alarms left out: no alarms are raised. */
  constructor(deps: {
    plant: PlantService;
    twins: TwinService;
    live: LiveBus;
    committer: Committer;
    alarms?: AlarmWatch;
    logger: Logger;
  }) {
    this.#plant = deps.plant;
    this.#twins = deps.twins;
    this.#live = deps.live;
    this.#committer = deps.committer;
    this.#alarms = deps.alarms ?? null;
    this.#logger = deps.logger;
  }

  /** The twin of the machine at a path, which is made where the source discovers. */
  find(
    source: IntakeSource,
    path: string,
  ): { readonly twin: Twin; readonly changed: readonly Equipment[] } | { readonly problem: string } {
    const { plant } = this.#plant;
    const known = plant.machine(path);
    if (known) return { twin: this.#twins.of(known), changed: NOTHING };
    if (!source.discovery)
      return { problem: `there is no machine ${path}, and the source does not discover` };
    if (plant.machineCount >= MOST_MACHINES)
      return { problem: `there are ${MOST_MACHINES} machines already` };
    const { machine, changed } = plant.discover(path);
    this.#logger.info({ machine: path, type: machine.machineType?.name ?? null }, "new machine");
    return { twin: this.#twins.of(machine), changed };
  }

  /** @returns the entry, which is the caller's to add; its message is acknowledged with it. */
  samples(source: IntakeSource, twin: Twin, samples: readonly Sample[], told: Told): Entry {
    const { message, problems } = told;
    const limits = source.discovery ? DISCOVERING : KNOWN_ONLY;
    const arrival = { receivedAt: message.receivedAt, retained: message.retain };
    const applied = applySamples(twin, samples, arrival, limits, told.hints);
    source.stats.repeated += applied.repeated;
    source.stats.late += applied.late;
    for (const { metric, reason } of applied.refused) problems.push(`${metric}: ${reason}`);
    if (applied.change) this.publish(applied.change);
    this.#publishTelemetry(twin, applied, message.receivedAt);
    const entry = entryOf(source, told);
    entry.equipment = told.equipment;
    entry.discovered = applied.discovered;
    entry.twin = twin;
    entry.revision = twin.revision;
    entry.samples = applied.stored;
    entry.head = headOf(twin, entry.samples.length > 0);
    const { machine } = twin;
    if (applied.counters.length > 0) {
      const { receivedAt } = message;
      const byTotal = twin.countsByTotal;
      entry.counters = applied.counters.map((move) => ({ machine, move, receivedAt, byTotal }));
    }
    if (applied.reports.length > 0) entry.states = applied.reports.map((report) => ({ machine, report }));
    if (this.#alarms) {
      const { stored, transient } = applied;
      entry.alarms = this.#alarms.samples(twin, { stored, transient }, message.receivedAt);
    }
    // One for all of them: a message of a thousand unknown metrics must not push out all other dead letters.
    if (problems.length > 0)
      entry.deadLetters = [this.letter(source, message, told.mapping, summaryOf(problems))];
    return entry;
  }

  /** As `samples`, of a machine that is there or gone. */
  connectivity(
    source: IntakeSource,
    twin: Twin,
    said: { readonly online: boolean; readonly time: number | null },
    told: Omit<Told, "mapping" | "problems">,
  ): Entry {
    const { message, equipment } = told;
    const at = new Date(Math.min(said.time ?? message.receivedAt, message.receivedAt));
    const arrival = { receivedAt: message.receivedAt, retained: message.retain };
    const change = applyConnectivity(twin, said.online, at, arrival);
    if (change) this.publish(change);
    const entry = entryOf(source, told);
    entry.equipment = equipment;
    entry.twin = twin;
    entry.revision = twin.revision;
    entry.head = headOf(twin, false);
    if (change && this.#alarms) entry.alarms = this.#alarms.changed(twin);
    return entry;
  }

  /** The entry of a change that no message caused. */
  changed(change: TwinChange, lease: SourceLease | null): Entry {
    this.publish(change);
    const entry = new Entry(null, null, lease);
    entry.twin = change.twin;
    entry.revision = change.revision;
    entry.head = headOf(change.twin, false);
    if (this.#alarms) entry.alarms = this.#alarms.changed(change.twin);
    return entry;
  }

  /** Before a source is consumed: takes over how far the conditions of its machines' alarms are. */
  async takeOver(source: string): Promise<void> {
    await this.#alarms?.takeOver(source);
  }

  /**
   * What time alone proves about alarms.
   * @param leaseOf undefined for a source that another server consumes.
   */
  passTime(leaseOf: (source: string) => SourceLease | null | undefined): void {
    for (const { twin, facts } of this.#alarms?.passTime((name) => leaseOf(name) !== undefined) ?? NOTHING) {
      const { route } = twin;
      const entry = new Entry(null, null, (route && leaseOf(route.source)) ?? null);
      entry.alarms = facts;
      this.add(entry);
    }
  }

  /** The entry of a message that is of no use but as a dead letter. */
  dead(source: IntakeSource, message: EntryMessage, mapping: string | null, reason: string): Entry {
    const entry = new Entry(message, source.stats, source.lease);
    entry.deadLetters = [this.letter(source, message, mapping, reason)];
    return entry;
  }

  letter(source: IntakeSource, message: EntryMessage, mapping: string | null, reason: string): DeadLetter {
    const { topic, payload, receivedAt } = message;
    this.#logger.debug({ topic, reason }, "a message could not be taken");
    return { receivedAt, source: source.name, topic, mapping, reason, payload };
  }

  add(entry: Entry): void {
    this.#committer.add(entry);
  }

  /** Tells subscribers. */
  publish(change: TwinChange): void {
    this.#live.publish("twinChanged", change);
    if (change.state) this.#live.publish("machineStateChanged", { change, state: change.state });
  }

  #publishTelemetry(twin: Twin, applied: Applied, receivedAt: number): void {
    if (!this.#live.hasListeners("telemetryReceived")) return;
    const receivedTime = new Date(receivedAt);
    for (const sample of [...applied.stored, ...applied.transient]) {
      this.#live.publish("telemetryReceived", {
        topic: twin.topicOf(sample.series),
        machine: twin.machine.path,
        metric: sample.series.metric,
        value: sample.value,
        quality: sample.quality,
        sourceTime: new Date(sample.time),
        receivedTime,
      });
    }
  }
}

function entryOf({ stats, lease }: IntakeSource, { message, part }: Pick<Told, "message" | "part">): Entry {
  if (!part) return new Entry(message, stats, lease);
  const entry = new Entry(null, stats, lease);
  entry.receivedAt = message.receivedAt;
  return entry;
}

const MOST_NAMED_PROBLEMS = 10;

function summaryOf(problems: readonly string[]): string {
  const named = problems.slice(0, MOST_NAMED_PROBLEMS).join("; ");
  const others = problems.length - MOST_NAMED_PROBLEMS;
  return others > 0 ? `${named}; and ${others} more` : named;
}

const NOTHING: readonly never[] = [];
