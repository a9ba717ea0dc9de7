import { z } from "zod";
import { MAINTENANCE_KINDS, priorityProblem } from "../maintenance/maintenance.js";
import { MACHINE_STATES } from "../twin/packml.js";
import {
  ALARM_SEVERITIES,
  type AlarmCondition,
  type AlarmRule,
  alarmCodesOf,
  type Bound,
  MESSAGE_FIELDS,
} from "./alarm-rule.js";
import { duration } from "./duration-setting.js";

const text = z.string().trim().min(1, "must not be empty");
const template = text.max(500).superRefine((value, context) => {
  for (const [whole, field] of value.matchAll(/\{([^{}]*)\}/g)) {
    if (!MESSAGE_FIELDS.some((known) => known === field))
      context.addIssue({
        code: "custom",
        message: `knows no ${whole}; there are ${MESSAGE_FIELDS.map((known) => `{${known}}`).join(", ")}`,
      });
  }
});
const alarmCode = text.max(80).regex(/^[\w.:/-]+$/, "must be of letters, digits and . : / _ -");
const severity = z.enum(ALARM_SEVERITIES);
const priority = z.int().superRefine((value, context) => {
  const problem = priorityProblem(value);
  if (problem !== null) context.addIssue({ code: "custom", message: problem });
});
const notNegative = z.number().min(0);
const hysteresis = notNegative.default(0);
const noDelay = z.union([z.literal(0), duration]).default(0);
const bound = { above: z.number().optional(), below: z.number().optional(), hysteresis };

const limit = z.strictObject({ metric: text, ...bound }).superRefine(oneBound);
const rate = z
  .strictObject({ metric: text, ...bound, per: duration, over: duration.optional() })
  .superRefine(oneBound);
const deviation = z
  .strictObject({
    metric: text,
    from: text.optional(),
    fromMean: duration.optional(),
    above: notNegative,
    hysteresis,
  })
  .superRefine(({ from, fromMean, above, hysteresis: back }, context) => {
    if ((from === undefined) === (fromMean === undefined))
      context.addIssue({ code: "custom", message: "needs either from (a metric) or fromMean (a duration)" });
    if (back > above)
      context.addIssue({ code: "custom", path: ["hysteresis"], message: "must not be more than above" });
  });
const states = z.array(z.enum(MACHINE_STATES)).min(1, "must name a state");
const state = z.strictObject({
  in: z.union([z.enum(MACHINE_STATES).transform((one) => [one]), states]),
  longerThan: duration,
});
const faultTexts = z.record(
  text.regex(/^[^\s{}]{1,60}$/, "must have up to 60 characters and no spaces or braces"),
  z.union([
    template.transform((message) => ({ message, severity: undefined })),
    z.strictObject({ message: template, severity: severity.optional() }),
  ]),
);
const fault = z
  .strictObject({ metric: text.optional(), codes: faultTexts.optional(), bits: faultTexts.optional() })
  .superRefine(({ codes, bits }, context) => {
    if (codes && bits)
      context.addIssue({ code: "custom", path: ["bits"], message: "give codes or bits, not both" });
    for (const bit of Object.keys(bits ?? {}))
      if (!/^([0-9]|[1-5][0-9]|6[0-3])$/.test(bit))
        context.addIssue({
          code: "custom",
          path: ["bits", bit],
          message: "must be the number of a bit, 0 to 63",
        });
  });

const KINDS = ["limit", "rate", "deviation", "state", "fault", "offline"] as const;

/** One rule under `alarms` of a machine type. */
const alarmRule = z
  .strictObject({
    code: alarmCode,
    severity: severity.default("WARNING"),
    message: template.optional(),
    delay: noDelay,
    clearDelay: noDelay,
    limit: limit.optional(),
    rate: rate.optional(),
    deviation: deviation.optional(),
    state: state.optional(),
    fault: fault.optional(),
    offline: z.literal(true).optional(),
    opensMaintenance: z
      .strictObject({
        kind: z.enum(MAINTENANCE_KINDS).default("CORRECTIVE"),
        title: template.max(200).optional(),
        priority: priority.default(50),
      })
      .optional(),
  })
  .superRefine((rule, context) => {
    const given = KINDS.filter((kind) => rule[kind] !== undefined);
    if (given.length !== 1)
      context.addIssue({ code: "custom", message: `needs exactly one of ${KINDS.join(", ")}` });
    if (rule.state && rule.delay !== 0)
      context.addIssue({
        code: "custom",
        path: ["delay"],
        message: "is longerThan where the rule is about states",
      });
  });

