import type pg from "pg";
import { numberArray, textArray } from "../src/kernel/pg-array.js";
import { CopyBuffer } from "./copy-binary.js";

export const METRICS = 7;

/** Messages that one transaction stores, in the order of their machines. */
export interface Batch {
  readonly machines: readonly number[];
  /** Milliseconds since 1970, of each message. */
  readonly times: readonly number[];
  /** METRICS values of each message, one after the other. */
  readonly values: readonly number[];
}

/** One way of keeping samples in tables. */
export interface Layout {
  readonly name: string;
  readonly columns: string;
  /** What a B-tree for reading one machine or metric is made over. */
  readonly key: string;
  /** What a BRIN over times is made over. */
  readonly time: string;
  append(client: pg.Client, table: string, batch: Batch): Promise<void>;
  /** Samples as rows of (series_id, time, value): $1 machine, $2 series, $3 from, $4 to (both ends as timestamptz). */
  samples(table: string): string;
}

export const seriesOf = (machine: number, metric: number) => machine * METRICS + metric + 1;

export function uuidOf(machine: number): string {
  return `01900000-0000-7000-8000-${machine.toString(16).padStart(12, "0")}`;
}

export function layouts(): readonly Layout[] {
  return [
    rowPerValueUnnest(),
    rowPerValueCopy(),
    rowPerMessageUnnest(),
    rowPerMessageCopy(),
    arraysPerSeries(),
  ];
}

const ROW_PER_VALUE = {
  columns: "series_id integer NOT NULL, time timestamptz NOT NULL, value double precision NOT NULL",
  key: "(series_id, time)",
  time: "(time)",
  samples: (table: string) =>
    `SELECT series_id, time, value FROM ${table}
     WHERE $1::uuid IS NOT NULL AND series_id = ANY($2::int[]) AND time >= $3::timestamptz AND time < $4::timestamptz`,
};

function rowPerValueUnnest(): Layout {
  return {
    ...ROW_PER_VALUE,
    name: "row per value, unnest",
    async append(client, table, batch) {
      const series: number[] = [];
      const times: number[] = [];
      const values: number[] = [];
      eachValue(batch, (id, time, value) => {
        series.push(id);
        times.push(time);
        values.push(value);
      });
      await client.query(
        `INSERT INTO ${table} SELECT id, to_timestamp(at / 1000), v
         FROM unnest($1::int[], $2::float8[], $3::float8[]) AS row (id, at, v)`,
        [numberArray(series), numberArray(times), numberArray(values)],
      );
    },
  };
}

function rowPerValueCopy(): Layout {
  const buffer = new CopyBuffer();
  return {
    ...ROW_PER_VALUE,
    name: "row per value, COPY",
    async append(client, table, batch) {
      eachValue(batch, (id, time, value) => {
        buffer.row(3);
        buffer.int4(id);
        buffer.timestamptz(time);
        buffer.float8(value);
      });
      await buffer.send(client, table);
    },
  };
}

const ROW_PER_MESSAGE = {
  columns:
    "machine_id uuid NOT NULL, time timestamptz NOT NULL, series integer[] NOT NULL, value float8[] NOT NULL",
  key: "(machine_id, time)",
  time: "(time)",
  samples: (table: string) =>
    `SELECT one.series_id, m.time, one.value
     FROM ${table} m, unnest(m.series, m.value) AS one (series_id, value)
     WHERE m.machine_id = $1 AND m.time >= $3::timestamptz AND m.time < $4::timestamptz AND one.series_id = ANY($2::int[])`,
};

function rowPerMessageUnnest(): Layout {
  return {
    ...ROW_PER_MESSAGE,
    name: "row per message, unnest",
    async append(client, table, batch) {
      const ids: string[] = [];
      const series: string[] = [];
      const values: string[] = [];
      eachMessage(batch, (machine, _time, ofMessage, seriesOfMessage) => {
        ids.push(uuidOf(machine));
        series.push(numberArray(seriesOfMessage));
        values.push(numberArray(ofMessage));
      });
      await client.query(
        `INSERT INTO ${table} SELECT id, to_timestamp(at / 1000), s::int[], v::float8[]
         FROM unnest($1::uuid[], $2::float8[], $3::text[], $4::text[]) AS row (id, at, s, v)`,
        [`{${ids.join(",")}}`, numberArray(batch.times), textArray(series), textArray(values)],
      );
    },
  };
}

