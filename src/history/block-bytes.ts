import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Bytes that are no block: of another version, cut short, or changed since they were written. */
export class BlockError extends Error {
  override readonly name = "BlockError";
}

/** Deflating costs tens of microseconds whatever the size, which a few bytes do not repay. */
const SHORTEST_DEFLATED = 128;
const WORTHWHILE = 0.9;
/** No deflated byte can stand for more than this many. */
const LARGEST_RATIO = 1032;

/** Bytes written one after the other. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(options: { capacity?: number } = {}) {
    this.#bytes = Buffer.allocUnsafe(options.capacity ?? 256);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written so far; valid until more is written. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room for that many bytes more. */
  reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  bytes(values: Uint8Array): void {
    this.reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** An integer from 0 to 2^53 - 1: seven bits a byte, the lowest first. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    let at = this.#length;
    while (rest >= 2 ** 31) {
      this.#bytes[at] = (rest % 128) | 128;
      at += 1;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      this.#bytes[at] = (rest & 127) | 128;
      at += 1;
      rest >>>= 7;
    }
    this.#bytes[at] = rest;
    this.#length = at + 1;
  }

  /** An integer of either sign, at most 2^51, which zigzag keeps exact. */
  signed(value: number): void {
    this.varint(zigzag(value));
  }

  /** Bytes with their length, deflated where that makes them a tenth smaller. */
  section(bytes: Uint8Array): void {
    const deflated = bytes.length >= SHORTEST_DEFLATED ? deflateRawSync(bytes, { level: 3 }) : bytes;
    if (deflated.length < bytes.length * WORTHWHILE) {
      this.varint(deflated.length * 2 + 1);
      this.varint(bytes.length);
      this.bytes(deflated);
    } else {
      this.varint(bytes.length * 2);
      this.bytes(bytes);
    }
  }
}

/** Reads what ByteWriter wrote; anything beyond the end is a BlockError. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw cutShort();
    this.#at += 1;
    return value;
  }

  /** The next bytes, not copied. */
  bytes(count: number): Uint8Array {
    if (count > this.left) throw cutShort();
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  uint32(): number {
    const bytes = this.bytes(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 8; index += 1) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new BlockError("an integer is too large");
  }

  signed(): number {
    return unzigzag(this.varint());
  }

  /** A count that may not exceed `max`. */
  limited(max: number): number {
    const value = this.varint();
    if (value > max) throw new BlockError(`a count of ${value} where at most ${max} is possible`);
    return value;
  }

  /** A section of at most that many bytes. */
  section(max: number): Uint8Array {
    const head = this.varint();
    const stored = Math.floor(head / 2);
    const length = head % 2 === 0 ? stored : this.varint();
    if (length > max) throw new BlockError(`${length} bytes where at most ${max} are possible`);
    const bytes = this.bytes(stored);
    if (head % 2 === 0) return bytes;
    if (length === 0 || length > (stored + 1) * LARGEST_RATIO)
      throw new BlockError(`${stored} bytes cannot hold ${length}`);
    return inflated(bytes, length);
  }

  /** @throws BlockError when there is more */
  end(): void {
    if (this.left > 0) throw new BlockError(`${this.left} bytes too many`);
  }
}

function inflated(bytes: Uint8Array, length: number): Uint8Array {
  let result: Uint8Array;
  try {
    result = inflateRawSync(bytes, {
      maxOutputLength: length,
      chunkSize: Math.max(64, Math.min(length, 2 ** 20)),
    });
  } catch (error) {
    throw new BlockError("deflated bytes are damaged", { cause: error });
  }
  if (result.length !== length) throw new BlockError(`${result.length} bytes where ${length} were announced`);
  return result;
}

export function cutShort(): BlockError {
  return new BlockError("the bytes end too early");
}

/** 0, -1, 1, -2, 2, ... as 0, 1, 2, 3, 4, ... */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
