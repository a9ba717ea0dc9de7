import type { MetricRule } from "../plant/metric-rules.js";
import type { Sample, Scalar } from "../twin/sample.js";
import type { Decoded, FieldProblem } from "./formats/format.js";
import { metricNameProblem } from "./formats/metric-names.js";
import { shown } from "./formats/payload.js";

/** Names of which it is remembered what becomes of them. */
const MOST_REMEMBERED = 20_000;

/** What the rules make of a sample. */
export type Ruled =
  /** `rule` is null where none takes it. */
  | { readonly kind: "sample"; readonly sample: Sample; readonly rule: MetricRule | null }
  | { readonly kind: "ignored"; readonly rule: MetricRule }
  | { readonly kind: "problem"; readonly problem: string };

/** What becomes of a metric by its name. */
interface Outcome {
  /** The rule that takes it; null where none does. */
  readonly rule: MetricRule | null;
  /** The name that it gets. */
  readonly name: string;
  /** Why it cannot have that name; null when it can. */
  readonly problem: string | null;
}

/** A mapping's rules for metrics: names, units and scales that differ from what devices send. */
export class MetricRules {
  readonly #rules: readonly { readonly rule: MetricRule; readonly pattern: RegExp }[];
  readonly #known = new Map<string, Outcome>();
  /** By the name that a metric gets. */
  readonly #units = new Map<string, string>();

  constructor(rules: readonly MetricRule[]) {
    this.#rules = rules.map((rule) => ({ rule, pattern: patternOf(rule.from) }));
  }

  /** There are no rules. */
  get empty(): boolean {
    return this.#rules.length === 0;
  }

  /** Renames, scales and leaves out; what cannot be is told under the name that the device gives. */
  apply(decoded: Decoded): Decoded {
    if (decoded.kind !== "samples") return decoded;
    const samples: Sample[] = [];
    const problems: FieldProblem[] = [...decoded.problems];
    for (const sample of decoded.samples) {
      const ruled = this.one(sample);
      if (ruled.kind === "sample") samples.push(ruled.sample);
      else if (ruled.kind === "problem") problems.push({ field: sample.metric, problem: ruled.problem });
    }
    return { ...decoded, samples, problems };
  }

  /** What a metric is in, by the name that it was just given; null where no rule says it. */
  unitOf(name: string): string | null {
    return this.#units.get(name) ?? null;
  }

  /** What becomes of one sample. */
  one(sample: Sample): Ruled {
    const { rule, name, problem } = this.#outcome(sample.metric);
    if (rule === null) return { kind: "sample", sample, rule };
    if (rule.ignore) return { kind: "ignored", rule };
    if (problem !== null) return { kind: "problem", problem };
    const value = rule.scale === undefined ? sample.value : scaled(sample.value, rule.scale);
    if (value === undefined)
      return { kind: "problem", problem: `${shown(sample.value)} is no number and cannot be scaled` };
    return { kind: "sample", sample: { ...sample, metric: name, value }, rule };
  }

  #outcome(metric: string): Outcome {
    const known = this.#known.get(metric);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_REMEMBERED) {
      this.#known.clear();
      this.#units.clear();
    }
    const outcome = this.#find(metric);
    this.#known.set(metric, outcome);
    if (outcome.rule?.unit !== undefined) this.#units.set(outcome.name, outcome.rule.unit);
    return outcome;
  }

  #find(metric: string): Outcome {
    for (const { rule, pattern } of this.#rules) {
      const taken = pattern.exec(metric);
      if (taken === null) continue;
      const name = rule.name === undefined ? metric : renamed(rule.name, taken.slice(1));
      return { rule, name, problem: rule.ignore ? null : metricNameProblem(name) };
    }
    return { rule: null, name: metric, problem: null };
  }
}

function patternOf(from: string): RegExp {
  const levels = from.split("/").map((level) => {
    if (level === "**") return "(.+)";
    if (level === "*") return "([^/]+)";
    return level
      .split("*")
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("([^/]*)");
  });
  return new RegExp(`^${levels.join("/")}$`, "s");
}

function renamed(name: string, taken: readonly string[]): string {
  let next = 0;
  return name.replace(/\*+/g, () => {
    const text = taken[next] ?? "";
    next += 1;
    return text;
  });
}

/**
 * A value times a factor plus an offset; null stays null.
 * @returns undefined when the value is no number.
 */
export function scaled(
  value: Scalar,
  { factor, offset }: { factor: number; offset: number },
): Scalar | undefined {
  if (value === null) return null;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "boolean" || typeof number === "string") return undefined;
  if (typeof number === "bigint") return scaledInteger(number, factor, offset);
  if (!Number.isFinite(number)) return undefined;
  // 1234 / 10 is the number nearest to 123.4, and 1234 * 0.1 is not.
  const divisor = Math.round(1 / factor);
  const product = Math.abs(factor) < 1 && 1 / divisor === factor ? number / divisor : number * factor;
  return product + offset;
}

/** Exact as long as it can be. */
function scaledInteger(number: bigint, factor: number, offset: number): Scalar {
  if (!Number.isSafeInteger(factor) || !Number.isSafeInteger(offset)) return Number(number) * factor + offset;
  const product = number * BigInt(factor) + BigInt(offset);
  const small = Number(product);
  return Number.isSafeInteger(small) ? small : product;
}
