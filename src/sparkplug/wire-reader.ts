import { DELIMITED, FIXED32, FIXED64, VARINT } from "./wire-format.js";

/** Messages within messages and groups within groups: 32 templates, each within a metric of the other. Real ones have a handful. */
const MOST_NESTED = 64;
/** What a payload may consist of, so that a few bytes each cannot take much memory: metrics, properties, rows, cells, texts in lists. */
const MOST_PARTS = 1_000_000;
const LONGEST_VARINT = 10;
/** The wire type that opens a group, which Sparkplug has none of. */
const GROUP = 3;
/** Beyond it comes 2^64, which no field can hold. */
const LARGEST_TIME = 2 ** 64 - 2 ** 11;
const WIRE_TYPES = ["varint", "64-bit", "length-delimited", "group", "end of group", "32-bit"] as const;

/**
 * Reads the protobuf wire format. What is wrong with the bytes is kept as `problem`, after which nothing is left to read: loops
 * over `more` end by themselves, and what they have read so far is worthless.
 *
 * A varint may run over the end of its message, but not of the payload, where there are no bytes to end it; `close` finds that
 * out, so that no byte needs a check of its own.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #view: DataView | null = null;
  #at = 0;
  #end: number;
  #nested = 0;
  #parts = 0;
  #problem: string | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
  }

  /** The first thing that was wrong, with its place; null while all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Whether the innermost open message goes on. */
  get more(): boolean {
    return this.#at < this.#end;
  }

  fail(reason: string): void {
    this.#problem ??= `${reason} (at byte ${Math.min(this.#at, this.#bytes.length)})`;
    // Beyond the end of every message, so that all loops end.
    this.#at = this.#bytes.length + LONGEST_VARINT;
  }

  /** The length in front of a message and the step into it. @returns what `close` must be given. */
  open(): number {
    const length = this.#length();
    const outer = this.#end;
    if (this.#nested >= MOST_NESTED) this.fail(`more than ${MOST_NESTED} messages within one another`);
    this.#nested += 1;
    this.part();
    if (this.#problem === null) this.#end = this.#at + length;
    return outer;
  }

  /** The step out of a message, which must have been read to its end. */
  close(outer: number): void {
    if (this.#at !== this.#end) this.fail("a field runs over the end of its message");
    this.#nested -= 1;
    this.#end = outer;
  }

  /** Counts one of the parts of which there may be so many. */
  part(): void {
    this.#parts += 1;
    if (this.#parts > MOST_PARTS) this.fail(`more than ${MOST_PARTS} parts`);
  }

  /** A field's number times 8, and its wire type. */
  tag(): number {
    const byte = this.#bytes[this.#at] as number;
    if (byte < 0x80) {
      this.#at += 1;
      return byte;
    }
    return this.#longTag();
  }

  /** A varint, of which the lower 32 bits count. */
  uint32(): number {
    const byte = this.#bytes[this.#at] as number;
    if (byte < 0x80) {
      this.#at += 1;
      return byte;
    }
    const bytes = this.#bytes;
    let at = this.#at;
    let value = 0;
    for (let shift = 0; shift < LONGEST_VARINT * 7; shift += 7) {
      const next = bytes[at] as number;
      at += 1;
      if (shift < 32) value |= (next & 0x7f) << shift;
      if (next < 0x80) {
        this.#at = at;
        return value >>> 0;
      }
    }
    this.#at = at;
    this.#tooLong();
    return 0;
  }

  /** A varint of 64 bits, unsigned; a bigint beyond 2^53 - 1. */
  uint64(): number | bigint {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at++] as number;
    if (byte < 0x80) {
      this.#at = at;
      return byte;
    }
    // 28 bits, 28 bits and the last 8: each is a small integer.
    let low = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = bytes[at++] as number;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#at = at;
        return low;
      }
    }
    let middle = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      byte = bytes[at++] as number;
      middle |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#at = at;
        return exactly(low, middle, 0);
      }
    }
    const ninth = bytes[at++] as number;
    const tenth = ninth < 0x80 ? 0 : (bytes[at++] as number);
    this.#at = at;
    if (!(tenth < 0x80)) this.#tooLong();
    return exactly(low, middle, (ninth & 0x7f) | ((tenth & 1) << 7));
  }

  /** A time in ms or a sequence number: as `uint64`, to the precision of a double. */
  time(): number {
    const value = this.uint64();
    return typeof value === "number" ? value : Math.min(Number(value), LARGEST_TIME);
  }

  bool(): boolean {
    let any = 0;
    for (let left = LONGEST_VARINT; left > 0; left -= 1) {
      const byte = this.#bytes[this.#at] as number;
      this.#at += 1;
      any |= byte & 0x7f;
      if (byte < 0x80) return any !== 0;
    }
    this.#tooLong();
    return false;
  }

  float(): number {
    return this.#fits(4) ? this.#numbers().getFloat32(this.#at - 4, true) : 0;
  }

  double(): number {
    return this.#fits(8) ? this.#numbers().getFloat64(this.#at - 8, true) : 0;
  }

  /** UTF-8; what is none becomes U+FFFD. */
  string(): string {
    const length = this.#length();
    const start = this.#at;
    this.#at += length;
    return this.#bytes.toString("utf8", start, start + length);
  }

  /** A copy, so that a value that is kept does not keep the whole payload. */
  bytes(): Uint8Array {
    const length = this.#length();
    this.#at += length;
    return new Uint8Array(this.#bytes.subarray(this.#at - length, this.#at));
  }

  /** Appends the numbers of a packed list. */
  packedUint32(into: number[]): void {
    const outer = this.open();
    while (this.more) {
      this.part();
      into.push(this.uint32());
    }
    this.close(outer);
  }

  /**
   * Reads over a field that is unknown; `known` is the highest number of a field that the message has, so a smaller one has
   * another wire type than it must.
   */
  skip(tag: number, known: number): void {
    const field = tag >>> 3;
    if (this.#problem !== null) return;
    if (field === 0) this.fail("field number 0");
    else if (field <= known)
      this.fail(`field ${field} has wire type ${tag & 7} (${WIRE_TYPES[tag & 7] ?? "unknown"})`);
    else this.#skipValue(tag, 0);
  }

  #skipValue(tag: number, groups: number): void {
    switch (tag & 7) {
      case VARINT:
        this.bool();
        return;
      case FIXED64:
        this.#fits(8);
        return;
      case DELIMITED:
        this.#fits(this.#length());
        return;
      case GROUP:
        this.#skipGroup(tag, groups);
        return;
      case FIXED32:
        this.#fits(4);
        return;
      default:
        this.fail(`field ${tag >>> 3} has wire type ${tag & 7}`);
    }
  }

  #skipGroup(start: number, groups: number): void {
    if (this.#nested + groups >= MOST_NESTED)
      this.fail(`more than ${MOST_NESTED} messages within one another`);
    while (this.more) {
      const tag = this.tag();
      // Its end has the same number, and the next wire type.
      if (tag === start + 1) return;
      if (tag >>> 3 === 0) this.fail("field number 0");
      else this.#skipValue(tag, groups + 1);
    }
    this.fail(`group ${start >>> 3} has no end`);
  }

  #longTag(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#at] as number;
      this.#at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < (shift === 28 ? 0x10 : 0x80)) return value >>> 0;
    }
    this.fail("a tag of more than 32 bits");
    return 0;
  }

  /** Not more than is left of the message; 0 when the payload is broken. */
  #length(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let length = bytes[at++] as number;
    if (length >= 0x80) {
      length &= 0x7f;
      let byte = 0x80;
      for (let shift = 7; shift < 35 && byte >= 0x80; shift += 7) {
        byte = bytes[at++] as number;
        // Not a shift, which would make a negative number of the largest ones.
        length += (byte & 0x7f) * 2 ** shift;
      }
      if (byte >= 0x80) length = Number.POSITIVE_INFINITY;
    }
    if (length <= this.#end - at) {
      this.#at = at;
      return length;
    }
    const left = Math.max(0, this.#end - at);
    this.fail(
      `a length of ${Number.isFinite(length) ? length : "more than 32 bits"}, ${left} bytes are left`,
    );
    return 0;
  }

  #fits(length: number): boolean {
    if (length > this.#end - this.#at) {
      this.fail(`a field of ${length} bytes is cut off`);
      return false;
    }
    this.#at += length;
    return true;
  }

  #numbers(): DataView {
    const { buffer, byteOffset, length } = this.#bytes;
    this.#view ??= new DataView(buffer, byteOffset, length);
    return this.#view;
  }

  #tooLong(): void {
    const cutOff = this.#at > this.#bytes.length;
    this.fail(cutOff ? "a varint is cut off" : `a varint of more than ${LONGEST_VARINT} bytes`);
  }
}

/** Of 28, 28 and 8 bits, the lowest first. */
function exactly(low: number, middle: number, high: number): number | bigint {
  if (high === 0 && middle < 2 ** 25) return low + middle * 2 ** 28;
  return BigInt(low) | (BigInt(middle) << 28n) | (BigInt(high) << 56n);
}
