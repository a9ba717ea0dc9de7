import { readFileSync } from "node:fs";
import path from "node:path";
import protobuf from "protobufjs";
import { between, type Random, seededRandom } from "../src/demo/random.js";
import { decodePayload } from "../src/sparkplug/decode-payload.js";
import { encodePayload } from "../src/sparkplug/encode-payload.js";
import { DataType, type Metric, type Payload, type WireValue } from "../src/sparkplug/payload.js";
import { figure, median, spread, table } from "./figures.js";
import { size } from "./sizes.js";

/** Metrics of a payload. */
export const SPARKPLUG_METRICS = 20;
const PAYLOADS = 500;
const SEED = 1;
const SCHEMA = path.resolve(import.meta.dirname, "..", "..", "test", "fixtures", "sparkplug-b.proto");
const STATES = ["EXECUTE", "IDLE", "Recipe 4711 started"];

export interface SparkplugResult {
  /** Decoded by each decoder, of each kind. */
  readonly metrics: number;
  readonly kinds: readonly KindFigures[];
}

interface KindFigures {
  readonly kind: string;
  /** Of one payload, on average. */
  readonly bytes: number;
  /** Metrics per second, by round. */
  readonly own: readonly number[];
  readonly protobufjs: readonly number[];
}

type Decode = (bytes: Uint8Array) => number;

/**
 * Metrics decoded per second, beside the decoder that protobufjs generates from the schema: the one of `lookupType`, which is that of
 * its static code, and as fast. Both decode the same payloads in the same process, in turns, after results that are equal.
 */
export async function sparkplug(): Promise<SparkplugResult> {
  const rounds = size("BENCH_ROUNDS", 10, 4);
  const metrics = size("BENCH_METRICS", 10_000_000, 400_000);
  const reference = protobuf.parse(readFileSync(SCHEMA, "utf8")).root.lookupType("sparkplug.Payload");
  const decoders: readonly Decode[] = [
    (bytes) => {
      const payload = decodePayload(bytes);
      return payload.ok ? payload.value.metrics.length : 0;
    },
    (bytes) => (reference.decode(bytes) as unknown as ReferencePayload).metrics.length,
  ];
  const kinds: KindFigures[] = [];
  for (const kind of ["by alias", "by name"]) {
    const payloads = payloadsOf(kind === "by name");
    for (const bytes of payloads) requireEqual(bytes, reference);
    const rates: [number[], number[]] = [[], []];
    // The first round is for the compiler.
    for (let round = -1; round < rounds; round += 1)
      for (const which of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const rate = run(decoders[which] as Decode, payloads, metrics / rounds);
        if (round >= 0) rates[which].push(rate);
      }
    const bytes = payloads.reduce((sum, payload) => sum + payload.length, 0) / payloads.length;
    kinds.push({ kind, bytes, own: rates[0], protobufjs: rates[1] });
  }
  print({ metrics, kinds });
  return { metrics, kinds };
}

/** How many times as many metrics per second as protobufjs. */
export function sparkplugRatio({ own, protobufjs }: KindFigures): number {
  return median(own) / median(protobufjs);
}

function run(decode: Decode, payloads: readonly Buffer[], metrics: number): number {
  let decoded = 0;
  const started = performance.now();
  for (let index = 0; decoded < metrics; index += 1) decoded += decode(payloads[index % PAYLOADS] as Buffer);
  return (decoded * 1000) / (performance.now() - started);
}

function print({ metrics, kinds }: SparkplugResult): void {
  process.stdout.write(
    `${figure(metrics)} metrics of each kind in payloads of ${SPARKPLUG_METRICS}, in ${kinds[0]?.own.length} rounds in turns; medians\n\n${table(
      [
        ["metrics/s", "bytes", "protobufjs", "spread", "own decoder", "spread", "ratio"],
        ...kinds.map((one) => [
          one.kind,
          figure(one.bytes),
          figure(median(one.protobufjs)),
          `${spread(one.protobufjs).toFixed(0)} %`,
          figure(median(one.own)),
          `${spread(one.own).toFixed(0)} %`,
          sparkplugRatio(one).toFixed(2),
        ]),
      ],
    )}`,
  );
}

/** DDATA as devices send it: half doubles, then integers, booleans and texts, each with its time. */
function payloadsOf(named: boolean): Buffer[] {
  const random = seededRandom(SEED);
  return Array.from({ length: PAYLOADS }, (_, index) => {
    const time = 1_717_083_000_000 + index * 1_000;
    const metrics = Array.from({ length: SPARKPLUG_METRICS }, (_, at): Metric => {
      const wire = valueAt(at, random);
      return {
        name: named ? `Line ${at % 4}/Axis ${at}/Speed` : null,
        alias: named ? null : 100 + at,
        timestamp: time + at,
        dataType: DataType.Unknown,
        historical: false,
        transient: false,
        isNull: false,
        metadata: null,
        properties: null,
        wire,
      };
    });
    return encodePayload({ timestamp: time, metrics, seq: index % 256, uuid: null, body: null });
  });
}

function valueAt(at: number, random: Random): WireValue {
  if (at < 10) return { field: "double", value: between(random, 0, 100) };
  if (at < 14) return { field: "int", value: Math.floor(between(random, 0, 5_000)) };
  if (at < 17) return { field: "boolean", value: random() < 0.5 };
  return { field: "string", value: STATES[at % STATES.length] ?? "" };
}

interface ReferencePayload {
  readonly timestamp: protobuf.Long;
  readonly seq: protobuf.Long;
  readonly metrics: readonly ReferenceMetric[];
}

interface ReferenceMetric {
  readonly name: string;
  readonly alias: protobuf.Long;
  readonly timestamp: protobuf.Long;
  /** The name of the member that is set. */
  readonly value: "intValue" | "doubleValue" | "booleanValue" | "stringValue";
  readonly intValue: number;
  readonly doubleValue: number;
  readonly booleanValue: boolean;
  readonly stringValue: string;
}

/** @throws where the two decoders read different things. */
function requireEqual(bytes: Buffer, reference: protobuf.Type): void {
  const decoded = decodePayload(bytes);
  const expected = reference.decode(bytes) as unknown as ReferencePayload;
  const same =
    decoded.ok &&
    decoded.value.timestamp === Number(expected.timestamp) &&
    decoded.value.seq === Number(expected.seq) &&
    decoded.value.metrics.length === expected.metrics.length &&
    expected.metrics.every((metric, index) => isSame(metric, decoded.value, index));
  if (!same) throw new Error(`the decoders do not agree on ${bytes.toString("hex")}`);
}

function isSame(expected: ReferenceMetric, { metrics }: Payload, index: number): boolean {
  const metric = metrics[index];
  const wire = metric?.wire;
  return (
    (metric?.name ?? "") === expected.name &&
    (metric?.alias ?? 0) === Number(expected.alias) &&
    metric?.timestamp === Number(expected.timestamp) &&
    `${wire?.field}Value` === expected.value &&
    wire !== null &&
    wire !== undefined &&
    "value" in wire &&
    wire.value === expected[expected.value]
  );
}
