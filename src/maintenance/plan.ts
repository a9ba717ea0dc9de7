import { storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { type CalendarTrigger, DueSeries } from "./calendar-trigger.js";
import type { ConditionProgress, ConditionTrigger } from "./condition-trigger.js";
import { durationProblem, isLonger, timeZoneProblem } from "./iso-duration.js";
import { estimateProblem, type MaintenanceKind, priorityProblem } from "./maintenance.js";
import { detailProblems, type NewItem, type NewPart } from "./maintenance-details.js";
import { type UsageProgress, type UsageTrigger, usageForecast } from "./usage-trigger.js";

export type Trigger = CalendarTrigger | UsageTrigger | ConditionTrigger;

/** What people say of a plan, besides its machine and trigger. */
export interface PlanFields {
  readonly name: string;
  readonly kind: MaintenanceKind;
  /** Of the orders; null: the plan's name. */
  readonly title: string | null;
  readonly description: string | null;
  readonly priority: number;
  readonly lockout: boolean;
  /** ISO 8601 duration from the occurrence to the order's dueAt; null: see `orderDueAt`. */
  readonly dueWithin: string | null;
  readonly estimatedMinutes: number | null;
  /** Makes an order also while one of the plan is open. */
  readonly allowSeveral: boolean;
  readonly checklist: readonly NewItem[];
  readonly parts: readonly NewPart[];
}

/** Makes maintenance orders of a machine by itself. */
export interface MaintenancePlan extends PlanFields {
  readonly id: string;
  readonly machineId: string;
  readonly trigger: Trigger;
  readonly active: boolean;
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** How far a plan is towards its next order. */
export interface PlanProgress extends UsageProgress, ConditionProgress {
  /** The number of the last occurrence that made an order or was skipped. */
  readonly occurrence: number;
  /** How many occurrences since the last order made none, because that one was open. */
  readonly skipped: number;
  /** Calendar: the next due time, and when its order is to be made. */
  readonly dueAt: number | null;
  readonly makeAt: number | null;
  /** Readings from then on count, in ms; for usage: since then `used` has grown. */
  readonly countedSince: number;
}

/** A plan and how far it is. */
export interface PlanState {
  readonly plan: MaintenancePlan;
  readonly progress: PlanProgress;
}

/** A trigger as it is asked for. */
export interface WantedTriggers {
  readonly calendar: {
    readonly every: string;
    readonly firstDueAt: Date | null;
    readonly timeZone: string | null;
    readonly leadTime: string | null;
  } | null;
  readonly usage: {
    readonly metric: string;
    readonly every: number;
    /** How much of the present `every` is used up; null: nothing, or what was counted. */
    readonly alreadyUsed: number | null;
  } | null;
  readonly condition: Omit<ConditionTrigger, "kind"> | null;
}

const MOST_METRIC_CHARACTERS = 500;
const LONGEST_FOR_MS = 366 * 86_400_000;

/** Everything that is wrong with a plan's fields. */
export function planProblems(plan: PlanFields): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  const refuse = (field: keyof PlanFields, problem: string | null) => {
    if (problem !== null) problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [field]));
  };
  refuse("name", textProblem(plan.name, 200));
  if (plan.title !== null) refuse("title", textProblem(plan.title, 200));
  if (plan.description !== null && plan.description !== "") {
    refuse("description", textProblem(plan.description, 10_000));
  }
  refuse("priority", priorityProblem(plan.priority));
  if (plan.dueWithin !== null) refuse("dueWithin", durationProblem(plan.dueWithin));
  refuse("estimatedMinutes", estimateProblem(plan.estimatedMinutes));
  return [...problems, ...detailProblems(plan.checklist, plan.parts)];
}

/**
 * The one trigger that is asked for, or everything that is wrong with it.
 * @param timeZone that of the machine, where none is asked for.
 * @param anchor the rhythm's beginning where none is asked for; null: one period from now.
 */
