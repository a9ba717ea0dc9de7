import type { CopyRow } from "../kernel/sql.js";
import { QUALITIES, type Scalar } from "../twin/sample.js";
import { SampleBuilder, type SampleColumns } from "./columns.js";
import { NOT_SHOWN, RETAINED } from "./frame.js";
import { bigintAt, smallintAt, timeAt, uuidAt, VALUE_COLUMNS } from "./frame-rows.js";

/** What FrameGather reads, in this order. */
export const GATHERED_COLUMNS = `machine_id, time, received_time, revision, flags, ${VALUE_COLUMNS}`;
const [MACHINE, TIME, RECEIVED, REVISION, FLAGS, SERIES] = [0, 1, 2, 3, 4, 5];
const [DOUBLES, BIGINTS, BOOLEANS, TEXTS, QUALITY] = [6, 7, 8, 9, 10];
/** Dimensions, whether there are nulls, the element type, the length and the first index. */
const ARRAY_HEAD = 20;
/** Machines with many series of few samples each must not take the memory of as many long ones. */
const LARGEST_GUESS = 2_048;
/** Of the id of a machine. */
const ID_BYTES = 16;

/** The samples of one series, and the newest of them that was shown as the present. */
export interface GatheredSeries {
  readonly seriesId: number;
  readonly columns: SampleColumns;
  /** Index in the columns; -1 when none was shown. */
  readonly shown: number;
  /** When the server received that one, in milliseconds. */
  readonly shownReceived: number;
}

export interface GatheredMachine {
  readonly machineId: string;
  readonly series: readonly GatheredSeries[];
  /** Of its frames. */
  readonly revision: number;
  /** When the machine was last heard of, in milliseconds; null when all that it sent had been retained. */
  readonly seen: number | null;
}

interface Gathering {
  readonly seriesId: number;
  readonly builder: SampleBuilder;
  shown: number;
  shownReceived: number;
}

/**
 * Gathers frames, which come ordered by machine, time and revision, by series. It keeps them until they are taken: the
 * caller bounds the memory by taking often enough.
 */
export class FrameGather {
  #frames = 0;
  #samples = 0;
  #machine: Buffer | null = null;
  #machineId = "";
  #series = new Map<number, Gathering>();
  /** The series of the machine's last frame: the next one mostly has the same, in the same order. */
  #slots: Gathering[] = [];
  #revision = 0;
  #seen: number | null = null;
  #whole: GatheredMachine[] = [];
  #wholeSamples = 0;
  #wholeSeries = 0;
  /** How many frames the machine before had: a guess that saves builders from growing. */
  #framesBefore = 0;
  #framesOfMachine = 0;

  /** All frames read so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Samples that are not taken yet: of whole machines, and of all; and the series of whole machines. */
  get waiting(): { readonly whole: number; readonly all: number; readonly series: number } {
    return { whole: this.#wholeSamples, all: this.#wholeSamples + this.#samples, series: this.#wholeSeries };
  }

  /** @param row of GATHERED_COLUMNS. */
  add(row: CopyRow): void {
    this.#turnTo(row);
    this.#frames += 1;
    this.#framesOfMachine += 1;
    const time = timeAt(row, TIME);
    const received = timeAt(row, RECEIVED);
    const flags = smallintAt(row, FLAGS);
    this.#revision = Math.max(this.#revision, bigintAt(row, REVISION));
    if ((flags & RETAINED) === 0) this.#seen = Math.max(this.#seen ?? received, received);

    const { bytes, starts } = row;
    const series = starts[SERIES] as number;
    const count = bytes.readInt32BE(series + 12);
    const doubles = new Elements(row, DOUBLES);
    const bigints = new Elements(row, BIGINTS);
    const booleans = new Elements(row, BOOLEANS);
    const texts = new Elements(row, TEXTS);
    const qualities = new Elements(row, QUALITY);
    const shown = (flags & NOT_SHOWN) === 0;
    for (let index = 0; index < count; index += 1) {
      const to = this.#slot(index, bytes.readInt32BE(series + ARRAY_HEAD + index * 8 + 4));
      let value: Scalar = null;
      if (doubles.next()) value = bytes.readDoubleBE(doubles.at);
      if (bigints.next()) value = bytes.readBigInt64BE(bigints.at);
      if (booleans.next()) value = bytes[booleans.at] === 1;
      if (texts.next()) value = bytes.toString("utf8", texts.at, texts.at + texts.length);
      if (shown) {
        to.shown = to.builder.count;
        to.shownReceived = received;
      }
      to.builder.add(time, value, qualities.next() ? QUALITIES[bytes.readInt16BE(qualities.at)] : "GOOD");
    }
    this.#samples += count;
  }

  /** @returns the machines whose frames have all come. */
  takeWhole(): GatheredMachine[] {
    const machines = this.#whole;
    this.#whole = [];
    this.#wholeSamples = 0;
    this.#wholeSeries = 0;
    return machines;
  }

  /** @returns everything, also of the machine whose frames are still coming. */
  takeAll(): GatheredMachine[] {
    this.#closeMachine();
    return this.takeWhole();
  }

  #turnTo(row: CopyRow): void {
    const at = row.starts[MACHINE] as number;
    if (this.#machine?.compare(row.bytes, at, at + ID_BYTES) === 0) return;
    this.#closeMachine();
    this.#machine = Buffer.from(row.bytes.subarray(at, at + ID_BYTES));
    this.#machineId = uuidAt(row, MACHINE);
  }

  #slot(index: number, seriesId: number): Gathering {
    const slot = this.#slots[index];
    if (slot?.seriesId === seriesId) return slot;
    let found = this.#series.get(seriesId);
    if (!found) {
      found = {
        seriesId,
        builder: new SampleBuilder({ capacity: this.#framesBefore }),
        shown: -1,
        shownReceived: 0,
      };
      this.#series.set(seriesId, found);
    }
    this.#slots[index] = found;
    return found;
  }

  #closeMachine(): void {
    if (this.#series.size > 0) {
      const series = Array.from(this.#series.values(), ({ seriesId, builder, shown, shownReceived }) => ({
        seriesId,
        columns: builder.build(),
        shown,
        shownReceived,
      }));
      this.#whole.push({ machineId: this.#machineId, series, revision: this.#revision, seen: this.#seen });
      this.#wholeSamples += this.#samples;
      this.#wholeSeries += series.length;
    }
    this.#framesBefore = Math.min(this.#framesOfMachine, LARGEST_GUESS);
    this.#framesOfMachine = 0;
    this.#series = new Map();
    this.#slots = [];
    this.#samples = 0;
    this.#revision = 0;
    this.#seen = null;
  }
}

/** Walks the elements of an array, which may be null as a whole. */
class Elements {
  /** Where the present element stands. */
  at = 0;
  length = 0;
  readonly #bytes: Buffer;
  #next: number;

  constructor({ bytes, starts, lengths }: CopyRow, column: number) {
    this.#bytes = bytes;
    this.#next = (lengths[column] as number) < 0 ? -1 : (starts[column] as number) + ARRAY_HEAD;
  }

  /** Goes to the next element. @returns false when it is null. */
  next(): boolean {
    if (this.#next < 0) return false;
    this.length = this.#bytes.readInt32BE(this.#next);
    this.at = this.#next + 4;
    this.#next = this.at + Math.max(0, this.length);
    return this.length >= 0;
  }
}
