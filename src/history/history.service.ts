import type { Sql } from "../kernel/sql.js";
import type { Quality, Scalar } from "../twin/sample.js";
import type { StoredSample, Twin } from "../twin/twin-model.js";
import type { HistoryRow, HistoryStore } from "./history.store.js";

export interface HistoryPointValue {
  readonly time: Date;
  readonly value: Scalar;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly count: number;
  readonly quality: Quality;
}

export interface MetricSeriesValue {
  readonly metric: string;
  readonly unit: string | null;
  readonly points: readonly HistoryPointValue[];
}

/** Keeps every sample and reads ranges of them. */
export class HistoryService {
  readonly #store: HistoryStore;

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  /** Makes room for samples of any time; runs before the transaction that appends them. */
  prepare(samples: readonly StoredSample[]): Promise<void> {
    return this.#store.ensurePartitions(samples);
  }

  /**
   * Adds samples within the caller's transaction; those that are there already add nothing.
   * @param fresh newer than all of their series.
   * @param old any others.
   * @returns how many were added, and how many were there already.
   */
  async append(
    sql: Sql,
    fresh: readonly StoredSample[],
    old: readonly StoredSample[],
  ): Promise<{ added: number; repeated: number }> {
    await this.#store.appendFresh(sql, fresh);
    const added = await this.#store.appendMissing(sql, old);
    return { added: fresh.length + added, repeated: old.length - added };
  }

  /**
   * The series of a machine's metrics in [from, to): samples where a metric has at most `points` of them there,
   * else `points` time buckets of equal width. Metrics that the machine does not have are left out.
   */
  async range(
    twin: Twin,
    request: { metrics: readonly string[]; from: Date; to: Date; points: number },
  ): Promise<MetricSeriesValue[]> {
    const { from, to, points } = request;
    const wanted = [...new Set(request.metrics)].flatMap((name) => twin.metrics.get(name) ?? []);
    const ids = wanted.flatMap((reading) => reading.series.id ?? []);
    const rows = new Map<number, HistoryRow[]>();
    for (const [id, found] of groupBySeries(await this.#store.samples(ids, from, to, points + 1)))
      rows.set(id, found);
    const long = ids.filter((id) => (rows.get(id)?.length ?? 0) > points);
    if (long.length > 0) {
      const width = Math.max(Math.ceil((to.getTime() - from.getTime()) / points), 1);
      for (const id of long) rows.delete(id);
      for (const [id, found] of groupBySeries(await this.#store.buckets(long, from, to, width)))
        rows.set(id, found);
    }
    return wanted.map((reading) => ({
      metric: reading.name,
      unit: reading.unit,
      points: rows.get(reading.series.id ?? -1) ?? [],
    }));
  }
}

function groupBySeries(rows: readonly HistoryRow[]): Map<number, HistoryRow[]> {
  const groups = new Map<number, HistoryRow[]>();
  for (const row of rows) {
    const group = groups.get(row.seriesId);
    if (group) group.push(row);
    else groups.set(row.seriesId, [row]);
  }
  return groups;
}
