import { MAINTENANCE_KINDS, type MaintenanceKind } from "./maintenance.js";

/** What is counted of the orders of one kind, in a range and at its end. */
export interface KindCounts {
  readonly kind: MaintenanceKind;
  readonly created: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly open: number;
  readonly overdue: number;
  readonly estimatedMinutes: number;
  readonly withoutEstimate: number;
  readonly due: number;
  readonly onTime: number;
  /** Of the completed ones, from start to completion together. */
  readonly repairMs: number;
  readonly workedMinutes: number;
}

export interface Figures {
  readonly created: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly workedHours: number;
  readonly backlog: {
    readonly orders: number;
    readonly overdue: number;
    readonly estimatedHours: number;
    readonly withoutEstimate: number;
  };
  /** `ratio` is null when nothing was due. */
  readonly compliance: { readonly due: number; readonly onTime: number; readonly ratio: number | null };
  /** `meanHours` is null when nothing was completed. */
  readonly repair: { readonly count: number; readonly hours: number; readonly meanHours: number | null };
}

export interface KindFigures extends Figures {
  readonly kind: MaintenanceKind;
}

const HOUR_MS = 3_600_000;

/** Figures of every kind, of those without any order too. */
export function figuresByKind(counts: readonly KindCounts[]): KindFigures[] {
  return MAINTENANCE_KINDS.map((kind) => ({
    kind,
    ...figuresOf(counts.filter((one) => one.kind === kind)),
  }));
}

/** Figures of several kinds together. */
export function figuresOf(counts: readonly KindCounts[]): Figures {
  const sum = (of: (one: KindCounts) => number) => counts.reduce((total, one) => total + of(one), 0);
  const [due, onTime] = [sum((one) => one.due), sum((one) => one.onTime)];
  const count = sum((one) => one.completed);
  const hours = sum((one) => one.repairMs) / HOUR_MS;
  return {
    created: sum((one) => one.created),
    completed: count,
    cancelled: sum((one) => one.cancelled),
    workedHours: sum((one) => one.workedMinutes) / 60,
    backlog: {
      orders: sum((one) => one.open),
      overdue: sum((one) => one.overdue),
      estimatedHours: sum((one) => one.estimatedMinutes) / 60,
      withoutEstimate: sum((one) => one.withoutEstimate),
    },
    compliance: { due, onTime, ratio: due === 0 ? null : onTime / due },
    repair: { count, hours, meanHours: count === 0 ? null : hours / count },
  };
}
