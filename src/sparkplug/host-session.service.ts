import { setTimeout as sleep } from "node:timers/promises";
import { Entry } from "../ingest/batch.js";
import { TopicMap } from "../ingest/topic-map.js";
import type { IntakeSource, TwinIntake } from "../ingest/twin-intake.service.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf, ok, type Result } from "../kernel/result.js";
import { type InboundMessage, MqttLink, type Subscription } from "../mqtt/link.js";
import type { LinkStatus } from "../mqtt/link-status.js";
import { PublishError } from "../mqtt/problems.js";
import type { Equipment } from "../plant/equipment.js";
import type { SparkplugConfig } from "../plant/sparkplug-settings.js";
import type { MetricDefinition } from "./birth.js";
import { type ReadPayload, readPayload } from "./compressed-payload.js";
import { DataReader } from "./data-reader.js";
import type { EdgeIntake, EdgeMessage } from "./edge-intake.service.js";
import type { EdgeNode } from "./edge-node.js";
import { DEFAULT_EDGE_NODES_LIMITS, EdgeNodes, keyOf, type NodeOutcome } from "./edge-nodes.js";
import { encodePayload } from "./encode-payload.js";
import { HostState, type StateMessage } from "./host-state.js";
import { type MachineWrite, WriteRefused } from "./machine-write.js";
import { type CommandMessage, type MetricWrite, rebirthCommand, writeCommand } from "./node-command.js";
import type { EdgeMessageType, KnownNode } from "./node-events.js";
import type { Presence, ScopeBirth } from "./node-scope.js";
import { type EdgeNodeId, hostFilters, type SparkplugTopic, sparkplugTopic } from "./sparkplug-topic.js";

/** With so many unacknowledged, a broker keeps back what edge nodes send at QoS 1 and 2. */
const MOST_IN_FLIGHT = 10_000;
/** How long the death may take before the connection is ended all the same. */
const FAREWELL_MS = 2_000;

/** An edge node or a device, as the host sees it. */
export interface ScopeView {
  /** Null for the node itself. */
  readonly device: string | null;
  readonly presence: Presence;
  /** Null where no birth has made one. */
  readonly machine: Equipment | null;
}

/** An edge node with its devices. */
export interface EdgeNodeView extends EdgeNodeId, ScopeView {
  readonly bdSeq: number | null;
  readonly devices: readonly ScopeView[];
}

type EdgeTopic = Exclude<SparkplugTopic, { kind: "state" }>;

interface ToldTopic {
  readonly topic: Result<SparkplugTopic, string>;
  /** Of the edge node; empty where it is about none. */
  readonly key: string;
}

/** The host application at one broker, from its birth to its death. */
export class HostSession {
  readonly #source: IntakeSource;
  readonly #settings: SparkplugConfig;
  readonly #state: HostState;
  readonly #nodes: EdgeNodes<EdgeMessage>;
  readonly #data = new DataReader();
  readonly #topics = new TopicMap<ToldTopic>();
  readonly #link: MqttLink;
  readonly #edge: EdgeIntake;
  readonly #intake: TwinIntake;
  readonly #isFull: () => boolean;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #overflown: Promise<void>;
  #overflow: () => void = () => undefined;
  /** The connection on which the birth was published, by when it began. */
  #bornOn: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** When the timer is to call. */
  #dueAt: number | null = null;
  #ending: Promise<void> | null = null;

