import type { Sample, Scalar } from "../../twin/sample.js";
import { type Decoded, type FieldProblem, problem } from "./format.js";
import type { JsonTemplate } from "./json-template.js";
import { JsonTemplates } from "./json-templates.js";
import { parseJson, textOf } from "./json-text.js";
import { MetricNames } from "./metric-names.js";
import { timeOf } from "./timestamp.js";

const DEEPEST = 16;
const MOST_LEAVES = 5_000;
/** Values, objects and arrays that are looked at; empty ones are no leaves, and cost time too. */
const MOST_NODES = 20_000;
const LONGEST_FIELD = 256;

const NOTHING: readonly never[] = [];
const TOO_MANY = `the payload holds more than ${MOST_LEAVES} values`;

/** What a mapping says of its payloads, and the names that they were found to hold. */
export class JsonShape {
  /** Path of the time in the payload, such as `ts` or `header/time`; null where there is none. */
  readonly timestamp: string | null;
  readonly timestampParts: readonly string[];
  readonly names = new MetricNames();
  readonly templates: JsonTemplates;

  constructor(options: { timestamp: string | null }) {
    this.timestamp = options.timestamp;
    this.timestampParts = options.timestamp?.split("/") ?? [];
    this.templates = new JsonTemplates({ names: this.names, timestamp: options.timestamp });
  }
}

interface Leaves {
  readonly samples: Sample[];
  readonly problems: FieldProblem[];
  readonly shape: JsonShape;
  readonly time: number | null;
  nodes: number;
}

/**
 * Format `json`: each leaf of the object is a metric; nested names, and the positions of arrays, join with `/`.
 */
export function decodeJson(payload: Buffer, shape: JsonShape): Decoded {
  const known = shape.templates.read(payload);
  const samples = known && samplesOf(known, shape.templates.values);
  if (samples) return { kind: "samples", samples, problems: NOTHING };
  const decoded = parse(payload, shape);
  if (decoded.kind === "samples" && decoded.problems.length === 0) shape.templates.learn(payload);
  return decoded;
}

/** @returns null where the time is none, which `parse` finds the words for. */
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

function parse(payload: Buffer, shape: JsonShape): Decoded {
  const text = textOf(payload);
  if (!text.ok) return problem(text.error);
  const parsed = parseJson(text.value);
  if (!parsed.ok) return problem(parsed.error);
  const root = parsed.value;
  if (typeof root !== "object" || root === null || Array.isArray(root)) {
    return problem(
      `format json wants an object, and the payload is ${kindOf(root)}: format value takes single values`,
    );
  }
  const time = readTime(root as Record<string, unknown>, shape);
  if (time.problem !== null) return problem(time.problem);
  const leaves: Leaves = { samples: [], problems: [], shape, time: time.ms, nodes: 0 };
  const tooMuch = collect(root as Record<string, unknown>, null, 1, leaves);
  if (tooMuch !== null) return problem(tooMuch);
  if (leaves.samples.length === 0 && leaves.problems.length === 0)
    return problem("the object holds no values");
  return { kind: "samples", samples: leaves.samples, problems: leaves.problems };
}

function readTime(
  root: Record<string, unknown>,
  { timestamp: at, timestampParts }: JsonShape,
): { ms: number | null; problem: null } | { ms: null; problem: string } {
  if (at === null) return { ms: null, problem: null };
  const value = valueAt(root, timestampParts);
  if (value === undefined || value === null) return { ms: null, problem: null };
  const ms = timeOf(value);
  if (ms === null)
    return { ms: null, problem: `${at}: ${shown(value)} is not a time (s, ms, us, ns or ISO 8601)` };
  return { ms, problem: null };
}

function collect(
  node: Record<string, unknown> | unknown[],
  prefix: string | null,
  depth: number,
  into: Leaves,
): string | null {
  if (depth > DEEPEST) return `the payload is nested deeper than ${DEEPEST} levels`;
  if (Array.isArray(node) && node.length > MOST_NODES) return TOO_MANY;
  for (const key of Object.keys(node)) {
    into.nodes += 1;
    if (into.nodes > MOST_NODES) return TOO_MANY;
    const name = prefix === null ? key : into.shape.names.joined(prefix, key);
    if (name === into.shape.timestamp) continue;
    const value = (node as Record<string, unknown>)[key];
    // Below a name that is too long all are, and each would be a copy of it.
    if (typeof value === "object" && value !== null && name.length <= LONGEST_FIELD) {
      const tooMuch = collect(value as Record<string, unknown>, name, depth + 1, into);
      if (tooMuch !== null) return tooMuch;
      continue;
    }
    if (into.samples.length + into.problems.length >= MOST_LEAVES) return TOO_MANY;
    const wrong = into.shape.names.problem(name);
    if (wrong !== null) into.problems.push({ field: name.slice(0, LONGEST_FIELD), problem: wrong });
    else into.samples.push({ metric: name, value: value as Scalar, time: into.time, quality: "GOOD" });
  }
  return null;
}

function valueAt(root: Record<string, unknown>, parts: readonly string[]): unknown {
  let node: unknown = root;
  for (const part of parts) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, part)) return undefined;
    node = (node as Record<string, unknown>)[part];
  }
  return node;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function shown(value: unknown): string {
  if (typeof value === "object") return kindOf(value);
  const text = typeof value === "string" ? value.slice(0, 61) : String(value);
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return typeof value === "string" ? JSON.stringify(short) : short;
}
