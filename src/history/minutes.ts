import { QUALITIES } from "../twin/sample.js";
import { Accumulator, type Aggregates } from "./accumulator.js";
import { MAX_BLOCK_SAMPLES, sealed, unsealed } from "./block.js";
import { BlockError, type ByteReader, ByteWriter } from "./block-bytes.js";
import { readCodes, readValues, writeCodes, writeValues } from "./block-values.js";
import { firstNotBefore, type SampleColumns, type ValueColumns } from "./columns.js";
import { readIntegers, writeIntegers } from "./integer-column.js";
import { readNumbers, writeNumbers } from "./number-column.js";

const VERSION = 1;
/** A sum of decimals misses the decimal it should be by a few of its last bits; four of them. */
const SUM_TOLERANCE = 2 ** -50;

/** What is known of a series in each span of UTC time that has samples, oldest first. */
export interface Rollups extends Aggregates {
  readonly widthMs: number;
  /** The beginning of each span: a multiple of `widthMs`, in milliseconds since 1970. */
  readonly times: Float64Array;
}

/** The rollups of one block's samples. */
export function rollUp(columns: SampleColumns, widthMs: number): Rollups {
  const { count, times } = columns;
  const spans = spansOf(times.subarray(0, count), widthMs);
  const accumulator = new Accumulator({ buckets: spans.times.length });
  for (let index = 0; index < spans.times.length; index += 1)
    accumulator.addSamples(index, columns, spans.begins[index] as number, spans.begins[index + 1] ?? count);
  return { widthMs, times: spans.times, ...accumulator.aggregates(spans.times.length) };
}

/**
 * Rollups of wider spans: of minutes, those of hours or days.
 * @throws RangeError when the wider span is not a multiple of the narrower
 */
export function coarsen(rollups: Rollups, widthMs: number): Rollups {
  if (!(widthMs % rollups.widthMs === 0))
    throw new RangeError(`${rollups.widthMs} ms do not make up ${widthMs} ms`);
  const spans = spansOf(rollups.times, widthMs);
  const accumulator = new Accumulator({ buckets: spans.times.length });
  for (let span = 0; span < spans.times.length; span += 1)
    for (
      let index = spans.begins[span] as number;
      index < (spans.begins[span + 1] ?? rollups.count);
      index += 1
    )
      accumulator.addAggregate(span, rollups, index);
  return { widthMs, times: spans.times, ...accumulator.aggregates(spans.times.length) };
}

/**
 * The rollups of the samples of both. Where both have a last sample of one time, that of `later` stays.
 * @throws RangeError when their spans differ in width
 */
export function mergeRollups(earlier: Rollups, later: Rollups): Rollups {
  const { widthMs } = earlier;
  if (later.widthMs !== widthMs) throw new RangeError(`${later.widthMs} ms are not ${widthMs} ms`);
  const times = Float64Array.from(new Set([...earlier.times, ...later.times])).sort();
  const accumulator = new Accumulator({ buckets: times.length });
  for (const rollups of [earlier, later])
    for (let index = 0; index < rollups.count; index += 1)
      accumulator.addAggregate(firstNotBefore(times, rollups.times[index] as number), rollups, index);
  return { widthMs, times, ...accumulator.aggregates(times.length) };
}

/** The spans that ascending times fall into, and the index of the first time in each. */
function spansOf(times: Float64Array, widthMs: number): { times: Float64Array; begins: number[] } {
  const starts: number[] = [];
  const begins: number[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < times.length; index += 1) {
    const time = times[index] as number;
    if (time < end) continue;
    const start = Math.floor(time / widthMs) * widthMs;
    starts.push(start);
    begins.push(index);
    end = start + widthMs;
  }
  return { times: Float64Array.from(starts), begins };
}

/**
 * Rollups in few bytes. All comes back as it was, but for sums, which may differ by their four last bits: a sum of decimals
 * becomes the decimal that it should be.
 * @throws RangeError when there are more than MAX_BLOCK_SAMPLES
 */
