import { globalId } from "../kernel/ids.js";
import type { Equipment } from "../plant/equipment.js";
import type { MetricDefinition, MetricRole } from "../plant/machine-type.js";
import type { MachineMode, MachineState } from "./packml.js";
import type { Quality, Scalar } from "./sample.js";

export const CONNECTIVITY_STATUSES = ["ONLINE", "STALE", "OFFLINE", "UNKNOWN"] as const;
export type ConnectivityStatus = (typeof CONNECTIVITY_STATUSES)[number];

export interface Connectivity {
  readonly status: ConnectivityStatus;
  readonly since: Date | null;
  readonly lastSeen: Date | null;
}

/** A stored series: the history of one metric of one machine. Its id comes with the first commit. */
export interface Series {
  id: number | null;
  readonly metric: string;
  /** Canonical topic: `<machine path>/<metric name>`. */
  readonly topic: string;
  readonly definition: MetricDefinition | null;
}

/** A metric's present reading. Never changed: a newer reading replaces it, so events may keep it. */
export interface MetricReading {
  readonly series: Series;
  readonly name: string;
  readonly topic: string;
  readonly dataType: string;
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

export interface Twin {
  readonly machine: Equipment;
  view: TwinView;
  readonly metrics: Map<string, MetricReading>;
  route: Route | null;
  /** The view and route as they were last committed; null before the first commit. */
  committed: { readonly view: TwinView; readonly route: Route | null } | null;
  /** Milliseconds; no reading of this twin becomes stale by age before it. */
  nextStaleAt: number;
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

/** A counter that moved from one reading to the next. */
export interface CounterMove {
  readonly role: MetricRole;
  readonly series: Series;
  readonly from: Scalar;
  readonly to: Scalar;
  readonly fromTime: number;
  readonly time: number;
}

/** What a message did to a twin. */
export interface TwinChange {
  readonly twin: Twin;
  /** The view after the change. */
  readonly view: TwinView;
  /** The readings that changed. */
  readonly metrics: readonly MetricReading[];
  readonly state: StateChange | null;
  /** What was shown before it was never stored and is taken back: forget it. */
  readonly afresh?: true;
}

export interface Applied {
  /** Null when nothing about the twin changed. */
  readonly change: TwinChange | null;
  readonly stored: readonly StoredSample[];
  readonly counters: readonly CounterMove[];
  /** Samples that were there already. */
  readonly repeated: number;
  /** Samples older than the present reading: stored, not shown. */
  readonly late: number;
  /** Samples that could not be taken, each with its reason. */
  readonly refused: readonly { metric: string; reason: string }[];
  readonly discovered: readonly MetricReading[];
}

export interface Arrival {
  /** Milliseconds. */
  readonly receivedAt: number;
  /** Kept by the broker from before: a state of unknown age, not a sign of life. */
  readonly retained: boolean;
}

export interface ReducerLimits {
  /** A source time may run ahead of the receive time by this; beyond, the receive time is taken. */
  readonly maxAheadMs: number;
  readonly maxMetrics: number;
  /** Unknown metrics are taken in. */
  readonly discovery: boolean;
}

/** No value came twice with the same source time. */
export const NO_TIES: readonly Scalar[] = [];

export function newTwin(machine: Equipment): Twin {
  const twin: Twin = {
    machine,
    view: {
      __typename: "Machine",
      id: globalId("Machine", machine.id),
      path: machine.path,
      name: machine.name,
      level: "MACHINE",
      equipment: machine,
      revision: 0,
      connectivity: { status: "UNKNOWN", since: null, lastSeen: null },
      state: "UNKNOWN",
      stateSince: null,
      mode: "UNKNOWN",
    },
    metrics: new Map(),
    route: null,
    committed: null,
    nextStaleAt: Number.POSITIVE_INFINITY,
  };
  for (const definition of machine.machineType?.metrics ?? []) {
    twin.metrics.set(definition.name, unreported(machine, definition.name, definition, definition.dataType));
  }
  return twin;
}

/** Takes back all that a twin shows; its metrics stay known and keep their series. */
export function forget(twin: Twin): void {
  twin.view = newTwin(twin.machine).view;
  twin.route = null;
  twin.committed = null;
  twin.nextStaleAt = Number.POSITIVE_INFINITY;
  for (const { name, series, dataType } of twin.metrics.values()) {
    twin.metrics.set(name, { ...unreported(twin.machine, name, series.definition, dataType), series });
  }
}

/** A metric that is known and has not reported yet. */
export function unreported(
  machine: Equipment,
  metric: string,
  definition: MetricDefinition | null,
  dataType: string,
): MetricReading {
  const topic = `${machine.path}/${metric}`;
  return {
    series: { id: null, metric, topic, definition },
    name: metric,
    topic,
    dataType: definition?.dataType ?? dataType,
    unit: definition?.unit ?? null,
    role: definition?.role ?? null,
    value: null,
    quality: "UNCERTAIN",
    stale: true,
    sourceTime: null,
    receivedTime: null,
    ties: NO_TIES,
  };
}

/** A twin and its view after a batch. */
export interface TwinHead {
  readonly twin: Twin;
  readonly view: TwinView;
  /** The batch has frames of it, which tell its revision and when it was seen. */
  readonly framed: boolean;
}

/** A series that has no id yet. */
export interface NewSeries {
  readonly machine: Equipment;
  readonly series: Series;
  readonly dataType: string;
}
