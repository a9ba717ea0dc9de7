import type { Scalar } from "../../twin/sample.js";
import type { MetricNames } from "./metric-names.js";

const [QUOTE, COMMA, MINUS, POINT, ZERO, COLON] = [0x22, 0x2c, 0x2d, 0x2e, 0x30, 0x3a];
const [OPEN_ARRAY, BACKSLASH, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5c, 0x5d, 0x7b, 0x7d];
const [LOWER_F, LOWER_N, LOWER_T, UPPER_E, LOWER_E] = [0x66, 0x6e, 0x74, 0x45, 0x65];
const DEEPEST = 16;
const MOST_VALUES = 500;
const LONGEST_PAYLOAD = 65_536;
/** Of a number of so many digits the quotient by a power of ten is the double next to it: both are exact. */
const MOST_DIGITS = 15;
const POWERS = Array.from({ length: MOST_DIGITS + 1 }, (_, index) => 10 ** index);
const LONG_NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d+)?$/;
const WORDS = { true: Buffer.from("true"), false: Buffer.from("false"), null: Buffer.from("null") } as const;

/**
 * What the payloads of a device have in common: all between the values. A payload that differs in nothing else is read in
 * one pass over its bytes, several times as fast as by a parser of JSON.
 */
export class JsonTemplate {
  /** The name of each value's metric; null at the time's. */
  readonly names: readonly (string | null)[];
  /** Where the time is among them; -1 where there is none. */
  readonly timeAt: number;
  readonly #literals: readonly Buffer[];
  #at = 0;

  private constructor(names: readonly (string | null)[], literals: readonly Buffer[]) {
    this.names = names;
    this.timeAt = names.indexOf(null);
    this.#literals = literals;
  }

  /**
   * The template of a payload that is known to be right.
   * @param timestamp the name of the value that is the time.
   * @returns null where it has something that a template cannot have, such as a name that stands twice.
   */
  static of(payload: Buffer, names: MetricNames, timestamp: string | null): JsonTemplate | null {
    if (payload.length > LONGEST_PAYLOAD) return null;
    const found = new Learner(payload, names).learn();
    if (found === null || found.names.length === 0 || new Set(found.names).size < found.names.length)
      return null;
    const wrong = found.names.some((name) => name !== timestamp && names.problem(name) !== null);
    if (wrong) return null;
    return new JsonTemplate(
      found.names.map((name) => (name === timestamp ? null : name)),
      found.literals,
    );
  }

  /**
   * Reads the values of a payload, in the order of `names`.
   * @returns false when the payload is another one, or holds what only a parser reads: then `into` is of no use.
   */
  read(payload: Buffer, into: Scalar[]): boolean {
    const literals = this.#literals;
    const last = literals.length - 1;
    this.#at = 0;
    for (let index = 0; index < last; index += 1) {
      if (!this.#skip(payload, literals[index] as Buffer)) return false;
      const value = this.#value(payload);
      if (value === undefined) return false;
      into[index] = value;
    }
    return this.#skip(payload, literals[last] as Buffer) && this.#at === payload.length;
  }

  #skip(payload: Buffer, literal: Buffer): boolean {
    const at = this.#at;
    const { length } = literal;
    if (at + length > payload.length) return false;
    for (let index = 0; index < length; index += 1) if (payload[at + index] !== literal[index]) return false;
    this.#at = at + length;
    return true;
  }

  #value(payload: Buffer): Scalar | undefined {
    switch (payload[this.#at]) {
      case QUOTE:
        return this.#text(payload);
      case LOWER_T:
        return this.#skip(payload, WORDS.true) ? true : undefined;
      case LOWER_F:
        return this.#skip(payload, WORDS.false) ? false : undefined;
      case LOWER_N:
        return this.#skip(payload, WORDS.null) ? null : undefined;
      default:
        return this.#number(payload);
    }
  }

