import { numberArray, textArray } from "../kernel/pg-array.js";
import { integersLiteral, timeLiteral } from "../kernel/pg-literal.js";
import type { Sql } from "../kernel/sql.js";
import { scalarOf, type ValueColumns, valueArrays } from "../twin/value-columns.js";
import { ValueBuilder } from "./columns.js";
import { coarsen, type Rollups } from "./minutes.js";
import type { BlockTable } from "./retention.js";
import type { RollupRow } from "./sealed-rows.js";

export type RollupTable = Exclude<BlockTable, "sample_block" | "minute_block">;

const WIDTHS: Readonly<Record<RollupTable, number>> = { hour_rollup: 3_600_000, day_rollup: 86_400_000 };

interface Row extends ValueColumns {
  series_id: number;
  time: Date;
  count: number;
  numbers: number;
  minimum: number | null;
  maximum: number | null;
  sum: number | null;
  quality: number;
}

const VALUES = ["value_double", "value_bigint", "value_boolean", "value_text"];
// A sum of the largest numbers stays one, instead of an error.
const SUM = `CASE WHEN abs(row.sum) > 8e307 OR abs(excluded.sum) > 8e307
    THEN CASE WHEN abs(row.sum) > abs(excluded.sum) THEN row.sum ELSE excluded.sum END
    ELSE coalesce(row.sum + excluded.sum, row.sum, excluded.sum) END`;

/** Sealed history by hours and days. What a row says is added to, never taken away. */
export class RollupStore {
  /** Adds to hours or days, in the caller's transaction. Of each series and time at most one row. */
  async add(sql: Sql, table: RollupTable, rows: readonly RollupRow[]): Promise<void> {
    await this.#add(
      sql,
      table,
      rows.filter((row) => row.isLast),
      VALUES.map((column) => `${column} = excluded.${column},`).join(" "),
    );
    await this.#add(
      sql,
      table,
      rows.filter((row) => !row.isLast),
      "",
    );
  }

  /**
   * What is known of series in the hours or days that begin in [from, to), in milliseconds. As `lastTimes` they have their
   * beginnings. Series without any are left out.
   */
  async rollups(
    sql: Sql,
    table: RollupTable,
    seriesIds: readonly number[],
    from: number,
    to: number,
  ): Promise<ReadonlyMap<number, Rollups>> {
    const rows = await sql.query<Row>(
      `SELECT series_id, time, count, numbers, minimum, maximum, sum, quality, ${VALUES.join(", ")} FROM ${table}
       WHERE series_id = ANY(${integersLiteral(seriesIds)}) AND time >= ${timeLiteral(from)} AND time < ${timeLiteral(to)}
       ORDER BY series_id, time`,
    );
    const found = new Map<number, Rollups>();
    for (let begin = 0; begin < rows.length; ) {
      const id = (rows[begin] as Row).series_id;
      let end = begin;
      while (rows[end]?.series_id === id) end += 1;
      found.set(id, rollupsOf(rows.slice(begin, end), WIDTHS[table]));
      begin = end;
    }
    return found;
  }

  async #add(sql: Sql, table: RollupTable, rows: readonly RollupRow[], setValues: string): Promise<void> {
    if (rows.length === 0) return;
    const orNull = (value: number) => (Number.isNaN(value) ? null : value);
    await sql.query(
      `INSERT INTO ${table} AS row (retention, series_id, time, count, numbers, minimum, maximum, sum, quality,
                                    ${VALUES.join(", ")})
       SELECT retention, id, to_timestamp(at / 1000), count, numbers, minimum, maximum, sum, quality, d, i, b, t
       FROM unnest($1::text[], $2::int[], $3::float8[], $4::int[], $5::int[], $6::float8[], $7::float8[], $8::float8[],
                   $9::smallint[], $10::float8[], $11::bigint[], $12::boolean[], $13::text[])
         AS given (retention, id, at, count, numbers, minimum, maximum, sum, quality, d, i, b, t)
       ON CONFLICT (series_id, time, retention) DO UPDATE SET ${setValues}
         count = row.count + excluded.count, numbers = row.numbers + excluded.numbers,
         minimum = LEAST(row.minimum, excluded.minimum), maximum = GREATEST(row.maximum, excluded.maximum),
         sum = ${SUM}, quality = GREATEST(row.quality, excluded.quality)`,
      [
        textArray(rows.map((row) => row.retention)),
        numberArray(rows.map((row) => row.seriesId)),
        numberArray(rows.map((row) => row.time)),
        numberArray(rows.map((row) => row.count)),
        numberArray(rows.map((row) => row.numerics)),
        numberArray(rows.map((row) => orNull(row.min))),
        numberArray(rows.map((row) => orNull(row.max))),
        numberArray(rows.map((row) => orNull(row.sum))),
        numberArray(rows.map((row) => row.quality)),
        ...valueArrays(rows.map((row) => row.last)),
      ],
    );
  }
}

function rollupsOf(rows: readonly Row[], widthMs: number): Rollups {
  const lasts = new ValueBuilder({ capacity: rows.length });
  for (const row of rows) lasts.add(scalarOf(row));
  const times = Float64Array.from(rows, (row) => row.time.getTime());
  const found: Rollups = {
    count: rows.length,
    widthMs,
    times,
    counts: Float64Array.from(rows, (row) => row.count),
    numerics: Float64Array.from(rows, (row) => row.numbers),
    mins: Float64Array.from(rows, (row) => row.minimum ?? Number.NaN),
    maxs: Float64Array.from(rows, (row) => row.maximum ?? Number.NaN),
    sums: Float64Array.from(rows, (row) => row.sum ?? 0),
    lastTimes: times,
    lasts: lasts.build(),
    qualities: Uint8Array.from(rows, (row) => row.quality),
  };
  // A metric that changed its policy within the hour or day has two rows there.
  return coarsen(found, widthMs);
}