/** A machine type's `alarms`. */
export const alarmRules = z.array(alarmRule);
export type AlarmRuleConfig = z.output<typeof alarmRule>;

/** What is wrong with a type's rules in the light of its metrics, each with the place below `alarms`. */
export function alarmProblems(type: {
  readonly metrics: readonly {
    readonly name: string;
    readonly type: string;
    readonly role?: string | undefined;
  }[];
  readonly alarms?: readonly AlarmRuleConfig[] | undefined;
}): { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const problems: { path: readonly PropertyKey[]; message: string }[] = [];
  const metrics = new Map(type.metrics.map((metric) => [metric.name, metric]));
  const hasRole = (role: string) => type.metrics.some((metric) => metric.role === role);
  const codes = new Set<string>();
  (type.alarms ?? []).forEach((config, index) => {
    const refuse = (message: string, ...path: PropertyKey[]) =>
      problems.push({ path: [index, ...path], message });
    const number = (name: string | undefined, ...path: PropertyKey[]) => {
      if (name === undefined) return;
      const metric = metrics.get(name);
      if (!metric) refuse(`there is no metric "${name}" in this machine type`, ...path);
      else if (metric.type !== "Double" && metric.type !== "Int64")
        refuse(`"${name}" is a ${metric.type}, not a number`, ...path);
    };
    for (const kind of ["limit", "rate", "deviation"] as const) number(config[kind]?.metric, kind, "metric");
    number(config.deviation?.from, "deviation", "from");
    if (config.state && !hasRole("STATE")) refuse("needs a metric with the role STATE", "state");
    if (config.fault) {
      const { metric } = config.fault;
      if (metric === undefined && !hasRole("FAULT"))
        refuse("names no metric, and none has the role FAULT", "fault");
      else if (metric !== undefined && !metrics.has(metric))
        refuse(`there is no metric "${metric}" in this machine type`, "fault", "metric");
      else if (config.fault.bits && metric !== undefined) number(metric, "fault", "metric");
    }
    for (const code of alarmCodesOf(alarmRuleOf(config))) {
      if (codes.has(code)) refuse(`two rules make the alarm "${code}"`, "code");
      codes.add(code);
    }
  });
  return problems;
}

export function alarmRuleOf(config: AlarmRuleConfig): AlarmRule {
  const { code, severity: serious, message, opensMaintenance: opens } = config;
  return {
    code,
    severity: serious,
    message: message ?? null,
    delayMs: config.state?.longerThan ?? config.delay,
    clearDelayMs: config.clearDelay,
    condition: conditionOf(config),
    opensMaintenance: opens ? { ...opens, title: opens.title ?? null } : null,
  };
}

function conditionOf(config: AlarmRuleConfig): AlarmCondition {
  const { limit: level, rate: change, deviation: away, state: staying, fault: told } = config;
  if (level) return { kind: "LIMIT", metric: level.metric, ...boundOf(level) };
  if (change) {
    const { metric, per, over } = change;
    return { kind: "RATE", metric, perMs: per, overMs: over ?? per, ...boundOf(change) };
  }
  if (away) {
    const { metric, from, fromMean, above, hysteresis: back } = away;
    const reference = from === undefined ? { meanMs: fromMean ?? 0 } : { metric: from };
    return { kind: "DEVIATION", metric, from: reference, above, hysteresis: back };
  }
  if (staying) return { kind: "STATE", states: staying.in };
  if (told) {
    const codes = Object.entries(told.codes ?? told.bits ?? {}).map(
      ([code, { message, severity: serious }]) => ({
        code,
        message,
        severity: serious ?? null,
      }),
    );
    return { kind: "FAULT", metric: told.metric ?? null, bits: told.bits !== undefined, codes };
  }
  return { kind: "OFFLINE" };
}

function boundOf(given: {
  above?: number | undefined;
  below?: number | undefined;
  hysteresis: number;
}): Bound {
  return { above: given.above ?? null, below: given.below ?? null, hysteresis: given.hysteresis };
}

function oneBound(
  { above, below }: { above?: number | undefined; below?: number | undefined },
  context: z.core.$RefinementCtx,
): void {
  if ((above === undefined) === (below === undefined))
    context.addIssue({ code: "custom", message: "needs either above or below" });
}
