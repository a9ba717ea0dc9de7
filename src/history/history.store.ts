import type { Database } from "../db/database.js";
import { LOCKS } from "../db/locks.js";
import { numberArray } from "../kernel/pg-array.js";
import type { Sql } from "../kernel/sql.js";
import type { Quality } from "../twin/sample.js";
import { QUALITIES, type Scalar } from "../twin/sample.js";
import type { StoredSample } from "../twin/twin-model.js";
import { scalarOf, type ValueColumns, valueArrays } from "../twin/value-columns.js";

const DAY_MS = 86_400_000;

const COLUMNS = "series_id, time, value_double, value_bigint, value_boolean, value_text, quality";
const ROWS = `SELECT id, to_timestamp(at / 1000), d, i, b, t, quality
  FROM unnest($1::int[], $2::float8[], $3::float8[], $4::bigint[], $5::boolean[], $6::text[], $7::smallint[])
    AS row (id, at, d, i, b, t, quality)`;
// Most samples are numbers: columns that hold nothing else need not be spelled out and read.
const NUMBER_ROWS = `SELECT id, to_timestamp(at / 1000), d, quality
  FROM unnest($1::int[], $2::float8[], $3::float8[], $4::smallint[]) AS row (id, at, d, quality)`;

/** A sample or, when `count` is above one, a time bucket of them. */
export interface HistoryRow {
  readonly seriesId: number;
  readonly time: Date;
  readonly value: Scalar;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly count: number;
  readonly quality: Quality;
}

interface Row extends ValueColumns {
  series_id: number;
  time: Date;
  min: number | null;
  max: number | null;
  avg: number | null;
  count: string | number;
  quality: number;
}

/** All samples ever stored, in one partition per day (UTC). */
export class HistoryStore {
  readonly #db: Database;
  /** Days, counted from 1970, whose partitions are known to exist. */
  readonly #days = new Set<number>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Makes the partitions that samples of these times need, outside of any transaction of the caller's. */
  async ensurePartitions(samples: readonly StoredSample[]): Promise<void> {
    const missing = new Set<number>();
    for (const sample of samples) {
      const day = Math.floor(sample.time / DAY_MS);
      if (!this.#days.has(day)) missing.add(day);
    }
    if (missing.size === 0) return;
    await this.#db.withConnection(async (sql) => {
      await sql.query("SELECT pg_advisory_lock($1)", [LOCKS.partitions]);
      try {
        for (const day of missing) await createPartition(sql, day);
      } finally {
        await sql.query("SELECT pg_advisory_unlock($1)", [LOCKS.partitions]);
      }
    });
    for (const day of missing) this.#days.add(day);
  }

  /** Adds samples that are newer than all of their series, which therefore cannot be there already. */
  async appendFresh(sql: Sql, samples: readonly StoredSample[]): Promise<void> {
    const numbers: StoredSample[] = [];
    const others: StoredSample[] = [];
    // Side by side, the samples of one series go to the same page of the index: half the time of an insert.
    const ordered = samples.toSorted((a, b) => (a.series.id ?? 0) - (b.series.id ?? 0));
    for (const sample of ordered) (typeof sample.value === "number" ? numbers : others).push(sample);
    if (numbers.length > 0) {
      await sql.query(
        `INSERT INTO sample (series_id, time, value_double, quality) ${NUMBER_ROWS}`,
        numberParameters(numbers),
      );
    }
    if (others.length > 0) await sql.query(`INSERT INTO sample (${COLUMNS}) ${ROWS}`, parameters(others));
  }

  /**
   * Adds those samples that are not there yet with the same series, time and value.
   * @returns how many were added.
   */
  async appendMissing(sql: Sql, samples: readonly StoredSample[]): Promise<number> {
    if (samples.length === 0) return 0;
    let earliest = Number.POSITIVE_INFINITY;
    let latest = Number.NEGATIVE_INFINITY;
    for (const { time } of samples) {
      earliest = Math.min(earliest, time);
      latest = Math.max(latest, time);
    }
    const rows = await sql.query<{ added: string }>(
      `WITH given AS (
         SELECT DISTINCT ON (id, at, d, i, b, t) id, to_timestamp(at / 1000) AS time, d, i, b, t, quality
         FROM unnest($1::int[], $2::float8[], $3::float8[], $4::bigint[], $5::boolean[], $6::text[], $7::smallint[])
           AS row (id, at, d, i, b, t, quality)
       ), added AS (
         INSERT INTO sample (${COLUMNS})
         SELECT id, time, d, i, b, t, quality FROM given
         WHERE NOT EXISTS (
           SELECT 1 FROM sample s
           WHERE s.series_id = given.id AND s.time = given.time
             -- Bounds that are known before the plan runs keep it off the other partitions.
             AND s.time BETWEEN to_timestamp($8::float8 / 1000) AND to_timestamp($9::float8 / 1000)
             AND s.value_double IS NOT DISTINCT FROM given.d AND s.value_bigint IS NOT DISTINCT FROM given.i
             AND s.value_boolean IS NOT DISTINCT FROM given.b AND s.value_text IS NOT DISTINCT FROM given.t
         )
         RETURNING 1
       )
       SELECT count(*) AS added FROM added`,
      [...parameters(samples), earliest, latest],
    );
    return Number(rows[0]?.added ?? 0);
  }

  /** The samples of each series in [from, to), oldest first; of each at most `limit`. */
  async samples(seriesIds: readonly number[], from: Date, to: Date, limit: number): Promise<HistoryRow[]> {
    const rows = await this.#db.query<Row>(
      `SELECT s.series_id, s.time, s.value_double, s.value_bigint, s.value_boolean, s.value_text, s.quality,
              NULL::float8 AS min, NULL::float8 AS max, NULL::float8 AS avg, 1 AS count
       FROM unnest($1::int[]) AS wanted (id) CROSS JOIN LATERAL (
         SELECT * FROM sample WHERE series_id = wanted.id AND time >= $2 AND time < $3 ORDER BY time LIMIT $4
       ) s ORDER BY s.series_id, s.time`,
      [numberArray(seriesIds), from, to, limit],
    );
    return rows.map(historyRow);
  }

  /** The samples of each series in [from, to) as buckets of equal width; empty ones are left out. */
  async buckets(seriesIds: readonly number[], from: Date, to: Date, widthMs: number): Promise<HistoryRow[]> {
    const rows = await this.#db.query<Row>(
      `SELECT series_id, to_timestamp(($2::float8 + bucket * $4::float8) / 1000) AS time, count(*) AS count,
              max(quality) AS quality,
              min(coalesce(value_double, value_bigint)) AS min, max(coalesce(value_double, value_bigint)) AS max,
              avg(coalesce(value_double, value_bigint)) AS avg,
              (array_agg(value_double ORDER BY time DESC))[1] AS value_double,
              (array_agg(value_bigint ORDER BY time DESC))[1] AS value_bigint,
              (array_agg(value_boolean ORDER BY time DESC))[1] AS value_boolean,
              (array_agg(value_text ORDER BY time DESC))[1] AS value_text
       FROM (
         SELECT *, floor((extract(epoch FROM time)::float8 * 1000 - $2::float8) / $4::float8) AS bucket
         FROM sample
         WHERE series_id = ANY($1::int[]) AND time >= to_timestamp($2::float8 / 1000)
           AND time < to_timestamp($3::float8 / 1000)
       ) s
       GROUP BY series_id, bucket ORDER BY series_id, bucket`,
      [numberArray(seriesIds), from.getTime(), to.getTime(), widthMs],
    );
    return rows.map(historyRow);
  }
}

