import type { KnownMetrics, KnownNode, MetricsOf } from "./node-events.js";
import { NodeScope } from "./node-scope.js";

/** Sentences about one birth. */
const MOST_PROBLEMS = 5;

/** An edge node and its devices, bounded. */
export class NodeScopes {
  readonly node: NodeScope;
  readonly #devices = new Map<string, NodeScope>();
  readonly #limits: { readonly metrics: number; readonly devices: number };
  /** Who claimed an alias last. */
  readonly #claims = new Map<number | bigint, NodeScope>();

  constructor(options: { limits: { metrics: number; devices: number }; known: KnownNode | null }) {
    const { limits, known } = options;
    this.#limits = limits;
    this.node = new NodeScope(null, known);
    for (const device of known?.devices.slice(0, limits.devices) ?? [])
      this.#devices.set(device.id, new NodeScope(device.id, device));
  }

  /** How many devices are known. */
  get devices(): number {
    return this.#devices.size;
  }

  /** Whether one device more would be taken. */
  get hasRoom(): boolean {
    if (this.#devices.size < this.#limits.devices) return true;
    for (const { presence } of this.#devices.values()) if (presence !== "born") return true;
    return false;
  }

  /** The node itself, then its devices. */
  all(): NodeScope[] {
    return [this.node, ...this.#devices.values()];
  }

  /** The node itself for null. */
  get(device: string | null): NodeScope | undefined {
    return device === null ? this.node : this.#devices.get(device);
  }

  /** A device, made where it is not known; null when there are too many. One that is not online makes room. */
  make(device: string): NodeScope | null {
    const known = this.#devices.get(device);
    if (known) return known;
    if (!this.hasRoom) return null;
    if (this.#devices.size >= this.#limits.devices)
      for (const [id, { presence }] of this.#devices)
        if (presence !== "born") {
          this.#devices.delete(id);
          break;
        }
    const scope = new NodeScope(device);
    this.#devices.set(device, scope);
    return scope;
  }

  /** How many metrics a birth may define beside those of who is online. Of the others those make room that are too many. */
  room(scope: NodeScope): number {
    const most = this.#limits.metrics;
    let [used, remembered] = [0, 0];
    for (const other of this.all()) {
      if (other === scope) continue;
      if (other.presence === "born") used += other.size;
      else remembered += other.size;
    }
    for (const [id, other] of this.#devices) {
      if (remembered <= most) break;
      if (other === scope || other.presence === "born") continue;
      remembered -= other.size;
      this.#devices.delete(id);
    }
    return Math.max(most - used, 0);
  }

  /** Messages are missing, and one of them may have been a birth. */
  doubt(): void {
    this.node.certain = false;
    for (const scope of this.#devices.values()) scope.certain = false;
  }

  /** Whoever of these was online is unknown now. @returns their metrics. */
  forget(who: "all" | "devices"): MetricsOf[] {
    const stale: MetricsOf[] = [];
    for (const scope of who === "all" ? this.all() : this.#devices.values()) {
      if (scope.presence !== "born") continue;
      stale.push(scope.gone("unknown"));
    }
    return stale;
  }

  /** The node and all its devices are dead. @returns the metrics of those that were not before. */
  allDead(): MetricsOf[] {
    const stale: MetricsOf[] = [];
    for (const scope of this.all()) {
      if (scope.presence !== "dead") stale.push(scope.gone("dead"));
    }
    return stale;
  }

  /**
   * Notes the aliases of a birth. Within a device they are read as they are meant there, whatever others claim.
   * @returns those that another birth of the node claims too, as sentences; the first few.
   */
  sharedAliases(scope: NodeScope): string[] {
    const problems: string[] = [];
    // Aliases of births of before; what is forgotten with them is only a remark.
    if (this.#claims.size > 2 * this.#limits.metrics) this.#claims.clear();
    for (const alias of scope.birth?.aliases.keys() ?? []) {
      const other = this.#claims.get(alias);
      this.#claims.set(alias, scope);
      if (other === undefined || other === scope || !other.birth?.aliases.has(alias)) continue;
      const whose = other.device === null ? "the node" : JSON.stringify(other.device);
      if (problems.length < MOST_PROBLEMS) problems.push(`the alias ${alias} is also one of ${whose}`);
    }
    return problems;
  }

  known(): Omit<KnownNode, "bdSeq"> {
    const devices = [...this.#devices].map(([id, scope]) => ({ id, ...(scope.known() ?? NO_METRICS) }));
    return { ...(this.node.known() ?? NO_METRICS), devices };
  }
}

const NO_METRICS: KnownMetrics = { metrics: [] };
