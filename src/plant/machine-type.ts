import { isDeepStrictEqual } from "node:util";
import type { AlarmRule } from "./alarm-rule.js";
import type { DowntimeSettings } from "./downtime-settings.js";

/** How a value is stored and compared. Sparkplug's names. */
export const DATA_TYPES = ["Double", "Int64", "Boolean", "String"] as const;
export type DataType = (typeof DATA_TYPES)[number];

/** What a metric means to the MES. */
export const METRIC_ROLES = [
  "STATE",
  "MODE",
  "FAULT",
  "GOOD_COUNT",
  "REJECT_COUNT",
  "TOTAL_COUNT",
  "CYCLE_TIME",
  "ENERGY",
  "OPERATING_HOURS",
  "SETPOINT",
  "SENSOR",
] as const;
export type MetricRole = (typeof METRIC_ROLES)[number];

export interface MetricDefinition {
  readonly name: string;
  readonly dataType: DataType;
  readonly unit: string | null;
  readonly role: MetricRole | null;
  readonly writable: boolean;
  readonly min: number | null;
  readonly max: number | null;
  /** A value older than this is stale; null: never by age. */
  readonly staleAfterMs: number | null;
  /** The retention policy of its history; left out: the default one. */
  readonly retention?: string;
  /** The highest value of a counter, after which it goes on at 0; left out: not known. */
  readonly counterMax?: number;
  /** How long a machine may take until it reports a desired value, in ms; left out: what the machine type says. */
  readonly followWithinMs?: number;
}

/** What proves that a command was done: the device's word, the written values reported back, or a state reached. */
export const COMMAND_PROOFS = ["reply", "echo", "state"] as const;
export type CommandProof = (typeof COMMAND_PROOFS)[number];

export interface CommandDefinition {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema (draft 2020-12) of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  /** How often it is sent again while nothing comes. */
  readonly retries: number;
  /** Silence in milliseconds after which it is sent again; null: its time in equal parts. */
  readonly retryAfterMs: number | null;
  /** It waits until no other such command to the machine is open. */
  readonly oneAtATime: boolean;
  /** The PackML states in which it may be sent; null: in all. */
  readonly allowedStates: readonly string[] | null;
  readonly confirm: CommandProof;
  /** By metric what is written: a value, or `{argument}`; null: nothing. */
  readonly writes: Readonly<Record<string, string | number | boolean>> | null;
  /** The PackML states of which one is reached when it is done; null: none. */
  readonly reaches: readonly string[] | null;
}

/** What machines of one kind report and accept. */
export interface MachineType extends DowntimeSettings {
  readonly id: string;
  readonly name: string;
  /** Grows with every change of the definition. */
  readonly version: number;
  /** Patterns over equipment paths; discovered machines that match get this type. `*` is one level or a part of one. */
  readonly appliesTo: readonly string[];
  /** Silence after which a machine is STALE. */
  readonly staleAfterMs: number;
  /** Silence after which a machine is OFFLINE; null: only its own word makes it so. */
  readonly offlineAfterMs: number | null;
  /** As for a metric, for all that say nothing themselves; left out: DEFAULT_FOLLOW_WITHIN_MS. */
  readonly followWithinMs?: number;
  /** What was declared, and after that what devices told of themselves. */
  readonly metrics: readonly MetricDefinition[];
  /** Those of `metrics` that devices told of themselves; left out: none. */
  readonly learned?: readonly MetricDefinition[];
  readonly commands: readonly CommandDefinition[];
  /** When they raise an alarm; left out: never. */
  readonly alarms?: readonly AlarmRule[];
}

/** Silence after which a machine without a type is STALE. */
export const DEFAULT_STALE_AFTER_MS = 60_000;
export const DEFAULT_COMMAND_TIMEOUT_MS = 30_000;
export const DEFAULT_FOLLOW_WITHIN_MS = 30_000;

/**
 * A type that has learned metrics from a device: declared ones stay as they are, learned ones follow what is told last.
 * Metrics that are not told any more stay.
 * @returns the type itself when it knows all that already.
 */
export function withLearned(type: MachineType, told: readonly MetricDefinition[]): MachineType {
  const before = type.learned ?? [];
  const learned = new Map(before.map((metric) => [metric.name, metric]));
  const declared = new Set(type.metrics.filter((metric) => !before.includes(metric)).map(({ name }) => name));
  for (const metric of told) {
    const known = learned.get(metric.name);
    if (!declared.has(metric.name) && !(known && isDeepStrictEqual(known, metric)))
      learned.set(metric.name, metric);
  }
  const next = [...learned.values()];
  if (next.length === before.length && next.every((metric, index) => metric === before[index])) return type;
  const own = type.metrics.filter(({ name }) => declared.has(name));
  return { ...type, version: type.version + 1, metrics: [...own, ...next], learned: next };
}

/** Whether a pattern of `appliesTo` takes a path. */
export function patternTakes(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const levels = path.split("/");
  return (
    wanted.length === levels.length &&
    wanted.every((text, index) => {
      const expression = text.split("*").map(escapeRegExp).join(".*");
      return new RegExp(`^${expression}$`).test(levels[index] ?? "");
    })
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
