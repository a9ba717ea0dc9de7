import { DELIMITED, FIXED32, FIXED64, VARINT } from "./wire-format.js";

const FIRST_SIZE = 512;
const LARGEST_UINT64 = 2n ** 64n - 1n;

/**
 * Writes the protobuf wire format from its end to its beginning, so that the length of a message is known when it is due: fields
 * are written in reverse, and each message after what it holds.
 *
 * @throws RangeError for numbers that a field cannot hold, which is a mistake of the caller's.
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
  /** Where what is written begins. */
  #at = FIRST_SIZE;

  /** How much is written; what `message` must be given. */
  get written(): number {
    return this.#bytes.length - this.#at;
  }

  /** What was written; nothing may be written after it. */
  finish(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  uint32(field: number, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
      throw new RangeError(`${value} is no unsigned integer of 32 bits`);
    this.#varint(value);
    this.#tag(field, VARINT);
  }

  uint64(field: number, value: number | bigint): void {
    if (typeof value === "bigint" ? value < 0n || value > LARGEST_UINT64 : !isUint64(value))
      throw new RangeError(`${value} is no unsigned integer of 64 bits`);
    if (typeof value === "number" && Number.isSafeInteger(value)) this.#varint(value);
    else this.#bigVarint(BigInt(value));
    this.#tag(field, VARINT);
  }

  bool(field: number, value: boolean): void {
    this.#varint(value ? 1 : 0);
    this.#tag(field, VARINT);
  }

  float(field: number, value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeFloatLE(value, at);
    this.#tag(field, FIXED32);
  }

  double(field: number, value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
    this.#tag(field, FIXED64);
  }

  /** As UTF-8; half of a surrogate pair becomes U+FFFD. */
  string(field: number, value: string): void {
    const before = this.written;
    const at = this.#reserve(Buffer.byteLength(value));
    this.#bytes.write(value, at, "utf8");
    this.message(field, before);
  }

  bytes(field: number, value: Uint8Array): void {
    const before = this.written;
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    this.message(field, before);
  }

  /** Makes a message of all that was written since `written` was `before`. */
  message(field: number, before: number): void {
    this.#varint(this.written - before);
    this.#tag(field, DELIMITED);
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  /** @param value an integer from 0 to 2^53 - 1. */
  #varint(value: number): void {
    let size = 1;
    for (let limit = 0x80; value >= limit; limit *= 0x80) size += 1;
    let at = this.#reserve(size);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[at] = rest;
  }

  #bigVarint(value: bigint): void {
    const parts: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 7n) parts.push(Number(rest & 0x7fn) | 0x80);
    const last = parts.pop() ?? 0;
    const at = this.#reserve(parts.length + 1);
    this.#bytes.set([...parts, last & 0x7f], at);
  }

  /** Makes room in front of what is written, perhaps in another buffer. @returns where it begins. */
  #reserve(length: number): number {
    if (length > this.#at) {
      const written = this.#bytes.subarray(this.#at);
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, written.length + length));
      this.#at = larger.length - written.length;
      larger.set(written, this.#at);
      this.#bytes = larger;
    }
    this.#at -= length;
    return this.#at;
  }
}

function isUint64(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 64;
}
