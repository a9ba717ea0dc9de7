import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { argumentOf } from "../plant/command-settings.js";
import {
  type CommandDefinition,
  type CommandProof,
  DATA_TYPES,
  type DataType,
  type MachineType,
  type MetricDefinition,
} from "../plant/machine-type.js";
import { coerce, dataTypeOf, type Scalar, unusable } from "../twin/sample.js";

/** A metric, and the value that a command gives it. */
export interface CommandWrite {
  readonly metric: string;
  /** Of the metric's type where the machine type knows the metric, else of the value's own. */
  readonly dataType: DataType;
  /** Never null. */
  readonly value: Scalar;
}

/** How a command is sent and proven: what the machine type said when it was taken. */
export interface CommandPolicy {
  readonly confirm: CommandProof;
  /** Empty when it writes no metrics. */
  readonly writes: readonly CommandWrite[];
  /** PackML states; empty when none proves it. */
  readonly reaches: readonly string[];
  /** PackML states; null: all. */
  readonly allowedStates: readonly string[] | null;
  readonly retries: number;
  readonly retryAfterMs: number;
}

/** The policy of commands that were stored before there were any. */
export const REPLY_POLICY: CommandPolicy = {
  confirm: "reply",
  writes: [],
  reaches: [],
  allowedStates: null,
  retries: 0,
  retryAfterMs: 0,
};

/** The policy of a command with these arguments, or every reason why a value cannot be written. */
export function policyFor(
  definition: CommandDefinition,
  type: MachineType,
  given: { readonly arguments: unknown; readonly timeoutMs: number },
): Result<CommandPolicy, readonly UserErrorValue[]> {
  const { confirm, allowedStates, retries, retryAfterMs } = definition;
  const writes = writesFor(definition, type, given.arguments);
  if (!writes.ok) return writes;
  return ok({
    confirm,
    writes: writes.value,
    reaches: definition.reaches ?? [],
    allowedStates,
    retries,
    retryAfterMs: retryAfterMs ?? Math.ceil(given.timeoutMs / (retries + 1)),
  });
}

function writesFor(
  definition: CommandDefinition,
  type: MachineType,
  args: unknown,
): Result<readonly CommandWrite[], readonly UserErrorValue[]> {
  if (definition.writes === null) return ok([]);
  const values = typeof args === "object" && args !== null ? new Map(Object.entries(args)) : new Map();
  const metrics = new Map(type.metrics.map((metric) => [metric.name, metric]));
  const problems: UserErrorValue[] = [];
  const writes: CommandWrite[] = [];
  for (const [metric, written] of Object.entries(definition.writes)) {
    const argument = argumentOf(written);
    const value: unknown = argument === null ? written : values.get(argument);
    // An argument that may be left out leaves its metric as it is.
    if (value === undefined) continue;
    const write = writeOf(metric, value, metrics.get(metric));
    if (write.ok) writes.push(write.value);
    else
      problems.push(
        userError("INVALID_INPUT", write.error, argument === null ? ["name"] : ["arguments", argument]),
      );
  }
  if (problems.length > 0) return err(problems);
  if (writes.length === 0)
    return err([
      userError("INVALID_INPUT", `these arguments give ${definition.name} nothing to write`, ["arguments"]),
    ]);
  return ok(writes);
}

function writeOf(
  metric: string,
  given: unknown,
  definition: MetricDefinition | undefined,
): Result<CommandWrite, string> {
  if (typeof given !== "number" && typeof given !== "string" && typeof given !== "boolean")
    return err(`${metric} takes a number, a text or true or false`);
  const dataType = definition?.dataType ?? dataTypeOf(given);
  const value = coerce(given, dataType);
  if (value === undefined || value === null)
    return err(`${metric}: ${JSON.stringify(String(given))} is not a value of type ${dataType}`);
  const wrong = unusable(value);
  if (wrong !== null) return err(`${metric} ${wrong}`);
  if (typeof value === "number" || typeof value === "bigint") {
    const { min = null, max = null } = definition ?? {};
    if (min !== null && value < min) return err(`${metric} must be at least ${min}`);
    if (max !== null && value > max) return err(`${metric} must be at most ${max}`);
  }
  return ok({ metric, dataType, value });
}

/** A policy as JSON can hold it. */
export function storedPolicy(policy: CommandPolicy): object {
  const writes = policy.writes.map((write) => ({ ...write, value: jsonValue(write.value) }));
  return { ...policy, writes };
}

/** A policy as `storedPolicy` gave it; what is not there is as it was before there were policies. */
export function policyOf(stored: object): CommandPolicy {
  const policy: CommandPolicy = { ...REPLY_POLICY, ...stored };
  return { ...policy, writes: policy.writes.map(writeOfStored) };
}

function writeOfStored({ metric, dataType, value }: CommandWrite): CommandWrite {
  const type = DATA_TYPES.find((known) => known === dataType) ?? "String";
  return { metric, dataType: type, value: coerce(value, type) ?? null };
}

/** A value as JSON can hold it: integers that a number cannot hold as decimal strings. */
export function jsonValue(value: Scalar): Exclude<Scalar, bigint> {
  return typeof value === "bigint" ? value.toString() : value;
}
