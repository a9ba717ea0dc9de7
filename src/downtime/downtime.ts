import { isUuid } from "../kernel/ids.js";
import type { Interval, Span } from "../kernel/intervals.js";
import { textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { type DowntimeCategory, type DowntimeReason, reasonByCode } from "../plant/downtime-settings.js";
import type { MachineState } from "../twin/packml.js";

/** Who or what gave a downtime its category. */
export const CLASSIFIERS = ["DERIVED", "FAULT", "OPERATOR"] as const;
export type ClassifiedBy = (typeof CLASSIFIERS)[number];

export interface Classification {
  readonly category: DowntimeCategory;
  /** A code of the machine type's reason tree where it has one; null: nobody has given one. */
  readonly reason: string | null;
  readonly comment: string | null;
}

/** A stretch of planned busy time that a machine did not produce in. */
export interface Downtime extends Classification {
  /** Global. It stays the same for as long as the downtime begins at the same moment. */
  readonly id: string;
  readonly machineId: string;
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
  /** So far, while it lasts. */
  readonly durationMs: number;
  /** The state that it began with. */
  readonly state: MachineState;
  readonly classifiedBy: ClassifiedBy;
  /** Shorter than the machine type's limit. */
  readonly microStop: boolean;
  /** The first fault code during it. */
  readonly fault: string | null;
  /** The first operation that ran during it. */
  readonly operationId: string | null;
}

/** What someone said of a stretch of a machine's time. It is kept as it was said; what is said later of the same time counts. */
export interface Statement extends Classification, Interval {
  /** Grows with every statement. */
  readonly number: number;
  readonly machineId: string;
  readonly statedBy: string;
  readonly statedAt: Date;
}

/** Someone parted a downtime at a moment (`from` and `to` are the same), or put together what lies within a stretch. */
export interface Cut extends Interval {
  /** Grows with every cut and join; a later one counts against earlier ones. */
  readonly number: number;
  readonly machineId: string;
  readonly kind: "CUT" | "JOIN";
  readonly madeBy: string;
  readonly madeAt: Date;
}

/** Like other global ids, with the beginning as a third part: a downtime is no row that could have a key. */
export function downtimeId(machineId: string, from: number): string {
  return `Downtime:${machineId}:${from}`;
}

/** The machine and the beginning that a downtime's id names; null when it is the id of something else. */
export function partsOfDowntimeId(id: string): { machineId: string; from: number } | null {
  const [type, machineId = "", from = "", ...rest] = id.split(":");
  if (type !== "Downtime" || rest.length > 0 || !isUuid(machineId) || !/^-?\d{1,15}$/.test(from)) return null;
  return { machineId, from: Number(from) };
}

/** Why a classification is refused; empty when it is not. */
export function classificationProblems(
  wanted: Classification & { readonly reason: string },
  reasons: readonly DowntimeReason[],
): UserErrorValue[] {
  const { category, reason, comment } = wanted;
  const problems: UserErrorValue[] = [];
  const refuse = (field: keyof Classification, message: string) =>
    problems.push(userError("INVALID_INPUT", message, [field]));
  const commentProblem = comment === null ? null : textProblem(comment, 10_000);
  if (commentProblem !== null) refuse("comment", `comment ${commentProblem}`);
  // Whoever takes a classification back has no reason to name.
  if (category === "UNCLASSIFIED") return problems;
  const reasonProblem = textProblem(reason, 200);
  if (reasonProblem !== null) refuse("reason", `reason ${reasonProblem}`);
  else if (reasons.length > 0) {
    const known = reasonByCode(reasons, reason);
    if (!known) refuse("reason", `the machine's type has no downtime reason "${reason}"`);
    else if (known.category !== null && known.category !== category)
      refuse("category", `a downtime with the reason "${reason}" is ${known.category}, not ${category}`);
  }
  return problems;
}

/** Of a downtime that lasts, the newest part may be over already without the server knowing. */
const UNCERTAIN_MS = 60_000;

/** The stretch that is stored when something is said of a downtime. */
export function statedStretch({ from, to }: Downtime, now: number): Interval {
  return { from, to: to ?? Math.max(from + 1, now - UNCERTAIN_MS) };
}

/** Why downtimes, oldest first, cannot become one; null when they can. */
export function adjacencyProblem(downtimes: readonly Downtime[]): string | null {
  for (const [index, { machineId, from }] of downtimes.entries()) {
    const before = downtimes[index - 1];
    if (before && before.machineId !== machineId) return "downtimes of several machines cannot become one";
    if (before && before.to !== from)
      return "only downtimes that follow each other without a gap can become one";
  }
  return null;
}

/**
 * The classification of the downtime that others become: of those that have one the first, as they are named.
 * @returns null when nothing needs to be said, because it comes out by itself.
 */
export function mergedClassification(named: readonly Downtime[]): Classification | null {
  const [first] = named;
  const alike = named.every((one) => one.category === first?.category && one.reason === first.reason);
  if (alike && named.every(({ classifiedBy }) => classifiedBy !== "OPERATOR")) return null;
  return named.find(({ category }) => category !== "UNCLASSIFIED") ?? first ?? null;
}

/** Statements as they hold: of each moment what was said last. */
export function statementsLatestFirst(statements: readonly Statement[]): Span<Statement>[] {
  return statements
    .toSorted((a, b) => b.number - a.number)
    .map((value) => ({ from: value.from, to: value.to, value }));
}
