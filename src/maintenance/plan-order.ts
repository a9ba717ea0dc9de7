import { DueSeries } from "./calendar-trigger.js";
import type { ComparisonOperator } from "./condition-trigger.js";
import { later } from "./iso-duration.js";
import type { NewMaintenanceOrder } from "./maintenance.js";
import type { MaintenancePlan } from "./plan.js";

/** A plan is due. */
export interface Occurrence {
  /** In ms. */
  readonly at: number;
  /** How many due points before this one passed since the last look at the plan. */
  readonly missed: number;
  /** What makes it due, as a sentence. */
  readonly why: string;
}

const LONGEST_TITLE = 200;

/** Who makes the orders of a plan, as the orders tell it. */
export function makerOf(plan: MaintenancePlan): string {
  return `plan ${plan.name}`;
}

/**
 * The order that a plan makes when it is due.
 * @param skipped how many occurrences made none since the last order, because that one was open.
 * @param timeZone for the calendar days of `dueWithin`, where the plan has none of its own.
 */
export function orderFor(
  plan: MaintenancePlan,
  occurrence: Occurrence,
  skipped: number,
  timeZone: string,
): Omit<NewMaintenanceOrder, "machine"> {
  const { kind, priority, lockout, estimatedMinutes, checklist, parts, trigger } = plan;
  const sentences = [
    occurrence.why,
    ...(occurrence.missed > 0 ? [`${periods(occurrence.missed)} before it passed without an order.`] : []),
    ...(skipped > 0 ? [`${periods(skipped)} before it made no order, because the last one was open.`] : []),
  ];
  const description = plan.description?.trim() ? [plan.description, ""] : [];
  return {
    ...{ kind, priority, lockout, estimatedMinutes, checklist, parts },
    title: (plan.title ?? plan.name).slice(0, LONGEST_TITLE),
    description: [...description, ...sentences].join("\n"),
    plannedStart: trigger.kind === "CALENDAR" ? new Date(occurrence.at) : null,
    dueAt: dueAtOf(plan, occurrence.at, timeZone),
  };
}

/** What a calendar, a counter or a condition says when it is due. */
export function whyDue(plan: MaintenancePlan, at: number, used: string): string {
  const { trigger } = plan;
  const moment = new Date(at).toISOString();
  switch (trigger.kind) {
    case "CALENDAR":
      return `Due ${moment}, every ${trigger.every}.`;
    case "USAGE":
      return `${trigger.metric}: ${used} used since it was last due; due every ${trigger.every}.`;
    case "CONDITION": {
      const lasts = trigger.forMs > 0 ? ` for ${trigger.forMs / 1_000} s` : "";
      return `${trigger.metric} ${SIGNS[trigger.operator]} ${trigger.threshold}${lasts} at ${moment}.`;
    }
  }
}

const SIGNS: Record<ComparisonOperator, string> = {
  GT: ">",
  GTE: "≥",
  LT: "<",
  LTE: "≤",
  EQ: "=",
  NEQ: "≠",
};

/** So long as the plan says; a calendar's order without that until the next one is due. */
function dueAtOf({ trigger, dueWithin }: MaintenancePlan, at: number, timeZone: string): Date | null {
  if (dueWithin !== null) {
    return new Date(later(at, dueWithin, trigger.kind === "CALENDAR" ? trigger.timeZone : timeZone));
  }
  if (trigger.kind !== "CALENDAR") return null;
  const series = new DueSeries(trigger);
  return new Date(series.at(series.firstFrom(at + 1)).dueAt);
}

function periods(count: number): string {
  return count === 1 ? "One occurrence" : `${count} occurrences`;
}
