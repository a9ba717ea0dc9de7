import type { Equipment } from "../plant/equipment.js";
import type { DataType, MetricDefinition, MetricRole } from "../plant/machine-type.js";
import type { FactTrail } from "./fact-trail.js";
import type { MachineMode, MachineState } from "./packml.js";
import type { Quality, Scalar } from "./sample.js";

export const CONNECTIVITY_STATUSES = ["ONLINE", "STALE", "OFFLINE", "UNKNOWN"] as const;
export type ConnectivityStatus = (typeof CONNECTIVITY_STATUSES)[number];

export interface Connectivity {
  readonly status: ConnectivityStatus;
  readonly since: Date | null;
  readonly lastSeen: Date | null;
}

/** What the source of a metric says of it, where the machine's type says nothing. */
export interface MetricHint {
  readonly unit: string | null;
  readonly role: MetricRole | null;
}

/** A series: the history of one metric of one machine, and the place of its present reading. */
export interface Series {
  /** Comes with the first commit. */
  id: number | null;
  readonly metric: string;
  /** Null where the machine's type does not have it. */
  definition: MetricDefinition | null;
  /** Counts where there is no definition. */
  hint: MetricHint | null;
  /** Where the twin's table holds its present reading. */
  readonly place: number;
  /** Null before it told of a fact. */
  trail: FactTrail | null;
}

/** A metric's reading at one moment. Never changed, so whoever has it may keep it. */
export interface MetricReading {
  readonly series: Series;
  readonly name: string;
  /** Canonical topic: `<machine path>/<metric name>`. */
  readonly topic: string;
  readonly dataType: DataType;
  readonly unit: string | null;
  readonly role: MetricRole | null;
  readonly value: Scalar;
  readonly quality: Quality;
  readonly stale: boolean;
  /** Null before the first report. */
  readonly sourceTime: Date | null;
  readonly receivedTime: Date | null;
  /**
   * Other values that came with this very source time. Null after a restart, when they are not known: then no
   * further value of that time is shown, so that a redelivery cannot turn the reading back.
   */
  readonly ties: readonly Scalar[] | null;
}

/** A machine and the head of its twin at one revision. Never changed, like a reading. */
export interface TwinView {
  readonly __typename: "Machine";
  /** Global id. */
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly level: "MACHINE";
  readonly equipment: Equipment;
  readonly revision: number;
  readonly connectivity: Connectivity;
  readonly state: MachineState;
  readonly stateSince: Date | null;
  readonly mode: MachineMode;
}

/** Where a machine is reached: the source that last brought something, and the topic above its messages. */
export interface Route {
  readonly source: string;
  readonly deviceTopic: string;
}

/** One reading to be stored. `fresh` readings are newer than all before; only others can be repeats of stored ones. */
export interface StoredSample {
  readonly series: Series;
  readonly time: number;
  readonly value: Scalar;
  readonly quality: Quality;
  readonly fresh: boolean;
  /** Whether the twin showed it as the present. All `fresh` ones were. */
  readonly shown: boolean;
}

export interface StateChange {
  readonly from: MachineState;
  readonly to: MachineState;
  readonly at: Date;
}

/** The roles whose reports say what a machine does. */
export type ReportRole = Extract<MetricRole, "STATE" | "MODE" | "FAULT">;
/** The roles of counters of pieces. */
export type CounterRole = Extract<MetricRole, "GOOD_COUNT" | "REJECT_COUNT" | "TOTAL_COUNT">;

/** A stored sample that proves a fact. */
export interface FactTold {
  readonly series: Series;
  /** Of the sample, in milliseconds. */
  readonly time: number;
  /** Whether the samples before or after it are not known here: then the history must tell what it proves. */
  readonly late: boolean;
  readonly trail: FactTrail;
  /** Which of the facts that the trail tells it is, from 1. */
  readonly place: number;
}

/** A counter that moved from one reading to the next, or that had moved once as a late reading tells. */
export interface CounterMove extends FactTold {
  readonly role: CounterRole;
  /** Of the present reading before; null where the move is late. */
  readonly from: Scalar;
  readonly to: Scalar;
  /** NaN where the move is late. */
  readonly fromTime: number;
}

/** A state, mode or fault that is another one than the reading before, or of which a late reading tells. */
export interface Reported extends FactTold {
  readonly role: ReportRole;
  readonly value: Scalar;
}

export interface Arrival {
  /** Milliseconds. */
  readonly receivedAt: number;
  /** Kept by the broker from before: a state of unknown age, not a sign of life. */
  readonly retained: boolean;
}

/** Tells of metrics that are discovered. */
export interface MetricHints {
  hintOf(metric: string): MetricHint | null;
}

export interface ReducerLimits {
  /** A source time may run ahead of the receive time by this; beyond, the receive time is taken. */
  readonly maxAheadMs: number;
  readonly maxMetrics: number;
  /** Unknown metrics are taken in. */
  readonly discovery: boolean;
}

/** A series that has no id yet. */
export interface NewSeries {
  readonly machine: Equipment;
  readonly series: Series;
  readonly dataType: DataType;
}
