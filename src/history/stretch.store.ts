import { integersLiteral, timeLiteral, timesLiteral, uuidsLiteral } from "../kernel/pg-literal.js";
import type { BulkSql } from "../kernel/sql.js";
import { decodeBlock } from "./block.js";
import { firstNotBefore, SampleBuilder, type SampleColumns, sliceOf, valueAt } from "./columns.js";
import { bytesAt, frameValues, integerAt, timeAt, VALUE_COLUMNS } from "./frame-rows.js";
import { DAY_MS, merged } from "./seal.js";
import { UNSEALED } from "./segment.store.js";
import type { Stretch } from "./stretch.js";

/** How far back is looked first for what comes before a stretch. */
const NEAR_MS = 3 * DAY_MS;

/** Reads stretches of the history, sealed or not, as the caller's transaction sees them. */
export class StretchStore {
  /**
   * The samples of each stretch; before them those of the last time before it, and after them those of the first time
   * after it, if there are any. Samples of one time are in the order they came in.
   */
  async read(sql: BulkSql, stretches: readonly Stretch[]): Promise<SampleColumns[]> {
    if (stretches.length === 0) return [];
    // Frames first: what is sealed in between is found in the blocks then.
    const recent = await readFrames(sql, stretches);
    const earliest = Math.min(...stretches.map(({ from }) => from)) - NEAR_MS;
    const sealed = await readBlocks(sql, stretches, earliest);
    const found = stretches.map((stretch, index) =>
      cut([...(sealed[index] ?? []), ...(recent[index] ? [recent[index]] : [])], stretch),
    );
    const begins = stretches.flatMap(({ from }, index) => {
      const first = found[index]?.times[0];
      return first !== undefined && found[index]?.count !== 0 && first < from ? [] : [index];
    });
    if (begins.length === 0) return found;
    const wanted = begins.map((index) => stretches[index] as Stretch);
    const older = await readBlocks(sql, wanted, null);
    begins.forEach((index, place) => {
      const parts = [...(older[place] ?? []), ...(recent[index] ? [recent[index]] : [])];
      found[index] = cut(parts, stretches[index] as Stretch);
    });
    return found;
  }
}

function wantedRows(stretches: readonly Stretch[]): string {
  const machines = uuidsLiteral(stretches.map(({ machineId }) => machineId));
  const series = integersLiteral(stretches.map(({ seriesId }) => seriesId));
  const from = timesLiteral(stretches.map((one) => one.from));
  const to = timesLiteral(stretches.map((one) => one.to));
  return `(SELECT place::int, machine, one, to_timestamp(begins / 1000) AS begins, to_timestamp(ends / 1000) AS ends
           FROM unnest(${machines}, ${series}, ${from}, ${to}) WITH ORDINALITY AS row (machine, one, begins, ends, place)) AS w`;
}

async function readFrames(
  sql: BulkSql,
  stretches: readonly Stretch[],
): Promise<(SampleColumns | undefined)[]> {
  const builders = stretches.map(() => new SampleBuilder());
  const ours = `machine_id = w.machine AND w.one = ANY(series) AND ${UNSEALED}`;
  await sql.copyOut(
    `SELECT w.place, f.time, ${VALUE_COLUMNS} FROM ${wantedRows(stretches)} CROSS JOIN LATERAL (
       SELECT segment, ctid AS at, revision, time, ${VALUE_COLUMNS} FROM frame WHERE ${ours}
         AND time >= coalesce((SELECT time FROM frame WHERE ${ours} AND time < w.begins ORDER BY time DESC LIMIT 1), w.begins)
         AND time <= coalesce((SELECT time FROM frame WHERE ${ours} AND time > w.ends ORDER BY time LIMIT 1), w.ends)) AS f
     ORDER BY w.place, f.time, f.revision, f.segment, f.at`,
    (row) => {
      const place = integerAt(row, 0) - 1;
      const { series, values } = frameValues(row, 2);
      const wanted = stretches[place]?.seriesId;
      series.forEach((id, index) => {
        if (id === wanted) builders[place]?.add(timeAt(row, 1), values[index] ?? null);
      });
    },
  );
  return builders.map((builder) => (builder.count === 0 ? undefined : builder.build()));
}

/** @param earliest blocks that begin before this are left out; null: none is. */
async function readBlocks(
  sql: BulkSql,
  stretches: readonly Stretch[],
  earliest: number | null,
): Promise<SampleColumns[][]> {
  const found: SampleColumns[][] = stretches.map(() => []);
  // A bound that is known before the plan runs keeps it off older partitions.
  const ours = `series_id = w.one${earliest === null ? "" : ` AND from_time >= ${timeLiteral(earliest)}`}`;
  const block = (where: string) =>
    `SELECT from_time FROM sample_block WHERE ${ours} AND ${where} ORDER BY from_time`;
  await sql.copyOut(
    `SELECT w.place, b.data FROM ${wantedRows(stretches)} CROSS JOIN LATERAL (
       SELECT from_time, data FROM sample_block WHERE ${ours}
         AND from_time >= coalesce((${block("from_time < w.begins")} DESC LIMIT 1), w.begins)
         AND from_time <= coalesce((${block("from_time >= w.ends - interval '1 day' AND to_time > w.ends")} LIMIT 1), w.ends)) AS b
     ORDER BY w.place, b.from_time`,
    (row) => found[integerAt(row, 0) - 1]?.push(decodeBlock(bytesAt(row, 1))),
  );
  return found;
}

const NOTHING: SampleColumns = {
  count: 0,
  times: new Float64Array(),
  numbers: new Float64Array(),
  others: null,
  qualities: null,
};

/** The samples of a stretch with their neighbours, each once. */
function cut(parts: readonly SampleColumns[], { from, to }: Stretch): SampleColumns {
  if (parts.length === 0) return NOTHING;
  const all = merged(parts);
  const times = all.times.subarray(0, all.count);
  const first = firstNotBefore(times, from);
  const begin = first === 0 ? 0 : firstNotBefore(times, times[first - 1] as number);
  const last = firstNotBefore(times, to + 1);
  const end = last === all.count ? last : firstNotBefore(times, (times[last] as number) + 1);
  return parts.length === 1 ? sliceOf(all, begin, end) : once(sliceOf(all, begin, end));
}

/** Without the samples that were read twice, because they were sealed in between. */
function once(columns: SampleColumns): SampleColumns {
  const builder = new SampleBuilder({ capacity: columns.count });
  let dropped = false;
  let begin = 0;
  for (let index = 0; index < columns.count; index += 1) {
    const time = columns.times[index] as number;
    if (time !== columns.times[begin]) begin = index;
    const value = valueAt(columns, index);
    let twin = begin;
    while (twin < index && valueAt(columns, twin) !== value) twin += 1;
    if (twin < index) dropped = true;
    else builder.add(time, value);
  }
  return dropped ? builder.build() : columns;
}
