import { DEFAULT_EDGE_NODE_LIMITS, EdgeNode, type EdgeNodeLimits } from "./edge-node.js";
import type { KnownNode, NodeMessage, Outcome } from "./node-events.js";
import type { EdgeNodeId } from "./sparkplug-topic.js";

export interface EdgeNodesLimits extends EdgeNodeLimits {
  readonly nodes: number;
  /** After the host has connected, how long nodes have to publish births by themselves before they are asked. */
  readonly settleMs: number;
  /** How far the requests to many nodes are apart, so that not all answer at once. */
  readonly spreadMs: number;
}

export const DEFAULT_EDGE_NODES_LIMITS: EdgeNodesLimits = {
  ...DEFAULT_EDGE_NODE_LIMITS,
  nodes: 2_000,
  settleMs: 5_000,
  spreadMs: 20,
};

/** What follows for one node. */
export interface NodeOutcome<M extends NodeMessage> extends Outcome<M> {
  /** The same object as long as the node is followed. */
  readonly id: EdgeNodeId;
  /** The number of the connection that its last birth told. */
  readonly bdSeq: number | null;
}

/** A node that is followed. */
interface NodeEntry<M extends NodeMessage> {
  readonly id: EdgeNodeId;
  readonly key: string;
  readonly node: EdgeNode<M>;
}

/** What tells an edge node from others of its broker. */
export function keyOf({ group, edgeNode }: EdgeNodeId): string {
  return `${group}/${edgeNode}`;
}

/** The edge nodes that a host application knows at one broker, bounded. */
export class EdgeNodes<M extends NodeMessage = NodeMessage> {
  readonly #limits: EdgeNodesLimits;
  readonly #nodes = new Map<string, NodeEntry<M>>();
  /** Of the few that wait for something. */
  readonly #deadlines = new Map<string, number>();
  #refused = 0;

  constructor(limits: EdgeNodesLimits = DEFAULT_EDGE_NODES_LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** Messages of nodes beyond those that are taken. */
  get refused(): number {
    return this.#refused;
  }

  /** When `due` has to be called; null: nothing is waited for. */
  get deadline(): number | null {
    let first: number | null = null;
    for (const deadline of this.#deadlines.values()) if (first === null || deadline < first) first = deadline;
    return first;
  }

  /** @param key as for `take`. */
  get(id: EdgeNodeId, key = keyOf(id)): EdgeNode<M> | undefined {
    return this.#nodes.get(key)?.node;
  }

  /** What was remembered of a node when the host was last there. @returns false when there are too many. */
  restore(id: EdgeNodeId, known: KnownNode): boolean {
    return this.#make(id, known) !== null;
  }

  /** All of them, in the order in which they were first heard of. */
  all(): Iterable<NodeEntry<M>> {
    return this.#nodes.values();
  }

  /** What to remember of each node while the host is away. */
  *known(): IterableIterator<{ readonly id: EdgeNodeId; readonly known: KnownNode }> {
    for (const { id, node } of this.#nodes.values()) yield { id, known: node.known() };
  }

  /**
   * A message of a node came.
   * @param key `keyOf` the node, for whoever has kept it.
   * @returns null, and counts it, when there are too many nodes.
   */
  take(id: EdgeNodeId, message: M, key = keyOf(id)): NodeOutcome<M> | null {
    const entry = this.#nodes.get(key) ?? this.#make(id);
    if (entry !== null) return this.#told(entry, entry.node.take(message));
    this.#refused += 1;
    return null;
  }

  /** A deadline has come. */
  due(now: number): NodeOutcome<M>[] {
    const outcomes: NodeOutcome<M>[] = [];
    for (const [key, deadline] of [...this.#deadlines]) {
      const entry = this.#nodes.get(key);
      if (deadline > now || entry === undefined) continue;
      outcomes.push(this.#told(entry, entry.node.due(now)));
    }
    return outcomes;
  }

  /** The host has lost its connection: of no node is known how it is. */
  disconnected(at: number): NodeOutcome<M>[] {
    return [...this.#nodes.values()].map((entry) => this.#told(entry, entry.node.disconnected(at)));
  }

  /** The host is connected; nodes that do not publish births by themselves are asked in time. */
  connected(now: number): void {
    let askAt = now + this.#limits.settleMs;
    for (const entry of this.#nodes.values()) {
      this.#told(entry, entry.node.connected(now, askAt));
      askAt += this.#limits.spreadMs;
    }
  }

  #make({ group, edgeNode }: EdgeNodeId, known?: KnownNode): NodeEntry<M> | null {
    if (this.#nodes.size >= this.#limits.nodes) return null;
    const node = new EdgeNode<M>(known ? { limits: this.#limits, known } : { limits: this.#limits });
    const key = keyOf({ group, edgeNode });
    const entry = { id: { group, edgeNode }, key, node };
    this.#nodes.set(key, entry);
    return entry;
  }

  #told({ id, key, node }: NodeEntry<M>, { events, settled, rebirth, deadline }: Outcome<M>): NodeOutcome<M> {
    if (deadline === null) this.#deadlines.delete(key);
    else this.#deadlines.set(key, deadline);
    // No birth has ever come of it: a flood of ever new names must not push out what is real.
    if (node.presence === "unknown" && deadline === null && node.isBlank) this.#nodes.delete(key);
    return { id, bdSeq: node.bdSeq, events, settled, rebirth, deadline };
  }
}
