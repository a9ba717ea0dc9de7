import { isShown, type MetricDefinition, readBirth } from "./birth.js";
import { ReadData } from "./data-reader.js";
import type {
  IgnoredReason,
  KnownNode,
  NodeMessage,
  Outcome,
  RebirthReason,
  RebirthRequest,
  Stale,
} from "./node-events.js";
import { bdSeqOf, hasTimes, seqOf, sessionProblems, stampOf } from "./node-payload.js";
import type { NodeScope, Presence, ScopeBirth } from "./node-scope.js";
import { NodeScopes } from "./node-scopes.js";
import type { Payload } from "./payload.js";
import { readMetrics } from "./readings.js";
import { DEFAULT_REBIRTH_LIMITS, RebirthLimit, type RebirthLimits } from "./rebirth-limit.js";
import { DEFAULT_REORDER_LIMITS, Reorder, type ReorderLimits } from "./reorder.js";
import { Turn } from "./turn.js";

export interface EdgeNodeLimits {
  /** Of the node and its devices together. */
  readonly metrics: number;
  readonly devices: number;
  readonly reorder: ReorderLimits;
  readonly rebirth: RebirthLimits;
}

export const DEFAULT_EDGE_NODE_LIMITS: EdgeNodeLimits = {
  metrics: 100_000,
  devices: 1_000,
  reorder: DEFAULT_REORDER_LIMITS,
  rebirth: DEFAULT_REBIRTH_LIMITS,
};

/**
 * One edge node as a host application sees it: who of it and its devices is online, what their metrics mean, whether
 * messages are missing, and when it has to be asked for a rebirth. It does nothing itself: what follows from a message
 * is its outcome, and the caller says when time has passed.
 */
export class EdgeNode<M extends NodeMessage = NodeMessage> {
  readonly #order: Reorder<M>;
  readonly #rebirth: RebirthLimit;
  readonly #scopes: NodeScopes;
  readonly #node: NodeScope;
  #bdSeq: number | null;
  /** Messages are missing since the node's birth. */
  #lost = false;
  #wanted: RebirthRequest = { reason: "host-connected", detail: "" };

  /** @param options.known what was remembered of it when the host was last there. */
  constructor(options: { limits?: EdgeNodeLimits; known?: KnownNode } = {}) {
    const { limits = DEFAULT_EDGE_NODE_LIMITS, known } = options;
    this.#order = new Reorder(limits.reorder);
    this.#rebirth = new RebirthLimit(limits.rebirth);
    this.#scopes = new NodeScopes({ limits, known: known ?? null });
    this.#node = this.#scopes.node;
    this.#bdSeq = known?.bdSeq ?? null;
  }

  get presence(): Presence {
    return this.#node.presence;
  }

  /** The number of the connection that its last birth told; null: nobody knows it, or it has none. */
  get bdSeq(): number | null {
    return this.#bdSeq;
  }

  /** The node itself, then its devices. */
  get scopes(): readonly Pick<NodeScope, "device" | "presence" | "birth">[] {
    return this.#scopes.all();
  }

  /** Messages that are kept back because others before them are missing. */
  get held(): number {
    return this.#order.held;
  }

  /** When `due` has to be called; null: nothing is waited for. */
  get deadline(): number | null {
    const missing = this.#order.deadline;
    const rebirth = this.#rebirth.deadline;
    return missing === null || rebirth === null ? (missing ?? rebirth) : Math.min(missing, rebirth);
  }

  /** Neither a birth of it nor one of its devices is known. */
  get isBlank(): boolean {
    return this.#node.types === null && this.#scopes.devices === 0;
  }

  presenceOf(device: string): Presence {
    return this.#scopes.get(device)?.presence ?? "unknown";
  }

  /** The node itself (`device` null) or a device; undefined where none of that name is known. */
  scope(device: string | null): ScopeBirth | undefined {
    return this.#scopes.get(device);
  }

  /** A metric of the node (`device` null) or of a device, as the birth of the present session defines it. */
  definition(device: string | null, metric: string): MetricDefinition | undefined {
    return this.#scopes.get(device)?.birth?.definitions.get(metric);
  }

