import type { Alarm, ShownAlarm } from "./alarm.js";

/** An alarm's columns, of the table `alarm a`. */
export const COLUMNS = `a.id, a.machine_id AS "machineId", a.code, a.severity, a.message, a.metric, a.value, a."limit",
  a.active, a.raised_at AS "raisedAt", a.last_raised_at AS "lastRaisedAt", a.occurrences, a.cleared_at AS "clearedAt",
  a.acknowledged_at AS "acknowledgedAt", a.acknowledged_by AS "acknowledgedBy", a.comment, a.maintenance,
  a.maintenance_order_id AS "maintenanceOrderId"`;

/** Those of its shelf, of the table `alarm_shelf s`. */
export const SHELF_COLUMNS = `s.until AS "shelfUntil", s.reason AS "shelfReason", s.by AS "shelfBy", s.at AS "shelfAt"`;

export interface ShownRow extends Alarm {
  readonly shelfUntil: Date | null;
  readonly shelfReason: string | null;
  readonly shelfBy: string | null;
  readonly shelfAt: Date | null;
}

export function shownAlarm({ shelfUntil, shelfReason, shelfBy, shelfAt, ...alarm }: ShownRow): ShownAlarm {
  const shelved = shelfUntil !== null && shelfReason !== null && shelfBy !== null && shelfAt !== null;
  return {
    ...alarm,
    shelf: shelved ? { until: shelfUntil, reason: shelfReason, by: shelfBy, at: shelfAt } : null,
  };
}

/** What JSON can hold of an alarm. */
export function writable(alarm: Alarm): object {
  const { value } = alarm;
  return { ...alarm, value: typeof value === "bigint" ? value.toString() : value };
}
