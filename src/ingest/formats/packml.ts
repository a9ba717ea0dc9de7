import { ok } from "../../kernel/result.js";
import type { MetricRole } from "../../plant/machine-type.js";
import { machineModeOf, machineStateOf } from "../../twin/packml.js";
import type { Sample, Scalar } from "../../twin/sample.js";
import {
  type Decoded,
  defineFormat,
  type FieldProblem,
  ignored,
  problem,
  type TopicParts,
} from "./format.js";
import { parseJson, textOf } from "./json-text.js";
import { Leaves } from "./leaves.js";
import { MetricNames, metricNameProblem } from "./metric-names.js";
import { readTime, shown, valueAt } from "./payload.js";
import { payloadPath } from "./settings.js";
import { scalarFrom } from "./value.js";

const TAG_GROUPS = new Set(["Status", "Admin", "Command"]);
const STATE = /(?:^|\/)State(?:Current|Requested)(?:Str)?$/;
const MODE = /(?:^|\/)UnitMode(?:Current)?(?:Str)?$/;
const ROLES: readonly (readonly [RegExp, MetricRole])[] = [
  [/(?:^|\/)StateCurrent$/, "STATE"],
  [/(?:^|\/)UnitModeCurrent$/, "MODE"],
  [/(?:^|\/)ProdProcessedCount\/\d+\/AccCount$/, "TOTAL_COUNT"],
  [/(?:^|\/)ProdDefectiveCount\/\d+\/AccCount$/, "REJECT_COUNT"],
  [/(?:^|\/)Status\/MachSpeed$/, "SETPOINT"],
  [/(?:^|\/)CurMachSpeed$/, "SENSOR"],
];

/** OMAC PackML tags (ISA-TR88.00.02), a topic for each: `<machine>/Status/StateCurrent`, `<machine>/Admin/...`. */
export const packml = defineFormat({
  name: "packml",
  settings: { timestamp: payloadPath.optional() },
  compile: ({ timestamp }) => {
    const names = new MetricNames();
    const options = { names, timestamp: timestamp ?? null };
    return ok({ split, roleOf, decode: (payload, metric) => decodePackml(payload, metric, options) });
  },
});

/** The machine ends before Status, Admin or Command. */
function split(levels: readonly string[]): TopicParts | null {
  const machine = levels.findIndex((level) => TAG_GROUPS.has(level));
  return machine < 0 ? null : { machine, metric: levels.slice(machine).join("/") };
}

function roleOf(metric: string): MetricRole | null {
  return ROLES.find(([pattern]) => pattern.test(metric))?.[1] ?? null;
}

/**
 * Format `packml`: the payload is a tag's value, or JSON whose leaves are tags below the topic's. States become PackML's
 * names, whether they come as names or numbers; so do the modes that PackML knows. An empty payload is a tag without a
 * value.
 * @param metric the topic from Status, Admin or Command on.
 */
export function decodePackml(
  payload: Buffer,
  metric: string | null,
  { names, timestamp }: { names: MetricNames; timestamp: string | null },
): Decoded {
  if (metric !== null && /^Command(?:\/|$)/.test(metric))
    return ignored("a command to the machine is no telemetry");
  const text = textOf(payload);
  if (!text.ok) return problem(text.error);
  const trimmed = text.value.trim();
  const decoded = /^[[{]/.test(trimmed)
    ? decodeTags(trimmed, metric, names, timestamp)
    : decodeTag(trimmed, metric);
  return decoded.kind === "samples" ? named(decoded) : decoded;
}

function decodeTag(text: string, metric: string | null): Decoded {
  if (metric === null) return problem("the topic names no tag: use {metric+} or {machine+} in the topic");
  const wrong = metricNameProblem(metric);
  if (wrong !== null) return problem(wrong);
  const value = text === "" ? null : scalarFrom(text);
  return { kind: "samples", samples: [{ metric, value, time: null, quality: "GOOD" }], problems: [] };
}

function decodeTags(
  text: string,
  metric: string | null,
  names: MetricNames,
  timestamp: string | null,
): Decoded {
  const parsed = parseJson(text);
  if (!parsed.ok) return problem(parsed.error);
  const time = readTime(timestamp && valueAt(parsed.value, timestamp.split("/")), timestamp ?? "");
  if (!time.ok) return problem(time.error);
  const leaves = new Leaves(names);
  const skip = timestamp === null ? [] : [metric === null ? timestamp : `${metric}/${timestamp}`];
  leaves.add(metric, parsed.value, { time: time.value, quality: "GOOD" }, skip);
  return leaves.decoded("the payload holds no values");
}

function named(decoded: Decoded & { kind: "samples" }): Decoded {
  const problems: FieldProblem[] = [...decoded.problems];
  const samples = decoded.samples.map((sample) => {
    if (sample.value === null) return sample;
    if (STATE.test(sample.metric)) return stateSample(sample, problems);
    return MODE.test(sample.metric) ? { ...sample, value: modeName(sample.value) } : sample;
  });
  return { ...decoded, samples, problems };
}

/** A state that PackML does not know is UNKNOWN, which is better than the state before it. */
function stateSample(sample: Sample, problems: FieldProblem[]): Sample {
  const value = machineStateOf(sample.value);
  if (value !== "UNKNOWN" || isUndefinedState(sample.value)) return { ...sample, value };
  const text = `${shown(sample.value)} is no PackML state (a name such as Execute, or its number from 0 to 17)`;
  problems.push({ field: sample.metric, problem: text });
  return { ...sample, value, quality: "BAD" };
}

function isUndefinedState(value: Scalar): boolean {
  return /^(?:0|undefined|unknown)$/i.test(String(value).trim());
}

/** Beyond the ones that PackML knows, modes are the plant's own and stay as they are. */
function modeName(value: Scalar): Scalar {
  if (/^produ(?:ce|cing)$/i.test(String(value).trim())) return "PRODUCTION";
  const mode = machineModeOf(value);
  return mode === "UNKNOWN" && !isUndefinedState(value) ? value : mode;
}