export function triggerOf(
  wanted: WantedTriggers,
  at: { now: number; timeZone: string; anchor: string | null },
): { trigger: Trigger } | { refused: UserErrorValue[] } {
  const given = (["calendar", "usage", "condition"] as const).filter((kind) => wanted[kind] !== null);
  if (given.length !== 1) {
    const message = `give exactly one of calendar, usage and condition, not ${given.length === 0 ? "none" : given.join(" and ")}`;
    return { refused: [userError("INVALID_INPUT", message, [given[1] ?? "calendar"])] };
  }
  const problems: UserErrorValue[] = [];
  const refuse = (...[group, field, problem]: [string, string, string | null]) => {
    if (problem !== null) problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [group, field]));
  };
  const { calendar, usage, condition } = wanted;
  if (calendar) {
    refuse("calendar", "every", durationProblem(calendar.every));
    if (calendar.timeZone !== null) refuse("calendar", "timeZone", timeZoneProblem(calendar.timeZone));
    if (calendar.leadTime !== null) refuse("calendar", "leadTime", durationProblem(calendar.leadTime));
    const first = calendar.firstDueAt;
    if (first !== null && !storable(first)) {
      refuse("calendar", "firstDueAt", "is not in the years 1 to 9999");
    }
    if (problems.length === 0 && calendar.leadTime !== null && isLonger(calendar.leadTime, calendar.every)) {
      refuse("calendar", "leadTime", "must not be longer than every");
    }
    if (problems.length === 0) return { trigger: calendarTrigger(calendar, at) };
  }
  if (usage) {
    refuse("usage", "metric", textProblem(usage.metric, MOST_METRIC_CHARACTERS));
    refuse("usage", "every", finite(usage.every) ?? (usage.every > 0 ? null : "must be above 0"));
    const used = usage.alreadyUsed ?? 0;
    refuse("usage", "alreadyUsed", finite(used) ?? (used >= 0 ? null : "must not be below 0"));
    const { metric, every } = usage;
    if (problems.length === 0) return { trigger: { kind: "USAGE", metric, every } };
  }
  if (condition) {
    const { metric, threshold, forMs, hysteresis } = condition;
    refuse("condition", "metric", textProblem(metric, MOST_METRIC_CHARACTERS));
    refuse("condition", "threshold", finite(threshold));
    const lasts = forMs >= 0 && forMs <= LONGEST_FOR_MS;
    refuse("condition", "forMs", lasts ? null : "must be between 0 and a year");
    const back = finite(hysteresis) ?? (hysteresis >= 0 ? null : "must not be below 0");
    refuse("condition", "hysteresis", back);
    if (problems.length === 0) return { trigger: { kind: "CONDITION", ...condition } };
  }
  return { refused: problems };
}

function finite(number: number): string | null {
  return Number.isFinite(number) && Math.abs(number) <= 1e15 ? null : "must be a number up to 10^15";
}

function calendarTrigger(
  wanted: NonNullable<WantedTriggers["calendar"]>,
  { now, timeZone, anchor }: { now: number; timeZone: string; anchor: string | null },
): CalendarTrigger {
  const { every, leadTime, firstDueAt } = wanted;
  const trigger: CalendarTrigger = {
    ...{ kind: "CALENDAR", every, leadTime },
    timeZone: wanted.timeZone ?? timeZone,
    anchor: firstDueAt?.toISOString() ?? anchor ?? new Date(now).toISOString(),
  };
  if (firstDueAt !== null || anchor !== null) return trigger;
  return { ...trigger, anchor: new Date(new DueSeries(trigger).at(1).dueAt).toISOString() };
}

/** Where a plan stands that begins, or begins anew, now. */
export function firstProgress(trigger: Trigger, now: number, occurrence: number, used = "0"): PlanProgress {
  return {
    ...{ occurrence, skipped: 0, used, countedSince: now, seenAt: null, seenValue: null },
    ...{ metSince: null, fired: false },
    ...calendarFrom(trigger, now),
  };
}

/** Where a plan stands that begins anew, or changes its rhythm: no due time that has its order already comes again. */
export function progressAgain(
  before: Trigger,
  progress: PlanProgress,
  trigger: Trigger,
  now: number,
): PlanProgress {
  const { occurrence, skipped, dueAt } = progress;
  let from = now;
  if (before.kind === "CALENDAR" && dueAt !== null) {
    const series = new DueSeries(before);
    const index = series.firstFrom(dueAt);
    // Orders are made ahead of their time.
    if (index > 0) from = Math.max(now, series.at(index - 1).dueAt + 1);
  }
  return { ...firstProgress(trigger, now, occurrence), ...calendarFrom(trigger, from), skipped };
}

/** The next due time from a moment on; what is past makes no order. */
function calendarFrom(trigger: Trigger, moment: number): Pick<PlanProgress, "dueAt" | "makeAt"> {
  if (trigger.kind !== "CALENDAR") return { dueAt: null, makeAt: null };
  const series = new DueSeries(trigger);
  return series.at(series.firstFrom(moment));
}

/**
 * When a plan is due next, in ms: exact for a calendar, a forecast for usage, null where nobody can know or the plan
 * is not active.
 */
export function nextDueAt(plan: MaintenancePlan, progress: PlanProgress): number | null {
  if (!plan.active) return null;
  const { trigger } = plan;
  if (trigger.kind === "USAGE") return usageForecast(progress, trigger.every, progress.countedSince);
  return progress.dueAt;
}
