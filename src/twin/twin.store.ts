import type { Database } from "../db/database.js";
import type { StoredFrame } from "../history/frame.js";
import { numberArray, textArray } from "../kernel/pg-array.js";
import type { Sql } from "../kernel/sql.js";
import type { DataType, MetricRole } from "../plant/machine-type.js";
import type { Twin } from "./machine-twin.js";
import type { MachineMode, MachineState } from "./packml.js";
import type { TableReading } from "./reading-table.js";
import { type RecentHead, type RecentReading, RecentReadings } from "./recent-readings.js";
import { QUALITIES } from "./sample.js";
import type { TwinHead } from "./twin-head.js";
import type { ConnectivityStatus, NewSeries, Series } from "./twin-model.js";
import { scalarOf, type ValueColumns } from "./value-columns.js";

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
  data_type: DataType;
  unit: string | null;
  role: MetricRole | null;
  quality: number | null;
  source_time: Date | null;
  received_time: Date | null;
}

export class TwinStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Brings the twins that `twinOf` knows up to what is stored; what they know better already stays.
   * @param recent the frames of the history that are not in the tables of the twins yet.
   * @param begin called when all is read: from then on to the end nothing else comes in between.
   */
  async load(
    twinOf: (machineId: string) => Twin | undefined,
    recent: (visit: (frame: StoredFrame) => void) => Promise<void>,
    begin: () => void = () => undefined,
  ): Promise<void> {
    // Frames first: what becomes sealed in between is found in the tables then.
    const frames = new RecentReadings();
    await recent((frame) => frames.add(frame));
    const heads = await this.#db.query<TwinRow>("SELECT * FROM twin");
    const metrics = await this.#metrics();
    begin();
    for (const row of heads) {
      const twin = twinOf(row.machine_id);
      if (twin) fillView(twin, row);
    }
    for (const [machineId, head] of frames.heads) {
      const twin = twinOf(machineId);
      if (twin) fillHead(twin, head);
    }
    for (const row of metrics) {
      const twin = twinOf(row.machine_id);
      if (!twin) continue;
      fillMetric(twin, row);
      const recent = frames.readings[row.series_id];
      if (recent) fillReading(twin, row, recent);
    }
  }

  #metrics(): Promise<MetricRow[]> {
    return this.#db.query<MetricRow>(
      `SELECT s.id AS series_id, s.machine_id, s.metric, s.data_type, s.unit, s.role, m.value_double, m.value_bigint, m.value_boolean,
              m.value_text, m.quality, m.source_time, m.received_time
       FROM series s LEFT JOIN twin_metric m ON m.series_id = s.id
       ORDER BY s.id`,
    );
  }

  /** Gives every series that has none yet its id. */
  async register(sql: Sql, series: readonly NewSeries[]): Promise<void> {
    if (series.length === 0) return;
    const rows = await sql.query<{ machine_id: string; metric: string; id: number }>(
      `INSERT INTO series (machine_id, metric, data_type, unit, role)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
       ON CONFLICT (machine_id, metric) DO UPDATE SET data_type = excluded.data_type,
         unit = coalesce(excluded.unit, series.unit), role = coalesce(excluded.role, series.role)
       RETURNING machine_id, metric, id`,
      [
        textArray(series.map((one) => one.machine.id)),
        textArray(series.map((one) => one.series.metric)),
        textArray(series.map((one) => one.dataType)),
        textArray(series.map((one) => one.series.hint?.unit ?? null)),
        textArray(series.map((one) => one.series.hint?.role ?? null)),
      ],
    );
    const ids = new Map(rows.map((row) => [`${row.machine_id}/${row.metric}`, row.id]));
    for (const one of series) one.series.id = ids.get(`${one.machine.id}/${one.series.metric}`) ?? null;
  }

  /** Writes the heads of twins. Their readings are in the history's frames. */
  async save(sql: Sql, heads: readonly TwinHead[]): Promise<void> {
    // In one order, as whoever else writes several at once: else two of them could wait for each other.
    const sorted = heads.toSorted((a, b) => (a.twin.machine.id < b.twin.machine.id ? -1 : 1));
    const views = sorted.map((head) => head.view);
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
        textArray(sorted.map(({ route }) => route?.source ?? null)),
        textArray(sorted.map(({ route }) => route?.deviceTopic ?? null)),
      ],
    );
  }
}

function fillView(twin: Twin, row: TwinRow): void {
  const ahead = Number(row.revision) - twin.revision;
  const seenAt = row.last_seen?.getTime() ?? Number.NaN;
  if (ahead < 0 || (ahead === 0 && !Number.isNaN(twin.lastSeenAt) && !(seenAt > twin.lastSeenAt))) return;
  twin.revision = Number(row.revision);
  twin.status = row.connectivity;
  twin.since = row.connectivity_since;
  twin.lastSeenAt = seenAt;
  twin.state = row.state;
  twin.stateSince = row.state_since;
  twin.mode = row.mode;
  if (row.source !== null && row.device_topic !== null) {
    twin.route = { source: row.source, deviceTopic: row.device_topic };
  }
  twin.headVersion += 1;
  twin.committedVersion = twin.headVersion;
  twin.committedSeenAt = Number.isNaN(seenAt) ? Number.NEGATIVE_INFINITY : seenAt;
  twin.touch();
  twin.dueAt(Number.NEGATIVE_INFINITY);
}

function fillHead(twin: Twin, { revision, seenAt }: RecentHead): void {
  twin.revision = Math.max(revision, twin.revision);
  if (seenAt > 0 && !(twin.lastSeenAt >= seenAt)) twin.lastSeenAt = seenAt;
  twin.touch();
}

function fillMetric(twin: Twin, row: MetricRow): void {
  const series = twin.series(row.metric) ?? twin.addSeries(row.metric, null, row.data_type);
  series.id = row.series_id;
  if (row.unit !== null || row.role !== null) series.hint = { unit: row.unit, role: row.role };
  if (row.source_time === null || row.source_time.getTime() <= twin.table.time(series.place)) return;
  restore(twin, series, {
    value: scalarOf(row),
    quality: QUALITIES[row.quality ?? 1] ?? "UNCERTAIN",
    time: row.source_time.getTime(),
    receivedAt: row.received_time?.getTime() ?? 0,
  });
}

function fillReading(twin: Twin, row: MetricRow, recent: RecentReading): void {
  const series = twin.series(row.metric);
  if (!series) return;
  const { table } = twin;
  const knownAt = table.time(series.place);
  // Of one time the frame is the later one, unless this run has taken the reading in itself.
  if (recent.time < knownAt || (recent.time === knownAt && table.ties(series.place) !== null)) return;
  restore(twin, series, recent);
}

function restore(twin: Twin, { place, definition }: Series, reading: Omit<TableReading, "stale">): void {
  twin.table.restore(place, { ...reading, stale: twin.status === "OFFLINE" });
  twin.touch();
  if (definition?.staleAfterMs) twin.staleAt(reading.time + definition.staleAfterMs);
}
