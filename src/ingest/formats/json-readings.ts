import { err, ok, type Result } from "../../kernel/result.js";
import type { Quality } from "../../twin/sample.js";
import { type Decoded, problem } from "./format.js";
import { Leaves, type Reading } from "./leaves.js";
import type { MetricNames } from "./metric-names.js";
import { isObject, kindOf, readJson, readTime, shown, valueAt } from "./payload.js";
import { withPrefix } from "./prefix.js";
import { type QualityCodes, qualityOf } from "./quality.js";
import { countOf } from "./sequence-field.js";

interface Path {
  readonly text: string;
  readonly parts: readonly string[];
}

/** Where in a payload of readings what stands; null where it does not. */
export class ReadingShape {
  readonly timestamp: Path | null;
  readonly value: Path | null;
  readonly metric: Path | null;
  readonly quality: Path | null;
  readonly items: Path | null;
  readonly sequence: Path | null;
  readonly codes: QualityCodes;
  readonly names: MetricNames;
  /** What of a reading is no metric. */
  readonly skip: readonly string[];

  constructor(options: {
    timestamp?: string | undefined;
    value?: string | undefined;
    metric?: string | undefined;
    quality?: string | undefined;
    items?: string | undefined;
    sequence?: string | undefined;
    qualityCodes?: QualityCodes | undefined;
    names: MetricNames;
  }) {
    this.timestamp = pathOf(options.timestamp);
    this.value = pathOf(options.value);
    this.metric = pathOf(options.metric);
    this.quality = pathOf(options.quality);
    this.items = pathOf(options.items);
    this.sequence = pathOf(options.sequence);
    this.codes = options.qualityCodes ?? "opc-da";
    this.names = options.names;
    const { timestamp, metric, quality, sequence } = options;
    this.skip = [timestamp, metric, quality, sequence].filter((path) => path !== undefined);
  }
}

function pathOf(text: string | undefined): Path | null {
  return text === undefined ? null : { text, parts: text.split("/") };
}

/**
 * Format `json` where the mapping says which field is what: the payload is one reading or an array of them, or holds
 * that array at `items`. A reading has its own time, quality and metric, or those of the payload around it.
 * @param prefix what the topic says of the metric's name; null where it says nothing.
 */
export function decodeReadings(payload: Buffer, shape: ReadingShape, prefix: string | null): Decoded {
  const root = readJson(payload);
  if (!root.ok) return problem(root.error);
  const readings = readingsIn(root.value, shape);
  if (!readings.ok) return problem(readings.error);
  const leaves = new Leaves(shape.names);
  const single = readings.value.length === 1 && readings.value[0] === root.value;
  for (const [index, reading] of readings.value.entries()) {
    const wrong = takeReading(reading, root.value, shape, leaves, prefix);
    if (wrong !== null && single) return problem(wrong);
    if (wrong !== null)
      leaves.refuse(shape.items === null ? String(index) : `${shape.items.text}/${index}`, wrong);
    if (leaves.tooMuch !== null) break;
  }
  const decoded = leaves.decoded("the payload holds no values");
  const counted = shape.sequence === null ? decoded : withCount(decoded, root.value, shape.sequence);
  // A value by itself has no name but the topic's.
  return shape.value !== null && shape.metric === null ? counted : withPrefix(counted, prefix);
}

function readingsIn(root: unknown, { items }: ReadingShape): Result<readonly unknown[], string> {
  const found = items === null ? root : valueAt(root, items.parts);
  if (Array.isArray(found)) return ok(found);
  if (items !== null)
    return err(
      `${items.text}: ${found === undefined ? "is missing" : `is ${kindOf(found)}, and must be an array`}`,
    );
  if (isObject(root)) return ok([root]);
  return err(`format json wants an object or an array of objects, and the payload is ${kindOf(root)}`);
}

/** @returns why nothing of it can be taken, with the name of the field. */
function takeReading(
  reading: unknown,
  root: unknown,
  shape: ReadingShape,
  leaves: Leaves,
  prefix: string | null,
): string | null {
  if (!isObject(reading)) return `is ${kindOf(reading)}, and must be an object`;
  const around = reading === root || Array.isArray(root) ? null : root;
  const name = nameOf(reading, around, shape, prefix);
  if (!name.ok) return name.error;
  const time = shape.timestamp && readTime(nearest(reading, around, shape.timestamp), shape.timestamp.text);
  if (time !== null && !time.ok) return time.error;
  const at: Reading = { time: time?.value ?? null, quality: qualityIn(reading, around, shape, leaves) };
  if (shape.value === null) {
    const skip = name.value === null ? shape.skip : shape.skip.map((path) => `${name.value}/${path}`);
    leaves.add(name.value, reading, at, skip);
    return null;
  }
  const value = valueAt(reading, shape.value.parts);
  if (value === undefined) return `${shape.value.text}: is missing`;
  leaves.add(name.value, value, at);
  return null;
}

function nearest(reading: unknown, around: unknown, { parts }: Path): unknown {
  return valueAt(reading, parts) ?? valueAt(around, parts);
}

/** @returns null where the names of the reading's fields are those of the metrics. */
function nameOf(
  reading: unknown,
  around: unknown,
  { metric, value }: ReadingShape,
  prefix: string | null,
): Result<string | null, string> {
  if (metric === null) return ok(value === null ? null : prefix);
  const name = nearest(reading, around, metric);
  if (name === undefined || name === null) return err(`${metric.text}: is missing, and names the metric`);
  if (typeof name === "string" || typeof name === "number") return ok(String(name));
  return err(`${metric.text}: is ${kindOf(name)}, and must be the metric's name`);
}

/** One that cannot be read is told, and the value is taken with a doubt. */
function qualityIn(
  reading: unknown,
  around: unknown,
  { quality: at, codes }: ReadingShape,
  leaves: Leaves,
): Quality {
  if (at === null) return "GOOD";
  const given = nearest(reading, around, at);
  const quality = qualityOf(given, codes);
  if (quality === null)
    leaves.refuse(at.text, `${shown(given)} is not a quality (good, bad, uncertain, or a code)`);
  return quality ?? "UNCERTAIN";
}

function withCount(decoded: Decoded, root: unknown, at: Path): Decoded {
  if (decoded.kind !== "samples") return decoded;
  const count = countOf(valueAt(root, at.parts), at.text);
  if (!count.ok) return { ...decoded, problems: [...decoded.problems, count.error] };
  return count.value === null ? decoded : { ...decoded, sequence: count.value };
}
