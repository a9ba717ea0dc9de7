import { isUtf8 } from "node:buffer";

const MOST_TOPICS = 32_768;
/** Longer topics are read anew each time, so that the cache stays small whatever a broker sends. */
const LONGEST_TOPIC_BYTES = 256;

interface Known {
  readonly bytes: Buffer;
  readonly text: string;
}

/** Turns the bytes of topics into text; a topic that comes again gives the same string object, without decoding. */
export class TopicCache {
  readonly #known = new Map<number, Known>();

  /** The text of the bytes from `from` to before `to`; null when they are not UTF-8 or hold a NUL. */
  read(bytes: Buffer, from: number, to: number): string | null {
    if (to - from > LONGEST_TOPIC_BYTES) return textOf(bytes.subarray(from, to));
    let hash = to - from;
    for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const known = this.#known.get(hash);
    if (known !== undefined && same(known.bytes, bytes, from, to)) return known.text;
    const copy = Buffer.from(bytes.subarray(from, to));
    const text = textOf(copy);
    if (text === null) return null;
    if (this.#known.size >= MOST_TOPICS) this.#known.clear();
    this.#known.set(hash, { bytes: copy, text });
    return text;
  }
}

function same(known: Buffer, bytes: Buffer, from: number, to: number): boolean {
  const length = to - from;
  if (known.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (known[at] !== bytes[from + at]) return false;
  return true;
}

/** The text of a string as MQTT allows it; null when it is not UTF-8 or holds a NUL. */
export function textOf(bytes: Buffer): string | null {
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString("utf8") : null;
}
