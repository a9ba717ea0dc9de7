import { statfs } from "node:fs/promises";
import type { Clock } from "../kernel/clock.js";
import type { BlockTable } from "./retention.js";
import type { PolicyUsage, StorageUsage } from "./storage.js";
import type { Leaf, StorageStore } from "./storage.store.js";

const FRESH_MS = 30_000;

/** Tells what the database takes on disk. */
export class StorageService {
  readonly #store: StorageStore;
  readonly #clock: Clock;
  readonly #embedded: boolean;
  #usage: Promise<StorageUsage> | null = null;
  #measuredAt = Number.NEGATIVE_INFINITY;
  /** Samples of partitions, each of one version. */
  #counts = new Map<string, { version: string; samples: number }>();

  /** @param deps.embedded the database's folder is on a disk of this machine. */
  constructor(deps: { store: StorageStore; clock: Clock; embedded: boolean }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#embedded = deps.embedded;
  }

  /** What is used; measured half a minute ago at the most. @throws when the database does not answer. */
  usage(): Promise<StorageUsage> {
    const now = this.#clock.now();
    if (this.#usage && now - this.#measuredAt < FRESH_MS) return this.#usage;
    this.#measuredAt = now;
    const usage = this.#measure(now);
    this.#usage = usage;
    usage.catch(() => {
      if (this.#usage === usage) this.#usage = null;
    });
    return usage;
  }

  async #measure(now: number): Promise<StorageUsage> {
    const databaseBytes = await this.#store.databaseBytes();
    const frames = await this.#store.frames();
    const leaves = await this.#store.leaves();
    const counts = new Map<string, { version: string; samples: number }>();
    for (const leaf of leaves) {
      if (leaf.table !== "sample_block") continue;
      const known = this.#counts.get(leaf.name);
      const samples = known?.version === leaf.version ? known.samples : await this.#store.samples(leaf);
      counts.set(leaf.name, { version: leaf.version, samples });
    }
    this.#counts = counts;
    return {
      databaseBytes,
      openFrameBytes: frames.open,
      closedFrameBytes: frames.closed,
      waitingSegments: frames.waiting,
      policies: policiesOf(leaves, (leaf) => counts.get(leaf.name)?.samples ?? 0),
      freeBytes: this.#embedded ? await this.#freeBytes() : null,
      measuredAt: new Date(now),
    };
  }

  async #freeBytes(): Promise<number | null> {
    const folder = await this.#store.folder();
    if (folder === null) return null;
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  }
}

function policiesOf(leaves: readonly Leaf[], samplesOf: (leaf: Leaf) => number): PolicyUsage[] {
  const names = [...new Set(leaves.map((leaf) => leaf.retention))].sort();
  return names.map((retention) => {
    const mine = leaves.filter((leaf) => leaf.retention === retention);
    const bytesOf = (table: BlockTable) =>
      mine.reduce((sum, leaf) => (leaf.table === table ? sum + leaf.bytes : sum), 0);
    const raw = mine.filter((leaf) => leaf.table === "sample_block");
    return {
      retention,
      bytes: {
        sample_block: bytesOf("sample_block"),
        minute_block: bytesOf("minute_block"),
        hour_rollup: bytesOf("hour_rollup"),
        day_rollup: bytesOf("day_rollup"),
      },
      samples: raw.reduce((sum, leaf) => sum + samplesOf(leaf), 0),
      oldest: raw.map(({ from }) => from).sort((a, b) => a.getTime() - b.getTime())[0] ?? null,
    };
  });
}
