/** What a benchmark's message carries. */
export type Kind =
  /** Seven metrics, about 170 bytes. */
  | "telemetry"
  /** Seven metrics, one of them `sent`, the time at which the message was due, in ms with fractions. */
  | "clock"
  /** `metrics` values, `m0` and on, a second apart. */
  | "wide"
  /** `metrics` values as DDATA of Sparkplug B, after births of all: see `EdgePlant`. */
  | "ddata";

export const METRICS = 7;

/** @param root the first level of the machines' paths. */
export function pathOf(root: string, machine: number): string {
  return `${root}/plant/area-${machine % 10}/line-${machine % 100}/machine-${machine}`;
}

export interface PayloadOptions {
  readonly kind: Kind;
  /** Time of message 0, in ms. */
  readonly base: number;
  /** Time from message to message, a whole number of µs; a machine's messages must be at least 1 ms apart. */
  readonly stepUs: number;
  /** How many values a message of the kind `wide` has. */
  readonly metrics: number;
}

/** The payload of a message by its number; `dueMs` is the time at which it is to be sent. */
export function payloads(options: PayloadOptions): (number: number, dueMs: number) => string {
  const { kind, base, stepUs, metrics } = options;
  const timeOf = (number: number) => base + Math.floor((number * stepUs) / 1000);
  if (kind === "ddata") throw new Error("messages of Sparkplug come of edge nodes");
  if (kind === "telemetry") return (number) => telemetry(timeOf(number), number);
  if (kind === "clock") return (number, dueMs) => clock(number, dueMs);
  return (number) => {
    let text = `{"ts":${timeOf(number)}`;
    for (let metric = 0; metric < metrics; metric += 1) text += `,"m${metric}":${wideValue(metric, number)}`;
    return `${text}}`;
  };
}

/** The value of a metric in message `number` of the kind `wide`; `WIDE_SQL` says the same. */
function wideValue(metric: number, number: number): number {
  return 20 + metric + (number % 997) / 100;
}

/** `wideValue` of the columns `metric` and `number`. */
export const WIDE_SQL = "20 + metric + (number % 997) / 100.0::float8";

function telemetry(ts: number, number: number): string {
  return `{"ts":${ts},"oilTemperature":${20 + (number % 1_000) / 100},${others(number)}}`;
}

function clock(number: number, dueMs: number): string {
  return `{"ts":${Math.floor(dueMs)},"sent":${dueMs},${others(number)}}`;
}

/** Six metrics, slowly changing, two of them counters. */
function others(number: number): string {
  const part = number % 1_000;
  return (
    `"hydraulicPressure":${4 + part / 1_000},"spindleSpeed":${1_200 + part},"motorCurrent":${3.25 + part / 500},` +
    `"good":${number},"reject":${Math.floor(number / 50)},"spindle":{"vibration":${part / 1_000}}`
  );
}