function numberParameters(samples: readonly StoredSample[]): string[] {
  return [
    numberArray(samples.map((sample) => sample.series.id)),
    numberArray(samples.map((sample) => sample.time)),
    numberArray(samples.map((sample) => sample.value as number)),
    numberArray(samples.map((sample) => QUALITIES.indexOf(sample.quality))),
  ];
}

function parameters(samples: readonly StoredSample[]): string[] {
  return [
    numberArray(samples.map((sample) => sample.series.id)),
    numberArray(samples.map((sample) => sample.time)),
    ...valueArrays(samples.map((sample) => sample.value)),
    numberArray(samples.map((sample) => QUALITIES.indexOf(sample.quality))),
  ];
}

function historyRow(row: Row): HistoryRow {
  const value = scalarOf(row);
  const number = typeof value === "number" || typeof value === "bigint" ? Number(value) : null;
  const single = row.avg === null && Number(row.count) === 1;
  return {
    seriesId: row.series_id,
    time: row.time,
    value,
    min: single ? number : row.min,
    max: single ? number : row.max,
    avg: single ? number : row.avg,
    count: Number(row.count),
    quality: QUALITIES[row.quality] ?? "UNCERTAIN",
  };
}

async function createPartition(sql: Sql, day: number): Promise<void> {
  const date = (at: number) => new Date(at * DAY_MS).toISOString().slice(0, 10);
  const name = `sample_${date(day).replaceAll("-", "")}`;
  const known = await sql.query("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1)", [name]);
  if (known.length > 0) return;
  // Attaching takes a weaker lock on the parent than CREATE TABLE … PARTITION OF, which would wait for every reader.
  await sql.query(`CREATE TABLE IF NOT EXISTS ${name} (LIKE sample INCLUDING ALL)`);
  await sql.query(
    `ALTER TABLE sample ATTACH PARTITION ${name}
     FOR VALUES FROM ('${date(day)} 00:00:00+00') TO ('${date(day + 1)} 00:00:00+00')`,
  );
}
