import { BlockError, type ByteReader, ByteWriter, cutShort, unzigzag, zigzag } from "./block-bytes.js";

/** Integers up to this size, whichever sign, keep all their differences exact. */
export const LARGEST_COLUMN_INTEGER = 2 ** 49;

/** How a value is foretold from those before it: by a constant, by the one before, by the slope before. */
const ORDERS = [0, 1, 2] as const;
type Order = (typeof ORDERS)[number];

/** Tokens of the column of residuals: 0 is one zero, 1 begins a run of zeros, all else is the zigzag plus one. */
const RUN = 1;
/** Bytes that stand for one value at most. */
const LARGEST_TOKEN = 8;
const SHORTEST_RUN = 4;
const STRETCHES = 8;
const STRETCH = 32;

/**
 * Writes integers as what differs from the forecast, with runs of none, by the forecast that fits best.
 * Each must be an integer of at most LARGEST_COLUMN_INTEGER; -0 comes back as 0.
 */
export function writeIntegers(values: Float64Array, writer: ByteWriter): void {
  if (values.length === 0) return;
  writer.signed(values[0] as number);
  if (values.length === 1) return;
  const { order, bias } = bestForecast(values);
  writer.byte(order);
  writer.signed(bias);
  const tokens = new ByteWriter({ capacity: values.length * 4 + 16 });
  let zeros = 0;
  let before = values[0] as number;
  let slope = bias;
  for (let index = 1; index < values.length; index += 1) {
    const value = values[index] as number;
    const step = value - before;
    const residual = order === 0 ? value - bias : order === 1 ? step - bias : step - slope;
    slope = step;
    before = value;
    if (residual === 0) zeros += 1;
    else {
      if (zeros > 0) writeZeros(tokens, zeros);
      zeros = 0;
      tokens.varint(zigzag(residual) + 1);
    }
  }
  if (zeros > 0) writeZeros(tokens, zeros);
  writer.section(tokens.written());
}

function writeZeros(tokens: ByteWriter, count: number): void {
  if (count < SHORTEST_RUN) for (let index = 0; index < count; index += 1) tokens.byte(0);
  else {
    tokens.byte(RUN);
    tokens.varint(count - SHORTEST_RUN);
  }
}

/** Judged by stretches of neighbours spread over the column, since a forecast is about neighbours. */
function bestForecast(values: Float64Array): { order: Order; bias: number } {
  const probes = probed(values);
  const levels = probes.map((index) => values[index] as number);
  const steps = probes.map((index) => difference(values, index));
  const bends = steps.map((step, at) => step - difference(values, Math.max(1, (probes[at] as number) - 1)));
  const level = median(levels);
  const step = median(steps);
  const costs = [cost(levels, level), cost(steps, step), cost(bends, 0)];
  // Among equals the step: it forgives a jump, and what never changes is written in one run.
  const order = ORDERS.reduce<Order>(
    (best, each) => ((costs[each] ?? 0) < (costs[best] ?? 0) ? each : best),
    1,
  );
  return { order, bias: order === 0 ? level : step };
}

/** The indexes to judge by, from 1 on: all of a short column. */
function probed(values: Float64Array): Float64Array {
  const last = values.length - 1;
  if (last <= STRETCHES * STRETCH) return Float64Array.from({ length: last }, (_, at) => at + 1);
  const gap = (last - STRETCH) / (STRETCHES - 1);
  const indexes = new Float64Array(STRETCHES * STRETCH);
  for (let at = 0; at < indexes.length; at += 1)
    indexes[at] = 1 + Math.floor(Math.floor(at / STRETCH) * gap) + (at % STRETCH);
  return indexes;
}

function difference(values: Float64Array, index: number): number {
  return (values[index] as number) - (values[index - 1] as number);
}

function median(values: Float64Array): number {
  return values.slice().sort()[values.length >> 1] ?? 0;
}

/** The bits that the column would take, for comparison. */
function cost(values: Float64Array, bias: number): number {
  let bits = 0;
  for (const value of values) bits += Math.log2(Math.abs(value - bias) * 2 + 1);
  return bits;
}

/** Reads what writeIntegers wrote for that many values. */
export function readIntegers(count: number, reader: ByteReader): Float64Array {
  const values = new Float64Array(count);
  if (count === 0) return values;
  values[0] = reader.signed();
  if (count === 1) return values;
  const order = reader.byte();
  if (order > 2) throw new BlockError(`no such order: ${order}`);
  const bias = reader.signed();
  readResiduals(values, reader.section(count * LARGEST_TOKEN));
  restore(values, order, bias);
  return values;
}

function restore(values: Float64Array, order: number, bias: number): void {
  let before = values[0] as number;
  let slope = bias;
  if (order === 0) for (let index = 1; index < values.length; index += 1) (values[index] as number) += bias;
  else if (order === 1)
    for (let index = 1; index < values.length; index += 1) {
      before += bias + (values[index] as number);
      values[index] = before;
    }
  else
    for (let index = 1; index < values.length; index += 1) {
      slope += values[index] as number;
      before += slope;
      values[index] = before;
    }
}

/** Reads the residuals of all values but the first. */
function readResiduals(values: Float64Array, tokens: Uint8Array): void {
  let at = 0;
  let index = 1;
  const end = tokens.length;
  while (index < values.length) {
    if (at >= end) throw cutShort();
    let token = tokens[at] as number;
    at += 1;
    if (token >= 128) {
      token &= 127;
      let shift = 7;
      let byte = 128;
      while (byte >= 128 && shift < 28) {
        byte = tokens[at] ?? 0;
        at += 1;
        token |= (byte & 127) << shift;
        shift += 7;
      }
      let scale = 2 ** 28;
      while (byte >= 128) {
        if (scale > 2 ** 49) throw new BlockError("an integer is too large");
        byte = tokens[at] ?? 0;
        at += 1;
        token += (byte & 127) * scale;
        scale *= 128;
      }
      if (at > end) throw cutShort();
    }
    if (token === 0) index += 1;
    else if (token === RUN) {
      const run = readVarint(tokens, at);
      at = run.next;
      index += run.value + SHORTEST_RUN;
    } else {
      const folded = token - 1;
      values[index] = folded < 2 ** 31 ? (folded >>> 1) ^ -(folded & 1) : unzigzag(folded);
      index += 1;
    }
  }
  if (index > values.length) throw new BlockError("a run of equal steps is too long");
  if (at < end) throw new BlockError(`${end - at} bytes too many`);
}

function readVarint(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let at = from; at < from + 5; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) throw cutShort();
    value += (byte & 127) * scale;
    if (byte < 128) return { value, next: at + 1 };
    scale *= 128;
  }
  throw new BlockError("a run is too long");
}
