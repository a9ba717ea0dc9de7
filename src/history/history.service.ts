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

export interface RangeRequest {
  readonly metrics: readonly string[];
  readonly from: Date;
  readonly to: Date;
  /** The most points per metric. */
  readonly points: number;
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
   * The series of machines' metrics in [from, to), for each machine in the order given: samples where a metric has at
   * most `points` of them there, else `points` time buckets of equal width. Metrics that a machine does not have are
   * left out.
   */
  async ranges(twins: readonly Twin[], request: RangeRequest): Promise<MetricSeriesValue[][]> {
    const { from, to, points } = request;
    const names = [...new Set(request.metrics)];
    const wanted = twins.map((twin) => names.flatMap((name) => twin.metrics.get(name) ?? []));
    const ids = wanted.flat().flatMap((reading) => reading.series.id ?? []);
    const rows = groupBySeries(await this.#store.samples(ids, from, to, points + 1));
    const long = ids.filter((id) => (rows.get(id)?.length ?? 0) > points);
    if (long.length > 0) {
      const width = Math.max(Math.ceil((to.getTime() - from.getTime()) / points), 1);
      const buckets = groupBySeries(await this.#store.buckets(long, from, to, width));
      for (const id of long) rows.set(id, buckets.get(id) ?? []);
    }
    return wanted.map((readings) =>
      readings.map((reading) => ({
        metric: reading.name,
        unit: reading.unit,
        points: rows.get(reading.series.id ?? -1) ?? [],
      })),
    );
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
