import {
  DEFAULT_RETENTION,
  KEEP_ALL,
  type RetentionPolicies,
  type RetentionPolicy,
} from "../plant/history-settings.js";
import type { MachineType } from "../plant/machine-type.js";

const DAY_MS = 86_400_000;
/** 1970-01-05, a Monday. */
const FIRST_MONDAY = 4 * DAY_MS;

/** The tables of sealed history, from the finest to the coarsest: their level of detail, and the days of one partition. */
export const BLOCK_TABLES = {
  sample_block: { level: "samples", days: 7, time: "from_time" },
  minute_block: { level: "minutes", days: 28, time: "from_time" },
  hour_rollup: { level: "hours", days: 364, time: "time" },
  day_rollup: { level: "days", days: 3640, time: "time" },
} as const satisfies Record<string, { level: keyof RetentionPolicy; days: number; time: string }>;

export type BlockTable = keyof typeof BLOCK_TABLES;

/** The name of the policy that a metric's history goes by. A name that no policy has any more counts as the default. */
export function policyName(
  type: MachineType | null | undefined,
  metric: string,
  policies: RetentionPolicies,
): string {
  const named = type?.metrics.find((one) => one.name === metric)?.retention;
  return named !== undefined && Object.hasOwn(policies, named) ? named : DEFAULT_RETENTION;
}

/** The policy of that name, or the default one where the plant file has it no more. */
export function policyOf(policies: RetentionPolicies, name: string): RetentionPolicy {
  return (Object.hasOwn(policies, name) ? policies[name] : policies[DEFAULT_RETENTION]) ?? KEEP_ALL;
}

/** What is older than this is not kept, in milliseconds; -Infinity when all is. */
export function keptSince(kept: number | null, now: number): number {
  return kept === null ? Number.NEGATIVE_INFINITY : now - kept;
}

/** The span of time of one partition. */
export interface Span {
  /** Milliseconds since 1970: the beginning, included, and the end, excluded. */
  readonly from: number;
  readonly to: number;
}

/** The span of a table's partition that holds a time. */
export function spanOf(table: BlockTable, time: number): Span {
  const width = BLOCK_TABLES[table].days * DAY_MS;
  const from = Math.floor((time - FIRST_MONDAY) / width) * width + FIRST_MONDAY;
  return { from, to: from + width };
}

/** Whether nothing in the span is kept any more. */
export function isTooOld(span: Span, kept: number | null, now: number): boolean {
  return span.to <= keptSince(kept, now);
}

/** The name of a policy's part of a table. */
export function policyTable(table: BlockTable, policy: string): string {
  return `${table}_${policy}`;
}

/** The name of a partition. No policy begins with a digit, so it is never that of a policy's part. */
export function spanTable(table: BlockTable, policy: string, span: Span): string {
  const iso = new Date(span.from).toISOString();
  const day = Math.abs(span.from / DAY_MS);
  const date = /^\d{4}-/.test(iso)
    ? iso.slice(0, 10).replaceAll("-", "")
    : `0${span.from < 0 ? "b" : "a"}${day}`;
  return `${table}_${date}_${policy}`;
}
