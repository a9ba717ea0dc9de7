import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { LiveBus } from "../live/live-bus.js";
import type { InboundMessage } from "../mqtt/inbound-message.js";
import type { Equipment } from "../plant/equipment.js";
import type { PlantService } from "../plant/plant.service.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Sample } from "../twin/sample.js";
import { type Applied, applyConnectivity, applySamples } from "../twin/twin.js";
import type { TwinService } from "../twin/twin.service.js";
import type { TwinChange } from "../twin/twin-change.js";
import { headOf } from "../twin/twin-head.js";
import type { ReducerLimits } from "../twin/twin-model.js";
import { type DeadLetter, Entry, leave } from "./batch.js";
import type { BrokerDrops } from "./broker-drops.js";
import type { Committer } from "./committer.service.js";
import { isDataError } from "./data-error.js";
import type { Decoded } from "./formats/format.js";
import type { Mapping, MappingTable, Routed } from "./mapping.js";
import type { SequenceWatch } from "./sequence-watch.js";
import type { SourceLease } from "./source-lease.js";
import type { SourceStats } from "./source-stats.js";

/** QoS 0 messages beyond this many that wait for the database are thrown away: nobody would send them again. */
const MOST_WAITING_QOS_0 = 50_000;
/** QoS 0 answers to commands beyond this many that are being stored are thrown away. */
const MOST_REPLIES_QOS_0 = 1_000;
/** How long an answer that is being stored may hold up the end. */
const LONGEST_REPLY_MS = 5_000;
const MOST_MACHINES = 200_000;
const MOST_METRICS = 5_000;
const MAX_AHEAD_MS = 5 * 60_000;
const DISCOVERING: ReducerLimits = { maxAheadMs: MAX_AHEAD_MS, maxMetrics: MOST_METRICS, discovery: true };
const KNOWN_ONLY: ReducerLimits = { ...DISCOVERING, discovery: false };

/** What of a source the pipeline needs to know. */
export interface PipelineSource {
  readonly name: string;
  readonly table: MappingTable;
  readonly discovery: boolean;
  readonly stats: SourceStats;
  readonly sequences: SequenceWatch;
  readonly drops: BrokerDrops;
  /** Null while another server consumes it. */
  readonly lease: SourceLease | null;
}

/** Takes devices' answers to commands. */
export interface ReplyHandler {
  /**
   * Resolves once the answer is committed.
   * @returns why it could not be used, or null.
   */
  onReply(topic: string, payload: Buffer): Promise<{ problem: string } | null>;
}

/** From a message to an entry: decode, apply to the twin, tell subscribers, hand to the committer. */
export class Pipeline {
  readonly #plant: PlantService;
  readonly #twins: TwinService;
  readonly #live: LiveBus;
  readonly #committer: Committer;
  readonly #replies: ReplyHandler;
  readonly #logger: Logger;
  readonly #replying = new Set<Promise<void>>();
  readonly #abort = new AbortController();

  constructor(deps: {
    plant: PlantService;
    twins: TwinService;
    live: LiveBus;
    committer: Committer;
    replies: ReplyHandler;
    logger: Logger;
  }) {
    this.#plant = deps.plant;
    this.#twins = deps.twins;
    this.#live = deps.live;
    this.#committer = deps.committer;
    this.#replies = deps.replies;
    this.#logger = deps.logger;
  }

  /** Takes one message. It is acknowledged when all that it caused is committed. */
  receive(source: PipelineSource, message: InboundMessage): void {
    const routed = source.table.route(message.topic, message.topicNumber);
    if (routed.kind === "broker") {
      source.drops.take(message.topic, message.payload, message.receivedAt);
      message.ack();
    } else this.#take(source, message, routed);
  }

