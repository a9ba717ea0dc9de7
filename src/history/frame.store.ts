import type { Database } from "../db/database.js";
import { integersLiteral, timeLiteral, timesLiteral, uuidsLiteral } from "../kernel/pg-literal.js";
import type { BulkSql } from "../kernel/sql.js";
import type { Scalar } from "../twin/sample.js";
import { SampleBuilder, type SampleColumns } from "./columns.js";
import { type Frame, NOT_SHOWN, RETAINED, type StoredFrame } from "./frame.js";
import { FRAME_COLUMNS, FrameEncoder } from "./frame-copy.js";
import { bigintAt, frameValues, smallintAt, timeAt, uuidAt, VALUE_COLUMNS } from "./frame-rows.js";
import { type SegmentStore, UNSEALED } from "./segment.store.js";

const VALUES = `time, ${VALUE_COLUMNS}`;
/** Where the columns of VALUES stand. */
const [TIME, FIRST_VALUE] = [0, 1];

/** The samples that are not sealed yet, as frames: one row per message, machine and time. */
export class FrameStore {
  readonly #db: Database;
  readonly #segments: SegmentStore;
  readonly #encoder = new FrameEncoder();

  constructor(deps: { db: Database; segments: SegmentStore }) {
    this.#db = deps.db;
    this.#segments = deps.segments;
  }

  /** Adds frames within the caller's transaction. One append of a store at a time. */
  async append(sql: BulkSql, frames: readonly Frame[]): Promise<void> {
    const segment = await this.#segments.open(sql);
    const data = this.#encoder.encode(segment, frames);
    await sql.copyIn(`COPY frame_${segment} (${FRAME_COLUMNS}) FROM STDIN (FORMAT binary)`, data);
  }

  /**
   * What is there already of machines at certain times.
   * @param wanted times in milliseconds.
   * @param visit called for every sample of these, and perhaps for some of other series.
   */
  eachAt(
    sql: BulkSql,
    wanted: readonly { machineId: string; time: number }[],
    visit: (series: number, time: number, value: Scalar) => void,
  ): Promise<void> {
    const machines = uuidsLiteral(wanted.map((one) => one.machineId));
    const times = timesLiteral(wanted.map((one) => one.time));
    return sql.copyOut(
      `SELECT ${VALUES} FROM (SELECT DISTINCT machine_id, at FROM unnest(${machines}, ${times}) AS one (machine_id, at)) AS wanted
       JOIN frame USING (machine_id) WHERE time = to_timestamp(at / 1000) AND ${UNSEALED}`,
      (row) => {
        const time = timeAt(row, TIME);
        const { series, values } = frameValues(row, FIRST_VALUE);
        for (let index = 0; index < series.length; index += 1)
          visit(series[index] as number, time, values[index] as Scalar);
      },
    );
  }

  /** The samples of series in [from, to), in milliseconds; series without any are left out. */
  async range(
    sql: BulkSql,
    machineIds: readonly string[],
    seriesIds: readonly number[],
    from: number,
    to: number,
  ): Promise<Map<number, SampleColumns>> {
    const wanted = new Map(seriesIds.map((id) => [id, new SampleBuilder()]));
    await sql.copyOut(
      `SELECT ${VALUES} FROM frame
       WHERE machine_id = ANY(${uuidsLiteral(machineIds)}) AND series && ${integersLiteral(seriesIds)}
         AND time >= ${timeLiteral(from)} AND time < ${timeLiteral(to)} AND ${UNSEALED}
       ORDER BY machine_id, time, revision`,
      (row) => {
        const time = timeAt(row, TIME);
        const { series, values, qualities } = frameValues(row, FIRST_VALUE);
        for (let index = 0; index < series.length; index += 1)
          wanted.get(series[index] as number)?.add(time, values[index] as Scalar, qualities?.[index]);
      },
    );
    const found = new Map<number, SampleColumns>();
    for (const [id, builder] of wanted) if (builder.count > 0) found.set(id, builder.build());
    return found;
  }

  /** Reads every frame that is not sealed, in no order. */
  each(visit: (frame: StoredFrame) => void): Promise<void> {
    return this.#db.withConnection((sql) =>
      sql.copyOut(
        `SELECT machine_id, time, received_time, revision, flags, ${VALUE_COLUMNS} FROM frame WHERE ${UNSEALED}`,
        (row) => {
          const flags = smallintAt(row, 4);
          visit({
            machineId: uuidAt(row, 0),
            time: timeAt(row, 1),
            receivedAt: timeAt(row, 2),
            revision: bigintAt(row, 3),
            shown: (flags & NOT_SHOWN) === 0,
            retained: (flags & RETAINED) !== 0,
            ...frameValues(row, 5),
          });
        },
      ),
    );
  }
}
