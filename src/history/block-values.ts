import { BlockError, ByteReader, ByteWriter } from "./block-bytes.js";
import { readPlanes, wordsFor, writePlanes } from "./byte-planes.js";
import type { Other, ValueColumns } from "./columns.js";
import { readIntegers, writeIntegers } from "./integer-column.js";
import { readNumbers, writeNumbers } from "./number-column.js";

/** What a value is; booleans and nulls need no more than this. */
const NUMBER = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const BIGINT = 4;
const STRING = 5;

/** Bytes of one run of codes at most. */
const LARGEST_RUN = 5;

/**
 * Writes values of any type; each comes back exactly as it was.
 * @throws RangeError for a number that is not finite, an integer beyond 64 bits, a text with half a character
 */
export function writeValues(values: ValueColumns, writer: ByteWriter): void {
  const { count, others } = values;
  const codes = others && Uint8Array.from({ length: count }, (_, index) => codeOf(others[index]));
  writeCodes(codes, count, writer);
  const numbers = codes ? values.numbers.filter((_, index) => codes[index] === NUMBER) : values.numbers;
  for (let index = 0; index < numbers.length; index += 1)
    if (!Number.isFinite(numbers[index])) throw new RangeError(`${numbers[index]} is not a finite number`);
  writeNumbers(numbers, writer);
  if (!others) return;
  writeBigints(
    others.filter((value) => typeof value === "bigint"),
    writer,
  );
  writeStrings(
    others.filter((value) => typeof value === "string"),
    writer,
  );
}

function codeOf(value: Other | undefined): number {
  if (value === undefined) return NUMBER;
  if (value === null) return NULL;
  if (typeof value === "boolean") return value ? TRUE : FALSE;
  return typeof value === "bigint" ? BIGINT : STRING;
}

/** Reads what writeValues wrote for that many values. */
export function readValues(count: number, reader: ByteReader): ValueColumns {
  const codes = readCodes(count, STRING, reader);
  if (!codes) return { count, numbers: readNumbers(count, reader), others: null };
  const tally = new Uint32Array(STRING + 1);
  for (const code of codes) (tally[code] as number) += 1;
  const plain = readNumbers(tally[NUMBER] as number, reader);
  const bigints = readBigints(tally[BIGINT] as number, reader);
  const strings = readStrings(tally[STRING] as number, reader);
  const numbers = new Float64Array(count).fill(Number.NaN);
  const others: (Other | undefined)[] = [];
  let atNumber = 0;
  let atBigint = 0;
  let atString = 0;
  for (let index = 0; index < count; index += 1)
    switch (codes[index]) {
      case NUMBER:
        numbers[index] = plain[atNumber++] as number;
        others.push(undefined);
        break;
      case BIGINT:
        numbers[index] = Number(bigints[atBigint]);
        others.push(bigints[atBigint++]);
        break;
      case STRING:
        others.push(strings[atString++]);
        break;
      case NULL:
        others.push(null);
        break;
      default:
        others.push(codes[index] === TRUE);
    }
  return { count, numbers, others };
}

/** Writes small codes in runs; codes that are all 0, given as null, take one byte. */
export function writeCodes(codes: Uint8Array | null, count: number, writer: ByteWriter): void {
  const runs = new ByteWriter();
  let begin = 0;
  for (let index = 1; codes && index <= count; index += 1) {
    if (index < count && codes[index] === codes[begin]) continue;
    runs.byte(codes[begin] as number);
    // The last run goes to the end.
    if (index < count) runs.varint(index - begin);
    begin = index;
  }
  const onlyZeros = runs.length === 1 && codes?.[0] === 0;
  writer.section(onlyZeros ? new Uint8Array(0) : runs.written());
}

/** Reads what writeCodes wrote for that many codes: null when all are 0. */
export function readCodes(count: number, largest: number, reader: ByteReader): Uint8Array | null {
  const runs = new ByteReader(reader.section(count * LARGEST_RUN));
  if (runs.left === 0) return null;
  const codes = new Uint8Array(count);
  let index = 0;
  while (runs.left > 0) {
    const code = runs.byte();
    if (code > largest) throw new BlockError(`no such code: ${code}`);
    const length = runs.left === 0 ? count - index : runs.limited(count - index);
    if (length === 0) throw new BlockError("a run of nothing");
    codes.fill(code, index, index + length);
    index += length;
  }
  if (index < count) throw new BlockError("the runs end too early");
  return codes;
}

/** As steps, modulo 2^64, so that counters cost next to nothing. */
function writeBigints(values: readonly bigint[], writer: ByteWriter): void {
  if (values.length === 0) return;
  const words = wordsFor(values.length);
  let before = 0n;
  for (const [index, value] of values.entries()) {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} does not fit 64 bits`);
    const step = BigInt.asIntN(64, value - before);
    const folded = (step << 1n) ^ (step >> 63n);
    words.low[index] = Number(BigInt.asUintN(32, folded));
    words.high[index] = Number(BigInt.asUintN(32, folded >> 32n));
    before = value;
  }
  writePlanes(words, writer);
}

function readBigints(count: number, reader: ByteReader): bigint[] {
  if (count === 0) return [];
  const { low, high } = readPlanes(count, reader);
  let before = 0n;
  return Array.from(low, (lowBits, index) => {
    const folded = (BigInt(high[index] as number) << 32n) | BigInt(lowBits);
    const step = (folded >> 1n) ^ -(folded & 1n);
    before = BigInt.asIntN(64, before + step);
    return before;
  });
}

/** Each text once, in the order they came, and which of them it is. */
function writeStrings(values: readonly string[], writer: ByteWriter): void {
  if (values.length === 0) return;
  const places = new Map<string, number>();
  const which = new Float64Array(values.length);
  for (const [index, value] of values.entries()) {
    const place = places.get(value) ?? places.size;
    if (place === places.size) places.set(value, place);
    which[index] = place;
  }
  const texts = Array.from(places.keys(), (text) => {
    if (/\p{Surrogate}/u.test(text)) throw new RangeError("a text holds half a character");
    return Buffer.from(text);
  });
  writer.varint(texts.length);
  writeIntegers(
    Float64Array.from(texts, (text) => text.length),
    writer,
  );
  writer.section(Buffer.concat(texts));
  writeIntegers(which, writer);
}

function readStrings(count: number, reader: ByteReader): string[] {
  if (count === 0) return [];
  const lengths = readIntegers(reader.limited(count), reader);
  const bytes = reader.section(Number.POSITIVE_INFINITY);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const texts = Array.from(lengths, (length) => {
    if (!(length >= 0 && length <= text.length - at)) throw new BlockError(`no text has ${length} bytes`);
    at += length;
    return text.toString("utf8", at - length, at);
  });
  if (at < text.length) throw new BlockError("the texts have bytes too many");
  return Array.from(readIntegers(count, reader), (place) => {
    const value = texts[place];
    if (value === undefined) throw new BlockError(`no such text: ${place}`);
    return value;
  });
}
