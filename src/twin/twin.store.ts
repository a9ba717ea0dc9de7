import type { Database } from "../db/database.js";
import { numberArray, textArray } from "../kernel/pg-array.js";
import type { Sql } from "../kernel/sql.js";
import type { MachineMode, MachineState } from "./packml.js";
import { dataTypeOf, QUALITIES } from "./sample.js";
import {
  type ConnectivityStatus,
  type MetricReading,
  type NewSeries,
  type Twin,
  type TwinDelta,
  unreported,
} from "./twin-model.js";
import { scalarOf, type ValueColumns, valueArrays } from "./value-columns.js";

interface TwinRow {
  machine_id: string;
  revision: string;
  connectivity: ConnectivityStatus;
  connectivity_since: Date | null;
  last_seen: Date | null;
  state: MachineState;
  state_since: Date | null;
  mode: MachineMode;
  source: string | null;
  device_topic: string | null;
}

interface MetricRow extends ValueColumns {
  series_id: number;
  machine_id: string;
  metric: string;
  data_type: string;
  quality: number | null;
  source_time: Date | null;
  received_time: Date | null;
}

export class TwinStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Brings the twins that `twinOf` knows up to what is stored; what they know better already stays. */
  async load(twinOf: (machineId: string) => Twin | undefined): Promise<void> {
    for (const row of await this.#db.query<TwinRow>("SELECT * FROM twin")) {
      const twin = twinOf(row.machine_id);
      if (twin) fillView(twin, row);
    }
    const metrics = await this.#db.query<MetricRow>(
      `SELECT s.id AS series_id, s.machine_id, s.metric, s.data_type, m.value_double, m.value_bigint, m.value_boolean,
              m.value_text, m.quality, m.source_time, m.received_time
       FROM series s LEFT JOIN twin_metric m ON m.series_id = s.id`,
    );
    for (const row of metrics) {
      const twin = twinOf(row.machine_id);
      if (twin) fillMetric(twin, row);
    }
  }

  /** Gives every series that has none yet its id. */
  async register(sql: Sql, series: readonly NewSeries[]): Promise<void> {
    if (series.length === 0) return;
    const rows = await sql.query<{ machine_id: string; metric: string; id: number }>(
      `INSERT INTO series (machine_id, metric, data_type)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
       ON CONFLICT (machine_id, metric) DO UPDATE SET data_type = excluded.data_type
       RETURNING machine_id, metric, id`,
      [
        textArray(series.map((one) => one.machine.id)),
        textArray(series.map((one) => one.series.metric)),
        textArray(series.map((one) => one.dataType)),
      ],
    );
    const ids = new Map(rows.map((row) => [`${row.machine_id}/${row.metric}`, row.id]));
    for (const one of series) one.series.id = ids.get(`${one.machine.id}/${one.series.metric}`) ?? null;
  }

  /** Writes what changed. Every reading's series has its id by then. */
  async save(sql: Sql, deltas: readonly TwinDelta[]): Promise<void> {
    if (deltas.length === 0) return;
    await this.#saveViews(sql, deltas);
    const readings = deltas
      .flatMap((delta) => delta.readings)
      .filter((reading) => reading.sourceTime !== null);
    if (readings.length > 0) await this.#saveReadings(sql, readings);
  }

  async #saveViews(sql: Sql, deltas: readonly TwinDelta[]): Promise<void> {
    const views = deltas.map((delta) => delta.view);
    await sql.query(
      `INSERT INTO twin (machine_id, revision, connectivity, connectivity_since, last_seen, state, state_since, mode,
                         source, device_topic)
       SELECT id, revision, connectivity, to_timestamp(since / 1000), to_timestamp(seen / 1000), state,
              to_timestamp(state_since / 1000), mode, source, device_topic
       FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::float8[], $8::text[],
                   $9::text[], $10::text[])
         AS row (id, revision, connectivity, since, seen, state, state_since, mode, source, device_topic)
       ON CONFLICT (machine_id) DO UPDATE SET revision = excluded.revision, connectivity = excluded.connectivity,
         connectivity_since = excluded.connectivity_since, last_seen = excluded.last_seen, state = excluded.state,
         state_since = excluded.state_since, mode = excluded.mode, source = excluded.source,
         device_topic = excluded.device_topic`,
      [
        textArray(views.map((view) => view.equipment.id)),
        numberArray(views.map((view) => view.revision)),
        textArray(views.map((view) => view.connectivity.status)),
        numberArray(views.map((view) => view.connectivity.since?.getTime() ?? null)),
        numberArray(views.map((view) => view.connectivity.lastSeen?.getTime() ?? null)),
        textArray(views.map((view) => view.state)),
        numberArray(views.map((view) => view.stateSince?.getTime() ?? null)),
        textArray(views.map((view) => view.mode)),
        textArray(deltas.map((delta) => delta.twin.route?.source ?? null)),
        textArray(deltas.map((delta) => delta.twin.route?.deviceTopic ?? null)),
      ],
    );
  }

  async #saveReadings(sql: Sql, readings: readonly MetricReading[]): Promise<void> {
    await sql.query(
      `INSERT INTO twin_metric (series_id, value_double, value_bigint, value_boolean, value_text, quality, source_time,
                                received_time)
       SELECT id, d, i, b, t, quality, to_timestamp(source / 1000), to_timestamp(received / 1000)
       FROM unnest($1::int[], $2::float8[], $3::bigint[], $4::boolean[], $5::text[], $6::smallint[], $7::float8[],
                   $8::float8[]) AS row (id, d, i, b, t, quality, source, received)
       ON CONFLICT (series_id) DO UPDATE SET value_double = excluded.value_double, value_bigint = excluded.value_bigint,
         value_boolean = excluded.value_boolean, value_text = excluded.value_text, quality = excluded.quality,
         source_time = excluded.source_time, received_time = excluded.received_time`,
      [
        numberArray(readings.map((reading) => reading.series.id)),
        ...valueArrays(readings.map((reading) => reading.value)),
        numberArray(readings.map((reading) => QUALITIES.indexOf(reading.quality))),
        numberArray(readings.map((reading) => reading.sourceTime?.getTime() ?? null)),
        numberArray(readings.map((reading) => reading.receivedTime?.getTime() ?? null)),
      ],
    );
  }
}

