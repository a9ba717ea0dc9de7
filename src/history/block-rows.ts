const SIGNATURE = Uint8Array.from([...Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), 0, 0, 0, 0, 0, 0, 0, 0]);
/** Postgres counts from 2000. */
const EPOCH_MS = 946_684_800_000;
const TWO_32 = 4_294_967_296;
const FIELDS = 6;
/** All of a row but its data and the name of its policy. */
const FIXED = 2 + 4 + 8 + 12 + 12 + 8 + 4;

/** The columns of BlockRow, in the order of `blockRows`. */
export const BLOCK_COLUMNS = "retention, series_id, from_time, to_time, count, data";

/** A row of `sample_block` or `minute_block`: times in milliseconds; count is of samples in the one, of minutes in the other. */
export interface BlockRow {
  readonly retention: string;
  readonly seriesId: number;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly data: Buffer;
}

/** Rows as the data of a binary COPY. */
export function blockRows(rows: readonly BlockRow[]): Buffer {
  let size = SIGNATURE.length + 2;
  for (const row of rows) size += FIXED + Buffer.byteLength(row.retention) + row.data.length;
  const bytes = Buffer.allocUnsafe(size);
  bytes.set(SIGNATURE, 0);
  let at = SIGNATURE.length;
  for (const row of rows) {
    at = bytes.writeInt16BE(FIELDS, at);
    const length = Buffer.byteLength(row.retention);
    at = bytes.writeInt32BE(length, at);
    at += bytes.write(row.retention, at);
    at = bytes.writeInt32BE(4, at);
    at = bytes.writeInt32BE(row.seriesId, at);
    at = writeTime(bytes, row.from, at);
    at = writeTime(bytes, row.to, at);
    at = bytes.writeInt32BE(4, at);
    at = bytes.writeInt32BE(row.count, at);
    at = bytes.writeInt32BE(row.data.length, at);
    at += row.data.copy(bytes, at);
  }
  bytes.writeInt16BE(-1, at);
  return bytes;
}

function writeTime(bytes: Buffer, ms: number, start: number): number {
  const micros = (ms - EPOCH_MS) * 1000;
  const high = Math.floor(micros / TWO_32);
  let at = bytes.writeInt32BE(8, start);
  at = bytes.writeInt32BE(high, at);
  return bytes.writeUInt32BE(micros - high * TWO_32, at);
}
