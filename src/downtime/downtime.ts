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
  /** The first maintenance order that was in progress during it. */
  readonly maintenanceOrderId: string | null;
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

/**
 * The global id of a downtime, which stays the same for as long as it begins at the same moment. It is like other global
 * ids, with the beginning as a third part: a downtime is no row that could have a key.
 */
export function downtimeId({ machineId, from }: Pick<Downtime, "machineId" | "from">): string {
  return `Downtime:${machineId}:${from}`;
}

/** The machine and the beginning that a downtime's id names; null when it is the id of something else. */
export function partsOfDowntimeId(id: string): { machineId: string; from: number } | null {
  const [type, machineId = "", from = "", ...rest] = id.split(":");
  if (type !== "Downtime" || rest.length > 0 || !isUuid(machineId) || !/^\d{1,15}$/.test(from)) return null;
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
  if (category === "UNCLASSIFIED") {
    const message =
      "reason must be empty with UNCLASSIFIED, which takes back what was said; a comment is kept";
    if (reason.trim() !== "") refuse("reason", message);
    return problems;
  }
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

/** What is written when someone says something of downtimes; it is about time, whatever downtimes late data makes of that. */
export interface Said {
  readonly statement: (Classification & Interval) | null;
  readonly cut: Pick<Cut, "kind" | "from" | "to"> | null;
}

/** A downtime was this. */
export function saidOfClassified(
  downtime: Downtime,
  { category, reason, comment }: Classification,
  now: number,
): Said {
  return { statement: { ...stretchOf(downtime, now), category, reason, comment }, cut: null };
}

/** A downtime is parted at a moment. */
export function saidOfSplit(downtime: Downtime, at: number, now: number): Said {
  const cut = { kind: "CUT", from: at, to: at } as const;
  // Else the part that nothing was said of would lose what holds for it only because it was one with the other.
  if (downtime.classifiedBy !== "OPERATOR") return { statement: null, cut };
  return { ...saidOfClassified(downtime, downtime, now), cut };
}

/** Downtimes that follow each other become one. */
export function saidOfMerged(named: readonly Downtime[], now: number): Said {
  const from = Math.min(...named.map((one) => one.from));
  const to = Math.max(...named.map((one) => stretchOf(one, now).to));
  const classification = mergedClassification(named);
  if (classification === null) return { statement: null, cut: { kind: "JOIN", from, to } };
  const { category, reason, comment } = classification;
  return { statement: { from, to, category, reason, comment }, cut: { kind: "JOIN", from, to } };
}

/** The time that something is said of; of a downtime that lasts, what has passed of it. */
function stretchOf({ from, to }: Downtime, now: number): Interval {
  return { from, to: to ?? Math.max(from + 1, now) };
}

/** Of those that have a classification the first, as they are named; null when it comes out by itself. */
function mergedClassification(named: readonly Downtime[]): Classification | null {
  const [first] = named;
  const alike = named.every((one) => one.category === first?.category && one.reason === first.reason);
  if (alike && named.every(({ classifiedBy }) => classifiedBy !== "OPERATOR")) return null;
  return named.find(({ category }) => category !== "UNCLASSIFIED") ?? first ?? null;
}

/** Whether what is told of a downtime is the same; how long one that lasts has been so far is not compared. */
export function isToldAlike(one: Downtime, other: Downtime): boolean {
  return (
    one.machineId === other.machineId &&
    one.from === other.from &&
    one.to === other.to &&
    one.state === other.state &&
    one.category === other.category &&
    one.reason === other.reason &&
    one.comment === other.comment &&
    one.classifiedBy === other.classifiedBy &&
    one.microStop === other.microStop &&
    one.fault === other.fault &&
    one.operationId === other.operationId &&
    one.maintenanceOrderId === other.maintenanceOrderId
  );
}

/** Statements as they hold: of each moment what was said last. */
export function statementsLatestFirst(statements: readonly Statement[]): Span<Statement>[] {
  return statements
    .toSorted((a, b) => b.number - a.number)
    .map((value) => ({ from: value.from, to: value.to, value }));
}
