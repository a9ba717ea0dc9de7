import type { MaintenanceKind } from "../maintenance/maintenance.js";
import type { AlarmSeverity } from "../plant/alarm-rule.js";
import type { Equipment } from "../plant/equipment.js";
import type { Scalar } from "../twin/sample.js";
import type { ConditionState, Turn } from "./alarm-state.js";

/** The maintenance order that an alarm wants. */
export interface WantedMaintenance {
  readonly kind: MaintenanceKind;
  readonly title: string;
  readonly description: string;
  readonly priority: number;
}

/** What an alarm tells when it is raised. */
export interface Raise {
  readonly severity: AlarmSeverity;
  readonly message: string;
  readonly metric: string | null;
  readonly value: Scalar;
  readonly limit: number | null;
  readonly maintenance: WantedMaintenance | null;
}

export type AlarmTurn =
  | (Turn & { readonly kind: "RAISED"; readonly raise: Raise })
  /** `why`: what ended it besides its condition; null where nothing did. */
  | (Turn & { readonly kind: "CLEARED"; readonly why: string | null });

/** The condition of an alarm has changed. */
export interface AlarmFact {
  readonly machine: Equipment;
  readonly code: string;
  /** What it is now. */
  readonly state: ConditionState;
  /** Null where it only began or ceased to wait. */
  readonly turn: AlarmTurn | null;
}
