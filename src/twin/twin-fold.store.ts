import { numberArray, textArray } from "../kernel/pg-array.js";
import type { Sql } from "../kernel/sql.js";
import { QUALITIES } from "./sample.js";
import type { FoldedHead, FoldedReading, TwinFolding } from "./twin-fold.js";
import { valueArrays } from "./value-columns.js";

export class TwinFoldStore implements TwinFolding {
  async foldReadings(sql: Sql, readings: readonly FoldedReading[]): Promise<void> {
    if (readings.length === 0) return;
    await sql.query(
      `INSERT INTO twin_metric (series_id, value_double, value_bigint, value_boolean, value_text, quality, source_time,
                                received_time)
       SELECT id, d, i, b, t, quality, to_timestamp(source / 1000), to_timestamp(received / 1000)
       FROM unnest($1::int[], $2::float8[], $3::bigint[], $4::boolean[], $5::text[], $6::smallint[], $7::float8[],
                   $8::float8[]) AS row (id, d, i, b, t, quality, source, received)
       ON CONFLICT (series_id) DO UPDATE SET value_double = excluded.value_double, value_bigint = excluded.value_bigint,
         value_boolean = excluded.value_boolean, value_text = excluded.value_text, quality = excluded.quality,
         source_time = excluded.source_time, received_time = excluded.received_time
       WHERE excluded.source_time >= twin_metric.source_time`,
      [
        numberArray(readings.map((reading) => reading.seriesId)),
        ...valueArrays(readings.map((reading) => reading.value)),
        numberArray(readings.map((reading) => QUALITIES.indexOf(reading.quality))),
        numberArray(readings.map((reading) => reading.time)),
        numberArray(readings.map((reading) => reading.receivedAt)),
      ],
    );
  }

  async foldHeads(sql: Sql, heads: readonly FoldedHead[]): Promise<void> {
    if (heads.length === 0) return;
    // By id, as every writer of many twins does: rows locked in one order cannot end in a deadlock.
    const ordered = heads.toSorted((a, b) => (a.machineId < b.machineId ? -1 : 1));
    await sql.query(
      `INSERT INTO twin (machine_id, revision, connectivity, last_seen, state, mode)
       SELECT id, revision, 'UNKNOWN', to_timestamp(seen / 1000), 'UNKNOWN', 'UNKNOWN'
       FROM unnest($1::uuid[], $2::bigint[], $3::float8[]) AS row (id, revision, seen)
       ON CONFLICT (machine_id) DO UPDATE SET revision = GREATEST(twin.revision, excluded.revision),
         last_seen = GREATEST(twin.last_seen, excluded.last_seen)
       WHERE excluded.revision > twin.revision OR excluded.last_seen > coalesce(twin.last_seen, '-infinity')`,
      [
        textArray(ordered.map((head) => head.machineId)),
        numberArray(ordered.map((head) => head.revision)),
        numberArray(ordered.map((head) => head.seenAt)),
      ],
    );
  }
}
