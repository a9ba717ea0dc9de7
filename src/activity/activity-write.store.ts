import { LOCKS } from "../db/locks.js";
import type { Interval } from "../kernel/intervals.js";
import { numberArray, textArray } from "../kernel/pg-array.js";
import type { Sql } from "../kernel/sql.js";
import type { MetricRole } from "../plant/machine-type.js";
import { sumOf } from "../production/decimal.js";
import type { ActivityKind, CountKind, Report } from "./activity.js";
import { NO_OPERATION } from "./activity.store.js";
import { packSteps, unpackSteps } from "./count-minutes.js";
import type { CountFlag } from "./count-steps.js";
import type { HourRow, MinuteKey, MinuteRow } from "./minute-rows.js";

/** What a series reports of a machine, or counts, in a stretch of time; `to` does not belong to it. */
export interface SeriesStretch extends Interval {
  readonly machineId: string;
  readonly seriesId: number;
}

export interface ReportRow extends Report {
  readonly machineId: string;
  readonly seriesId: number;
  readonly kind: ActivityKind;
}

export interface FlagRow extends CountFlag {
  readonly machineId: string;
}

const MINUTE_KEY = "machine_id, at, series_id, kind, operation_id, ideal_cycle_time_ms";
const HOUR_KEY = "machine_id, at, kind, operation_id, ideal_cycle_time_ms";
const STRETCHES = `(SELECT machine, one, to_timestamp(begins / 1000) AS begins, to_timestamp(ends / 1000) AS ends
  FROM unnest($1::uuid[], $2::int[], $3::float8[], $4::float8[]) AS row (machine, one, begins, ends)) AS w`;

/** A series of a machine. */
export interface MachineSeries {
  readonly id: number;
  readonly machineId: string;
  readonly metric: string;
  /** As its source says; null: it says nothing. */
  readonly role: MetricRole | null;
}

/** Writes the facts of what machines did, within the caller's transaction. */
export class ActivityWriteStore {
  /**
   * Until the transaction ends, no operation begins or ceases to run on any machine without waiting. Locks of operations
   * must be taken before, as whoever changes them does.
   */
  async keepRuns(sql: Sql): Promise<void> {
    await sql.query("SELECT pg_advisory_xact_lock_shared($1)", [LOCKS.operationRuns]);
  }

  /** Until the transaction ends, nobody counts for operations; for whoever changes when they run. */
  async changeRuns(sql: Sql): Promise<void> {
    await sql.query("SELECT pg_advisory_xact_lock($1)", [LOCKS.operationRuns]);
  }

  /** All series of machines. */
  series(sql: Sql, machineIds: readonly string[]): Promise<MachineSeries[]> {
    return sql.query<MachineSeries>(
      `SELECT id, machine_id AS "machineId", metric, role FROM series WHERE machine_id = ANY ($1::uuid[]) ORDER BY id`,
      [machineIds],
    );
  }

  /** Adds reports; of one series and time the later one counts. */
  async addReports(sql: Sql, rows: readonly ReportRow[]): Promise<void> {
    if (rows.length === 0) return;
    const last = new Map(rows.map((row) => [`${row.seriesId} ${row.kind} ${row.at}`, row]));
    const kept = [...last.values()];
    await sql.query(
      `INSERT INTO machine_activity (machine_id, kind, at, series_id, value)
       SELECT machine, kind, to_timestamp(at / 1000), one, value
       FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::int[], $5::text[]) AS row (machine, kind, at, one, value)
       ON CONFLICT (machine_id, kind, at, series_id) DO UPDATE SET value = excluded.value`,
      [
        textArray(kept.map((row) => row.machineId)),
        textArray(kept.map((row) => row.kind)),
        numberArray(kept.map((row) => row.at)),
        numberArray(kept.map((row) => row.seriesId)),
        textArray(kept.map((row) => row.value)),
      ],
    );
  }

  /** Takes away what series reported in stretches. */
  async removeReports(sql: Sql, stretches: readonly SeriesStretch[]): Promise<void> {
    if (stretches.length === 0) return;
    await sql.query(
      `DELETE FROM machine_activity a USING ${STRETCHES}
       WHERE a.machine_id = machine AND a.kind = ANY('{STATE,MODE,FAULT}') AND a.series_id = one
         AND a.at >= begins AND a.at < ends`,
      stretchArrays(stretches),
    );
  }

  /** The rows of minutes that stretches touch, each once. */
  async minutes(sql: Sql, stretches: readonly SeriesStretch[]): Promise<MinuteRow[]> {
    if (stretches.length === 0) return [];
    const rows = await sql.query<{
      machine_id: string;
      at: Date;
      series_id: number;
      kind: CountKind;
      operation_id: string;
      ideal: number;
      steps: Buffer;
    }>(
      `SELECT DISTINCT ON (${MINUTE_KEY})
              machine_id, at, series_id, kind, operation_id, ideal_cycle_time_ms AS ideal, steps
       FROM ${STRETCHES} JOIN machine_count_minute m ON m.machine_id = machine AND m.series_id = one
         AND m.at > begins - interval '1 minute' AND m.at < ends`,
      stretchArrays(stretches),
    );
    return rows.map((row) => ({
      machineId: row.machine_id,
      minute: row.at.getTime(),
      seriesId: row.series_id,
      kind: row.kind,
      operationId: row.operation_id === NO_OPERATION ? null : row.operation_id,
      idealCycleTimeMs: row.ideal === 0 ? null : row.ideal,
      steps: unpackSteps(row.steps),
    }));
  }