function fillView(twin: Twin, row: TwinRow): void {
  const ahead = Number(row.revision) - twin.view.revision;
  const { lastSeen } = twin.view.connectivity;
  if (ahead < 0 || (ahead === 0 && lastSeen !== null && (row.last_seen ?? lastSeen) <= lastSeen)) return;
  twin.view = {
    ...twin.view,
    revision: Number(row.revision),
    connectivity: { status: row.connectivity, since: row.connectivity_since, lastSeen: row.last_seen },
    state: row.state,
    stateSince: row.state_since,
    mode: row.mode,
  };
  if (row.source !== null && row.device_topic !== null) {
    twin.route = { source: row.source, deviceTopic: row.device_topic };
  }
}

function fillMetric(twin: Twin, row: MetricRow): void {
  const known = twin.metrics.get(row.metric) ?? unreported(twin.machine, row.metric, null, row.data_type);
  known.series.id = row.series_id;
  if (known.sourceTime !== null && (row.source_time === null || row.source_time <= known.sourceTime)) return;
  const value = scalarOf(row);
  const reported = row.source_time !== null;
  twin.metrics.set(row.metric, {
    ...known,
    dataType: known.series.definition?.dataType ?? (value === null ? row.data_type : dataTypeOf(value)),
    value,
    quality: reported ? (QUALITIES[row.quality ?? 1] ?? "UNCERTAIN") : known.quality,
    stale: !reported || twin.view.connectivity.status === "OFFLINE",
    sourceTime: row.source_time,
    receivedTime: row.received_time,
    ties: reported ? null : known.ties,
  });
  const staleAfter = known.series.definition?.staleAfterMs;
  if (reported && staleAfter && row.source_time) {
    twin.nextStaleAt = Math.min(twin.nextStaleAt, row.source_time.getTime() + staleAfter);
  }
}