  /** What to remember of it while the host is away. */
  known(): KnownNode {
    return { bdSeq: this.#bdSeq, ...this.#scopes.known() };
  }

  /** A message of it came. */
  take(message: M): Outcome<M> {
    const turn = new Turn<M>(message.receivedAt);
    if (message.retained) this.#retained(turn, message);
    else if (message.type === "NBIRTH") this.#nodeBirth(turn, message);
    else if (message.type === "NDEATH") this.#nodeDeath(turn, message);
    else if (this.#node.presence === "born") this.#sequenced(turn, message);
    else this.#beforeBirth(turn, message);
    // A node that sends on without the birth it was asked for has not heard it.
    if (turn.rebirth === null && this.#rebirth.wanted && !message.retained && this.#rebirth.want(turn.now))
      turn.rebirth = this.#wanted;
    return this.#outcome(turn);
  }

  /** The deadline has come. */
  due(now: number): Outcome<M> {
    const turn = new Turn<M>(now);
    const missing = this.#order.deadline;
    if (missing !== null && now >= missing) this.#lose(turn, "missing-message", "");
    if (turn.rebirth === null && this.#rebirth.due(now)) turn.rebirth = this.#wanted;
    return this.#outcome(turn);
  }

  /** The host has lost its connection: what the node says meanwhile is missed. */
  disconnected(at: number): Outcome<M> {
    const turn = new Turn<M>(at);
    this.#flush(turn);
    this.#unknown(turn, "host-disconnected");
    this.#rebirth.cancel();
    turn.rebirth = null;
    return this.#outcome(turn);
  }

  /**
   * The host is connected. Nodes that follow its STATE publish their births by themselves; others do not know.
   * @param askAt when to ask for a rebirth if no birth has come.
   */
  connected(now: number, askAt: number): Outcome<M> {
    if (this.#node.presence !== "born") {
      this.#wanted = { reason: "host-connected", detail: "" };
      this.#rebirth.wantAt(askAt);
    }
    return this.#outcome(new Turn<M>(now));
  }

  #outcome({ events, settled, rebirth }: Turn<M>): Outcome<M> {
    return { events, settled, rebirth, deadline: this.deadline };
  }

  #want(turn: Turn<M>, reason: RebirthReason, detail: string): void {
    this.#wanted = { reason, detail };
    if (this.#rebirth.want(turn.now)) turn.rebirth = this.#wanted;
  }

  /** A retained message may be of long ago, but shows that there is a node. */
  #retained(turn: Turn<M>, message: M): void {
    turn.settled.push(message);
    turn.ignore(message, "retained");
    const death = message.type === "NDEATH" || message.type === "DDEATH";
    if (this.#node.presence === "unknown" && !death) this.#want(turn, "retained", message.type);
  }

  #nodeBirth(turn: Turn<M>, message: M): void {
    const { payload } = message;
    turn.settled.push(message);
    if (payload === null) {
      turn.ignore(message, "undecodable");
      this.#flush(turn);
      this.#unknown(turn, "undecodable-birth");
      this.#want(turn, "undecodable", message.type);
      return;
    }
    const stamp = payload.timestamp;
    const bdSeq = bdSeqOf(payload);
    const same = this.#node.presence === "born" && bdSeq === this.#bdSeq && stamp === this.#node.changedAt;
    // Without a time, or when a birth was asked for, it may be another one that looks the same.
    if (same && stamp !== null && !this.#rebirth.wanted) {
      turn.ignore(message, "repeated");
      return;
    }
    // What waits was sent before this birth, or has overtaken it.
    const held = this.#giveUp();
    const later = held.filter((item) => stamp !== null && (stampOf(item) ?? 0) > stamp);
    for (const item of held) if (!later.includes(item)) this.#apply(turn, item);
    this.#begin(turn, payload, bdSeq);
    for (const item of later) this.#sequenced(turn, item);
  }

  #begin(turn: Turn<M>, payload: Payload, bdSeq: number | null): void {
    const stale = this.#scopes.forget("devices");
    if (stale.length > 0) turn.events.push({ kind: "stale", reason: "node-reborn", at: turn.now, stale });
    this.#order.begin(seqOf(payload) ?? 0);
    this.#rebirth.answered();
    turn.rebirth = null;
    this.#bdSeq = bdSeq;
    this.#lost = false;
    this.#born(turn, this.#node, payload, turn.now);
  }

  #born(turn: Turn<M>, scope: NodeScope, payload: Payload, at: number): void {
    const isNode = scope === this.#node;
    const templates = isNode ? null : (this.#node.birth?.templates ?? null);
    const birth = readBirth(payload, this.#scopes.room(scope), templates);
    const session = isNode ? sessionProblems(payload) : [];
    const changes = scope.born(birth, payload.timestamp);
    const { readings, problems } = readMetrics(payload, birth, true);
    turn.events.push({
      kind: "born",
      device: scope.device,
      at,
      time: payload.timestamp,
      metrics: [...birth.definitions.values()].filter(isShown),
      readings,
      changes,
      gone: scope.goneMetrics,
      problems: [...session, ...birth.problems, ...this.#scopes.sharedAliases(scope)],
      unread: problems,
    });
  }

  #nodeDeath(turn: Turn<M>, message: M): void {
    const { payload } = message;
    turn.settled.push(message);
    const { presence, types } = this.#node;
    if (payload === null) {
      turn.ignore(message, "undecodable");
      if (presence === "born") this.#want(turn, "undecodable", message.type);
      return;
    }
    // The will of an earlier connection may come after the birth of the present one.
    const known = presence === "born" || types !== null;
    const counts = known && (this.#bdSeq === bdSeqOf(payload) || this.#bdSeq === null);
    if (!counts || presence === "dead") {
      turn.ignore(message, counts ? "repeated" : "other-session");
      return;
    }
    this.#flush(turn);
    this.#order.clear();
    this.#rebirth.cancel();
    turn.rebirth = null;
    const stale = this.#scopes.allDead();
    turn.events.push({ kind: "dead", device: null, at: message.receivedAt, stale });
  }

  /** A message of a node of which no birth, or a death, was seen. */
  #beforeBirth(turn: Turn<M>, message: M): void {
    const { type, device, payload } = message;
    turn.settled.push(message);
    if (payload === null) turn.ignore(message, "undecodable");
    else if (type === "DDEATH") this.#deviceDeath(turn, message);
    else this.#data(turn, message, payload, null);
    if (payload === null) this.#want(turn, "undecodable", type);
    else if (type === "DBIRTH") this.#want(turn, "device-birth-before-node-birth", device ?? "");
    else this.#want(turn, "data-before-birth", type);
  }

  /** A message that has a number, of a node that is born. */
  #sequenced(turn: Turn<M>, message: M): void {
    const { payload } = message;
    const seq = payload === null ? null : seqOf(payload);
    if (payload === null) this.#undecodable(turn, message);
    else if (seq === null) this.#apply(turn, message);
    else {
      const place = this.#order.place(seq, payload.timestamp);
      if (place === "next") {
        this.#apply(turn, message);
        for (let next = this.#order.shift(); next; next = this.#order.shift()) this.#apply(turn, next);
      } else if (place === "again") this.#drop(turn, message, "repeated");
      else if (sentBefore(this.#node, payload)) this.#drop(turn, message, "too-late");
      else if (place === "behind" && this.#lost) this.#late(turn, message, payload);
      else this.#early(turn, message, seq, payload.timestamp);
    }
  }

  #drop(turn: Turn<M>, message: M, reason: IgnoredReason): void {
    turn.settled.push(message);
    turn.ignore(message, reason);
  }

  #early(turn: Turn<M>, message: M, seq: number, stamp: number | null): void {
    if (this.#order.hold({ seq, stamp, bytes: message.bytes }, message, turn.now)) return;
    this.#lose(turn, "missing-message", `before number ${seq}`);
    this.#order.skipTo(seq, stamp);
    this.#apply(turn, message);
  }

  /** A missing message comes after it was given up. */
  #late(turn: Turn<M>, message: M, payload: Payload): void {
    const scope = this.#scopes.get(message.device);
    const data = message.type === "NDATA" || message.type === "DDATA";
    if ((data && !hasTimes(payload)) || (scope && sentBefore(scope, payload)))
      this.#drop(turn, message, "too-late");
    else this.#apply(turn, message);
  }

  /** Its number is unknown too, so the next one is taken as it is. */
  #undecodable(turn: Turn<M>, message: M): void {
    const { type, device } = message;
    const scope = this.#scopes.get(device);
    turn.settled.push(message);
    turn.ignore(message, "undecodable");
    this.#lose(turn, "undecodable", device === null ? type : `${type} of ${device}`);
    this.#order.clear();
    if (type === "DDEATH") this.#deviceDeath(turn, message);
    else if (type === "DBIRTH" && scope?.presence === "born") {
      const stale = [scope.gone("unknown")];
      turn.events.push({ kind: "stale", reason: "undecodable-birth", at: turn.now, stale });
    }
  }

  #apply(turn: Turn<M>, message: M): void {
    const { type, device, payload } = message;
    turn.settled.push(message);
    if (payload === null) return;
    if (type === "DDEATH") this.#deviceDeath(turn, message);
    else if (type === "DBIRTH" && device !== null) this.#deviceBirth(turn, message, device, payload);
    else this.#data(turn, message, payload, this.#scopes.get(device) ?? null);
  }

  #deviceBirth(turn: Turn<M>, message: M, device: string, payload: Payload): void {
    const scope = this.#scopes.make(device);
    if (scope === null) turn.ignore(message, "too-many-devices");
    else this.#born(turn, scope, payload, message.receivedAt);
  }