function rowPerMessageCopy(): Layout {
  const buffer = new CopyBuffer();
  const ids = new Map<number, Buffer>();
  const idOf = (machine: number) => {
    let id = ids.get(machine);
    if (!id) {
      id = Buffer.from(uuidOf(machine).replaceAll("-", ""), "hex");
      ids.set(machine, id);
    }
    return id;
  };
  return {
    ...ROW_PER_MESSAGE,
    name: "row per message, COPY",
    async append(client, table, batch) {
      eachMessage(batch, (machine, time, values, series) => {
        buffer.row(4);
        buffer.bytes(idOf(machine));
        buffer.timestamptz(time);
        buffer.int4Array(series);
        buffer.float8Array(values);
      });
      await buffer.send(client, table);
    },
  };
}

/** One row for what a batch has of a series. */
function arraysPerSeries(): Layout {
  const buffer = new CopyBuffer();
  return {
    name: "arrays per series and batch, COPY",
    columns: `series_id integer NOT NULL, first timestamptz NOT NULL, last timestamptz NOT NULL,
              offset_ms integer[] NOT NULL, value float8[] NOT NULL`,
    key: "(series_id, first)",
    time: "(first, last)",
    async append(client, table, batch) {
      const of = new Map<number, { offsets: number[]; first: number; last: number; values: number[] }>();
      eachValue(batch, (id, time, value) => {
        let one = of.get(id);
        if (!one) {
          one = { offsets: [], first: time, last: time, values: [] };
          of.set(id, one);
        }
        one.offsets.push(time - one.first);
        one.last = time;
        one.values.push(value);
      });
      for (const [id, { offsets, first, last, values }] of of) {
        buffer.row(5);
        buffer.int4(id);
        buffer.timestamptz(first);
        buffer.timestamptz(last);
        buffer.int4Array(offsets);
        buffer.float8Array(values);
      }
      await buffer.send(client, table);
    },
    // A row lasts a minute at most, so the B-tree can bound its first time on both sides.
    samples: (table) =>
      `SELECT series_id, time, value FROM (
         SELECT r.series_id, r.first + one.at * interval '1 ms' AS time, one.value
         FROM ${table} r, unnest(r.offset_ms, r.value) AS one (at, value)
         WHERE $1::uuid IS NOT NULL AND r.series_id = ANY($2::int[])
           AND r.first >= $3::timestamptz - interval '1 min' AND r.first < $4::timestamptz AND r.last >= $3::timestamptz
       ) s WHERE time >= $3::timestamptz AND time < $4::timestamptz`,
  };
}

function eachMessage(
  batch: Batch,
  then: (machine: number, time: number, values: readonly number[], series: readonly number[]) => void,
): void {
  for (const [index, machine] of batch.machines.entries()) {
    const series: number[] = [];
    for (let metric = 0; metric < METRICS; metric += 1) series.push(seriesOf(machine, metric));
    const values = batch.values.slice(index * METRICS, (index + 1) * METRICS);
    then(machine, batch.times[index] ?? 0, values, series);
  }
}

function eachValue(batch: Batch, then: (series: number, time: number, value: number) => void): void {
  // By series, so that neighbours go to the same page of an index.
  let begin = 0;
  while (begin < batch.machines.length) {
    const machine = batch.machines[begin] ?? 0;
    let end = begin;
    while (batch.machines[end] === machine) end += 1;
    for (let metric = 0; metric < METRICS; metric += 1)
      for (let index = begin; index < end; index += 1)
        then(seriesOf(machine, metric), batch.times[index] ?? 0, batch.values[index * METRICS + metric] ?? 0);
    begin = end;
  }
}
