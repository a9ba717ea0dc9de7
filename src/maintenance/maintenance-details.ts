import { textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";

/** One thing to be done or looked at. */
export interface ChecklistItem {
  readonly id: string;
  readonly orderId: string;
  /** From 1. */
  readonly position: number;
  readonly text: string;
  /** The order cannot be completed before it is done. */
  readonly required: boolean;
  readonly done: boolean;
  /** What was read or measured. */
  readonly value: string | null;
  readonly doneBy: string | null;
  readonly doneAt: Date | null;
}

export interface Part {
  readonly id: string;
  readonly orderId: string;
  readonly partNumber: string;
  readonly name: string | null;
  /** Decimal; below 0 takes back what was recorded before. */
  readonly quantity: string;
  readonly unit: string;
  /** To be had ready; otherwise it was used. */
  readonly planned: boolean;
  readonly recordedBy: string;
  readonly recordedAt: Date;
}

export interface WorkLog {
  readonly id: string;
  readonly orderId: string;
  readonly worker: string;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly minutes: number;
  readonly note: string | null;
  readonly recordedBy: string;
  readonly recordedAt: Date;
}

export const MAINTENANCE_EVENTS = [
  "CREATED",
  "OPENED",
  "STARTED",
  "COMPLETED",
  "CANCELLED",
  "CHANGED",
  "COMMENTED",
  "ITEM_CHECKED",
  "ITEM_UNCHECKED",
  "PART_RECORDED",
  "WORK_LOGGED",
  "DUE_AGAIN",
] as const;
export type MaintenanceEventKind = (typeof MAINTENANCE_EVENTS)[number];

export interface MaintenanceEvent {
  readonly orderId: string;
  readonly kind: MaintenanceEventKind;
  readonly by: string;
  /** When it happened. */
  readonly at: Date;
  readonly recordedAt: Date;
  readonly detail: string | null;
}

/** A checklist item as plans and new orders tell it. */
export interface NewItem {
  readonly text: string;
  readonly required: boolean;
}

/** A part as plans and new orders tell it. */
export interface NewPart {
  readonly partNumber: string;
  readonly name: string | null;
  readonly quantity: number;
  readonly unit: string;
}

const MOST_ITEMS = 200;
const LONGEST_LINE = 500;

/** Everything that is wrong with a checklist and parts to be had ready; fields as `checklist`, `0`, `text`. */
export function detailProblems(checklist: readonly NewItem[], parts: readonly NewPart[]): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  for (const [field, list] of [
    ["checklist", checklist],
    ["parts", parts],
  ] as const) {
    if (list.length > MOST_ITEMS) {
      problems.push(userError("INVALID_INPUT", `${field} has more than ${MOST_ITEMS} entries`, [field]));
    }
  }
  checklist.forEach((item, index) => {
    const problem = textProblem(item.text, LONGEST_LINE);
    if (problem !== null) {
      const message = `checklist item ${index + 1}: text ${problem}`;
      problems.push(userError("INVALID_INPUT", message, ["checklist", String(index), "text"]));
    }
  });
  parts.forEach((part, index) => {
    for (const { field, message } of partProblems(part)) {
      const at = ["parts", String(index), ...(field ?? [])];
      problems.push(userError("INVALID_INPUT", `part ${index + 1}: ${message}`, at));
    }
    if (part.quantity <= 0) {
      const message = `part ${index + 1}: quantity must be above 0`;
      problems.push(userError("INVALID_INPUT", message, ["parts", String(index), "quantity"]));
    }
  });
  return problems;
}

/** Everything that is wrong with a part; its quantity may be below 0. */
export function partProblems(part: NewPart): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  const refuse = (field: keyof NewPart, problem: string | null) => {
    if (problem !== null) problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [field]));
  };
  refuse("partNumber", textProblem(part.partNumber, 100));
  if (part.name !== null) refuse("name", textProblem(part.name, LONGEST_LINE));
  refuse("unit", textProblem(part.unit, 50));
  if (!Number.isFinite(part.quantity) || Math.abs(part.quantity) > 1e12) {
    refuse("quantity", "must be a number up to 10^12");
  }
  return problems;
}

/** Time spent on an order as someone tells it: from and to, or minutes. */
export interface NewWork {
  readonly worker: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly minutes: number | null;
  readonly note: string | null;
}

const MINUTE_MS = 60_000;
const LONGEST_WORK_MINUTES = 100_000;

/** How many minutes that is, or everything that is wrong with it. */
export function workMinutes(work: NewWork, now: number): { minutes: number } | { refused: UserErrorValue[] } {
  const problems: UserErrorValue[] = [];
  const refuse = (field: keyof NewWork, message: string) =>
    problems.push(userError("INVALID_INPUT", message, [field]));
  const { worker, from, to, minutes, note } = work;
  const workerProblem = worker === null ? null : textProblem(worker, 200);
  if (workerProblem !== null) refuse("worker", `worker ${workerProblem}`);
  const noteProblem = note === null || note === "" ? null : textProblem(note, 10_000);
  if (noteProblem !== null) refuse("note", `note ${noteProblem}`);
  if ((from === null) !== (to === null)) refuse(from === null ? "from" : "to", "give both from and to");
  if (from !== null && to !== null && minutes !== null) refuse("minutes", "give from and to, or minutes");
  if (from === null && to === null && minutes === null) refuse("minutes", "give from and to, or minutes");
  if (from !== null && to !== null && to <= from) refuse("to", "to must be after from");
  if (to !== null && to.getTime() > now) refuse("to", "to must not be in the future");
  const spent = minutes ?? ((to?.getTime() ?? 0) - (from?.getTime() ?? 0)) / MINUTE_MS;
  if (problems.length === 0 && !(spent > 0 && spent <= LONGEST_WORK_MINUTES)) {
    const field = minutes === null ? "to" : "minutes";
    refuse(field, `the time spent must be above 0 and at most ${LONGEST_WORK_MINUTES} minutes`);
  }
  return problems.length > 0 ? { refused: problems } : { minutes: spent };
}