  #deviceDeath(turn: Turn<M>, message: M): void {
    const scope = this.#scopes.get(message.device);
    if (!scope) turn.ignore(message, "unknown-device");
    else if (scope.presence === "dead") turn.ignore(message, "repeated");
    else {
      const stale = [scope.gone("dead")];
      scope.changedAt = stampOf(message);
      const at = stampOf(message) ?? message.receivedAt;
      turn.events.push({ kind: "dead", device: scope.device, at, stale });
    }
  }

  #data(turn: Turn<M>, { device, receivedAt }: M, payload: Payload, scope: NodeScope | null): void {
    const birth = scope?.birth ?? null;
    const certain = scope?.certain ?? false;
    const read = payload instanceof ReadData ? payload.readBy(birth, certain) : null;
    const { readings, plain, problems, unknown, retyped } = read ?? readMetrics(payload, birth, certain);
    if (readings.length > 0 || problems.length > 0)
      turn.events.push({ kind: "data", device, at: receivedAt, readings, plain, problems });
    // Of a node that is not born the caller asks.
    if (this.#node.presence !== "born") return;
    if (birth === null) {
      if (scope !== null || this.#scopes.hasRoom) this.#want(turn, "unborn-device", device ?? "");
    } else if (unknown !== null) {
      if (!birth.truncated) this.#want(turn, "unknown-metric", unknown);
    } else if (retyped !== null) this.#want(turn, "other-data-type", retyped);
  }

  /** Missing messages are given up: what waits for them is taken, for what it may be worth. */
  #lose(turn: Turn<M>, reason: RebirthReason, detail: string): void {
    this.#lost = true;
    this.#scopes.doubt();
    this.#flush(turn);
    this.#want(turn, reason, detail);
  }

  #flush(turn: Turn<M>): void {
    for (const message of this.#giveUp()) this.#apply(turn, message);
  }

  #giveUp(): M[] {
    const held = this.#order.giveUp();
    if (held.length > 0) {
      this.#lost = true;
      this.#scopes.doubt();
    }
    return held;
  }

  #unknown(turn: Turn<M>, reason: Stale["reason"]): void {
    this.#order.clear();
    const stale = this.#scopes.forget("all");
    if (stale.length > 0) turn.events.push({ kind: "stale", reason, at: turn.now, stale });
  }
}

/** Whether a message was sent before the last birth or death of whom it tells. */
function sentBefore({ changedAt }: NodeScope, { timestamp }: Payload): boolean {
  return timestamp !== null && changedAt !== null && timestamp < changedAt;
}
