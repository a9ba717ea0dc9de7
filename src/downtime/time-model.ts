import type { PlannedKind, PlannedTime } from "../calendar/planned-time.js";
import { type Interval, type Span, SpanCursor, walk } from "../kernel/intervals.js";
import type { MaintenanceWork } from "../maintenance/maintenance-spans.js";
import type { OperationRun } from "../orders/operation-run.js";
import type { MachineMode, MachineState } from "../twin/packml.js";
import type { Downtime } from "./downtime.js";

export type { OperationRun, PlannedKind };

/** What a machine's time counts as (ISO 22400-2). */
export const TIME_CATEGORIES = [
  "PRODUCTION",
  "SETUP",
  "DELAY",
  "DOWN",
  "PLANNED_DOWN",
  "NOT_PLANNED",
  "UNALLOCATED",
] as const;
export type TimeCategory = (typeof TIME_CATEGORIES)[number];

/** What is known of a machine's time. Spans come in order and apart; where there is none, nothing was so. */
export interface MachineFacts {
  readonly states: readonly Span<MachineState>[];
  readonly modes: readonly Span<MachineMode>[];
  /** Fault codes while there are any. */
  readonly faults: readonly Span<string>[];
  readonly planned: readonly Span<PlannedTime>[];
  readonly runs: readonly Span<OperationRun>[];
  readonly maintenance: readonly Span<MaintenanceWork>[];
}

/** What was so during a stretch of a machine's time, and what it counts as. */
export interface TimeTile {
  readonly category: TimeCategory;
  readonly state: MachineState;
  readonly mode: MachineMode;
  readonly planned: PlannedKind;
  readonly shift: PlannedTime["shift"];
  /** Why the calendar does not count it as busy, where it says so. */
  readonly plannedReason: string | null;
  readonly run: OperationRun | null;
  readonly maintenance: MaintenanceWork | null;
  readonly fault: string | null;
  /** The downtime that it is a part of. */
  readonly downtime: Downtime | null;
}

type Facts = Omit<TimeTile, "category" | "downtime">;

/** How machines of a type are judged. */
export interface TimeRules {
  /** EXECUTE is production also while no operation runs: plants without orders. */
  readonly producesWithoutOrder: boolean;
}

const BUSY: PlannedTime = { kind: "BUSY", shift: null, reason: null };

const STOPPED_STATES: ReadonlySet<MachineState> = new Set([
  "HELD",
  "HOLDING",
  "ABORTING",
  "ABORTED",
  "CLEARING",
]);

/**
 * The tiles of a machine's time as the facts alone tell: in order, without holes or overlaps, the whole range and nothing
 * else. Downtimes are not in them yet.
 */
export function factTiles(range: Interval, facts: MachineFacts, rules: TimeRules): Span<TimeTile>[] {
  const states = new SpanCursor<MachineState>(facts.states, "UNKNOWN");
  const modes = new SpanCursor<MachineMode>(facts.modes, "UNKNOWN");
  const faults = new SpanCursor<string | null>(facts.faults, null);
  const planned = new SpanCursor<PlannedTime>(facts.planned, BUSY);
  const runs = new SpanCursor<OperationRun | null>(facts.runs, null);
  const maintenance = new SpanCursor<MaintenanceWork | null>(facts.maintenance, null);
  const tiles: Span<TimeTile>[] = [];
  walk(range, [states, modes, faults, planned, runs, maintenance], (from, to) => {
    const tile = {
      category: "UNALLOCATED" as TimeCategory,
      state: states.value,
      mode: modes.value,
      planned: planned.value.kind,
      shift: planned.value.shift,
      plannedReason: planned.value.reason,
      run: runs.value,
      maintenance: maintenance.value,
      fault: faults.value,
      downtime: null,
    };
    tile.category = categoryOf(tile, rules);
    tiles.push({ from, to, value: tile });
  });
  return tiles;
}

/** What time counts as; see docs/downtime.md for the rules and why they stand in this order. */
export function categoryOf(so: Facts, rules: TimeRules): TimeCategory {
  const { state, mode, maintenance, planned, run } = so;
  if (state === "EXECUTE" && (run !== null || rules.producesWithoutOrder)) return "PRODUCTION";
  if (mode === "SETUP") return "SETUP";
  if (maintenance?.kind === "CORRECTIVE") return "DOWN";
  if (maintenance !== null || mode === "MAINTENANCE") return "PLANNED_DOWN";
  if (planned !== "BUSY") return "NOT_PLANNED";
  if (STOPPED_STATES.has(state)) return "DOWN";
  return run === null ? "UNALLOCATED" : "DELAY";
}
