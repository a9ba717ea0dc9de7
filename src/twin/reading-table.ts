import { DATA_TYPES, type DataType } from "../plant/machine-type.js";
import { QUALITIES, type Quality, type Scalar } from "./sample.js";

/** How a value is kept. Texts and bigints stand in a map: few machines send them often. */
const KIND = { number: 0, null: 1, false: 2, true: 3, other: 4 } as const;
const KIND_BITS = 0b111;
const QUALITY_SHIFT = 3;
const QUALITY_BITS = 0b11 << QUALITY_SHIFT;
const TYPE_SHIFT = 5;
const TYPE_BITS = 0b11 << TYPE_SHIFT;
const STALE = 1 << 7;
const TIES = 1 << 8;
const TIES_UNKNOWN = 1 << 9;
const UNCERTAIN = QUALITIES.indexOf("UNCERTAIN") << QUALITY_SHIFT;

const FIRST_PLACES = 16;

/** A reading as the table takes it. Times in milliseconds. */
export interface TableReading {
  readonly value: Scalar;
  readonly quality: Quality;
  readonly stale: boolean;
  readonly time: number;
  readonly receivedAt: number;
}

/**
 * The present readings of all series, in columns. A new reading overwrites the one before, so that a plant of many
 * series costs no memory for each message, and neighbours of one machine lie together.
 */
export class ReadingTable {
  #numbers = new Float64Array(FIRST_PLACES);
  #times = new Float64Array(FIRST_PLACES);
  #received = new Float64Array(FIRST_PLACES);
  #flags = new Uint16Array(FIRST_PLACES);
  readonly #others = new Map<number, string | bigint>();
  readonly #ties = new Map<number, Scalar[]>();
  #size = 0;

  /** @returns the place of one more series, which has not reported. */
  add(dataType: DataType): number {
    if (this.#size === this.#flags.length) this.#grow();
    const place = this.#size;
    this.#size += 1;
    this.clear(place, dataType);
    return place;
  }

  /** Forgets the reading at a place. */
  clear(place: number, dataType: DataType): void {
    this.#times[place] = Number.NEGATIVE_INFINITY;
    this.#received[place] = Number.NaN;
    this.#others.delete(place);
    this.#ties.delete(place);
    this.#flags[place] = KIND.null | UNCERTAIN | STALE | typeBits(dataType);
  }

  /** Its source time in milliseconds; -Infinity before the first report. */
  time(place: number): number {
    return this.#times[place] as number;
  }

  /** When it arrived, in milliseconds; NaN before the first report. */
  receivedAt(place: number): number {
    return this.#received[place] as number;
  }

  quality(place: number): Quality {
    return QUALITIES[((this.#flags[place] as number) & QUALITY_BITS) >> QUALITY_SHIFT] as Quality;
  }

  /** The type of its last value that was not null. */
  dataType(place: number): DataType {
    return DATA_TYPES[((this.#flags[place] as number) & TYPE_BITS) >> TYPE_SHIFT] as DataType;
  }

  isStale(place: number): boolean {
    return ((this.#flags[place] as number) & STALE) !== 0;
  }

  setStale(place: number, stale: boolean): void {
    const flags = this.#flags[place] as number;
    this.#flags[place] = stale ? flags | STALE : flags & ~STALE;
  }

  value(place: number): Scalar {
    switch ((this.#flags[place] as number) & KIND_BITS) {
      case KIND.number:
        return this.#numbers[place] as number;
      case KIND.false:
        return false;
      case KIND.true:
        return true;
      case KIND.other:
        return this.#others.get(place) ?? null;
      default:
        return null;
    }
  }

  /** Whether it has this value. -0 and 0 are one value to every reader and to the database. */
  holds(place: number, value: Scalar): boolean {
    if (typeof value !== "number") return this.value(place) === value;
    return ((this.#flags[place] as number) & KIND_BITS) === KIND.number && this.#numbers[place] === value;
  }

  /** Other values that came with its very source time; null when they are not known. */
  ties(place: number): readonly Scalar[] | null {
    const flags = this.#flags[place] as number;
    if ((flags & TIES_UNKNOWN) !== 0) return null;
    return (flags & TIES) === 0 ? NONE : (this.#ties.get(place) ?? NONE);
  }

  /** Puts a reading over the one before. Of an equal time, the one before becomes a tie of it. */
  put(
    place: number,
    value: Scalar,
    quality: Quality,
    stale: boolean,
    time: number,
    receivedAt: number,
  ): void {
    const before = this.#flags[place] as number;
    let ties = 0;
    if (time === this.#times[place]) {
      const known = this.#ties.get(place);
      if (known) known.push(this.value(place));
      else this.#ties.set(place, [this.value(place)]);
      ties = TIES;
    } else if ((before & TIES) !== 0) this.#ties.delete(place);
    this.#times[place] = time;
    this.#received[place] = receivedAt;
    let kind: number = KIND.other;
    let type = before & TYPE_BITS;
    if (typeof value === "number") {
      this.#numbers[place] = value;
      kind = KIND.number;
      type = DOUBLE;
    } else if (typeof value === "boolean") {
      kind = value ? KIND.true : KIND.false;
      type = BOOLEAN;
    } else if (value === null) kind = KIND.null;
    else {
      this.#others.set(place, value);
      type = typeof value === "bigint" ? INT64 : STRING;
    }
    if (kind !== KIND.other && (before & KIND_BITS) === KIND.other) this.#others.delete(place);
    this.#flags[place] =
      kind | (QUALITIES.indexOf(quality) << QUALITY_SHIFT) | type | (stale ? STALE : 0) | ties;
  }

  /** Puts a reading that was stored by whoever: what else came with its time is not known. */
  restore(place: number, { value, quality, stale, time, receivedAt }: TableReading): void {
    this.#ties.delete(place);
    this.#times[place] = Number.NEGATIVE_INFINITY;
    this.put(place, value, quality, stale, time, receivedAt);
    this.#flags[place] = (this.#flags[place] as number) | TIES_UNKNOWN;
  }

  #grow(): void {
    const size = this.#flags.length * 2;
    this.#numbers = grown(this.#numbers, new Float64Array(size));
    this.#times = grown(this.#times, new Float64Array(size));
    this.#received = grown(this.#received, new Float64Array(size));
    const flags = new Uint16Array(size);
    flags.set(this.#flags);
    this.#flags = flags;
  }
}

const NONE: readonly Scalar[] = [];

function typeBits(type: DataType): number {
  return DATA_TYPES.indexOf(type) << TYPE_SHIFT;
}

const DOUBLE = typeBits("Double");
const INT64 = typeBits("Int64");
const BOOLEAN = typeBits("Boolean");
const STRING = typeBits("String");

function grown(from: Float64Array<ArrayBuffer>, to: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  to.set(from);
  return to;
}