  /** Adds steps to minutes. Each minute's row once. */
  async addToMinutes(sql: Sql, rows: readonly MinuteRow[]): Promise<void> {
    await this.#writeMinutes(
      sql,
      rows,
      "quantity = machine_count_minute.quantity + excluded.quantity, steps = machine_count_minute.steps || excluded.steps",
    );
  }

  /** Puts rows of minutes in the place of those with the same key; those without steps go. */
  async replaceMinutes(sql: Sql, rows: readonly MinuteRow[]): Promise<void> {
    const gone = rows.filter(({ steps }) => steps.length === 0);
    if (gone.length > 0) {
      await sql.query(
        `DELETE FROM machine_count_minute m
         USING unnest($1::uuid[], $2::float8[], $3::int[], $4::text[], $5::uuid[], $6::float8[])
           AS row (machine, at, one, kind, operation, ideal)
         WHERE m.machine_id = machine AND m.at = to_timestamp(row.at / 1000) AND m.series_id = one
           AND m.kind = row.kind AND m.operation_id = operation AND m.ideal_cycle_time_ms = ideal`,
        minuteKeys(gone),
      );
    }
    const kept = rows.filter(({ steps }) => steps.length > 0);
    await this.#writeMinutes(sql, kept, "quantity = excluded.quantity, steps = excluded.steps");
  }

  async #writeMinutes(sql: Sql, rows: readonly MinuteRow[], onConflict: string): Promise<void> {
    if (rows.length === 0) return;
    await sql.query(
      `INSERT INTO machine_count_minute (${MINUTE_KEY}, quantity, steps)
       SELECT machine, to_timestamp(at / 1000), one, kind, operation, ideal,
              quantity, steps
       FROM unnest($1::uuid[], $2::float8[], $3::int[], $4::text[], $5::uuid[], $6::float8[], $7::numeric[], $8::bytea[])
         AS row (machine, at, one, kind, operation, ideal, quantity, steps)
       ON CONFLICT (${MINUTE_KEY}) DO UPDATE SET ${onConflict}`,
      [
        ...minuteKeys(rows),
        plainArray(rows.map(({ steps }) => sumOf(steps.map(({ amount }) => amount)))),
        // A backslash in an array stands for what follows it.
        plainArray(rows.map(({ steps }) => `\\\\x${packSteps(steps).toString("hex")}`)),
      ],
    );
  }

  /** Adds to the sums of hours. Each hour's row once. */
  async addToHours(sql: Sql, rows: readonly HourRow[]): Promise<void> {
    if (rows.length === 0) return;
    await sql.query(
      `INSERT INTO machine_count_hour (${HOUR_KEY}, quantity)
       SELECT machine, to_timestamp(at / 1000), kind, operation, ideal, quantity
       FROM unnest($1::uuid[], $2::float8[], $3::text[], $4::uuid[], $5::float8[], $6::numeric[])
         AS row (machine, at, kind, operation, ideal, quantity)
       ON CONFLICT (${HOUR_KEY}) DO UPDATE SET quantity = machine_count_hour.quantity + excluded.quantity`,
      [
        plainArray(rows.map((row) => row.machineId)),
        numberArray(rows.map((row) => row.hour)),
        plainArray(rows.map((row) => row.kind)),
        plainArray(rows.map((row) => row.operationId ?? NO_OPERATION)),
        numberArray(rows.map((row) => row.idealCycleTimeMs ?? 0)),
        plainArray(rows.map((row) => row.quantity)),
      ],
    );
  }

  /** Puts flags in the place of those of stretches, and adds others. */
  async replaceFlags(
    sql: Sql,
    stretches: readonly SeriesStretch[],
    flags: readonly FlagRow[],
  ): Promise<void> {
    if (stretches.length > 0) {
      await sql.query(
        `DELETE FROM machine_count_flag f USING ${STRETCHES}
         WHERE f.machine_id = machine AND f.series_id = one AND f.at >= begins AND f.at < ends`,
        stretchArrays(stretches),
      );
    }
    if (flags.length === 0) return;
    const last = [...new Map(flags.map((flag) => [`${flag.seriesId} ${flag.at}`, flag])).values()];
    await sql.query(
      `INSERT INTO machine_count_flag (machine_id, at, series_id, from_value, to_value, reason)
       SELECT machine, to_timestamp(at / 1000), one, before, after, reason
       FROM unnest($1::uuid[], $2::float8[], $3::int[], $4::text[], $5::text[], $6::text[])
         AS row (machine, at, one, before, after, reason)
       ON CONFLICT (machine_id, at, series_id)
       DO UPDATE SET from_value = excluded.from_value, to_value = excluded.to_value, reason = excluded.reason`,
      [
        textArray(last.map((flag) => flag.machineId)),
        numberArray(last.map((flag) => flag.at)),
        numberArray(last.map((flag) => flag.seriesId)),
        textArray(last.map((flag) => String(flag.from))),
        textArray(last.map((flag) => String(flag.to))),
        textArray(last.map((flag) => flag.reason)),
      ],
    );
  }
}

function stretchArrays(stretches: readonly SeriesStretch[]): string[] {
  return [
    plainArray(stretches.map((one) => one.machineId)),
    numberArray(stretches.map((one) => one.seriesId)),
    numberArray(stretches.map((one) => one.from)),
    numberArray(stretches.map((one) => one.to)),
  ];
}

function minuteKeys(rows: readonly MinuteKey[]): string[] {
  return [
    plainArray(rows.map((row) => row.machineId)),
    numberArray(rows.map((row) => row.minute)),
    numberArray(rows.map((row) => row.seriesId)),
    plainArray(rows.map((row) => row.kind)),
    plainArray(rows.map((row) => row.operationId ?? NO_OPERATION)),
    numberArray(rows.map((row) => row.idealCycleTimeMs ?? 0)),
  ];
}

/** Of texts that need no quotes: ids, names of our own, decimals. */
function plainArray(texts: readonly string[]): string {
  return `{${texts.join(",")}}`;
}
