import { BlockError, type ByteReader, type ByteWriter } from "./block-bytes.js";

/** Words of 64 bits, in two halves. */
export interface Words {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

const PLANES = 8;
/** A plane whose bytes carry more bits than this each is not worth the deflating. */
const MOST_BITS = 7.2;

export function wordsFor(count: number): Words {
  return { low: new Uint32Array(count), high: new Uint32Array(count) };
}

/** Writes words as eight planes of bytes; the planes that look compressible are deflated together. */
export function writePlanes(words: Words, writer: ByteWriter): void {
  const count = words.low.length;
  let compressible = 0;
  const together: Uint8Array[] = [];
  const plain: Uint8Array[] = [];
  for (let index = 0; index < PLANES; index += 1) {
    const plane = planeOf(words, index);
    if (bitsPerByte(plane) > MOST_BITS) plain.push(plane);
    else {
      compressible |= 1 << index;
      together.push(plane);
    }
  }
  writer.byte(compressible);
  writer.section(Buffer.concat(together));
  writer.reserve(plain.length * count);
  for (const plane of plain) writer.bytes(plane);
}

function planeOf(words: Words, index: number): Uint8Array {
  const half = index < 4 ? words.low : words.high;
  const shift = (index % 4) * 8;
  const plane = new Uint8Array(half.length);
  for (let at = 0; at < half.length; at += 1) plane[at] = (half[at] as number) >>> shift;
  return plane;
}

function bitsPerByte(plane: Uint8Array): number {
  const tally = new Uint32Array(256);
  for (const byte of plane) (tally[byte] as number) += 1;
  let bits = 0;
  for (const times of tally) if (times > 0) bits += times * Math.log2(plane.length / times);
  return bits / plane.length;
}

/** Reads what writePlanes wrote for that many words. */
export function readPlanes(count: number, reader: ByteReader): Words {
  const compressible = reader.byte();
  const together = reader.section(count * PLANES);
  const words = wordsFor(count);
  let taken = 0;
  for (let index = 0; index < PLANES; index += 1) {
    let plane: Uint8Array;
    if ((compressible & (1 << index)) === 0) plane = reader.bytes(count);
    else {
      plane = together.subarray(taken, taken + count);
      taken += count;
      if (plane.length < count) throw new BlockError("the bytes of a plane end too early");
    }
    const half = index < 4 ? words.low : words.high;
    const shift = (index % 4) * 8;
    for (let at = 0; at < count; at += 1) (half[at] as number) |= (plane[at] as number) << shift;
  }
  if (taken !== together.length) throw new BlockError("the planes have bytes too many");
  return words;
}