  #take(source: PipelineSource, message: InboundMessage, routed: Exclude<Routed, { kind: "broker" }>): void {
    const { stats } = source;
    stats.received += 1;
    stats.firstReceivedAt ??= message.receivedAt;
    if (message.qos === 0 && this.#committer.backlog >= MOST_WAITING_QOS_0) {
      stats.dropped += 1;
      return;
    }
    if (message.oversize !== null && routed.kind !== "command") {
      const reason = `a message of ${message.oversize} bytes is too large to be read`;
      this.#committer.add(this.#dead(source, message, null, reason));
      return;
    }
    switch (routed.kind) {
      case "command":
        // The server's own words come back where a filter covers them.
        stats.committed += 1;
        message.ack();
        return;
      case "reply":
        if (message.qos === 0 && this.#replying.size >= MOST_REPLIES_QOS_0) stats.dropped += 1;
        else this.#reply(source, message);
        return;
      case "unmapped":
        this.#committer.add(this.#dead(source, message, null, routed.reason));
        return;
      case "machine":
        this.#machine(source, message, routed);
        return;
    }
  }

  /**
   * Before a source is consumed: another server may have consumed it until now, and what this one would take for new
   * is stored already.
   */
  async catchUp(source: string, signal: AbortSignal): Promise<void> {
    await this.#committer.settled(signal);
    await this.#plant.refresh();
    for (const change of await this.#twins.refresh(source)) this.#publish(change);
  }

  /**
   * Applies what time alone changes.
   * @param leaseOf the lease of a source that this server consumes, null for one that nobody can; undefined where
   * another server does: the twins of its machines are its to write.
   */
  passTime(leaseOf: (source: string) => SourceLease | null | undefined): void {
    for (const change of this.#twins.passTime((source) => leaseOf(source) !== undefined)) {
      this.#publish(change);
      const { route } = change.twin;
      const entry = new Entry(null, null, (route && leaseOf(route.source)) ?? null);
      entry.twin = change.twin;
      entry.revision = change.revision;
      entry.head = headOf(change.twin, false);
      this.#committer.add(entry);
    }
  }

  #machine(source: PipelineSource, message: InboundMessage, routed: Routed & { kind: "machine" }): void {
    const decoded = routed.mapping.decode(message.payload, routed.metric);
    if (routed.mapping.sequence !== null) count(source, message, routed, decoded);
    if (decoded.kind === "problem") {
      this.#committer.add(this.#dead(source, message, routed.mapping, decoded.problem));
      return;
    }
    let equipment: readonly Equipment[] = NOTHING;
    if (routed.twin === null) {
      const found = this.#find(source, routed.path);
      if ("problem" in found) {
        this.#committer.add(this.#dead(source, message, routed.mapping, found.problem));
        return;
      }
      routed.twin = this.#twins.of(found.machine);
      equipment = found.changed;
    }
    const { twin } = routed;
    twin.setRoute(source.name, routed.deviceTopic);
    if (decoded.kind === "connectivity") {
      const at = new Date(Math.min(decoded.time ?? message.receivedAt, message.receivedAt));
      const arrival = { receivedAt: message.receivedAt, retained: message.retain };
      const change = applyConnectivity(twin, decoded.online, at, arrival);
      if (change) this.#publish(change);
      const entry = new Entry(message, source.stats, source.lease);
      entry.equipment = equipment;
      entry.twin = twin;
      entry.revision = twin.revision;
      entry.head = headOf(twin, false);
      this.#committer.add(entry);
      return;
    }
    const problems = decoded.problems.map((one) => `${one.field}: ${one.problem}`);
    this.#samples(source, message, routed.mapping, twin, decoded.samples, equipment, problems);
  }

