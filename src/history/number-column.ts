import { BlockError, type ByteReader, ByteWriter, unzigzag, zigzag } from "./block-bytes.js";
import { readPlanes, wordsFor, writePlanes } from "./byte-planes.js";
import { LARGEST_COLUMN_INTEGER, readIntegers, writeIntegers } from "./integer-column.js";

const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;
/** First byte of a column: the decimals, plus SINGLE where the numbers had 32 bits once; or PLANES. */
const SINGLE = 16;
const PLANES = 255;

const PROBES = 192;
/** Bytes: what an exception costs at most, what a column of planes costs about, and what is small enough. */
const EXCEPTION_COST = 10;
const PLANES_COST = 7.5;
const SMALL = 3;
/** The furthest that an exception is told as a distance, in steps between neighbouring doubles. */
const FURTHEST = 2 ** 49;

/** Numbers that are an integer divided by a power of ten, each rounded to 32 bits or not. */
interface Decimals {
  readonly digits: number;
  readonly single: boolean;
  readonly tolerance: number;
}

/**
 * Writes finite numbers: as decimals with exceptions, or as what changed in their bits, whichever is smaller.
 * @param tolerance how much a number may differ when it comes back, as a part of itself; 0 means not a bit
 */
export function writeNumbers(values: Float64Array, writer: ByteWriter, tolerance = 0): void {
  if (values.length === 0) return;
  const decimals = likelyDecimals(values, tolerance);
  const asDecimals = decimals && decimalBytes(values, decimals);
  if (asDecimals && asDecimals.length <= values.length * SMALL) {
    writer.bytes(asDecimals);
    return;
  }
  const asPlanes = planeBytes(values);
  writer.bytes(asDecimals && asDecimals.length <= asPlanes.length ? asDecimals : asPlanes);
}

/** Reads what writeNumbers wrote for that many numbers. */
export function readNumbers(count: number, reader: ByteReader): Float64Array {
  if (count === 0) return new Float64Array(0);
  const head = reader.byte();
  return head === PLANES ? fromPlanes(count, reader) : fromDecimals(count, head, reader);
}

/** The decimals that seem to cost least, judged by some of the values; null when planes seem to cost less. */
function likelyDecimals(values: Float64Array, tolerance: number): Decimals | null {
  const probes: number[] = [];
  const stride = Math.max(1, values.length / PROBES);
  for (let at = 0; at < values.length; at += stride) probes.push(values[Math.floor(at)] as number);
  let best: Decimals | null = null;
  let least = PLANES_COST * probes.length;
  const kinds = probes.every((value) => Math.fround(value) === value) ? [false, true] : [false];
  for (const single of kinds) {
    const needed = new Array<number>(POWERS.length + 1).fill(0);
    for (const value of probes) (needed[digitsOf(value, single, tolerance)] as number) += 1;
    let exceptions = probes.length;
    for (let digits = 0; digits < POWERS.length; digits += 1) {
      exceptions -= needed[digits] as number;
      const cost = (probes.length * digits * Math.log2(10)) / 8 + exceptions * EXCEPTION_COST;
      if (cost >= least) continue;
      least = cost;
      best = { digits, single, tolerance };
    }
  }
  return best;
}

/** How many decimals a number has; one more than there can be when it is no decimal. */
function digitsOf(value: number, single: boolean, tolerance: number): number {
  for (let digits = 0; digits < POWERS.length; digits += 1)
    if (scaled(value, { digits, single, tolerance }) !== null) return digits;
  return POWERS.length;
}

/** The integer that stands for a number; null when the number would not come back from it. */
function scaled(value: number, { digits, single, tolerance }: Decimals): number | null {
  const power = POWERS[digits] as number;
  const integer = Math.round(value * power);
  if (!(Math.abs(integer) <= LARGEST_COLUMN_INTEGER)) return null;
  const back = single ? Math.fround(integer / power) : integer / power;
  if (back === value) return value === 0 && Object.is(value, -0) ? null : integer;
  return Math.abs(back - value) <= tolerance * Math.abs(value) ? integer : null;
}

