import { QUALITIES } from "../twin/sample.js";
import type { StoredSample } from "../twin/twin-model.js";
import { type Frame, NOT_SHOWN, RETAINED } from "./frame.js";

/** The columns that `FrameEncoder` writes, in its order. */
export const FRAME_COLUMNS =
  "segment, machine_id, time, received_time, revision, flags, series, doubles, bigints, booleans, texts, qualities";
const COLUMN_COUNT = 12;

const SIGNATURE = Uint8Array.from([...Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), 0, 0, 0, 0, 0, 0, 0, 0]);
/** Postgres counts from 2000. */
const EPOCH_MS = 946_684_800_000;
const TWO_32 = 4_294_967_296;
const NULL = -1;
const OID = { boolean: 16, bigint: 20, smallint: 21, integer: 23, text: 25, double: 701 } as const;
/** Fixed fields of a row with their lengths, and five array headers. */
const ROW_BYTES = 240;
/** All that a sample takes beside its text: its series and an element of each array. */
const SAMPLE_BYTES = 56;

const HEX = new Uint8Array(128);
for (let digit = 0; digit < 16; digit += 1) HEX[digit.toString(16).charCodeAt(0)] = digit;

/** Writes frames as the data of a binary COPY. What it returns is valid until the next call. */
export class FrameEncoder {
  #bytes = Buffer.allocUnsafeSlow(65_536);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** @param segment where the frames go; all their series have their ids. */
  encode(segment: number, frames: readonly Frame[]): Uint8Array {
    this.#at = 0;
    this.#bytes.set(SIGNATURE, 0);
    this.#at = SIGNATURE.length;
    for (const frame of frames) this.#frame(segment, frame);
    this.#reserve(2);
    this.#int16(-1);
    return this.#bytes.subarray(0, this.#at);
  }

  #frame(segment: number, frame: Frame): void {
    const { samples } = frame;
    const [first] = samples;
    if (!first) return;
    this.#reserve(ROW_BYTES + samples.length * SAMPLE_BYTES);
    this.#int16(COLUMN_COUNT);
    this.#int32(4);
    this.#int32(segment);
    this.#uuid(frame.machineId);
    this.#time(first.time);
    this.#time(frame.receivedAt);
    this.#int32(8);
    this.#int64(frame.revision);
    this.#int32(2);
    this.#int16((first.shown ? 0 : NOT_SHOWN) | (frame.retained ? RETAINED : 0));

    let numbers = 0;
    let bigints = 0;
    let booleans = 0;
    let texts = 0;
    let good = true;
    this.#head(OID.integer, samples.length, false, 8);
    for (const { series, value, quality } of samples) {
      this.#int32(4);
      this.#int32(series.id ?? NULL);
      if (typeof value === "number") numbers += 1;
      else if (typeof value === "string") texts += 1;
      else if (typeof value === "boolean") booleans += 1;
      else if (typeof value === "bigint") bigints += 1;
      if (quality !== "GOOD") good = false;
    }
    if (numbers === samples.length) this.#allNumbers(samples);
    else if (numbers > 0) this.#someNumbers(samples);
    else this.#int32(NULL);
    if (bigints > 0) this.#bigints(samples);
    else this.#int32(NULL);
    if (booleans > 0) this.#booleans(samples);
    else this.#int32(NULL);
    if (texts > 0) this.#texts(samples);
    else this.#int32(NULL);
    if (good) this.#int32(NULL);
    else this.#qualities(samples);
  }

  #allNumbers(samples: readonly StoredSample[]): void {
    this.#head(OID.double, samples.length, false, 12);
    const view = this.#view;
    let at = this.#at;
    for (const { value } of samples) {
      view.setInt32(at, 8);
      view.setFloat64(at + 4, value as number);
      at += 12;
    }
    this.#at = at;
  }

  #someNumbers(samples: readonly StoredSample[]): void {
    const begin = this.#sparse(OID.double, samples.length);
    for (const { value } of samples) {
      if (typeof value !== "number") this.#int32(NULL);
      else {
        this.#int32(8);
        this.#view.setFloat64(this.#at, value);
        this.#at += 8;
      }
    }
    this.#close(begin);
  }

  #bigints(samples: readonly StoredSample[]): void {
    const begin = this.#sparse(OID.bigint, samples.length);
    for (const { value } of samples) {
      if (typeof value !== "bigint") this.#int32(NULL);
      else {
        this.#int32(8);
        this.#view.setBigInt64(this.#at, value);
        this.#at += 8;
      }
    }
    this.#close(begin);
  }

  #booleans(samples: readonly StoredSample[]): void {
    const begin = this.#sparse(OID.boolean, samples.length);
    for (const { value } of samples) {
      if (typeof value !== "boolean") this.#int32(NULL);
      else {
        this.#int32(1);
        this.#bytes[this.#at] = value ? 1 : 0;
        this.#at += 1;
      }
    }
    this.#close(begin);
  }

  #texts(samples: readonly StoredSample[]): void {
    const begin = this.#sparse(OID.text, samples.length);
    for (const { value } of samples) {
      if (typeof value !== "string") {
        this.#int32(NULL);
        continue;
      }
      // What the other fields of this row reserved must still be there after a long text.
      this.#reserve(value.length * 3 + ROW_BYTES + samples.length * SAMPLE_BYTES);
      const length = this.#bytes.write(value, this.#at + 4, "utf8");
      this.#int32(length);
      this.#at += length;
    }
    this.#close(begin);
  }

  #qualities(samples: readonly StoredSample[]): void {
    this.#head(OID.smallint, samples.length, false, 6);
    for (const { quality } of samples) {
      this.#int32(2);
      this.#int16(QUALITIES.indexOf(quality));
    }
  }

  /** An array's head where the length of its elements is known. */
  #head(type: number, count: number, nulls: boolean, bytesEach: number): void {
    this.#int32(20 + count * bytesEach);
    this.#int32(1);
    this.#int32(nulls ? 1 : 0);
    this.#int32(type);
    this.#int32(count);
    this.#int32(1);
  }

  /** An array's head where `#close` fills in the length. */
  #sparse(type: number, count: number): number {
    const begin = this.#at;
    this.#head(type, count, true, 0);
    return begin;
  }

  #close(begin: number): void {
    this.#view.setInt32(begin, this.#at - begin - 4);
  }

  #int16(value: number): void {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  /** A whole number within 2^53. */
  #int64(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.#view.setInt32(this.#at, high);
    this.#view.setUint32(this.#at + 4, value - high * TWO_32);
    this.#at += 8;
  }

  #time(ms: number): void {
    this.#int32(8);
    this.#int64((ms - EPOCH_MS) * 1000);
  }

  #uuid(text: string): void {
    this.#int32(16);
    let at = this.#at;
    for (let index = 0; index < 36; index += 2) {
      // Hyphens stand at 8, 13, 18 and 23.
      if (index === 8 || index === 13 || index === 18 || index === 23) index += 1;
      const high = HEX[text.charCodeAt(index)] ?? 0;
      this.#bytes[at] = (high << 4) | (HEX[text.charCodeAt(index + 1)] ?? 0);
      at += 1;
    }
    this.#at = at;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
