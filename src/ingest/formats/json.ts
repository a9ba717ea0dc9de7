import type { Sample, Scalar } from "../../twin/sample.js";
import { type Decoded, type FieldProblem, problem } from "./format.js";
import { parseJson, textOf } from "./json-text.js";
import { timeOf } from "./timestamp.js";

const DEEPEST = 16;
const MOST_LEAVES = 5_000;
/** Values, objects and arrays that are looked at; empty ones are no leaves, and cost time too. */
const MOST_NODES = 20_000;
const LONGEST_NAME = 256;

const TOO_MANY = `the payload holds more than ${MOST_LEAVES} values`;

interface Leaves {
  readonly samples: Sample[];
  readonly problems: FieldProblem[];
  readonly skip: string | null;
  readonly time: number | null;
  nodes: number;
}

/**
 * Format `json`: each leaf of the object is a metric; nested names, and the positions of arrays, join with `/`.
 * @param options.timestamp path of the time in the payload, such as `ts` or `header/time`.
 */
export function decodeJson(payload: Buffer, options: { timestamp: string | null }): Decoded {
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
  const time = readTime(root as Record<string, unknown>, options.timestamp);
  if (time.problem !== null) return problem(time.problem);
  const leaves: Leaves = { samples: [], problems: [], skip: options.timestamp, time: time.ms, nodes: 0 };
  const tooMuch = collect(root as Record<string, unknown>, null, 1, leaves);
  if (tooMuch !== null) return problem(tooMuch);
  if (leaves.samples.length === 0 && leaves.problems.length === 0)
    return problem("the object holds no values");
  return { kind: "samples", samples: leaves.samples, problems: leaves.problems };
}

function readTime(
  root: Record<string, unknown>,
  at: string | null,
): { ms: number | null; problem: null } | { ms: null; problem: string } {
  if (at === null) return { ms: null, problem: null };
  const value = valueAt(root, at);
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
    const name = prefix === null ? key : `${prefix}/${key}`;
    if (name === into.skip) continue;
    const value = (node as Record<string, unknown>)[key];
    // Below a name that is too long all are, and each would be a copy of it.
    if (typeof value === "object" && value !== null && name.length <= LONGEST_NAME) {
      const tooMuch = collect(value as Record<string, unknown>, name, depth + 1, into);
      if (tooMuch !== null) return tooMuch;
      continue;
    }
    if (into.samples.length + into.problems.length >= MOST_LEAVES) return TOO_MANY;
    const wrong = metricNameProblem(name);
    if (wrong !== null) into.problems.push({ field: name.slice(0, LONGEST_NAME), problem: wrong });
    else into.samples.push({ metric: name, value: value as Scalar, time: into.time, quality: "GOOD" });
  }
  return null;
}

/** Why a name cannot be a metric's: it is also the end of a canonical topic. */
export function metricNameProblem(name: string): string | null {
  if (name.length > LONGEST_NAME) return `a metric name has at most ${LONGEST_NAME} characters`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  if (/[+#\u0000-\u001f\u007f]/.test(name)) return "a metric name must not hold +, # or a control character";
  if (/^\/|\/\/|\/$/.test(name) || name === "") return "a metric name must not have empty parts";
  if (/\p{Surrogate}/u.test(name)) return "a metric name must not hold half a character";
  return null;
}

function valueAt(root: Record<string, unknown>, at: string): unknown {
  let node: unknown = root;
  for (const part of at.split("/")) {
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
