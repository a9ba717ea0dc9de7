import type { CopyRow } from "../kernel/sql.js";

const SIGNATURE_BYTES = 11;
const HEAD_BYTES = SIGNATURE_BYTES + 8;
const NO_BYTES = Buffer.alloc(0);

/** Splits the data of a binary COPY, which comes in pieces of any size, into rows. */
export class CopyRows {
  readonly #visit: (row: CopyRow) => void;
  #rest: Buffer = NO_BYTES;
  #started = false;
  #ended = false;
  #row: { bytes: Buffer; starts: Int32Array; lengths: Int32Array } = {
    bytes: NO_BYTES,
    starts: new Int32Array(0),
    lengths: new Int32Array(0),
  };

  constructor(visit: (row: CopyRow) => void) {
    this.#visit = visit;
  }

  /** Takes the next piece; visits the rows that it completes. */
  push(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    if (!this.#started) {
      if (bytes.length < HEAD_BYTES) {
        this.#rest = bytes;
        return;
      }
      at = HEAD_BYTES + bytes.readInt32BE(SIGNATURE_BYTES + 4);
      this.#started = true;
    }
    while (!this.#ended) {
      const next = this.#take(bytes, at);
      if (next < 0) break;
      at = next;
    }
    this.#rest = bytes.subarray(at);
  }

  /** @returns where the next row begins, or -1 where this one is not complete. */
  #take(bytes: Buffer, from: number): number {
    if (from + 2 > bytes.length) return -1;
    const columns = bytes.readInt16BE(from);
    if (columns < 0) {
      this.#ended = true;
      return from + 2;
    }
    const row = this.#row;
    if (row.starts.length !== columns) {
      row.starts = new Int32Array(columns);
      row.lengths = new Int32Array(columns);
    }
    let at = from + 2;
    for (let column = 0; column < columns; column += 1) {
      if (at + 4 > bytes.length) return -1;
      const length = bytes.readInt32BE(at);
      at += 4;
      row.starts[column] = at;
      row.lengths[column] = length;
      if (length > 0) at += length;
    }
    if (at > bytes.length) return -1;
    row.bytes = bytes;
    this.#visit(row);
    return at;
  }
}