  /** Plain ASCII only. */
  #text(payload: Buffer): string | undefined {
    const begin = this.#at + 1;
    for (let at = begin; at < payload.length; at += 1) {
      const byte = payload[at] as number;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return payload.toString("latin1", begin, at);
      }
      if (byte === BACKSLASH || byte < 0x20 || byte >= 0x7f) return undefined;
    }
    return undefined;
  }

  #number(payload: Buffer): number | undefined {
    let at = this.#at;
    const negative = payload[at] === MINUS;
    if (negative) at += 1;
    const begin = at;
    let number = 0;
    for (; isDigit(payload[at]); at += 1) number = number * 10 + ((payload[at] as number) - ZERO);
    let digits = at - begin;
    if (digits === 0 || (digits > 1 && payload[begin] === ZERO)) return undefined;
    let decimals = 0;
    if (payload[at] === POINT) {
      const point = at;
      for (at += 1; isDigit(payload[at]); at += 1) number = number * 10 + ((payload[at] as number) - ZERO);
      decimals = at - point - 1;
      if (decimals === 0) return undefined;
      digits += decimals;
    }
    const next = payload[at];
    if (digits > MOST_DIGITS || next === LOWER_E || next === UPPER_E) return this.#longNumber(payload);
    this.#at = at;
    const value = decimals === 0 ? number : number / (POWERS[decimals] as number);
    return negative ? -value : value;
  }

  /** Any number but an integer that a double may not hold. */
  #longNumber(payload: Buffer): number | undefined {
    let at = this.#at;
    while (at < payload.length && !isEnd(payload[at])) at += 1;
    const text = payload.toString("latin1", this.#at, at);
    if (!LONG_NUMBER.test(text)) return undefined;
    this.#at = at;
    return Number(text);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9;
}

/** Finds the values of a right payload, and what stands between them. */
class Learner {
  readonly #payload: Buffer;
  readonly #joined: MetricNames;
  readonly #names: string[] = [];
  readonly #literals: Buffer[] = [];
  #at = 0;
  #from = 0;

  constructor(payload: Buffer, joined: MetricNames) {
    this.#payload = payload;
    this.#joined = joined;
  }

  learn(): { names: readonly string[]; literals: readonly Buffer[] } | null {
    this.#space();
    if (this.#payload[this.#at] !== OPEN_OBJECT || !this.#node(null, 1)) return null;
    // A copy: the payload is a part of what was read from the socket.
    this.#literals.push(Buffer.from(this.#payload.subarray(this.#from)));
    return { names: this.#names, literals: this.#literals };
  }

  /** An object or array, whose bracket is next. */
  #node(prefix: string | null, depth: number): boolean {
    const array = this.#payload[this.#at] === OPEN_ARRAY;
    const close = array ? CLOSE_ARRAY : CLOSE_OBJECT;
    if (depth > DEEPEST) return false;
    this.#at += 1;
    this.#space();
    for (let index = 0; this.#payload[this.#at] !== close; index += 1) {
      if (index > 0 && !this.#take(COMMA)) return false;
      const key = array ? String(index) : this.#key();
      if (key === null) return false;
      const name = prefix === null ? key : this.#joined.joined(prefix, key);
      const byte = this.#payload[this.#at];
      if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        if (!this.#node(name, depth + 1)) return false;
      } else if (!this.#leaf(name)) return false;
      this.#space();
    }
    this.#at += 1;
    return true;
  }

  #key(): string | null {
    this.#space();
    if (this.#payload[this.#at] !== QUOTE) return null;
    const end = this.#payload.indexOf(QUOTE, this.#at + 1);
    const key = this.#payload.toString("latin1", this.#at + 1, end);
    // Only names that are their own bytes.
    if (end < 0 || !/^[ !#-[\]-~]+$/.test(key)) return null;
    this.#at = end + 1;
    this.#space();
    return this.#take(COLON) ? key : null;
  }

  #leaf(name: string): boolean {
    if (this.#names.length >= MOST_VALUES) return false;
    this.#names.push(name);
    this.#literals.push(Buffer.from(this.#payload.subarray(this.#from, this.#at)));
    if (this.#payload[this.#at] === QUOTE) {
      do {
        this.#at = this.#payload.indexOf(QUOTE, this.#at + 1);
        if (this.#at < 0) return false;
      } while (this.#payload[this.#at - 1] === BACKSLASH);
      this.#at += 1;
    } else while (this.#at < this.#payload.length && !isEnd(this.#payload[this.#at])) this.#at += 1;
    this.#from = this.#at;
    return true;
  }

  /** Takes one byte and the space around it. */
  #take(byte: number): boolean {
    this.#space();
    if (this.#payload[this.#at] !== byte) return false;
    this.#at += 1;
    this.#space();
    return true;
  }

  #space(): void {
    while (isSpace(this.#payload[this.#at])) this.#at += 1;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isEnd(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || isSpace(byte);
}
