import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import {
  type DataType,
  DEFAULT_FOLLOW_WITHIN_MS,
  type MachineType,
  type MetricDefinition,
} from "../plant/machine-type.js";
import { coerce, type Quality, type Scalar, unusable } from "../twin/sample.js";

export const DESIRED_STATUSES = ["PENDING", "SENT", "SETTLED", "NOT_FOLLOWED", "CLEARED"] as const;
export type DesiredStatus = (typeof DESIRED_STATUSES)[number];

/** What a metric of a machine shall be, as one of its steps left it. Never changed. */
export interface Desired {
  readonly machineId: string;
  readonly metric: string;
  /** Null only when CLEARED. */
  readonly value: Scalar;
  readonly dataType: DataType;
  /** The machine's desired version that brought this value. */
  readonly version: number;
  readonly status: DesiredStatus;
  /** Why it is not sent, while it is PENDING and someone or something refuses it. */
  readonly reason: string | null;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  /** When the broker last took it. */
  readonly sentAt: Date | null;
  /** While SENT: when it counts as not followed. */
  readonly followBy: Date | null;
  /** When the status began. */
  readonly since: Date;
}

/** All that is desired of one machine, as it is stored. */
export interface DesiredMachine {
  readonly machineId: string;
  /** Grows by one with each change of what is desired; 0 before the first. */
  readonly version: number;
  /** Grows by one with each write, so that readers know which of two answers is the newer one. */
  readonly revision: number;
  /** When the version was made. */
  readonly changedAt: Date;
  /** Something that the device may still follow was cleared, and the device was not told yet. */
  readonly withdrawn: boolean;
  readonly metrics: readonly Desired[];
}

/** A metric and what it shall be; null when nothing is desired of it any more. */
export interface DesiredWish {
  readonly name: string;
  readonly value: Scalar;
}

/** A wish that the machine type allows. */
export interface CheckedWish {
  readonly metric: string;
  readonly value: Scalar;
  readonly dataType: DataType;
}

/** What a machine says of a metric. */
export interface Reported {
  readonly value: Scalar;
  readonly quality: Quality;
  /** Milliseconds. */
  readonly receivedAt: number;
}

const MOST_METRICS = 1_000;

/**
 * Checks wishes against the machine type. Clearing is always allowed, also of what the type no longer knows.
 * @returns every problem at once, each with the field `["metrics", index, "name" | "value"]`.
 */
export function checkWishes(
  type: MachineType | null,
  wishes: readonly DesiredWish[],
): Result<readonly CheckedWish[], readonly UserErrorValue[]> {
  if (wishes.length === 0 || wishes.length > MOST_METRICS)
    return err([userError("INVALID_INPUT", `metrics must hold 1 to ${MOST_METRICS} items`, ["metrics"])]);
  const definitions = new Map((type?.metrics ?? []).map((metric) => [metric.name, metric]));
  const names = new Set<string>();
  const problems: UserErrorValue[] = [];
  const checked: CheckedWish[] = [];
  wishes.forEach(({ name, value }, index) => {
    const at = (field: string) => ["metrics", String(index), field];
    if (names.has(name))
      problems.push(userError("INVALID_INPUT", `${JSON.stringify(name)} stands twice`, at("name")));
    names.add(name);
    const definition = definitions.get(name);
    if (value === null) {
      checked.push({ metric: name, value, dataType: definition?.dataType ?? "String" });
      return;
    }
    if (!definition?.writable) {
      problems.push(
        userError(definition ? "INVALID_INPUT" : "NOT_FOUND", notWritable(type, name), at("name")),
      );
      return;
    }
    const wanted = wantedValue(definition, value);
    if (wanted.ok) checked.push({ metric: name, value: wanted.value, dataType: definition.dataType });
    else problems.push(userError("INVALID_INPUT", wanted.error, at("value")));
  });
  return problems.length > 0 ? err(problems) : ok(checked);
}

function notWritable(type: MachineType | null, name: string): string {
  if (!type) return "the machine has no machine type, and so nothing that may be set";
  const writable = type.metrics.flatMap((metric) => (metric.writable ? [metric.name] : []));
  const known = type.metrics.some((metric) => metric.name === name);
  const problem = known ? "is not writable" : `is no metric of the machine type ${type.name}`;
  return `${JSON.stringify(name)} ${problem}; writable: ${writable.join(", ") || "nothing"}`;
}

function wantedValue(definition: MetricDefinition, given: Scalar): Result<Scalar, string> {
  const { name, dataType, min, max } = definition;
  const wrong = unusable(given);
  if (wrong !== null) return err(`${name} ${wrong}`);
  const value = coerce(given, dataType);
  if (value === undefined || value === null)
    return err(`${name}: ${JSON.stringify(String(given))} is not a value of type ${dataType}`);
  if (typeof value === "number" || typeof value === "bigint") {
    if (min !== null && value < min) return err(`${name} must be at least ${min}`);
    if (max !== null && value > max) return err(`${name} must be at most ${max}`);
  }
  return ok(value);
}

const FLOATING: ReadonlySet<string> = new Set(["Double", "Float"]);
/** Devices keep floats in 32 bits, or calculate with them. */
const TOLERANCE = 1e-6;

/** Whether a machine's report of a metric is what is desired; null when the report says nothing about it. */
export function isFollowed(desired: Desired, reported: Reported | null): boolean | null {
  if (reported === null || reported.quality === "BAD") return null;
  const { value, dataType } = desired;
  if (reported.value === value) return true;
  if (!FLOATING.has(dataType) || typeof value !== "number" || typeof reported.value !== "number")
    return false;
  const larger = Math.max(Math.abs(value), Math.abs(reported.value));
  return Math.abs(value - reported.value) <= TOLERANCE * larger;
}

/** How long in milliseconds a machine may take until it reports a desired value. */
export function followWithinMs(type: MachineType | null, metric: string): number {
  const own = type?.metrics.find(({ name }) => name === metric)?.followWithinMs;
  return own ?? type?.followWithinMs ?? DEFAULT_FOLLOW_WITHIN_MS;
}

const WORST_FIRST = ["NOT_FOLLOWED", "PENDING", "SENT", "SETTLED"] as const;

/** The status that needs attention most; null when nothing is desired. */
export function worstStatus(metrics: Iterable<Desired>): DesiredStatus | null {
  const found = new Set(Array.from(metrics, ({ status }) => status));
  return WORST_FIRST.find((status) => found.has(status)) ?? null;
}

/** A value after a step. `sentAt` stays unless the step tells another. */
export function stepped(
  desired: Desired,
  status: DesiredStatus,
  step: { readonly at: number; readonly reason?: string; readonly sentAt?: Date; readonly followBy?: Date },
): Desired {
  return {
    ...desired,
    status,
    reason: step.reason ?? null,
    sentAt: step.sentAt ?? desired.sentAt,
    followBy: step.followBy ?? null,
    since: status === desired.status ? desired.since : new Date(step.at),
  };
}
