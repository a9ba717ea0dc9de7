import { integersLiteral, timeLiteral } from "../kernel/pg-literal.js";
import type { Sql } from "../kernel/sql.js";
import type { Coverage, Span } from "./range-plan.js";

const DAY_MS = 86_400_000;
/** Longer ranges are counted by days. */
const LONGEST_COUNTED = 8 * DAY_MS;

interface Row {
  id: number;
  samples: string | null;
  first_sample: Date | null;
  first_minute: Date | null;
  first_hour: Date | null;
}

/** What is sealed of series, without reading it. */
export class RangeStore {
  /** Of every series asked for. */
  async coverage(sql: Sql, seriesIds: readonly number[], span: Span): Promise<ReadonlyMap<number, Coverage>> {
    const rows = await sql.query<Row>(
      `SELECT id, ${samples(span)} AS samples, ${first("sample_block", "from_time", "to_time", span)} AS first_sample,
              ${first("minute_block", "from_time", "to_time", span)} AS first_minute,
              ${first("hour_rollup", "time", "time", span)} AS first_hour
       FROM unnest(${integersLiteral(seriesIds)}) AS wanted (id)`,
    );
    return new Map(
      rows.map((row) => [
        row.id,
        {
          samples: Number(row.samples ?? 0),
          firstSample: row.first_sample?.getTime() ?? null,
          firstMinute: row.first_minute?.getTime() ?? null,
          firstHour: row.first_hour?.getTime() ?? null,
        },
      ]),
    );
  }
}

/** Of a short range about the samples of its blocks, of a long one those of its days. */
function samples({ from, to }: Span): string {
  const day = timeLiteral(Math.floor(from / DAY_MS) * DAY_MS);
  if (to - from > LONGEST_COUNTED) {
    return `(SELECT sum(count) FROM day_rollup WHERE series_id = id AND time >= ${day} AND time < ${timeLiteral(to)})`;
  }
  const [begin, end] = [timeLiteral(from), timeLiteral(to)];
  const within = `extract(epoch FROM LEAST(to_time, ${end}) - GREATEST(from_time, ${begin}))`;
  // A block has its samples spread over its time, as far as anybody knows without reading it.
  return `(SELECT ceil(sum(count * coalesce(${within} / nullif(extract(epoch FROM to_time - from_time), 0), 1)))
           FROM sample_block WHERE series_id = id AND from_time >= ${day}
           AND from_time < ${timeLiteral(to)} AND to_time >= ${timeLiteral(from)})`;
}

function first(table: string, begins: string, ends: string, { from, to }: Span): string {
  const day = timeLiteral(Math.floor(from / DAY_MS) * DAY_MS);
  return `(SELECT ${begins} FROM ${table} WHERE series_id = id AND ${begins} >= ${day} AND ${begins} < ${timeLiteral(to)}
           AND ${ends} >= ${timeLiteral(from)} ORDER BY ${begins} LIMIT 1)`;
}
