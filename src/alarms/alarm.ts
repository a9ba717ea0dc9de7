import { storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { AlarmSeverity } from "../plant/alarm-rule.js";
import type { Scalar } from "../twin/sample.js";
import type { AlarmTurn, WantedMaintenance } from "./alarm-fact.js";

/** A shelf hides an alarm until a moment: it neither notifies nor opens maintenance. */
export interface Shelving {
  readonly until: Date;
  readonly reason: string;
  readonly by: string;
  readonly at: Date;
}

/** The shelf of one alarm of one machine, whether it is raised or not. */
export interface Shelf extends Shelving {
  readonly machineId: string;
  readonly code: string;
}

/**
 * An alarm of a machine, from when it is raised until it is both cleared and acknowledged (ISA-18.2). Until then what
 * raises it again is counted.
 */
export interface Alarm {
  readonly id: string;
  readonly machineId: string;
  readonly code: string;
  readonly severity: AlarmSeverity;
  readonly message: string;
  readonly metric: string | null;
  /** What `metric` was when it was last raised. */
  readonly value: Scalar;
  readonly limit: number | null;
  readonly active: boolean;
  readonly raisedAt: Date;
  readonly lastRaisedAt: Date;
  readonly occurrences: number;
  /** Null while it is active. */
  readonly clearedAt: Date | null;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly comment: string | null;
  /** The order that it still has to open. */
  readonly maintenance: WantedMaintenance | null;
  /** The one that it has opened, or found open. */
  readonly maintenanceOrderId: string | null;
}

/** An alarm as people see it. */
export interface ShownAlarm extends Alarm {
  /** Null for an alarm that is not shelved, or is over. */
  readonly shelf: Shelving | null;
}

export const ALARM_EVENT_KINDS = [
  "RAISED",
  "REPEATED",
  "CLEARED",
  "ACKNOWLEDGED",
  "SHELVED",
  "UNSHELVED",
] as const;
export type AlarmEventKind = (typeof ALARM_EVENT_KINDS)[number];

/** A line in an alarm's log. Of one alarm, all repeats are one line, and all times that it was cleared another. */
export interface AlarmEvent {
  readonly alarmId: string;
  readonly kind: AlarmEventKind;
  /** When; the last time where `count` is more than one. */
  readonly at: Date;
  readonly count: number;
  /** Null where nobody did it. */
  readonly by: string | null;
  readonly comment: string | null;
}

/** Whether a condition that comes back belongs to it. */
export function isOpen({ active, acknowledgedAt }: Alarm): boolean {
  return active || acknowledgedAt === null;
}

export interface Change {
  readonly alarm: Alarm;
  readonly event: AlarmEvent;
}

/**
 * What a turn of its condition makes of an alarm; null where it changes nothing.
 * @param open the alarm of that machine and code that is not over, if there is one.
 * @param id of the alarm that may have to be made.
 */
export function afterTurn(
  open: Alarm | null,
  turn: AlarmTurn,
  made: { readonly id: string; readonly machineId: string; readonly code: string },
): Change | null {
  const at = new Date(turn.at);
  if (turn.kind === "CLEARED") {
    if (open === null || !open.active) return null;
    const clearedAt = at < open.lastRaisedAt ? open.lastRaisedAt : at;
    return change({ ...open, active: false, clearedAt }, "CLEARED", clearedAt, null, turn.why);
  }
  const { severity, message, metric, value, limit, maintenance } = turn.raise;
  const raised = { severity, message, metric, value, limit, active: true, clearedAt: null, lastRaisedAt: at };
  if (open === null) {
    const unseen = { acknowledgedAt: null, acknowledgedBy: null, comment: null };
    const first = { raisedAt: at, occurrences: 1, maintenance, maintenanceOrderId: null };
    return change({ ...made, ...raised, ...unseen, ...first }, "RAISED", at);
  }
  if (open.active) return null;
  // The one that it wanted before may have been dropped on a shelf. Nothing is opened twice for one alarm.
  const wanted = open.maintenanceOrderId === null ? (open.maintenance ?? maintenance) : null;
  const again = { occurrences: open.occurrences + 1, maintenance: wanted };
  return change({ ...open, ...raised, ...again }, "REPEATED", at);
}

/** The alarm once someone has seen it, or why it stays as it is. */
export function afterAcknowledgement(
  alarm: Alarm,
  by: string,
  comment: string | null,
  now: Date,
): Change | { readonly refused: UserErrorValue } {
  if (alarm.acknowledgedAt !== null) {
    const message = `alarm ${alarm.code} was acknowledged already, by ${alarm.acknowledgedBy}`;
    return { refused: userError("INVALID_TRANSITION", message, ["id"]) };
  }
  return change(
    { ...alarm, acknowledgedAt: now, acknowledgedBy: by, comment },
    "ACKNOWLEDGED",
    now,
    by,
    comment,
  );
}

/** Why an alarm cannot be shelved, or taken off its shelf; null when it can. A shelved one may be shelved anew. */
export function shelvingProblem(
  step: "shelve" | "unshelve",
  alarm: Alarm | null,
  shelf: Shelving | null,
  now: Date,
): UserErrorValue | null {
  const shelved = shelf !== null && shelf.until > now;
  if (alarm !== null && !isOpen(alarm)) {
    const message = `alarm ${alarm.code} is cleared and acknowledged: to keep it from coming back, name machine and code`;
    return userError("INVALID_TRANSITION", message, ["id"]);
  }
  if (step === "unshelve" && !shelved)
    return userError("INVALID_TRANSITION", "the alarm is not shelved", [alarm ? "id" : "code"]);
  return null;
}

/** The longest that an alarm may be hidden at once. */
export const LONGEST_SHELF_MS = 90 * 86_400_000;

/** What is wrong with a shelf that is asked for. */
export function shelfProblems(
  { until, reason }: { readonly until: Date; readonly reason: string },
  now: Date,
): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  const refuse = (field: string, problem: string) =>
    problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [field]));
  if (!storable(until) || until <= now) refuse("until", "must be in the future");
  else if (until.getTime() - now.getTime() > LONGEST_SHELF_MS)
    refuse("until", "must be within the next 90 days");
  const text = textProblem(reason, 1_000);
  if (text !== null) refuse("reason", text);
  return problems;
}

/** The alarm without the maintenance that it wanted, when it ended on a shelf. */
export function withoutMaintenance(alarm: Alarm): Alarm {
  return alarm.maintenance === null ? alarm : { ...alarm, maintenance: null };
}

function change(
  alarm: Alarm,
  kind: AlarmEventKind,
  at: Date,
  by: string | null = null,
  comment: string | null = null,
): Change {
  return { alarm, event: { alarmId: alarm.id, kind, at, count: 1, by, comment } };
}
