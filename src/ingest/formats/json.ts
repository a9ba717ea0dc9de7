import { z } from "zod";
import { err, ok } from "../../kernel/result.js";
import type { Sample, Scalar } from "../../twin/sample.js";
import { type Decoded, type Decoder, defineFormat, problem } from "./format.js";
import { decodeReadings, ReadingShape } from "./json-readings.js";
import type { JsonTemplate } from "./json-template.js";
import { JsonTemplates } from "./json-templates.js";
import { Leaves } from "./leaves.js";
import { MetricNames } from "./metric-names.js";
import { isObject, kindOf, readJson, readTime, valueAt } from "./payload.js";
import { withPrefix } from "./prefix.js";
import { QUALITY_CODES } from "./quality.js";
import { takeSequence } from "./sequence-field.js";
import { payloadPath } from "./settings.js";
import { timeOf } from "./timestamp.js";

const NOTHING: readonly never[] = [];
const NO_VALUES = "the object holds no values";

/** What a mapping says of its payloads, and the names that they were found to hold. */
export class JsonShape {
  /** Path of the time in the payload, such as `ts` or `header/time`; null where there is none. */
  readonly timestamp: string | null;
  readonly timestampParts: readonly string[];
  /** What is no metric. */
  readonly skip: readonly string[];
  readonly names = new MetricNames();
  readonly templates: JsonTemplates;

  constructor(options: { timestamp: string | null }) {
    this.timestamp = options.timestamp;
    this.timestampParts = options.timestamp?.split("/") ?? [];
    this.skip = options.timestamp === null ? [] : [options.timestamp];
    this.templates = new JsonTemplates({ names: this.names, timestamp: options.timestamp });
  }
}

/** Each leaf of an object is a metric; or, where the mapping says so, payloads of readings (see `json-readings.ts`). */
export const json = defineFormat({
  name: "json",
  settings: {
    timestamp: payloadPath.optional(),
    sequence: payloadPath.optional(),
    value: payloadPath.optional(),
    metric: payloadPath.optional(),
    quality: payloadPath.optional(),
    qualityCodes: z.enum(QUALITY_CODES).optional(),
    items: payloadPath.optional(),
  },
  compile: (settings, names) => {
    const { timestamp = null, sequence = null, value, metric, quality, qualityCodes, items } = settings;
    if (qualityCodes !== undefined && quality === undefined)
      return err("qualityCodes: needs quality, which names the field of the code");
    if (value !== undefined && metric === undefined && !names.includes("metric")) {
      return err("value: needs metric: or {metric} in the topic, which name the metric");
    }
    const plain = value ?? metric ?? quality ?? items;
    return ok(plain === undefined ? leavesDecoder(timestamp, sequence) : readingsDecoder(settings, sequence));
  },
});

function leavesDecoder(timestamp: string | null, sequence: string | null): Decoder {
  const shape = new JsonShape({ timestamp });
  if (sequence === null)
    return { decode: (payload, prefix) => withPrefix(decodeJson(payload, shape), prefix) };
  return {
    sequence,
    decode: (payload, prefix) => withPrefix(takeSequence(decodeJson(payload, shape), sequence), prefix),
  };
}

function readingsDecoder(
  settings: Omit<ConstructorParameters<typeof ReadingShape>[0], "names">,
  sequence: string | null,
): Decoder {
  const shape = new ReadingShape({ ...settings, names: new MetricNames() });
  return { sequence, decode: (payload, prefix) => decodeReadings(payload, shape, prefix) };
}

/**
 * Format `json`: each leaf of the object is a metric; nested names, and the positions of arrays, join with `/`. An array
 * of objects is as many messages.
 */
export function decodeJson(payload: Buffer, shape: JsonShape): Decoded {
  const known = shape.templates.read(payload);
  const samples = known && samplesOf(known, shape.templates.values);
  if (samples) return { kind: "samples", samples, problems: NOTHING };
  const root = readJson(payload);
  if (!root.ok) return problem(root.error);
  if (Array.isArray(root.value)) return decodeArray(root.value, shape);
  const decoded = decodeObject(root.value, shape);
  if (decoded.kind === "samples" && decoded.problems.length === 0) shape.templates.learn(payload);
  return decoded;
}

/** @returns null where the time is none, which `decodeObject` finds the words for. */
function samplesOf(template: JsonTemplate, values: readonly Scalar[]): Sample[] | null {
  const { names } = template;
  const samples: Sample[] = [];
  const given = template.timeAt < 0 ? null : (values[template.timeAt] ?? null);
  const time = given === null ? null : timeOf(given);
  if (given !== null && time === null) return null;
  for (let index = 0; index < names.length; index += 1) {
    const metric = names[index] as string | null;
    if (metric !== null) samples.push({ metric, value: values[index] as Scalar, time, quality: "GOOD" });
  }
  return samples.length === 0 ? null : samples;
}

function decodeObject(root: unknown, shape: JsonShape): Decoded {
  if (!isObject(root)) {
    return problem(
      `format json wants an object, and the payload is ${kindOf(root)}: format value takes single values`,
    );
  }
  const time = timeIn(root, shape);
  if (!time.ok) return problem(time.error);
  const leaves = new Leaves(shape.names);
  leaves.add(null, root, { time: time.value, quality: "GOOD" }, shape.skip);
  return leaves.decoded(NO_VALUES);
}

function decodeArray(items: readonly unknown[], shape: JsonShape): Decoded {
  if (items.length > 0 && !items.some(isObject)) {
    return problem(
      `format json wants an object or an array of objects, and the payload is an array of ${kindOf(items[0])}`,
    );
  }
  const leaves = new Leaves(shape.names);
  for (const [index, item] of items.entries()) {
    const time = isObject(item) ? timeIn(item, shape) : err(`is ${kindOf(item)}, and must be an object`);
    const taken = time.ok
      ? leaves.add(null, item, { time: time.value, quality: "GOOD" }, shape.skip)
      : leaves.refuse(String(index), time.error);
    if (!taken) break;
  }
  return leaves.decoded("the array holds no values");
}

function timeIn(root: unknown, { timestamp, timestampParts }: JsonShape) {
  return timestamp === null ? ok(null) : readTime(valueAt(root, timestampParts), timestamp);
}