  #samples(
    source: PipelineSource,
    message: InboundMessage,
    mapping: Mapping,
    twin: Twin,
    samples: readonly Sample[],
    equipment: readonly Equipment[],
    problems: string[],
  ): void {
    const limits = source.discovery ? DISCOVERING : KNOWN_ONLY;
    const arrival = { receivedAt: message.receivedAt, retained: message.retain };
    const applied = applySamples(twin, samples, arrival, limits);
    source.stats.repeated += applied.repeated;
    source.stats.late += applied.late;
    for (const { metric, reason } of applied.refused) problems.push(`${metric}: ${reason}`);
    if (applied.change) this.#publish(applied.change);
    this.#publishTelemetry(twin, applied, message.receivedAt);
    const entry = new Entry(message, source.stats, source.lease);
    entry.equipment = equipment;
    entry.discovered = applied.discovered;
    entry.twin = twin;
    entry.revision = twin.revision;
    entry.head = headOf(twin, applied.stored.length > 0);
    entry.samples = applied.stored;
    if (applied.counters.length > 0) {
      const { receivedAt } = message;
      entry.counters = applied.counters.map((move) => ({ machine: twin.machine, move, receivedAt }));
    }
    // One for all of them: a message of a thousand unknown metrics must not push out all other dead letters.
    if (problems.length > 0)
      entry.deadLetters = [this.#letter(source, message, mapping, summaryOf(problems))];
    this.#committer.add(entry);
  }

  #find(
    source: PipelineSource,
    path: string,
  ): { machine: Equipment; changed: readonly Equipment[] } | { problem: string } {
    const { plant } = this.#plant;
    const known = plant.machine(path);
    if (known) return { machine: known, changed: NOTHING };
    if (!source.discovery)
      return { problem: `there is no machine ${path}, and the source does not discover` };
    if (plant.machineCount >= MOST_MACHINES)
      return { problem: `there are ${MOST_MACHINES} machines already` };
    const found = plant.discover(path);
    this.#logger.info({ machine: path, type: found.machine.machineType?.name ?? null }, "new machine");
    return found;
  }

  #reply(source: PipelineSource, message: InboundMessage): void {
    const replying = this.#replyUntilDone(source, message).finally(() => this.#replying.delete(replying));
    this.#replying.add(replying);
  }

  /** Messages are acknowledged in order, so a reply that cannot be stored holds up those after it: it is tried again. */
  async #replyUntilDone(source: PipelineSource, message: InboundMessage): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const refused = await this.#replies.onReply(message.topic, message.payload);
        if (refused) {
          this.#committer.add(this.#dead(source, message, null, refused.problem));
          return;
        }
        source.stats.committed += 1;
        message.ack();
        return;
      } catch (error) {
        if (isDataError(error)) {
          const reason = `the database refuses it: ${messageOf(error)}`;
          this.#committer.add(this.#dead(source, message, null, reason));
          return;
        }
        this.#logger.warn({ err: error, topic: message.topic, attempt }, "a reply cannot be stored yet");
        const { signal } = this.#abort;
        await sleep(Math.min(100 * 2 ** attempt, 2_000), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) {
          leave(message, source.stats);
          return;
        }
      }
    }
  }

  /** Leaves answers that cannot be stored with the broker; resolves when none is being stored, or hangs. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.race([
      Promise.allSettled(this.#replying),
      sleep(LONGEST_REPLY_MS, undefined, { ref: false }),
    ]);
  }

  #publish(change: TwinChange): void {
    this.#live.publish("twinChanged", change);
    if (change.state) this.#live.publish("machineStateChanged", { change, state: change.state });
  }

  #publishTelemetry(twin: Twin, applied: Applied, receivedAt: number): void {
    if (!this.#live.hasListeners("telemetryReceived")) return;
    const receivedTime = new Date(receivedAt);
    for (const sample of applied.stored) {
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

  #dead(source: PipelineSource, message: InboundMessage, mapping: Mapping | null, reason: string): Entry {
    const entry = new Entry(message, source.stats, source.lease);
    entry.deadLetters = [this.#letter(source, message, mapping, reason)];
    return entry;
  }

  #letter(
    source: PipelineSource,
    message: InboundMessage,
    mapping: Mapping | null,
    reason: string,
  ): DeadLetter {
    const { topic, payload, receivedAt } = message;
    this.#logger.debug({ topic, reason }, "a message could not be taken");
    return { receivedAt, source: source.name, topic, mapping: mapping?.name ?? null, reason, payload };
  }
}

/** Looks for lost messages in the numbers that the device gives them. */
function count(
  source: PipelineSource,
  message: InboundMessage,
  { deviceTopic }: Routed & { kind: "machine" },
  decoded: Decoded,
): void {
  if (decoded.kind === "samples" && decoded.sequence !== undefined)
    source.sequences.take(deviceTopic, decoded.sequence, message);
  else source.sequences.skip(deviceTopic);
}

const MOST_NAMED_PROBLEMS = 10;

function summaryOf(problems: readonly string[]): string {
  const named = problems.slice(0, MOST_NAMED_PROBLEMS).join("; ");
  const others = problems.length - MOST_NAMED_PROBLEMS;
  return others > 0 ? `${named}; and ${others} more` : named;
}

const NOTHING: readonly never[] = [];
