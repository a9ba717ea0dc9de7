import type { Scalar } from "../twin/sample.js";
import { decodeBlock, encodeBlock } from "./block.js";
import type { BlockRow } from "./block-rows.js";
import { type SampleColumns, sliceOf, valueAt } from "./columns.js";
import { coarsen, encodeRollups, type Rollups, rollUp } from "./minutes.js";
import { type BlockSpan, blocksOf, isLast, merged, type Piece, piecesOf } from "./seal.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** New samples of one series and UTC day. */
export interface DayOfSeries {
  readonly retention: string;
  readonly seriesId: number;
  readonly day: number;
  readonly columns: SampleColumns;
}

/** What new samples add to one hour or day (UTC) of a series. */
export interface RollupRow {
  readonly retention: string;
  readonly seriesId: number;
  /** The beginning of the hour or day, in milliseconds. */
  readonly time: number;
  readonly count: number;
  /** Of the samples, how many are numbers; the next three are NaN when none is. */
  readonly numerics: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly last: Scalar;
  /** Whether `last` is newer than what was there. */
  readonly isLast: boolean;
  /** Index in QUALITIES. */
  readonly quality: number;
}

/** Rows to be written for one series and day. */
export interface SealedRows {
  readonly samples: BlockRow[];
  readonly minutes: BlockRow[];
  readonly hours: RollupRow[];
  readonly days: RollupRow[];
}

/** How one series and day is sealed: which blocks there are, and which of them are written anew with what. */
export interface DayPlan extends DayOfSeries {
  readonly there: readonly BlockSpan[];
  readonly pieces: readonly Piece<BlockSpan>[];
}

/** @param there all blocks of the series and day, by time. */
export function planDay(day: DayOfSeries, there: readonly BlockSpan[]): DayPlan {
  const times = day.columns.times.subarray(0, day.columns.count);
  return { ...day, there, pieces: piecesOf(there, times) };
}

/** @param dataOf of the blocks that are written anew. */
export function sealDay(plan: DayPlan, dataOf: (block: BlockSpan) => Buffer): SealedRows {
  const { retention, seriesId, columns } = plan;
  const samples: BlockRow[] = [];
  const minutes: BlockRow[] = [];
  const decoded: SampleColumns[] = [];
  const fresh: Rollups[] = [];
  for (const { blocks, begin, end } of plan.pieces) {
    const old = blocks.map((block) => decodeBlock(dataOf(block)));
    decoded.push(...old);
    // What was there comes first: of one time, the later arrival is the last.
    const all = merged([...old, sliceOf(columns, begin, end)]);
    for (const block of blocksOf(all)) {
      const key = {
        retention,
        seriesId,
        from: block.times[0] as number,
        to: block.times[block.count - 1] as number,
      };
      const rolled = rollUp(block, MINUTE_MS);
      samples.push({ ...key, count: block.count, data: encodeBlock(block) });
      minutes.push({ ...key, count: rolled.count, data: encodeRollups(rolled) });
      if (old.length === 0) fresh.push(rolled);
    }
  }
  const hours = hoursOf(plan, fresh);
  const last = (rollups: Rollups, index: number) =>
    isLast(
      rollups.lastTimes[index] as number,
      (rollups.times[index] as number) + rollups.widthMs,
      plan.there,
      decoded,
    );
  return {
    samples,
    minutes,
    hours: additions(plan, hours, last),
    days: additions(plan, coarsen(hours, DAY_MS), last),
  };
}

/** The hours of the new samples alone. Where nothing was merged their minutes are known already. */
function hoursOf({ pieces, columns }: DayPlan, fresh: readonly Rollups[]): Rollups {
  const [only] = fresh;
  const untouched = pieces.length === 1 && pieces[0]?.blocks.length === 0;
  if (untouched && fresh.length === 1 && only) return coarsen(only, HOUR_MS);
  return rollUp(columns, HOUR_MS);
}

function additions(
  { retention, seriesId }: DayOfSeries,
  rollups: Rollups,
  isLastAt: (rollups: Rollups, index: number) => boolean,
): RollupRow[] {
  const rows: RollupRow[] = [];
  for (let index = 0; index < rollups.count; index += 1) {
    const numerics = rollups.numerics[index] as number;
    rows.push({
      retention,
      seriesId,
      time: rollups.times[index] as number,
      count: rollups.counts[index] as number,
      numerics,
      min: rollups.mins[index] as number,
      max: rollups.maxs[index] as number,
      sum: numerics > 0 ? (rollups.sums[index] as number) : Number.NaN,
      last: valueAt(rollups.lasts, index),
      isLast: isLastAt(rollups, index),
      quality: rollups.qualities[index] as number,
    });
  }
  return rows;
}
