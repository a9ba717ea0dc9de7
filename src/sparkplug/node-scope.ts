import { type Birth, type BirthChanges, changesBetween, typesOf } from "./birth.js";
import type { KnownMetrics, MetricsOf } from "./node-events.js";

/** Metrics of earlier births that are remembered of one node or device. */
const MOST_GONE = 1_000;

/** `unknown`: no birth of the present session has been seen. */
export type Presence = "unknown" | "born" | "dead";

/** How the data of an edge node or a device is to be read. */
export type ScopeBirth = Pick<NodeScope, "birth" | "certain">;

/** What is known of an edge node itself, or of one of its devices. */
export class NodeScope {
  readonly device: string | null;
  /** False when messages are missing since the birth, one of which may have been another birth. */
  certain = true;
  /** By the node's clock, when its last birth or death was sent; null: nobody knows. */
  changedAt: number | null = null;
  #presence: Presence = "unknown";
  #birth: Birth | null = null;
  #types: ReadonlyMap<string, number> | null;
  readonly #gone: Set<string>;

  constructor(device: string | null, known: KnownMetrics | null = null) {
    this.device = device;
    this.#types = known && new Map(known.metrics);
    this.#gone = new Set(known?.gone);
  }

  /** What the last birth defines; null when it is none of the present session. */
  get birth(): Birth | null {
    return this.#birth;
  }

  get presence(): Presence {
    return this.#presence;
  }

  /** How many metrics are held in memory for it. */
  get size(): number {
    return this.#birth?.definitions.size ?? this.#types?.size ?? 0;
  }

  /** The plant metrics of the last birth with their types; null when none is known. */
  get types(): ReadonlyMap<string, number> | null {
    return this.#types;
  }

  /** Those that earlier births told and the last one does not. */
  get goneMetrics(): string[] {
    return [...this.#gone];
  }

  /** @returns what it changes; null when no birth before it is known. */
  born(birth: Birth, changedAt: number | null): BirthChanges | null {
    const types = typesOf(birth);
    const changes = this.#types === null ? null : changesBetween(this.#types, types);
    for (const { name } of changes?.dropped ?? []) this.#gone.add(name);
    for (const name of this.#gone)
      if (types.has(name) || this.#gone.size > MOST_GONE) this.#gone.delete(name);
    this.#birth = birth;
    this.#types = types;
    this.#presence = "born";
    this.certain = true;
    this.changedAt = changedAt;
    return changes;
  }

  /** It is online no more. @returns its metrics, all of which are stale now. */
  gone(presence: "unknown" | "dead"): MetricsOf {
    this.#presence = presence;
    this.#birth = null;
    return { device: this.device, metrics: [...(this.#types?.keys() ?? [])] };
  }

  /** What to remember of its metrics; null when no birth is known. */
  known(): KnownMetrics | null {
    if (this.#types === null) return null;
    const metrics = [...this.#types];
    return this.#gone.size === 0 ? { metrics } : { metrics, gone: this.goneMetrics };
  }
}
