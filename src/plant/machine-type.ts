/** How a value is stored and compared. Sparkplug's names. */
export const DATA_TYPES = ["Double", "Int64", "Boolean", "String"] as const;
export type DataType = (typeof DATA_TYPES)[number];

/** What a metric means to the MES. */
export const METRIC_ROLES = [
  "STATE",
  "MODE",
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
}

export interface CommandDefinition {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema (draft 2020-12) of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
}

/** What machines of one kind report and accept. */
export interface MachineType {
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
  readonly metrics: readonly MetricDefinition[];
  readonly commands: readonly CommandDefinition[];
}

/** Silence after which a machine without a type is STALE. */
export const DEFAULT_STALE_AFTER_MS = 60_000;
export const DEFAULT_COMMAND_TIMEOUT_MS = 30_000;

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
