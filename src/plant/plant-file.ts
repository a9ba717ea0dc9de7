import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { z } from "zod";
import { err, ok, type Result } from "../kernel/result.js";
import { settingProblem } from "../kernel/setting-problem.js";
import { alarmProblems, alarmRules } from "./alarm-settings.js";
import { calendarProblems, calendarSettings } from "./calendar-settings.js";
import { command, concurrency, stateProblems } from "./command-settings.js";
import { downtimeShape, reasonProblems } from "./downtime-settings.js";
import { duration } from "./duration-setting.js";
import { checkPath, EQUIPMENT_LEVELS } from "./equipment.js";
import { DEFAULT_RETENTION, historySettings, retentionName } from "./history-settings.js";
import { lateData } from "./kpi-settings.js";
import { DATA_TYPES, DEFAULT_STALE_AFTER_MS, METRIC_ROLES } from "./machine-type.js";
import { sourceSettings } from "./source-settings.js";

const path = z.string().superRefine((value, context) => {
  const checked = checkPath(value);
  if (!checked.ok) context.addIssue({ code: "custom", message: checked.error });
});

const name = z.string().trim().min(1, "must not be empty");

const metric = z.strictObject({
  name,
  type: z.enum(DATA_TYPES).default("Double"),
  unit: name.optional(),
  role: z.enum(METRIC_ROLES).optional(),
  writable: z.boolean().default(false),
  min: z.number().optional(),
  max: z.number().optional(),
  staleAfter: duration.optional(),
  followWithin: duration.optional(),
  retention: retentionName.optional(),
  counterMax: z.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
});

const machineType = z
  .strictObject({
    name,
    appliesTo: z.array(name).default([]),
    staleAfter: duration.default(DEFAULT_STALE_AFTER_MS),
    offlineAfter: duration.optional(),
    followWithin: duration.optional(),
    metrics: z.array(metric).default([]).superRefine(unique("name")),
    concurrency: concurrency.optional(),
    commands: z.array(command).default([]).superRefine(unique("name")),
    ...downtimeShape,
    alarms: alarmRules.optional(),
  })
  .superRefine((type, context) => {
    for (const { index, field, message } of stateProblems(type))
      context.addIssue({ code: "custom", path: ["commands", index, field], message });
    for (const { path: at, message } of alarmProblems(type))
      context.addIssue({ code: "custom", path: ["alarms", ...at], message });
    for (const { path: at, message } of reasonProblems(type))
      context.addIssue({ code: "custom", path: [...at], message });
  });

const equipment = z.strictObject({
  path,
  name: name.optional(),
  level: z.enum(EQUIPMENT_LEVELS).optional(),
  type: name.optional(),
  calendar: name.optional(),
});

const plantFile = z
  .strictObject({
    equipment: z.array(equipment).default([]).superRefine(unique("path")),
    machineTypes: z.array(machineType).default([]).superRefine(unique("name")),
    sources: z.array(sourceSettings).default([]).superRefine(unique("name")),
    history: historySettings.optional(),
    lateData,
    calendars: calendarSettings.optional(),
  })
  .superRefine((file, context) => {
    const types = new Set(file.machineTypes.map((type) => type.name));
    file.equipment.forEach((item, index) => {
      if (item.type !== undefined && !types.has(item.type)) {
        context.addIssue({
          code: "custom",
          path: ["equipment", index, "type"],
          message: `there is no machine type "${item.type}" in this file`,
        });
      }
      if (item.type !== undefined && item.level !== undefined && item.level !== "MACHINE") {
        context.addIssue({
          code: "custom",
          path: ["equipment", index, "level"],
          message: "only a MACHINE has a type",
        });
      }
    });
    for (const problem of calendarProblems(file)) context.addIssue({ code: "custom", ...problem });
    const policies = new Set([DEFAULT_RETENTION, ...Object.keys(file.history?.retention ?? {})]);
    file.machineTypes.forEach((type, typeIndex) => {
      type.metrics.forEach(({ retention }, index) => {
        if (retention === undefined || policies.has(retention)) return;
        context.addIssue({
          code: "custom",
          path: ["machineTypes", typeIndex, "metrics", index, "retention"],
          message: `there is no retention policy "${retention}" under history.retention`,
        });
      });
    });
  });

/** What a plant file says, with defaults filled in and durations in milliseconds. */
export type PlantFile = z.output<typeof plantFile>;
export type MachineTypeConfig = PlantFile["machineTypes"][number];

/** Where in the file something is wrong, and what. */
export interface PlantFileProblem {
  readonly line: number;
  /** Such as `machineTypes[0].metrics[2].role`. */
  readonly field: string;
  readonly message: string;
}

/**
 * Reads a plant file (YAML).
 * @param env fills `${NAME}` in values.
 * @returns every problem at once, in the order of the lines.
 */
export function parsePlantFile(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): Result<PlantFile, readonly PlantFileProblem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    return err(
      document.errors.map((error) => ({
        line: lines.linePos(error.pos[0]).line,
        field: "",
        message: error.message.split("\n")[0] ?? error.code,
      })),
    );
  }
  const missing: PlantFileProblem[] = [];
  const lineOf = (at: readonly PropertyKey[]) => lineAt(document.contents, at, lines);
  const data = fillIn(document.toJS() ?? {}, env, [], (at, variable) =>
    missing.push({
      line: lineOf(at),
      field: fieldName(at),
      message: `the environment variable ${variable} is not set`,
    }),
  );
  if (missing.length > 0) return err(missing);
  const parsed = plantFile.safeParse(data, { error: settingProblem });
  if (parsed.success) return ok(parsed.data);
  const problems = parsed.error.issues.map((issue) => ({
    line: lineOf(issue.path),
    field: fieldName(issue.path),
    message: issue.message,
  }));
  return err(problems.sort((a, b) => a.line - b.line));
}

export function formatProblem(file: string, problem: PlantFileProblem): string {
  return `${file}:${problem.line}: ${problem.field === "" ? "" : `${problem.field}: `}${problem.message}`;
}

function unique<Key extends string>(key: Key) {
  return (items: readonly Record<Key, unknown>[], context: z.core.$RefinementCtx) => {
    const seen = new Set<unknown>();
    items.forEach((item, index) => {
      if (seen.has(item[key])) {
        context.addIssue({
          code: "custom",
          path: [index, key],
          message: `"${String(item[key])}" stands twice`,
        });
      }
      seen.add(item[key]);
    });
  };
}

function fillIn(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  at: readonly PropertyKey[],
  onMissing: (at: readonly PropertyKey[], variable: string) => void,
): unknown {
  if (typeof value === "string") {
    return value.replace(/\$\{([A-Z_][A-Z0-9_]*)\}/g, (_, variable: string) => {
      const filled = env[variable];
      if (filled === undefined) onMissing(at, variable);
      return filled ?? "";
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => fillIn(item, env, [...at, index], onMissing));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, fillIn(item, env, [...at, key], onMissing)]),
    );
  }
  return value;
}

function fieldName(at: readonly PropertyKey[]): string {
  return at
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

/** The line of the deepest part of the path that stands in the file. */
function lineAt(root: Node | null | undefined, at: readonly PropertyKey[], lines: LineCounter): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const part of at) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part);
      if (!pair) break;
      const key = pair.key as Node;
      offset = key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === "number") {
      node = node.items[part];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}
