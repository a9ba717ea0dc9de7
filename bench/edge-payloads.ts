import { encodePayload } from "../src/sparkplug/encode-payload.js";
import { DataType, type Metric, type Payload } from "../src/sparkplug/payload.js";

/** Devices of an edge node. */
const DEVICES = 50;
const SEQUENCE = 256;
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

  /** @param options.root the group. */
  constructor(options: { root: string; machines: number; metrics: number }) {
    this.#group = options.root;
    this.#devices = options.machines;
    this.#metrics = options.metrics;
    this.#sequences = new Array(Math.ceil(options.machines / DEVICES)).fill(0);
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

  /** The message of a number. */
  data(number: number, at: number): EdgeMessage {
    const device = number % this.#devices;
    return this.#message("DDATA", Math.floor(device / DEVICES), device, this.#metricsAt(number, at), at);
  }

  #metricsAt(number: number, at: number): Metric[] {
    return Array.from({ length: this.#metrics }, (_, index) => ({
      ...BARE,
      alias: index + 1,
      timestamp: at,
      wire: { field: "double", value: 20 + index + (number % 997) / 100 } as const,
    }));
  }

  #message(
    type: string,
    edge: number,
    device: number | null,
    metrics: readonly Metric[],
    timestamp: number,
  ): EdgeMessage {
    const seq = this.#sequences[edge] ?? 0;
    this.#sequences[edge] = (seq + 1) % SEQUENCE;
    const payload: Payload = { timestamp, metrics, seq, uuid: null, body: null };
    const topic = `spBv1.0/${this.#group}/${type}/edge-${edge}${device === null ? "" : `/device-${device}`}`;
    return [topic, encodePayload(payload).toString("latin1")];
  }
}

function long(value: number): Metric["wire"] {
  return { field: "long", value };
}
