import type { Database } from "../db/database.js";
import type { BulkSql } from "../kernel/sql.js";
import type { Twin } from "../twin/machine-twin.js";
import { decodeBlock } from "./block.js";
import type { BlockStore } from "./block.store.js";
import { type Bucket, BucketGrid } from "./bucket.js";
import { firstNotBefore, type SampleColumns, type SeriesSample, samplesOf, sliceOf } from "./columns.js";
import type { FrameStore } from "./frame.store.js";
import { decodeRollups } from "./minutes.js";
import type { RangeStore } from "./range.store.js";
import { type Coverage, gridFor, isWhole, levelFor, partsOf, type Span } from "./range-plan.js";
import type { RollupStore } from "./rollup.store.js";

/** A sample, or the samples of a bucket. */
export interface HistoryPointValue extends Omit<Bucket, "time"> {
  readonly time: Date;
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

/** The samples of series, of each in parts that come one after the other in time, or overlap where some came late. */
type Parts = Map<number, SampleColumns[]>;

/** Reads ranges of the history, sealed or not. */
export class RangeService {
  readonly #db: Database;
  readonly #frames: FrameStore;
  readonly #blocks: BlockStore;
  readonly #rollups: RollupStore;
  readonly #store: RangeStore;

  constructor(deps: {
    db: Database;
    frames: FrameStore;
    blocks: BlockStore;
    rollups: RollupStore;
    store: RangeStore;
  }) {
    this.#db = deps.db;
    this.#frames = deps.frames;
    this.#blocks = deps.blocks;
    this.#rollups = deps.rollups;
    this.#store = deps.store;
  }

  /**
   * The series of machines' metrics in [from, to), for each machine in the order given: samples where a metric has at
   * most `points` of them there, else at most `points` time buckets of equal width, the same for all that need them.
   * Metrics that a machine does not have are left out.
   */
  async ranges(twins: readonly Twin[], request: RangeRequest): Promise<MetricSeriesValue[][]> {
    const names = [...new Set(request.metrics)];
    const wanted = twins.map((twin) => names.flatMap((name) => twin.series(name) ?? []));
    const ids = wanted.flat().flatMap((series) => series.id ?? []);
    const machineIds = twins.map((twin) => twin.machine.id);
    const span = { from: request.from.getTime(), to: request.to.getTime() };
    // One snapshot: what is sealed meanwhile is seen in one of both places, not in none or two.
    const points = await this.#db.withConnection(async (sql) => {
      // The lock comes before the snapshot: no frames that the snapshot still counts on can be dropped in between.
      await sql.query(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE frame IN ACCESS SHARE MODE",
      );
      const found = await this.#points(sql, machineIds, ids, span, request.points);
      await sql.query("COMMIT");
      return found;
    });
    return wanted.map((ofMachine) =>
      ofMachine.map(({ id, metric, definition }) => ({
        metric,
        unit: definition?.unit ?? null,
        points: points.get(id ?? -1) ?? [],
      })),
    );
  }

  async #points(
    sql: BulkSql,
    machineIds: readonly string[],
    ids: readonly number[],
    span: Span,
    most: number,
  ): Promise<Map<number, HistoryPointValue[]>> {
    const points = new Map<number, HistoryPointValue[]>();
    if (ids.length === 0) return points;
    const recent = await this.#frames.range(sql, machineIds, ids, span.from, span.to);
    const coverage = await this.#store.coverage(sql, ids, span);
    const level = levelFor([...coverage.values()], span);
    // Blocks may reach beyond the range: how many samples lie within is known when they are read.
    const few = new Set(ids.filter((id) => level === "samples" || hasFew(coverage.get(id), most)));
    const samples = await this.#samples(sql, [...few], span);
    for (const [id, columns] of recent) addTo(samples, id, columns);
    const many: number[] = [];
    for (const id of ids) {
      const parts = samples.get(id) ?? [];
      if (few.has(id) && countOf(parts) <= most) points.set(id, sorted(parts).map(pointOfSample));
      else many.push(id);
    }
    if (many.length === 0) return points;
    const grids = new Map(many.map((id) => [id, new BucketGrid(gridFor(span, most, level))]));
    for (const part of partsOf(span, level)) {
      if (part.level !== level || level !== "samples") await this.#fill(sql, grids, part);
      else for (const [id, grid] of grids) for (const one of samples.get(id) ?? []) grid.addSamples(one);
    }
    if (level !== "samples") for (const [id, columns] of recent) grids.get(id)?.addSamples(columns);
    for (const [id, grid] of grids) {
      points.set(
        id,
        grid.result().map((bucket) => ({ ...bucket, time: new Date(Math.max(bucket.time, span.from)) })),
      );
    }
    return points;
  }

  /** Adds what is sealed in a part of the range to the grids of its series. */
  async #fill(
    sql: BulkSql,
    grids: ReadonlyMap<number, BucketGrid>,
    { level, from, to }: ReturnType<typeof partsOf>[number],
  ): Promise<void> {
    const ids = [...grids.keys()];
    if (level === "samples") {
      for (const [id, parts] of await this.#samples(sql, ids, { from, to }))
        for (const columns of parts) grids.get(id)?.addSamples(columns);
    } else if (level === "minutes") {
      for (const { seriesId, data } of await this.#blocks.blocks(sql, "minute_block", ids, from, to)) {
        const rollups = decodeRollups(data);
        const [begin, end] = [firstNotBefore(rollups.times, from), firstNotBefore(rollups.times, to)];
        grids.get(seriesId)?.addRollups(rollups, begin, end);
      }
    } else {
      const table = level === "hours" ? "hour_rollup" : "day_rollup";
      for (const [id, rollups] of await this.#rollups.rollups(sql, table, ids, from, to))
        grids.get(id)?.addRollups(rollups);
    }
  }

  /** The sealed samples of a range. */
  async #samples(sql: BulkSql, ids: readonly number[], { from, to }: Span): Promise<Parts> {
    const parts: Parts = new Map();
    if (ids.length === 0) return parts;
    for (const block of await this.#blocks.blocks(sql, "sample_block", ids, from, to)) {
      const whole = decodeBlock(block.data);
      const columns = sliceOf(whole, firstNotBefore(whole.times, from), firstNotBefore(whole.times, to));
      if (columns.count > 0) addTo(parts, block.seriesId, columns);
    }
    return parts;
  }
}

function hasFew(coverage: Coverage | undefined, most: number): boolean {
  return coverage !== undefined && coverage.samples <= most && isWhole(coverage);
}

function addTo(parts: Parts, id: number, columns: SampleColumns): void {
  const known = parts.get(id);
  if (known) known.push(columns);
  else parts.set(id, [columns]);
}

function countOf(parts: readonly SampleColumns[]): number {
  return parts.reduce((sum, { count }) => sum + count, 0);
}

/** By time; those of one time in the order of the parts. */
function sorted(parts: readonly SampleColumns[]): SeriesSample[] {
  const samples = parts.flatMap((columns) => samplesOf(columns));
  return parts.length < 2 ? samples : samples.sort((a, b) => a.time - b.time);
}

function pointOfSample({ time, value, quality }: SeriesSample): HistoryPointValue {
  const number = typeof value === "number" || typeof value === "bigint" ? Number(value) : null;
  return { time: new Date(time), value, min: number, max: number, avg: number, count: 1, quality };
}
