import { isUtf8 } from "node:buffer";

const MOST_TOPICS = 262_144;
const MOST_BYTES = 16 * 1_048_576;
/** Longer topics are read anew each time, so that the cache stays small whatever a broker sends. */
const LONGEST_TOPIC_BYTES = 256;
const FIRST_TOPICS = 64;
const FIRST_BYTES = 4_096;

/**
 * Turns the bytes of topics into text; a topic that comes again gives the same string object, without decoding. All it
 * knows lies in a few arrays, so that a plant of very many topics does not scatter over the memory.
 */
export class TopicCache {
  /**
   * The number of the topic that was read last: the same as before while the topic is remembered. When the cache is full
   * it begins anew, and another topic may get the number. -1 for a topic that is not remembered.
   */
  number = -1;
  readonly #mostTopics: number;
  readonly #texts: string[] = [];
  #bytes = Buffer.alloc(FIRST_BYTES);
  /** Where the bytes of each topic end; they begin where those of the one before end. */
  #ends = new Uint32Array(FIRST_TOPICS);
  /** Open addressing: one more than the topic's number, 0 where there is none. At most half of it is used. */
  #slots = new Uint32Array(2 * FIRST_TOPICS);

  /** @param mostTopics how many are remembered, 262,144 unless told. */
  constructor(mostTopics = MOST_TOPICS) {
    this.#mostTopics = mostTopics;
  }

  /** The text of the bytes from `from` to before `to`; null when they are not UTF-8 or hold a NUL. */
  read(bytes: Buffer, from: number, to: number): string | null {
    const mask = this.#slots.length - 1;
    let slot = hashOf(bytes, from, to) & mask;
    for (let known = this.#slots[slot] as number; known !== 0; known = this.#slots[slot] as number) {
      if (this.#is(known - 1, bytes, from, to)) {
        this.number = known - 1;
        return this.#texts[known - 1] as string;
      }
      slot = (slot + 1) & mask;
    }
    const text = textOf(bytes.subarray(from, to));
    this.number = text === null || to - from > LONGEST_TOPIC_BYTES ? -1 : this.#add(text, bytes, from, to);
    return text;
  }

  #is(number: number, bytes: Buffer, from: number, to: number): boolean {
    const begin = number === 0 ? 0 : (this.#ends[number - 1] as number);
    const length = to - from;
    if ((this.#ends[number] as number) - begin !== length) return false;
    const known = this.#bytes;
    for (let at = 0; at < length; at += 1) if (known[begin + at] !== bytes[from + at]) return false;
    return true;
  }

  #add(text: string, bytes: Buffer, from: number, to: number): number {
    const used = this.#texts.length === 0 ? 0 : (this.#ends[this.#texts.length - 1] as number);
    if (this.#texts.length >= this.#mostTopics || used + to - from > MOST_BYTES) {
      this.#texts.length = 0;
      this.#slots.fill(0);
      return this.#add(text, bytes, from, to);
    }
    const number = this.#texts.length;
    while (used + to - from > this.#bytes.length) {
      const larger = Buffer.alloc(this.#bytes.length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, used, from, to);
    if (number === this.#ends.length) this.#grow();
    this.#ends[number] = used + to - from;
    this.#texts.push(text);
    this.#link(number);
    return number;
  }

  #grow(): void {
    const ends = new Uint32Array(this.#ends.length * 2);
    ends.set(this.#ends);
    this.#ends = ends;
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#texts.length; number += 1) this.#link(number);
  }

  #link(number: number): void {
    const begin = number === 0 ? 0 : (this.#ends[number - 1] as number);
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#bytes, begin, this.#ends[number] as number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number + 1;
  }
}

function hashOf(bytes: Buffer, from: number, to: number): number {
  let hash = to - from;
  for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  // The low bits choose the slot, and of a product they depend on the low bits alone.
  return hash ^ (hash >>> 15);
}

/** The text of a string as MQTT allows it; null when it is not UTF-8 or holds a NUL. */
export function textOf(bytes: Buffer): string | null {
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString("utf8") : null;
}