export function encodeRollups(rollups: Rollups): Buffer {
  const { count, widthMs, counts, numerics } = rollups;
  if (count > MAX_BLOCK_SAMPLES) throw new RangeError(`${count} rollups do not fit one block`);
  const writer = new ByteWriter();
  writer.varint(count);
  writer.varint(widthMs);
  writeIntegers(
    rollups.times.map((time) => time / widthMs),
    writer,
  );
  writeIntegers(counts, writer);
  writeIntegers(
    numerics.map((value, index) => (counts[index] as number) - value),
    writer,
  );
  writeIntegers(
    rollups.lastTimes.map((time, index) => time - (rollups.times[index] as number)),
    writer,
  );
  writeCodes(rollups.qualities, count, writer);
  writeNumbers(
    rollups.mins.filter((_, index) => (numerics[index] as number) > 0),
    writer,
  );
  writeNumbers(
    rollups.maxs.filter((_, index) => (numerics[index] as number) > 1),
    writer,
  );
  writeNumbers(
    rollups.sums.filter((_, index) => (numerics[index] as number) > 1),
    writer,
    SUM_TOLERANCE,
  );
  writeLasts(rollups, writer);
  return sealed(VERSION, writer.written());
}

/**
 * The rollups that encodeRollups was given.
 * @throws BlockError when the bytes are of another version or damaged
 */
export function decodeRollups(bytes: Uint8Array): Rollups {
  const reader = unsealed(VERSION, bytes);
  const count = reader.limited(MAX_BLOCK_SAMPLES);
  const widthMs = reader.varint();
  if (widthMs === 0) throw new BlockError("a span of nothing");
  const times = readIntegers(count, reader).map((time) => time * widthMs);
  const counts = readIntegers(count, reader);
  const numerics = readIntegers(count, reader).map((value, index) => (counts[index] as number) - value);
  const lastTimes = readIntegers(count, reader).map((time, index) => time + (times[index] as number));
  for (let index = 0; index < count; index += 1) {
    const samples = counts[index] as number;
    const numbers = numerics[index] as number;
    if (!(samples > 0 && numbers >= 0 && numbers <= samples)) throw new BlockError("the counts cannot be");
    if (index > 0 && !((times[index] as number) > (times[index - 1] as number)))
      throw new BlockError("the times are not in order");
  }
  const qualities = readCodes(count, QUALITIES.length - 1, reader) ?? new Uint8Array(count);
  const mins = readWhere(numerics, 0, () => Number.NaN, reader);
  const minAt = (index: number) => mins[index] as number;
  const maxs = readWhere(numerics, 1, minAt, reader);
  const sums = readWhere(numerics, 1, (index) => (numerics[index] === 1 ? minAt(index) : 0), reader);
  const lasts = readLasts({ count, counts, numerics, mins }, reader);
  reader.end();
  return { count, widthMs, times, counts, numerics, mins, maxs, sums, lastTimes, lasts, qualities };
}

/** Numbers that stand only where there are more than so many, and follow from something else elsewhere. */
function readWhere(
  numerics: Float64Array,
  moreThan: number,
  otherwise: (index: number) => number,
  reader: ByteReader,
): Float64Array {
  let written = 0;
  for (const count of numerics) if (count > moreThan) written += 1;
  const values = readNumbers(written, reader);
  let at = 0;
  return numerics.map((count, index) => (count > moreThan ? (values[at++] as number) : otherwise(index)));
}

/** A single number is its span's last value and its lowest, so it is written once. */
function writeLasts(rollups: Rollups, writer: ByteWriter): void {
  const { lasts } = rollups;
  const omitted = Uint8Array.from(rollups.counts, (count, index) =>
    count === 1 && lasts.others?.[index] === undefined ? 1 : 0,
  );
  const numbers = lasts.numbers.filter((_, index) => omitted[index] === 0);
  const others = lasts.others?.filter((_, index) => omitted[index] === 0) ?? null;
  writeCodes(omitted, omitted.length, writer);
  writeValues({ count: numbers.length, numbers, others }, writer);
}

function readLasts(
  { count, counts, numerics, mins }: Pick<Rollups, "count" | "counts" | "numerics" | "mins">,
  reader: ByteReader,
): ValueColumns {
  const omitted = readCodes(count, 1, reader);
  const isOmitted = (index: number) => omitted?.[index] === 1;
  let written = count;
  for (const code of omitted ?? []) written -= code;
  const values = readValues(written, reader);
  const source = new Int32Array(count).fill(-1);
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (!isOmitted(index)) source[index] = at++;
    else if (counts[index] !== 1 || numerics[index] !== 1) throw new BlockError("a last value is missing");
  }
  const { others } = values;
  return {
    count,
    numbers: mins.map((min, index) =>
      isOmitted(index) ? min : (values.numbers[source[index] as number] as number),
    ),
    others: others && Array.from(source, (from) => (from < 0 ? undefined : others[from])),
  };
}
