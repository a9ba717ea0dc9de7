import { integersLiteral, timeLiteral, timesLiteral } from "../kernel/pg-literal.js";
import type { BulkSql, CopyRow, Sql } from "../kernel/sql.js";
import { BLOCK_COLUMNS, type BlockRow, blockRows } from "./block-rows.js";
import { bytesAt, integerAt, timeAt } from "./frame-rows.js";
import type { BlockTable } from "./retention.js";
import { type BlockSpan, DAY_MS, dayOf } from "./seal.js";

/** A block of a series, of whatever retention policy. Times of its first and last sample in milliseconds. */
export interface StoredBlock extends BlockSpan {
  readonly seriesId: number;
  /** For decodeBlock or decodeRollups. */
  readonly data: Buffer;
}

export interface SeriesSpan extends BlockSpan {
  readonly seriesId: number;
}

/** A block by its key. */
export interface BlockKey {
  readonly seriesId: number;
  /** The time of its first sample, in milliseconds. */
  readonly from: number;
}

export type BlobTable = Extract<BlockTable, "sample_block" | "minute_block">;

/**
 * Sealed history in compressed blocks. A block lies within one UTC day, and blocks of a series do not overlap, so those of a
 * range begin on its first day or later. What is not sealed is in frames: a reader asks for frames first, or for both in
 * one snapshot, to see every sample.
 */
export class BlockStore {
  /** Blocks that have samples in [from, to), in milliseconds, by series and time. */
  async blocks(
    sql: BulkSql,
    table: BlobTable,
    seriesIds: readonly number[],
    from: number,
    to: number,
  ): Promise<StoredBlock[]> {
    return storedBlocks(
      sql,
      `SELECT series_id, from_time, to_time, count, data FROM ${table}
       WHERE series_id = ANY(${integersLiteral(seriesIds)}) AND from_time >= ${timeLiteral(dayOf(from))}
         AND from_time < ${timeLiteral(to)} AND to_time >= ${timeLiteral(from)}
       ORDER BY series_id, from_time`,
    );
  }

  /** How many samples each series has in the blocks that `blocks` would give; series without any are left out. */
  async counts(
    sql: Sql,
    seriesIds: readonly number[],
    from: number,
    to: number,
  ): Promise<ReadonlyMap<number, number>> {
    const rows = await sql.query<{ series_id: number; count: string }>(
      `SELECT series_id, sum(count) AS count FROM sample_block
       WHERE series_id = ANY(${integersLiteral(seriesIds)}) AND from_time >= ${timeLiteral(dayOf(from))}
         AND from_time < ${timeLiteral(to)} AND to_time >= ${timeLiteral(from)} GROUP BY series_id`,
    );
    return new Map(rows.map((row) => [row.series_id, Number(row.count)]));
  }

  /** The sample blocks whose span holds one of these times of their series, each once. */
  async holding(
    sql: BulkSql,
    wanted: readonly { readonly seriesId: number; readonly time: number }[],
  ): Promise<StoredBlock[]> {
    if (wanted.length === 0) return [];
    const times = wanted.map(({ time }) => time);
    return storedBlocks(
      sql,
      `SELECT DISTINCT ON (series_id, from_time, b.tableoid, b.ctid) series_id, from_time, to_time, count, data
       FROM ${rowsOf(
         wanted.map(({ seriesId }) => seriesId),
         times,
       )} AS wanted (series, at)
       JOIN sample_block b ON series_id = series AND from_time <= at AND to_time >= at
         AND from_time >= at - interval '1 day' AND ${between(Math.min(...times) - DAY_MS, Math.max(...times))}`,
    );
  }

  /** All blocks of series on UTC days, without data, by series and time. */
  async ofDays(
    sql: BulkSql,
    table: BlobTable,
    wanted: readonly { readonly seriesId: number; readonly day: number }[],
  ): Promise<SeriesSpan[]> {
    const found: SeriesSpan[] = [];
    if (wanted.length === 0) return found;
    const days = wanted.map(({ day }) => day);
    await sql.copyOut(
      `SELECT series_id, from_time, to_time, count
       FROM ${rowsOf(
         wanted.map(({ seriesId }) => seriesId),
         days,
       )} AS wanted (series, day)
       JOIN ${table} ON series_id = series AND from_time >= day AND from_time < day + interval '1 day'
         AND ${between(Math.min(...days), Math.max(...days) + DAY_MS)}
       ORDER BY series_id, from_time`,
      (row) => found.push(spanAt(row)),
    );
    return found;
  }

  /** The blocks with these keys. */
  async withKeys(sql: BulkSql, table: BlobTable, keys: readonly BlockKey[]): Promise<StoredBlock[]> {
    if (keys.length === 0) return [];
    return storedBlocks(
      sql,
      `SELECT series_id, from_time, to_time, count, data FROM ${keysOf(keys)}
       JOIN ${table} ON ${matches(keys)} ORDER BY series_id, from_time`,
    );
  }

  /** Takes blocks away and puts others in their place, in the caller's transaction. The partitions must be there. */
  async replace(
    sql: BulkSql,
    table: BlobTable,
    old: readonly BlockKey[],
    rows: readonly BlockRow[],
  ): Promise<void> {
    if (old.length > 0) await sql.query(`DELETE FROM ${table} USING ${keysOf(old)} WHERE ${matches(old)}`);
    if (rows.length > 0)
      await sql.copyIn(`COPY ${table} (${BLOCK_COLUMNS}) FROM STDIN (FORMAT binary)`, blockRows(rows));
  }
}

async function storedBlocks(sql: BulkSql, query: string): Promise<StoredBlock[]> {
  const found: StoredBlock[] = [];
  await sql.copyOut(query, (row) => found.push({ ...spanAt(row), data: bytesAt(row, 4) }));
  return found;
}

function spanAt(row: CopyRow): SeriesSpan {
  return { seriesId: integerAt(row, 0), from: timeAt(row, 1), to: timeAt(row, 2), count: integerAt(row, 3) };
}

function keysOf(keys: readonly BlockKey[]): string {
  return `${rowsOf(
    keys.map(({ seriesId }) => seriesId),
    keys.map(({ from }) => from),
  )} AS wanted (series, at)`;
}

function matches(keys: readonly BlockKey[]): string {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { from } of keys) [first, last] = [Math.min(first, from), Math.max(last, from)];
  return `series_id = series AND from_time = at AND ${between(first, last)}`;
}

/** Bounds that are known before the plan runs keep it off the other partitions. */
function between(from: number, to: number): string {
  return `from_time >= ${timeLiteral(from)} AND from_time <= ${timeLiteral(to)}`;
}

/** Pairs of a series and a time as rows of an integer and a timestamptz. */
function rowsOf(series: readonly number[], times: readonly number[]): string {
  return `(SELECT id, to_timestamp(ms / 1000) FROM unnest(${integersLiteral(series)}, ${timesLiteral(times)}) AS row (id, ms))`;
}