  constructor(deps: {
    source: IntakeSource;
    settings: SparkplugConfig;
    url: string;
    clientId: string;
    /** More has come than the database takes. */
    isFull: () => boolean;
    edge: EdgeIntake;
    intake: TwinIntake;
    clock: Clock;
    logger: Logger;
  }) {
    const { settings } = deps;
    this.#source = deps.source;
    this.#overflown = new Promise((resolve) => {
      this.#overflow = resolve;
    });
    this.#settings = settings;
    this.#state = new HostState({ hostId: settings.hostId });
    const limits = DEFAULT_EDGE_NODES_LIMITS;
    this.#nodes = new EdgeNodes<EdgeMessage>({
      ...limits,
      reorder: { ...limits.reorder, timeoutMs: settings.reorderTimeout },
      rebirth: { ...limits.rebirth, minIntervalMs: settings.rebirthInterval },
    });
    this.#edge = deps.edge;
    this.#intake = deps.intake;
    this.#isFull = deps.isFull;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#link = new MqttLink({
      url: deps.url,
      clientId: deps.clientId,
      persistent: false,
      inFlight: MOST_IN_FLIGHT,
      will: () => this.#state.connecting(this.#clock.now()),
      logger: deps.logger,
      onStatus: (status) => this.#onStatus(status),
      onMessage: (message) => this.#onMessage(message),
    });
  }

  get status(): LinkStatus {
    return this.#link.status;
  }

  /** The edge nodes have been told that the host is there. */
  get online(): boolean {
    return this.#bornOn !== null;
  }

  /** Resolves when more has come than the database takes. */
  get overflown(): Promise<void> {
    return this.#overflown;
  }

  /** The edge nodes that are followed, in the order in which they were first heard of. */
  *edgeNodes(): Generator<EdgeNodeView> {
    for (const { id, node } of this.#nodes.all()) {
      const [own, ...devices] = node.scopes.map(({ device, presence }) => {
        return { device, presence, machine: this.#edge.machineOf({ id, device }) };
      });
      if (own) yield { ...id, ...own, bdSeq: node.bdSeq, devices };
    }
  }

  /** What is known of a node, to be looked at only. */
  nodeOf(id: EdgeNodeId): EdgeNode | undefined {
    return this.#nodes.get(id);
  }

  /** What was remembered of a node, by `<group>/<edge node>`: of how it is now nobody knows. */
  remember(node: string, known: KnownNode): void {
    const [group = "", edgeNode = ""] = node.split("/");
    const id = { group, edgeNode };
    if (!this.#nodes.restore(id, known))
      this.#logger.warn({ node }, "there are more edge nodes than are followed");
    this.#edge.doubt(id, known, this.#clock.now());
  }

  async start(): Promise<void> {
    await this.#link.setSubscriptions(this.#subscriptions());
    this.#link.start();
  }

  /** Tells the edge nodes that the host goes, and disconnects; what still comes until then is taken. Idempotent. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    const death = this.#state.death(this.#clock.now());
    if (death && this.#link.status.phase === "connected") {
      await Promise.race([this.#say(death), sleep(FAREWELL_MS, undefined, { ref: false })]);
    }
    await this.#link.stop();
  }

  /**
   * Writes metrics of a machine. Nothing tells whether the device follows, but its reports.
   * @throws WriteRefused when the machine is not there, has no such metric, or the value does not fit it.
   */
  async write(path: string, writes: readonly MachineWrite[]): Promise<void> {
    const place = this.#edge.placeOf(path);
    const node = place && this.#nodes.get(place.id);
    if (!place || !node) throw new WriteRefused(`${path}: no birth has told of it yet`, { final: false });
    const presence = place.device === null ? node.presence : node.presenceOf(place.device);
    if (presence !== "born") throw new WriteRefused(`${path} is not online`, { final: false });
    const scope = node.scopes.find(({ device }) => device === place.device);
    const known: MetricWrite[] = writes.map((write) => {
      const asked = this.#edge.writeOf(scope?.birth?.definitions ?? NO_DEFINITIONS, write);
      if (!asked.ok) throw new WriteRefused(asked.error, { final: true });
      return asked.value;
    });
    const { sendDatatype } = this.#settings;
    const command = writeCommand({ ...place, writes: known }, this.#clock.now(), { sendDatatype });
    if (!command.ok) throw new WriteRefused(command.error, { final: true });
    await this.#send(command.value);
  }

  /** @throws when it cannot be sent. */
  async askForRebirth(id: EdgeNodeId): Promise<void> {
    await this.#send(rebirthCommand(id, this.#clock.now()));
  }

  async #send({ topic, payload, qos, retain }: CommandMessage): Promise<void> {
    await this.#link.publish(topic, Buffer.from(encodePayload(payload)), { qos, retain });
  }

  #subscriptions(): Subscription[] {
    const { hostId, groups } = this.#settings;
    return hostFilters(hostId, groups).map((filter) => ({ filter, qos: 1 }));
  }

  #onStatus(status: LinkStatus): void {
    if (status.phase === "connected") {
      // The birth is the first message, once the broker has the subscriptions.
      if (status.problem === null && this.#bornOn !== status.since) this.#beBorn(status.since);
      return;
    }
    if (this.#bornOn === null) return;
    this.#bornOn = null;
    if (status.phase !== "stopped") this.#state.disconnected();
    for (const outcome of this.#nodes.disconnected(this.#clock.now())) this.#follow(outcome);
  }

  #beBorn(since: number): void {
    this.#bornOn = since;
    void this.#say(this.#state.birth());
    this.#nodes.connected(this.#clock.now());
    this.#arm();
  }

  async #say({ topic, payload, qos, retain }: StateMessage): Promise<void> {
    try {
      await this.#link.publish(topic, payload, { qos, retain });
    } catch (error) {
      // A connection that is lost has a will, which tells what is to be told.
      const lost = error instanceof PublishError && error.code !== "REFUSED";
      this.#logger[lost ? "debug" : "error"]({ topic }, `the state could not be told: ${messageOf(error)}`);
    }
  }

  #onMessage(message: InboundMessage): void {
    const { stats } = this.#source;
    stats.received += 1;
    stats.firstReceivedAt ??= message.receivedAt;
    const { topic, key } = this.#told(message);
    if (!topic.ok) this.#dead(message, topic.error);
    else if (message.oversize !== null)
      this.#dead(message, `a message of ${message.oversize} bytes is too large to be read`);
    else if (topic.value.kind === "state") this.#onState(topic.value.hostId, message);
    else this.#onEdge(topic.value, key, message);
    if (this.#isFull()) this.#overflow();
  }

  #told({ topic, topicNumber }: InboundMessage): ToldTopic {
    const known = this.#topics.get(topic, topicNumber);
    if (known !== undefined) return known;
    const read = sparkplugTopic(topic);
    const told = { topic: read, key: read.ok && read.value.kind !== "state" ? keyOf(read.value) : "" };
    this.#topics.set(topic, told);
    return told;
  }

  #onState(hostId: string, message: InboundMessage): void {
    this.#done(message);
    if (hostId !== this.#settings.hostId) return;
    const said = this.#state.seen(message.payload);
    if (said.kind === "republish") void this.#say(said.message);
    else if (said.kind === "newer" && said.message) void this.#say(said.message);
    if (said.kind === "newer")
      this.#logger.warn(
        { hostId, timestamp: new Date(said.timestamp) },
        "a later state of this host is known: until the clock has passed it, edge nodes may take the host for away",
      );
    if (said.kind === "other-host")
      this.#logger.warn({ hostId }, "another host application uses the same host id");
  }

  #onEdge(topic: EdgeTopic, key: string, message: InboundMessage): void {
    const { type } = topic;
    // Commands of this host, or of others.
    if (!isEdgeMessage(type)) {
      this.#done(message);
      return;
    }
    const device = topic.kind === "device" ? topic.device : null;
    const data = type === "DDATA" || type === "NDATA";
    const scope = data ? this.#nodes.get(topic, key)?.scope(device) : undefined;
    const read = this.#read(message, scope);
    const told = {
      type,
      device,
      payload: read.ok ? read.value.payload : null,
      bytes: read.ok ? read.value.bytes : message.payload.length,
      problem: read.ok ? null : read.error,
      receivedAt: message.receivedAt,
      retained: message.retain,
      inbound: message,
    };
    const outcome = this.#nodes.take(topic, told, key);
    if (outcome === null) this.#dead(message, "there are more edge nodes than are followed");
    else this.#follow(outcome);
    this.#arm();
  }

  /** @param scope whose data it is; undefined where it is none, or nothing is known of whose. */
  #read({ payload }: InboundMessage, scope: ScopeBirth | undefined): Result<ReadPayload, string> {
    const data = scope?.birth ? this.#data.read(payload, scope.birth, scope.certain) : null;
    return data === null ? readPayload(payload) : ok({ payload: data, bytes: payload.length });
  }

  #follow(outcome: NodeOutcome<EdgeMessage>): void {
    const { id, rebirth } = outcome;
    this.#edge.take(id, outcome, outcome.bdSeq);
    if (rebirth === null || this.#bornOn === null) return;
    this.#logger.info({ ...id, ...rebirth }, "asks an edge node for a rebirth");
    this.askForRebirth(id).catch((error: unknown) =>
      this.#logger.warn({ ...id }, `the rebirth could not be asked for: ${messageOf(error)}`),
    );
  }

  /** Calls the nodes when the first of them waits for the time. */
  #arm(): void {
    const { deadline } = this.#nodes;
    if (deadline === this.#dueAt) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#dueAt = deadline;
    if (deadline === null || this.#ending !== null) return;
    const wait = Math.max(0, Math.min(deadline - this.#clock.now(), 60_000));
    this.#timer = setTimeout(() => {
      this.#dueAt = null;
      for (const outcome of this.#nodes.due(this.#clock.now())) this.#follow(outcome);
      this.#arm();
    }, wait);
  }

  /** A message that changes nothing. */
  #done(message: InboundMessage): void {
    this.#intake.add(new Entry(message, this.#source.stats, this.#source.lease));
  }

  #dead(message: InboundMessage, reason: string): void {
    this.#intake.add(this.#intake.dead(this.#source, message, null, reason));
  }
}

function isEdgeMessage(type: string): type is EdgeMessageType {
  return type !== "NCMD" && type !== "DCMD";
}

const NO_DEFINITIONS: ReadonlyMap<string, MetricDefinition> = new Map();
