import { finished } from "node:stream/promises";
import type pg from "pg";
import { from } from "pg-copy-streams";

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
/** Microseconds from 1970 to 2000, where PostgreSQL's times begin. */
const EPOCH_US = 946_684_800_000_000n;
const INT4 = 23;
const FLOAT8 = 701;

/** Rows in the binary format of COPY, in one buffer that grows and is used again. */
export class CopyBuffer {
  #buffer = Buffer.allocUnsafe(1 << 20);
  #length = 0;

  constructor() {
    this.#begin();
  }

  row(fields: number): void {
    // Enough for any row of the benchmarks: a few fields and arrays of some hundred values.
    if (this.#buffer.length - this.#length < 65_536) this.#grow();
    this.#length = this.#buffer.writeInt16BE(fields, this.#length);
  }

  int4(value: number): void {
    this.#length = this.#buffer.writeInt32BE(4, this.#length);
    this.#length = this.#buffer.writeInt32BE(value, this.#length);
  }

  float8(value: number): void {
    this.#length = this.#buffer.writeInt32BE(8, this.#length);
    this.#length = this.#buffer.writeDoubleBE(value, this.#length);
  }

  /** @param ms milliseconds since 1970. */
  timestamptz(ms: number): void {
    this.#length = this.#buffer.writeInt32BE(8, this.#length);
    this.#length = this.#buffer.writeBigInt64BE(BigInt(ms) * 1000n - EPOCH_US, this.#length);
  }

  bytes(value: Buffer): void {
    this.#length = this.#buffer.writeInt32BE(value.length, this.#length);
    this.#length += value.copy(this.#buffer, this.#length);
  }

  int4Array(values: readonly number[]): void {
    this.#arrayHead(values.length, INT4, 8);
    for (const value of values) this.int4(value);
  }

  float8Array(values: readonly number[]): void {
    this.#arrayHead(values.length, FLOAT8, 12);
    for (const value of values) this.float8(value);
  }

  /** Sends all rows as one COPY and empties the buffer. */
  async send(client: pg.Client, table: string): Promise<void> {
    this.#length = this.#buffer.writeInt16BE(-1, this.#length);
    const stream = client.query(from(`COPY ${table} FROM STDIN (FORMAT binary)`));
    stream.end(this.#buffer.subarray(0, this.#length));
    await finished(stream);
    this.#begin();
  }

  /** One dimension without nulls, its elements of `size` bytes with their lengths. */
  #arrayHead(count: number, type: number, size: number): void {
    let at = this.#buffer.writeInt32BE(20 + count * size, this.#length);
    at = this.#buffer.writeInt32BE(1, at);
    at = this.#buffer.writeInt32BE(0, at);
    at = this.#buffer.writeInt32BE(type, at);
    at = this.#buffer.writeInt32BE(count, at);
    this.#length = this.#buffer.writeInt32BE(1, at);
  }

  #begin(): void {
    SIGNATURE.copy(this.#buffer);
    // Flags and the length of the header's extension: none.
    this.#buffer.fill(0, SIGNATURE.length, 19);
    this.#length = 19;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#buffer.length * 2);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