function decimalBytes(values: Float64Array, decimals: Decimals): Uint8Array {
  const integers = new Float64Array(values.length);
  const exceptions: number[] = [];
  const power = POWERS[decimals.digits] as number;
  let before = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    let integer = scaled(value, decimals);
    if (integer === null) {
      exceptions.push(index);
      const near = Math.round(value * power);
      integer = Math.abs(near) <= LARGEST_COLUMN_INTEGER ? near : before;
    }
    // What the reader finds has no negative zero.
    integers[index] = integer === 0 ? 0 : integer;
    before = integer;
  }
  const writer = new ByteWriter();
  writer.byte(decimals.digits + (decimals.single ? SINGLE : 0));
  writeIntegers(integers, writer);
  writer.varint(exceptions.length);
  let last = 0;
  for (const index of exceptions) {
    writer.varint(index - last);
    last = index;
    const near = (integers[index] as number) / power;
    writeException(values[index] as number, decimals.single ? Math.fround(near) : near, writer);
  }
  return writer.written();
}

function fromDecimals(count: number, head: number, reader: ByteReader): Float64Array {
  const single = head >= SINGLE;
  const power = POWERS[single ? head - SINGLE : head];
  if (power === undefined) throw new BlockError(`no such kind of numbers: ${head}`);
  const values = readIntegers(count, reader);
  if (single)
    for (let index = 0; index < count; index += 1)
      values[index] = Math.fround((values[index] as number) / power);
  else if (power > 1) for (let index = 0; index < count; index += 1) (values[index] as number) /= power;
  let at = 0;
  for (let left = reader.limited(count); left > 0; left -= 1) {
    at += reader.varint();
    if (at >= count) throw new BlockError("an exception lies beyond the end");
    values[at] = readException(values[at] as number, reader);
  }
  return values;
}

/** A number as its distance from a near one, in doubles, or as it is where that is far. */
function writeException(value: number, near: number, writer: ByteWriter): void {
  const view = new DataView(new ArrayBuffer(16));
  view.setFloat64(0, value);
  view.setFloat64(8, near);
  const distance =
    (view.getUint32(0) - view.getUint32(8)) * 2 ** 32 + (view.getUint32(4) - view.getUint32(12));
  if (Math.abs(distance) <= FURTHEST) writer.varint(zigzag(distance) + 1);
  else {
    writer.varint(0);
    writer.bytes(new Uint8Array(view.buffer, 0, 8));
  }
}

function readException(near: number, reader: ByteReader): number {
  const folded = reader.varint();
  const view = new DataView(new ArrayBuffer(8));
  if (folded === 0) new Uint8Array(view.buffer).set(reader.bytes(8));
  else {
    view.setFloat64(0, near);
    const low = view.getUint32(4) + unzigzag(folded - 1);
    view.setUint32(0, view.getUint32(0) + Math.floor(low / 2 ** 32));
    view.setUint32(4, low);
  }
  return finite(view.getFloat64(0));
}

function planeBytes(values: Float64Array): Uint8Array {
  const words = wordsFor(values.length);
  const view = new DataView(new ArrayBuffer(8));
  let beforeLow = 0;
  let beforeHigh = 0;
  for (let index = 0; index < values.length; index += 1) {
    view.setFloat64(0, values[index] as number);
    const low = view.getUint32(4);
    const high = view.getUint32(0);
    words.low[index] = low ^ beforeLow;
    words.high[index] = high ^ beforeHigh;
    beforeLow = low;
    beforeHigh = high;
  }
  const writer = new ByteWriter({ capacity: values.length * 8 + 64 });
  writer.byte(PLANES);
  writePlanes(words, writer);
  return writer.written();
}

function fromPlanes(count: number, reader: ByteReader): Float64Array {
  const { low, high } = readPlanes(count, reader);
  const values = new Float64Array(count);
  const view = new DataView(new ArrayBuffer(8));
  let lowBits = 0;
  let highBits = 0;
  for (let index = 0; index < count; index += 1) {
    lowBits ^= low[index] as number;
    highBits ^= high[index] as number;
    view.setUint32(4, lowBits);
    view.setUint32(0, highBits);
    values[index] = finite(view.getFloat64(0));
  }
  return values;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new BlockError("a number is not finite");
  return value;
}
