import type { CopyRow } from "../kernel/sql.js";
import { QUALITIES, type Quality, type Scalar } from "../twin/sample.js";

const EPOCH_MS = 946_684_800_000;
const TWO_32 = 4_294_967_296;
/** Dimensions, whether there are nulls, the element type, the length and the first index. */
const ARRAY_HEAD = 20;

/** The columns that `frameValues` reads, in this order. */
export const VALUE_COLUMNS = "series, doubles, bigints, booleans, texts, qualities";
const [DOUBLES, BIGINTS, BOOLEANS, TEXTS, QUALITY] = [1, 2, 3, 4, 5];

/** The values of a frame, by series. */
export interface FrameValues {
  /** Ids of series; the arrays below are as long. */
  readonly series: readonly number[];
  readonly values: readonly Scalar[];
  /** Null when all are GOOD. */
  readonly qualities: readonly Quality[] | null;
}

/** A `timestamptz` column in milliseconds. */
export function timeAt(row: CopyRow, column: number): number {
  return Math.round(bigintAt(row, column) / 1000) + EPOCH_MS;
}

/** A `bigint` column within 2^53. */
export function bigintAt({ bytes, starts }: CopyRow, column: number): number {
  const at = starts[column] as number;
  return bytes.readInt32BE(at) * TWO_32 + bytes.readUInt32BE(at + 4);
}

export function smallintAt({ bytes, starts }: CopyRow, column: number): number {
  return bytes.readInt16BE(starts[column]);
}

export function integerAt({ bytes, starts }: CopyRow, column: number): number {
  return bytes.readInt32BE(starts[column]);
}

export function uuidAt({ bytes, starts }: CopyRow, column: number): string {
  const at = starts[column] as number;
  const hex = bytes.toString("hex", at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A `bytea` column, as a copy of its own. */
export function bytesAt({ bytes, starts, lengths }: CopyRow, column: number): Buffer {
  const at = starts[column] as number;
  return Buffer.from(bytes.subarray(at, at + (lengths[column] as number)));
}

/** The arrays of a frame, whose VALUE_COLUMNS begin at `first`. */
export function frameValues(row: CopyRow, first: number): FrameValues {
  const { bytes, starts } = row;
  const begin = starts[first] as number;
  const count = bytes.readInt32BE(begin + 12);
  const series = new Array<number>(count);
  for (let index = 0; index < count; index += 1)
    series[index] = bytes.readInt32BE(begin + ARRAY_HEAD + index * 8 + 4);
  const values = new Array<Scalar>(count).fill(null);
  fill(values, row, first + DOUBLES, (at) => bytes.readDoubleBE(at));
  fill(values, row, first + BIGINTS, (at) => bytes.readBigInt64BE(at));
  fill(values, row, first + BOOLEANS, (at) => bytes[at] === 1);
  fill(values, row, first + TEXTS, (at, length) => bytes.toString("utf8", at, at + length));
  return { series, values, qualities: qualitiesOf(row, first + QUALITY, count) };
}

function fill(
  values: Scalar[],
  { bytes, starts, lengths }: CopyRow,
  column: number,
  read: (at: number, length: number) => Scalar,
): void {
  if ((lengths[column] as number) < 0) return;
  let at = (starts[column] as number) + ARRAY_HEAD;
  for (let index = 0; index < values.length; index += 1) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) continue;
    values[index] = read(at, length);
    at += length;
  }
}

function qualitiesOf({ bytes, starts, lengths }: CopyRow, column: number, count: number): Quality[] | null {
  if ((lengths[column] as number) < 0) return null;
  const begin = (starts[column] as number) + ARRAY_HEAD;
  const found = new Array<Quality>(count);
  for (let index = 0; index < count; index += 1)
    found[index] = QUALITIES[bytes.readInt16BE(begin + index * 6 + 4)] ?? "UNCERTAIN";
  return found;
}
