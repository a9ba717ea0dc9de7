import { type AlarmRule, type AlarmSeverity, faultAlarmCode } from "../plant/alarm-rule.js";
import type { MachineType } from "../plant/machine-type.js";
import { FaultProbe, hasBit, hasOtherBit, isFaultCode, isOtherFault, type Probe, probeOf } from "./probe.js";

/** One alarm that machines of a type can have, and what tells of it. */
export interface Condition {
  readonly code: string;
  readonly severity: AlarmSeverity;
  /** What is told when it is raised. */
  readonly template: string;
  readonly rule: AlarmRule;
  /** The metrics that it looks at, the one that it is about first. */
  readonly metrics: readonly string[];
  /** Null: it is about the machine's state or connectivity. */
  readonly probe: (() => Probe) | null;
}

/** All alarms that machines of a type can have. */
export function conditionsOf(type: Pick<MachineType, "alarms" | "metrics">): readonly Condition[] {
  return (type.alarms ?? []).flatMap((rule) => expand(rule, type));
}

function expand(rule: AlarmRule, type: Pick<MachineType, "metrics">): readonly Condition[] {
  const { code, severity, condition } = rule;
  const template = rule.message ?? defaultTemplate(rule);
  const plain = { code, severity, template, rule, metrics: [], probe: null };
  switch (condition.kind) {
    case "LIMIT":
    case "RATE":
      return [{ ...plain, metrics: [condition.metric], probe: () => probeOf(condition) }];
    case "DEVIATION": {
      const { metric, from } = condition;
      const metrics = "metric" in from ? [metric, from.metric] : [metric];
      return [{ ...plain, metrics, probe: () => probeOf(condition) }];
    }
    case "STATE":
    case "OFFLINE":
      return [plain];
    case "FAULT": {
      const metric = condition.metric ?? type.metrics.find(({ role }) => role === "FAULT")?.name;
      if (metric === undefined) return [];
      const { bits, codes } = condition;
      const known = codes.map((one) => one.code);
      const isIt = bits ? hasBit : isFaultCode;
      const isOther = (bits ? hasOtherBit : isOtherFault)(known);
      return [
        ...codes.map((one) => ({
          code: faultAlarmCode(code, one.code),
          severity: one.severity ?? severity,
          template: one.message,
          rule,
          metrics: [metric],
          probe: () => new FaultProbe(isIt(one.code)),
        })),
        { ...plain, metrics: [metric], probe: () => new FaultProbe(isOther) },
      ];
    }
  }
}

function defaultTemplate({ condition, delayMs }: AlarmRule): string {
  switch (condition.kind) {
    case "LIMIT":
      return `{machine}: {metric} is {value} {unit}, ${side(condition)} {limit} {unit}`;
    case "RATE":
      return `{machine}: {metric} changes by {value} {unit} in ${seconds(condition.perMs)}, ${side(condition)} {limit} {unit}`;
    case "DEVIATION": {
      const from = "metric" in condition.from ? condition.from.metric : "its mean";
      return `{machine}: {metric} is {value} {unit}, more than {limit} {unit} away from ${from}`;
    }
    case "STATE":
      return `{machine} is {state} for longer than ${seconds(delayMs)}`;
    case "FAULT":
      return "{machine}: fault {value}";
    case "OFFLINE":
      return "{machine} is offline";
  }
}

function side({ above }: { readonly above: number | null }): string {
  return above === null ? "below" : "above";
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}

/** The bound that a condition has; null where it has none. */
export function limitOf({ condition }: AlarmRule): number | null {
  switch (condition.kind) {
    case "LIMIT":
    case "RATE":
      return condition.above ?? condition.below;
    case "DEVIATION":
      return condition.above;
    default:
      return null;
  }
}
