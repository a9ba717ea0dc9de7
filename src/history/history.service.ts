import type { BulkSql } from "../kernel/sql.js";
import type { Scalar } from "../twin/sample.js";
import type { StoredSample } from "../twin/twin-model.js";
import { decodeBlock } from "./block.js";
import type { BlockStore } from "./block.store.js";
import { valueAt } from "./columns.js";
import { type Frame, type FrameOrigin, framesOf, type StoredFrame, type Unsure } from "./frame.js";
import type { FrameStore } from "./frame.store.js";

/** Keeps every sample. */
export class HistoryService {
  readonly #frames: FrameStore;
  readonly #blocks: BlockStore;

  constructor(deps: { frames: FrameStore; blocks: BlockStore }) {
    this.#frames = deps.frames;
    this.#blocks = deps.blocks;
  }

  /**
   * Adds samples within the caller's transaction; those that are there already add nothing. All series have their ids.
   * @param fresh frames of samples that are newer than all of their series.
   * @param old any other samples.
   * @returns how many were there already.
   */
  async append(sql: BulkSql, fresh: readonly Frame[], old: readonly Unsure[]): Promise<{ repeated: number }> {
    if (fresh.length > 0) await this.#frames.append(sql, fresh);
    if (old.length === 0) return { repeated: 0 };
    const missing = await this.#missing(sql, old);
    const frames = missing.flatMap(({ origin, samples }) => framesOf(origin, samples));
    if (frames.length > 0) await this.#frames.append(sql, frames);
    return { repeated: old.length - missing.reduce((sum, { samples }) => sum + samples.length, 0) };
  }

  /** The frames that are not sealed yet, in no order. */
  eachRecent(visit: (frame: StoredFrame) => void): Promise<void> {
    return this.#frames.each(visit);
  }

  /** Those samples that are not there with the same series, time and value, each once, by the message they come from. */
  async #missing(
    sql: BulkSql,
    old: readonly Unsure[],
  ): Promise<{ origin: FrameOrigin; samples: StoredSample[] }[]> {
    const asked = new Map<number, Set<number>>();
    for (const { sample } of old) {
      const id = sample.series.id ?? 0;
      asked.set(id, (asked.get(id) ?? new Set()).add(sample.time));
    }
    const known = new Set<string>();
    const visit = (series: number, time: number, value: Scalar) => {
      if (asked.get(series)?.has(time)) known.add(keyOf(series, time, value));
    };
    const moments = old.map(({ origin, sample }) => ({ machineId: origin.machineId, time: sample.time }));
    // Frames first: what is sealed in between is found in the blocks then.
    await this.#frames.eachAt(sql, moments, visit);
    const wanted = old.map(({ sample }) => ({ seriesId: sample.series.id ?? 0, time: sample.time }));
    for (const { seriesId, data } of await this.#blocks.holding(sql, wanted)) {
      const columns = decodeBlock(data);
      for (let index = 0; index < columns.count; index += 1)
        visit(seriesId, columns.times[index] as number, valueAt(columns, index));
    }
    const missing = new Map<FrameOrigin, StoredSample[]>();
    for (const { origin, sample } of old) {
      const key = keyOf(sample.series.id ?? 0, sample.time, sample.value);
      if (known.has(key)) continue;
      known.add(key);
      const samples = missing.get(origin);
      if (samples) samples.push(sample);
      else missing.set(origin, [sample]);
    }
    return Array.from(missing, ([origin, samples]) => ({ origin, samples }));
  }
}

/** Of two samples with one key, one is a repetition. The types keep 1, "1", true and 1n apart; -0 is 0. */
function keyOf(series: number, time: number, value: Scalar): string {
  return `${series} ${time} ${typeof value}:${value}`;
}
