import { encodePayload } from "../src/sparkplug/encode-payload.js";
import { DataType, type Metric, type Payload } from "../src/sparkplug/payload.js";

/** Devices of an edge node. */
const DEVICES = 50;
const SEQUENCE = 256;
const SEQ_TAG = 3 << 3;
/** A time of our days on the wire. */
const TIME_BYTES = 6;
const VALUE_BYTES = 8;
const BARE: Metric = {
  name: null,
  alias: null,
  timestamp: null,
  dataType: DataType.Unknown,
  historical: false,
  transient: false,
  isNull: false,
  metadata: null,
  properties: null,
  wire: null,
};

/** A topic, and a payload whose bytes are the characters' codes. */
export type EdgeMessage = readonly [topic: string, payload: string];

/** Edge nodes whose devices report in turns, each its metrics by alias. */
export class EdgePlant {
  readonly #group: string;
  readonly #devices: number;
  readonly #metrics: number;
  readonly #sequences: number[];
  readonly #data: DataPayloads;

  /** @param options.root the group. */
  constructor(options: { root: string; machines: number; metrics: number }) {
    this.#group = options.root;
    this.#devices = options.machines;
    this.#metrics = options.metrics;
    this.#sequences = new Array(Math.ceil(options.machines / DEVICES)).fill(0);
    this.#data = new DataPayloads(this.#metricsAt(0, Date.now()), Date.now());
  }

  births(at: number): EdgeMessage[] {
    const nodes = this.#sequences.map((_, edge) => {
      this.#sequences[edge] = 0;
      const bdSeq = { ...BARE, name: "bdSeq", dataType: DataType.Int64, wire: long(0) };
      return this.#message("NBIRTH", edge, null, [bdSeq], at);
    });
    const devices = Array.from({ length: this.#devices }, (_, device) => {
      const metrics = this.#metricsAt(0, at).map((metric, index) => ({
        ...metric,
        name: `m${index}`,
        dataType: DataType.Double,
      }));
      return this.#message("DBIRTH", Math.floor(device / DEVICES), device, metrics, at);
    });
    return [...nodes, ...devices];
  }

  /** The message of a number; `at` is a time of our days. */
  data(number: number, at: number): EdgeMessage {
    const device = number % this.#devices;
    const edge = Math.floor(device / DEVICES);
    const seq = this.#next(edge);
    const numbered = seq < 128 ? [SEQ_TAG, seq] : [SEQ_TAG, (seq & 0x7f) | 0x80, seq >> 7];
    return [this.#topic("DDATA", edge, device), this.#data.at(number, at) + String.fromCharCode(...numbered)];
  }

  #metricsAt(number: number, at: number): Metric[] {
    return Array.from({ length: this.#metrics }, (_, index) => ({
      ...BARE,
      alias: index + 1,
      timestamp: at,
      wire: { field: "double", value: valueAt(index, number) } as const,
    }));
  }

  #message(
    type: string,
    edge: number,
    device: number | null,
    metrics: readonly Metric[],
    timestamp: number,
  ): EdgeMessage {
    const payload: Payload = { timestamp, metrics, seq: this.#next(edge), uuid: null, body: null };
    return [this.#topic(type, edge, device), encodePayload(payload).toString("latin1")];
  }

  #next(edge: number): number {
    const seq = this.#sequences[edge] ?? 0;
    this.#sequences[edge] = (seq + 1) % SEQUENCE;
    return seq;
  }

  #topic(type: string, edge: number, device: number | null): string {
    return `spBv1.0/${this.#group}/${type}/edge-${edge}${device === null ? "" : `/device-${device}`}`;
  }
}

/** Writes times and values over those of one payload, so that the publisher takes little of the cores that are measured. */
class DataPayloads {
  readonly #bytes: Buffer;
  /** Where the metrics end: with their values, and before these a tag and their times. */
  readonly #ends: readonly number[];

  constructor(metrics: readonly Metric[], at: number) {
    this.#bytes = encodePayload({ timestamp: at, metrics, seq: null, uuid: null, body: null });
    const ends: number[] = [];
    // A tag and a length of one byte are before each.
    for (let begin = 1 + TIME_BYTES; begin < this.#bytes.length; begin = ends.at(-1) ?? 0)
      ends.push(begin + 2 + (this.#bytes[begin + 1] ?? 0));
    this.#ends = ends;
  }

  at(number: number, time: number): string {
    const bytes = this.#bytes;
    this.#time(1, time);
    for (const [index, end] of this.#ends.entries()) {
      bytes.copy(bytes, end - VALUE_BYTES - 1 - TIME_BYTES, 1, 1 + TIME_BYTES);
      bytes.writeDoubleLE(valueAt(index, number), end - VALUE_BYTES);
    }
    return bytes.toString("latin1");
  }

  #time(at: number, time: number): void {
    let rest = time;
    for (let index = 0; index < TIME_BYTES; index += 1) {
      this.#bytes[at + index] = (rest % 128) + (index < TIME_BYTES - 1 ? 128 : 0);
      rest = Math.floor(rest / 128);
    }
  }
}

function valueAt(metric: number, number: number): number {
  return 20 + metric + (number % 997) / 100;
}

function long(value: number): Metric["wire"] {
  return { field: "long", value };
}
