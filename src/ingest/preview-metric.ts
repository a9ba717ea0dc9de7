import type { MetricDefinition } from "../plant/machine-type.js";
import { coerce, dataTypeOf, type Sample, type Scalar, unusable } from "../twin/sample.js";
import type { Mapping } from "./mapping.js";
import type { PreviewSample, PreviewStep } from "./preview-model.js";
import { suggestionFor } from "./suggestion.js";

const LONGEST_TEXT = 60;

/** What becomes of one sample of a message. */
export interface PreviewedMetric {
  readonly step: PreviewStep;
  /** Null when it becomes nothing. */
  readonly sample: PreviewSample | null;
  /** Why it is refused, with its name; null when it is not. */
  readonly problem: string | null;
}

/**
 * Follows a sample as the format gave it through the mapping's rules and the machine's type.
 * @param definitions of the machine's type; none where it has no type.
 */
export function previewMetric(
  sample: Sample,
  mapping: Pick<Mapping, "rules" | "roleOf">,
  definitions: readonly MetricDefinition[],
  source: { readonly discovery: boolean; readonly topic: string; readonly payload: Buffer },
): PreviewedMetric {
  const words: string[] = [];
  const ruled = mapping.rules?.one(sample) ?? { kind: "sample" as const, sample, rule: null };
  const refuse = (name: string, reason: string): PreviewedMetric => ({
    step: {
      stage: "METRIC",
      outcome: "REFUSED",
      subject: sample.metric,
      detail: [...words, reason].join("; "),
      suggestion: suggestionFor({ ...source, reason }),
    },
    sample: null,
    problem: `${name}: ${reason}`,
  });
  if (ruled.kind === "ignored") {
    const detail = `left out by the rule for ${ruled.rule.from}`;
    const step = {
      stage: "METRIC",
      outcome: "IGNORED",
      subject: sample.metric,
      detail,
      suggestion: null,
    } as const;
    return { step, sample: null, problem: null };
  }
  if (ruled.kind === "problem") return refuse(sample.metric, ruled.problem);
  const { rule, sample: changed } = ruled;
  if (changed.metric !== sample.metric)
    words.push(`renamed to ${changed.metric} by the rule for ${rule?.from}`);
  if (rule?.scale)
    words.push(`scaled from ${text(sample.value)} to ${text(changed.value)}${inUnit(rule.unit)}`);
  const definition = definitions.find(({ name }) => name === changed.metric) ?? null;
  const value = definition ? coerce(changed.value, definition.dataType) : changed.value;
  if (value === undefined) {
    const shown = JSON.stringify(String(changed.value));
    return refuse(changed.metric, `${shown} is not a value of type ${definition?.dataType}`);
  }
  const wrong = unusable(value);
  if (wrong !== null) return refuse(changed.metric, wrong);
  words.push(typeWords(definition, changed.value, value, source.discovery));
  const sourceTime = dateOf(changed.time);
  words.push(`${text(value)}, quality ${changed.quality}, ${timeWords(changed.time, sourceTime)}`);
  return {
    step: {
      stage: "METRIC",
      outcome: "TAKEN",
      subject: sample.metric,
      detail: words.join("; "),
      suggestion: definition === null ? meaning(mapping, sample.metric, changed.metric, rule?.unit) : null,
    },
    sample: { metric: changed.metric, value, sourceTime, quality: changed.quality },
    problem: null,
  };
}

function typeWords(
  definition: MetricDefinition | null,
  given: Scalar,
  value: Scalar,
  discovery: boolean,
): string {
  if (definition === null) {
    return discovery
      ? `not in the machine's type: taken in as ${dataTypeOf(value)}`
      : "not in the machine's type, and the source does not discover: taken only where the machine has it already";
  }
  const { dataType, unit, role } = definition;
  const read = Object.is(given, value) ? `a ${dataType}` : `read as ${dataType} from ${text(given)}`;
  return `${read}${inUnit(unit)}${role === null ? "" : `, role ${role}`}`;
}

/** What a machine type could say of a metric that it does not list. */
function meaning(
  mapping: Pick<Mapping, "roleOf">,
  own: string,
  metric: string,
  unit: string | undefined,
): string | null {
  const role = mapping.roleOf(own);
  if (role === null && unit === undefined) return null;
  const said = [role === null ? "" : `role: ${role}`, unit === undefined ? "" : `unit: "${unit}"`];
  return `List it in the machine's type: { name: ${metric}, ${said.filter((one) => one !== "").join(", ")} }.`;
}

function inUnit(unit: string | null | undefined): string {
  return unit ? ` in ${unit}` : "";
}

function timeWords(time: number | null, date: Date | null): string {
  if (date !== null) return `at ${date.toISOString()}`;
  return time === null
    ? "at the time of arrival"
    : "at the time of arrival, because its own is beyond all dates";
}

/** Null for a time beyond all dates, instead of which the receive time counts. */
function dateOf(time: number | null): Date | null {
  if (time === null) return null;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date;
}

function text(value: Scalar): string {
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);
}
