import type { MetricDefinition as PlantMetric, DataType as PlantType } from "../plant/machine-type.js";
import type { Sample, Scalar } from "../twin/sample.js";
import type { MetricDefinition } from "./birth.js";
import { type MetricValue, readValue } from "./metric-value.js";
import { type DataSet, DataType } from "./payload.js";
import type { Reading } from "./readings.js";

const MOST_ELEMENTS = 5_000;

/** The samples of readings; arrays and data sets are taken apart, with positions and columns joined by `/`. */
export interface PlantSamples {
  readonly samples: readonly Sample[];
  /** The arrays and data sets among the metrics, with the number of their values. */
  readonly taken: readonly { readonly metric: string; readonly count: number }[];
  /** Values that nothing can show, as sentences that begin with the metric. */
  readonly problems: readonly string[];
}

export function samplesOf(readings: readonly Reading[]): PlantSamples {
  // A reading of a single value is a sample as it is.
  if (areSamples(readings)) return { samples: readings, taken: NOTHING, problems: NOTHING };
  const samples: Sample[] = [];
  const taken: PlantSamples["taken"][number][] = [];
  const problems: string[] = [];
  for (const reading of readings) {
    const { metric, value } = reading;
    if (isScalar(value)) {
      samples.push({ ...reading, value });
      continue;
    }
    const leaves = leavesOf(metric, value);
    if (typeof leaves === "string") {
      problems.push(`${metric}: ${leaves}`);
      continue;
    }
    if (!(value instanceof Uint8Array)) taken.push({ metric, count: leaves.length });
    for (const [name, leaf] of leaves) samples.push({ ...reading, metric: name, value: leaf });
  }
  return { samples, taken, problems };
}

const NOTHING: readonly never[] = [];

/** Whether each is a single value. */
function areSamples(readings: readonly Reading[]): readings is readonly (Reading & Sample)[] {
  return readings.every(({ value }) => isScalar(value));
}

/** What a birth tells of metrics, as a machine type has them. Those of arrays and data sets are known by their elements. */
export function plantMetrics(definitions: readonly MetricDefinition[]): PlantMetric[] {
  return definitions.flatMap(({ name, dataType, unit, low, high, writable }) => {
    const type = plantType(dataType);
    if (type === null) return [];
    return {
      name,
      dataType: type,
      unit,
      role: null,
      writable: writable ?? true,
      min: low,
      max: high,
      staleAfterMs: null,
    };
  });
}

/** How values of a Sparkplug data type are stored; null for those of many values. */
export function plantType(dataType: number): PlantType | null {
  if (dataType >= DataType.Int8 && dataType <= DataType.UInt64) return "Int64";
  switch (dataType) {
    case DataType.DateTime:
      return "Int64";
    case DataType.Float:
    case DataType.Double:
      return "Double";
    case DataType.Boolean:
      return "Boolean";
    case DataType.String:
    case DataType.Text:
    case DataType.UUID:
    case DataType.Bytes:
    case DataType.File:
      return "String";
    default:
      return null;
  }
}

function isScalar(value: MetricValue): value is Scalar {
  return value === null || typeof value !== "object";
}

/** @returns why not, as the end of a sentence. */
function leavesOf(metric: string, value: Exclude<MetricValue, Scalar>): [string, Scalar][] | string {
  if (value instanceof Uint8Array) return [[metric, Buffer.from(value).toString("base64")]];
  if (isArray(value)) {
    if (value.length > MOST_ELEMENTS)
      return `an array of ${value.length} values; at most ${MOST_ELEMENTS} are taken`;
    return value.map((element, index) => [`${metric}/${index}`, element]);
  }
  if ("columns" in value) return cellsOf(metric, value);
  return "a template is shown by its members, and this one stands where none was announced";
}

function isArray(value: object): value is readonly Scalar[] {
  return Array.isArray(value);
}

function cellsOf(metric: string, { columns, types, rows }: DataSet): [string, Scalar][] | string {
  const count = rows.length * columns.length;
  if (count > MOST_ELEMENTS) return `a data set of ${count} values; at most ${MOST_ELEMENTS} are taken`;
  return rows.flatMap((row, at) =>
    columns.map((column, index): [string, Scalar] => {
      const value = readValue(row[index] ?? null, types[index] ?? DataType.Unknown);
      return [`${metric}/${at}/${column}`, value.ok && isScalar(value.value) ? value.value : null];
    }),
  );
}
