import type { MaintenanceKind } from "../maintenance/maintenance.js";

/** The most serious first. */
export const ALARM_SEVERITIES = ["CRITICAL", "MAJOR", "MINOR", "WARNING", "INFO"] as const;
export type AlarmSeverity = (typeof ALARM_SEVERITIES)[number];

/** One of the two is null: a value is too high above the one, too low below the other. */
export interface Bound {
  readonly above: number | null;
  readonly below: number | null;
  /** How far it must have come back within the bound until it counts as back. */
  readonly hysteresis: number;
}

/** What a rule looks for. Times are in milliseconds. */
export type AlarmCondition =
  | ({ readonly kind: "LIMIT"; readonly metric: string } & Bound)
  /** The change within `overMs`, told per `perMs`. */
  | ({
      readonly kind: "RATE";
      readonly metric: string;
      readonly perMs: number;
      readonly overMs: number;
    } & Bound)
  /** The distance from another metric, or from the mean of the samples of the last `meanMs`. */
  | {
      readonly kind: "DEVIATION";
      readonly metric: string;
      readonly from: { readonly metric: string } | { readonly meanMs: number };
      readonly above: number;
      readonly hysteresis: number;
    }
  /** PackML states. */
  | { readonly kind: "STATE"; readonly states: readonly string[] }
  /** `metric` null: the one of the role FAULT. Each of `codes` has an alarm of its own, the others share one. */
  | {
      readonly kind: "FAULT";
      readonly metric: string | null;
      readonly bits: boolean;
      readonly codes: readonly FaultCode[];
    }
  | { readonly kind: "OFFLINE" };

/** A fault that a device tells of by a value, or by the number of a bit. */
export interface FaultCode {
  readonly code: string;
  readonly message: string;
  /** Null: as the rule says. */
  readonly severity: AlarmSeverity | null;
}

/** The maintenance order that an alarm opens. */
export interface OpensMaintenance {
  readonly kind: MaintenanceKind;
  /** A template like the alarm's message; null: the alarm's message. */
  readonly title: string | null;
  readonly priority: number;
}

/** When machines of a type raise an alarm. */
export interface AlarmRule {
  /** Unique within the machine type. */
  readonly code: string;
  readonly severity: AlarmSeverity;
  /** A template; null: what the kind of condition says. */
  readonly message: string | null;
  /** So long the condition must hold until the alarm is raised, in milliseconds. */
  readonly delayMs: number;
  /** So long it must be gone until the alarm is cleared, in milliseconds. */
  readonly clearDelayMs: number;
  readonly condition: AlarmCondition;
  readonly opensMaintenance: OpensMaintenance | null;
}

/** What a message's `{...}` may name. */
export const MESSAGE_FIELDS = [
  "machine",
  "path",
  "code",
  "metric",
  "value",
  "limit",
  "unit",
  "state",
] as const;

/** The codes of the alarms that a rule can raise. */
export function alarmCodesOf({ code, condition }: AlarmRule): readonly string[] {
  if (condition.kind !== "FAULT") return [code];
  return [...condition.codes.map((one) => faultAlarmCode(code, one.code)), code];
}

/** The code of the alarm for one of the faults that a rule names. */
export function faultAlarmCode(code: string, fault: string): string {
  return `${code}-${fault}`;
}
