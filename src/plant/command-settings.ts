import { z } from "zod";
import { MACHINE_STATES } from "../twin/packml.js";
import { duration } from "./duration-setting.js";
import { COMMAND_PROOFS, type CommandDefinition, DEFAULT_COMMAND_TIMEOUT_MS } from "./machine-type.js";

const text = z.string().trim().min(1, "must not be empty");
const state = z.enum(MACHINE_STATES);
const reached = state.exclude(["UNKNOWN"]);
const MOST_RETRIES = 10;

/** Whether commands to one machine wait for each other's end. */
export const concurrency = z.enum(["one-at-a-time", "parallel"]);

export const command = z
  .strictObject({
    name: text.regex(/^[^/+#]+$/, "must not hold /, + or #"),
    description: text.optional(),
    timeout: duration.default(DEFAULT_COMMAND_TIMEOUT_MS),
    parameters: z.record(z.string(), z.unknown()).default({ type: "object", additionalProperties: false }),
    retries: z.int().min(0).max(MOST_RETRIES).optional(),
    retryAfter: duration.optional(),
    concurrency: concurrency.optional(),
    allowedStates: z.array(state).min(1, "must name a state").optional(),
    confirm: z.enum(COMMAND_PROOFS).optional(),
    /** By metric: a value, or the argument whose value it is as `{argument}`. */
    writes: z.record(text, z.union([z.string(), z.number(), z.boolean()])).optional(),
    reaches: z
      .union([reached.transform((one) => [one]), z.array(reached).min(1, "must name a state")])
      .optional(),
  })
  .superRefine((value, context) => {
    const problem = (field: string, message: string, ...rest: string[]) =>
      context.addIssue({ code: "custom", path: [field, ...rest], message });
    const { confirm, writes, reaches, retries, retryAfter, parameters } = value;
    if (writes !== undefined && Object.keys(writes).length === 0) problem("writes", "must name a metric");
    if (confirm === "echo" && writes === undefined)
      problem("confirm", "echo needs writes: the metrics that are to come back");
    if (confirm === "state" && reaches === undefined)
      problem("confirm", "state needs reaches: the states that prove it");
    if (reaches !== undefined && confirm !== undefined && confirm !== "state")
      problem("reaches", `goes with confirm: state, not with ${confirm}`);
    if (retryAfter !== undefined && !retries) problem("retryAfter", "goes with retries");
    for (const [metric, written] of Object.entries(writes ?? {})) {
      const argument = argumentOf(written);
      if (argument !== null && !declares(parameters, argument))
        problem("writes", `parameters do not declare ${JSON.stringify(argument)}`, metric);
    }
  });

export type CommandConfig = z.output<typeof command>;
export type Concurrency = z.output<typeof concurrency>;

/** What is wrong with a type's commands in the light of its metrics, each with the index of the command and its field. */
export function stateProblems(type: {
  readonly metrics: readonly { readonly role?: string | undefined }[];
  readonly commands: readonly CommandConfig[];
}): { readonly index: number; readonly field: string; readonly message: string }[] {
  if (type.metrics.some(({ role }) => role === "STATE")) return [];
  return type.commands.flatMap((given, index) =>
    (["allowedStates", "reaches"] as const)
      .filter((field) => given[field] !== undefined)
      .map((field) => ({ index, field, message: "needs a metric with the role STATE" })),
  );
}

/** @param ofType what the machine type says for all of its commands. */
export function commandDefinitionOf(
  config: CommandConfig,
  ofType: { readonly concurrency?: Concurrency | undefined },
): CommandDefinition {
  const { retries = 0, writes = null, reaches = null } = config;
  return {
    name: config.name,
    description: config.description ?? null,
    parameters: config.parameters,
    timeoutMs: config.timeout,
    retries,
    retryAfterMs: config.retryAfter ?? null,
    oneAtATime: (config.concurrency ?? ofType.concurrency) !== "parallel",
    allowedStates: config.allowedStates ?? null,
    confirm: config.confirm ?? (reaches ? "state" : writes ? "echo" : "reply"),
    writes,
    reaches,
  };
}

/** The argument that a written value stands for; null when it is the value itself. */
export function argumentOf(written: string | number | boolean): string | null {
  return typeof written === "string" ? (/^\{([^{}]+)\}$/.exec(written)?.[1] ?? null) : null;
}

/** Schemas may say it in ways that only validation understands; where properties are listed, it must be among them. */
function declares(parameters: Readonly<Record<string, unknown>>, argument: string): boolean {
  const { properties, additionalProperties } = parameters;
  if (typeof properties === "object" && properties !== null) return Object.hasOwn(properties, argument);
  return additionalProperties !== false;
}
