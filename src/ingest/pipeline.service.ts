import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { InboundMessage } from "../mqtt/inbound-message.js";
import type { Equipment } from "../plant/equipment.js";
import type { PlantService } from "../plant/plant.service.js";
import type { TwinService } from "../twin/twin.service.js";
import { leave } from "./batch.js";
import type { BrokerDrops } from "./broker-drops.js";
import type { Committer } from "./committer.service.js";
import { isDataError } from "./data-error.js";
import type { Decoded } from "./formats/format.js";
import type { MappingTable, Routed } from "./mapping.js";
import { refreshHints } from "./mapping-hints.js";
import type { SequenceWatch } from "./sequence-watch.js";
import type { SourceLease } from "./source-lease.js";
import type { IntakeSource, TwinIntake } from "./twin-intake.service.js";

/** QoS 0 messages beyond this many that wait for the database are thrown away: nobody would send them again. */
const MOST_WAITING_QOS_0 = 50_000;
/** QoS 0 answers to commands beyond this many that are being stored are thrown away. */
const MOST_REPLIES_QOS_0 = 1_000;
/** How long an answer that is being stored may hold up the end. */
const LONGEST_REPLY_MS = 5_000;

/** What of a source the pipeline needs to know. */
export interface PipelineSource extends IntakeSource {
  readonly table: MappingTable;
  readonly sequences: SequenceWatch;
  readonly drops: BrokerDrops;
}

/** Takes devices' answers to commands. */
export interface ReplyHandler {
  /**
   * Resolves once the answer is committed.
   * @returns why it could not be used, or null.
   */
  onReply(topic: string, payload: Buffer): Promise<{ problem: string } | null>;
}

/** From a message to an entry: route, decode, and hand to the intake. */
export class Pipeline {
  readonly #plant: PlantService;
  readonly #twins: TwinService;
  readonly #intake: TwinIntake;
  readonly #committer: Committer;
  readonly #replies: ReplyHandler;
  readonly #logger: Logger;
  readonly #replying = new Set<Promise<void>>();
  readonly #abort = new AbortController();

  constructor(deps: {
    plant: PlantService;
    twins: TwinService;
    intake: TwinIntake;
    committer: Committer;
    replies: ReplyHandler;
    logger: Logger;
  }) {
    this.#plant = deps.plant;
    this.#twins = deps.twins;
    this.#intake = deps.intake;
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
      this.#intake.add(this.#intake.dead(source, message, null, reason));
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
        this.#intake.add(this.#intake.dead(source, message, null, routed.reason));
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
    for (const change of await this.#twins.refresh(source)) this.#intake.publish(change);
    await this.#intake.takeOver(source);
  }

  /** While another server consumes a source: learns the machines that it discovers. */
  followOthers(): Promise<void> {
    return this.#plant.followOthers();
  }

  /**
   * Applies what time alone changes.
   * @param leaseOf the lease of a source that this server consumes, null for one that nobody can; undefined where
   * another server does: the twins of its machines are its to write.
   */
  passTime(leaseOf: (source: string) => SourceLease | null | undefined): void {
    for (const change of this.#twins.passTime((source) => leaseOf(source) !== undefined)) {
      const { route } = change.twin;
      this.#intake.add(this.#intake.changed(change, (route && leaseOf(route.source)) ?? null));
    }
    this.#intake.passTime(leaseOf);
  }

  #machine(source: PipelineSource, message: InboundMessage, routed: Routed & { kind: "machine" }): void {
    const { mapping } = routed;
    const decoded = mapping.decode(message.payload, routed.metric);
    if (mapping.sequence !== null) count(source, message, routed, decoded);
    if (decoded.kind === "problem") {
      this.#intake.add(this.#intake.dead(source, message, mapping.name, decoded.problem));
      return;
    }
    if (decoded.kind === "ignored") {
      source.stats.committed += 1;
      message.ack();
      return;
    }
    let equipment: readonly Equipment[] = NOTHING;
    const first = routed.twin === null;
    if (routed.twin === null) {
      const found = this.#intake.find(source, routed.path);
      if ("problem" in found) {
        this.#intake.add(this.#intake.dead(source, message, mapping.name, found.problem));
        return;
      }
      routed.twin = found.twin;
      equipment = found.changed;
    }
    const { twin } = routed;
    twin.setRoute(source.name, routed.deviceTopic);
    if (decoded.kind === "connectivity") {
      this.#intake.add(this.#intake.connectivity(source, twin, decoded, { message, equipment }));
      return;
    }
    // Of a mapping that says nothing, the first message takes back what one before it said.
    if (mapping.hints || first) refreshHints(twin, decoded.samples, mapping);
    const problems = decoded.problems.map((one) => `${one.field}: ${one.problem}`);
    const told = { message, mapping: mapping.name, problems, equipment, hints: mapping };
    this.#intake.add(this.#intake.samples(source, twin, decoded.samples, told));
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
          this.#intake.add(this.#intake.dead(source, message, null, refused.problem));
          return;
        }
        source.stats.committed += 1;
        message.ack();
        return;
      } catch (error) {
        if (isDataError(error)) {
          const reason = `the database refuses it: ${messageOf(error)}`;
          this.#intake.add(this.#intake.dead(source, message, null, reason));
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

const NOTHING: readonly never[] = [];
