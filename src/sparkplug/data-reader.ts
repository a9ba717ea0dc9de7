import type { Quality } from "../twin/sample.js";
import { isPlain } from "./alias-table.js";
import type { Birth, MetricDefinition } from "./birth.js";
import { decodePayload } from "./decode-payload.js";
import { asSigned } from "./metric-value.js";
import { DataType, type Metric, type Payload } from "./payload.js";
import { type Reading, type Readings, readingOf } from "./readings.js";
import { DELIMITED, FIXED32, FIXED64, VARINT } from "./wire-format.js";

const NOTHING: readonly never[] = [];
/** Bytes of a payload. Larger ones are rare, and may have more parts than are allowed. */
const LARGEST = 262_144;
const TIME_BYTES = 6;
const UNUSUAL = Symbol("unusual");

/** A payload of data that was read by the birth that held then. */
export class ReadData implements Payload {
  readonly timestamp: number | null;
  readonly seq: number;
  readonly uuid = null;
  readonly body = null;
  readonly #readings: readonly Reading[];
  readonly #birth: Birth;
  readonly #certain: boolean;
  readonly #bytes: Uint8Array;
  #metrics: readonly Metric[] | null = null;

  constructor(found: {
    timestamp: number | null;
    seq: number;
    readings: readonly Reading[];
    birth: Birth;
    certain: boolean;
    bytes: Uint8Array;
  }) {
    this.timestamp = found.timestamp;
    this.seq = found.seq;
    this.#readings = found.readings;
    this.#birth = found.birth;
    this.#certain = found.certain;
    this.#bytes = found.bytes;
  }

  /** Decoded when somebody asks. */
  get metrics(): readonly Metric[] {
    if (this.#metrics === null) {
      const payload = decodePayload(this.#bytes);
      this.#metrics = payload.ok ? payload.value.metrics : NOTHING;
    }
    return this.#metrics;
  }

  /** As `readMetrics`; null where another birth holds by now, or messages have been lost since. */
  readBy(birth: Birth | null, certain: boolean): Readings | null {
    if (birth !== this.#birth || certain !== this.#certain) return null;
    return { readings: this.#readings, plain: true, problems: NOTHING, unknown: null, retyped: null };
  }
}

/**
 * Reads what nearly all messages of edge nodes are: fields in their order, and values of single metrics of the birth, by alias or
 * name. The readings are those that `decodePayload` and `readMetrics` make of the same bytes, without all that is between them.
 *
 * Where a field runs over the end of its message, what follows does not begin there: one comparison finds all such errors.
 */
export class DataReader {
  #bytes: Buffer = Buffer.alloc(0);
  /** Of the memory that the bytes are a part of: what is read from a socket together shares it. */
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #first = 0;
  #name = "";
  #dataType: number = DataType.Unknown;
  /** The last time that was read, and its bits: many metrics have the same. */
  #time: number | null = null;
  #low = -1;
  #middle = -1;

  /**
   * @param certain as for `readMetrics`.
   * @returns null when the bytes hold anything else, or are none of Sparkplug: they have to be read in general.
   */
  read(bytes: Buffer, birth: Birth, certain: boolean): ReadData | null {
    const { length } = bytes;
    if (length > LARGEST) return null;
    this.#bytes = bytes;
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer);
    this.#at = 0;
    let timestamp: number | null = null;
    if (bytes[0] === ((1 << 3) | VARINT)) {
      if (!this.#readTime(1)) return null;
      timestamp = this.#time;
    }
    const quality = certain ? "GOOD" : "UNCERTAIN";
    const readings: Reading[] = [];
    while (bytes[this.#at] === ((2 << 3) | DELIMITED)) {
      this.#at += 1;
      const size = this.#readInt();
      const end = this.#at + size;
      if (!(size >= 0 && end <= length) || !this.#metric(end, birth, timestamp, quality, readings))
        return null;
    }
    if (bytes[this.#at] !== ((3 << 3) | VARINT)) return null;
    this.#at += 1;
    const seq = this.#readInt();
    if (seq < 0 || this.#at !== length) return null;
    return new ReadData({ timestamp, seq, readings, birth, certain, bytes });
  }

  /** @returns false where it is an unusual one. */
  #metric(end: number, birth: Birth, sent: number | null, quality: Quality, readings: Reading[]): boolean {
    if (!this.#find(birth)) return false;
    const bytes = this.#bytes;
    const dataType = this.#dataType;
    let time = sent;
    if (bytes[this.#at] === ((3 << 3) | VARINT)) {
      if (!this.#readTime(this.#at + 1)) return false;
      time = this.#time;
    }
    if (bytes[this.#at] === ((4 << 3) | VARINT)) {
      this.#at += 1;
      if (this.#readInt() !== dataType) return false;
    }
    let historical = false;
    let transient = false;
    let empty = false;
    let tag = bytes[this.#at] as number;
    if (tag < 8 << 3) {
      historical = this.#flag(5);
      transient = this.#flag(6);
      empty = this.#flag(7);
      tag = bytes[this.#at] as number;
    }
    this.#at += 1;
    const value = empty ? null : this.#value(tag, dataType, end);
    // The byte after a null is no tag of it.
    if (empty) this.#at -= 1;
    if (value === UNUSUAL || this.#at !== end) return false;
    readings.push(readingOf(this.#name, value, time, quality, historical, transient));
    return true;
  }

  /** Reads which metric it is; the name counts more than the alias. @returns false where it is no plain one. */
  #find(birth: Birth): boolean {
    const bytes = this.#bytes;
    const named = bytes[this.#at] === ((1 << 3) | DELIMITED);
    if (named) {
      this.#at += 1;
      if (!this.#is(birth.definitions.get(this.#text(this.#readInt()) ?? ""))) return false;
    }
    if (bytes[this.#at] !== ((2 << 3) | VARINT)) return named;
    this.#at += 1;
    const alias = this.#readInt();
    if (named || alias < 0) return named && alias >= 0;
    const place = birth.aliased.placeOf(alias);
    if (place < 0) return this.#is(birth.aliases.get(alias));
    this.#name = birth.aliased.nameAt(place);
    this.#dataType = birth.aliased.typeAt(place);
    return this.#dataType !== DataType.Unknown;
  }

  #is(definition: MetricDefinition | null | undefined): boolean {
    if (!definition || !isPlain(definition)) return false;
    this.#name = definition.name;
    this.#dataType = definition.dataType;
    return true;
  }

  /** Of a field that may be left out. */
  #flag(field: number): boolean {
    if (this.#bytes[this.#at] !== field << 3) return false;
    const flag = this.#bytes[this.#at + 1] as number;
    // More than one byte is not at the end of the metric afterwards, or not a tag that is known.
    this.#at += flag < 2 ? 2 : Number.POSITIVE_INFINITY;
    return flag === 1;
  }

  /** A value in the field that its type is mostly in. */
  #value(tag: number, dataType: number, end: number): number | boolean | string | typeof UNUSUAL {
    const at = this.#at;
    switch (tag) {
      case (13 << 3) | FIXED64:
        this.#at += 8;
        return this.#at === end && isReal(dataType)
          ? this.#view.getFloat64(this.#bytes.byteOffset + at, true)
          : UNUSUAL;
      case (12 << 3) | FIXED32:
        this.#at += 4;
        return this.#at === end && isReal(dataType)
          ? this.#view.getFloat32(this.#bytes.byteOffset + at, true)
          : UNUSUAL;
      case (10 << 3) | VARINT:
        return this.#int(dataType);
      case (11 << 3) | VARINT:
        return this.#long(dataType);
      case (14 << 3) | VARINT: {
        const flag = this.#bytes[at] as number;
        this.#at += 1;
        return dataType === DataType.Boolean && flag < 2 ? flag === 1 : UNUSUAL;
      }
      case (15 << 3) | DELIMITED: {
        const text = isText(dataType) ? this.#text(this.#readInt()) : null;
        return text ?? UNUSUAL;
      }
      default:
        return UNUSUAL;
    }
  }

  #int(dataType: number): number | typeof UNUSUAL {
    let bits = this.#readInt();
    if (bits < 0) {
      const last = this.#bytes[this.#at] as number;
      if (!(last < 0x80)) return UNUSUAL;
      this.#at += 1;
      bits = this.#first | (last << 28);
    }
    switch (dataType) {
      case DataType.Int8:
        return asSigned(bits, 8);
      case DataType.Int16:
        return asSigned(bits, 16);
      case DataType.Int32:
        return bits;
      default:
        return isUnsigned(dataType) ? bits >>> 0 : UNUSUAL;
    }
  }

  #long(dataType: number): number | typeof UNUSUAL {
    const whole = isUnsigned(dataType) || dataType === DataType.Int64 || dataType === DataType.DateTime;
    if (!whole) return UNUSUAL;
    const begin = this.#at;
    const bits = this.#readInt();
    if (bits >= 0) return bits;
    const fifth = this.#bytes[this.#at] as number;
    if (fifth < 0x80) {
      this.#at += 1;
      return this.#first + fifth * 2 ** 28;
    }
    if (!this.#readTime(begin)) return UNUSUAL;
    return this.#time ?? UNUSUAL;
  }

  #text(length: number): string | null {
    if (length < 0 || this.#at + length > this.#bytes.length) return null;
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  /** A varint of at most four bytes; -1 for others, whose first 28 bits are in `#first` then. */
  #readInt(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at++] as number;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = bytes[at++] as number;
      value |= (byte & 0x7f) << shift;
    }
    this.#at = at;
    if (byte < 0x80) return value;
    this.#first = value;
    return -1;
  }

  /** A time of our days, which are varints of six bytes, into `#time`. @returns false where it is none. */
  #readTime(at: number): boolean {
    const bytes = this.#bytes;
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    const third = bytes[at + 2] as number;
    const fourth = bytes[at + 3] as number;
    const fifth = bytes[at + 4] as number;
    const last = bytes[at + 5] as number;
    if ((first & second & third & fourth & fifth) < 0x80 || !(last < 0x80)) return false;
    this.#at = at + TIME_BYTES;
    const low = (first & 0x7f) | ((second & 0x7f) << 7) | ((third & 0x7f) << 14) | ((fourth & 0x7f) << 21);
    const middle = (fifth & 0x7f) | (last << 7);
    if (low === this.#low && middle === this.#middle) return true;
    this.#low = low;
    this.#middle = middle;
    this.#time = low + middle * 2 ** 28;
    return true;
  }
}

function isReal(dataType: number): boolean {
  return dataType === DataType.Double || dataType === DataType.Float;
}

function isUnsigned(dataType: number): boolean {
  return dataType >= DataType.UInt8 && dataType <= DataType.UInt64;
}

function isText(dataType: number): boolean {
  return dataType === DataType.String || dataType === DataType.Text || dataType === DataType.UUID;
}
