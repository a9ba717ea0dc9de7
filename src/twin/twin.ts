import type { MetricDefinition, MetricRole } from "../plant/machine-type.js";
import { DEFAULT_STALE_AFTER_MS } from "../plant/machine-type.js";
import { type MachineState, machineModeOf, machineStateOf } from "./packml.js";
import { coerce, dataTypeOf, type Quality, type Sample, type Scalar, unusable } from "./sample.js";
import {
  type Applied,
  type Arrival,
  type Connectivity,
  type CounterMove,
  type MetricReading,
  NO_TIES,
  type ReducerLimits,
  type StateChange,
  type StoredSample,
  type Twin,
  type TwinChange,
  unreported,
} from "./twin-model.js";

/** No machine's clock was set before this (2000-01-01): an older time is a clock that was never set. */
const EARLIEST_TIME = Date.UTC(2000, 0, 1);
const MOST_TIES = 16;

/**
 * Applies the samples of one message. The only thing it changes is `twin`; readings and views are replaced, never
 * edited.
 */
export function applySamples(
  twin: Twin,
  samples: readonly Sample[],
  arrival: Arrival,
  limits: ReducerLimits,
): Applied {
  const receivedTime = new Date(arrival.receivedAt);
  let sourceTime = receivedTime;
  const changed: MetricReading[] = [];
  const stored: StoredSample[] = [];
  const counters: CounterMove[] = [];
  const refused: { metric: string; reason: string }[] = [];
  const discovered: MetricReading[] = [];
  let repeated = 0;
  let late = 0;
  let state = null as StateChange | null;
  let mode = twin.view.mode;
  const connectivity = arrival.retained ? twin.view.connectivity : heard(twin, receivedTime);
  const offline = connectivity.status === "OFFLINE";

  for (const sample of samples) {
    let known = twin.metrics.get(sample.metric);
    if (!known) {
      const problem = discoveryProblem(twin, limits);
      if (problem) {
        refused.push({ metric: sample.metric, reason: problem });
        continue;
      }
      known = unreported(twin.machine, sample.metric, null, dataTypeOf(sample.value));
      twin.metrics.set(sample.metric, known);
      discovered.push(known);
    }
    const { definition } = known.series;
    const value = definition ? coerce(sample.value, definition.dataType) : sample.value;
    const problem = value === undefined ? notOfType(sample.value, definition) : unusable(value);
    if (value === undefined || problem !== null) {
      refused.push({ metric: sample.metric, reason: problem ?? "has no value" });
      continue;
    }
    const before = known.sourceTime?.getTime() ?? Number.NEGATIVE_INFINITY;
    const own = hasTime(sample, arrival, limits);
    const time = own ? (sample.time as number) : timeByArrival(sample, arrival, before);
    const quality = own ? sample.quality : qualityByArrival(sample, arrival);

    // A retained value without a time of its own is the old one once more, not a new reading.
    if (
      arrival.retained &&
      sample.time === null &&
      known.sourceTime !== null &&
      sameValue(known.value, value)
    ) {
      repeated += 1;
      continue;
    }
    if (sample.historical || time < before) {
      late += 1;
      stored.push({ series: known.series, time, value, quality, fresh: false, shown: false });
      continue;
    }
    if (time === before) {
      if (sameValue(known.value, value) || known.ties?.some((tie) => sameValue(tie, value))) {
        repeated += 1;
        continue;
      }
      const shown = known.ties !== null && known.ties.length < MOST_TIES;
      stored.push({ series: known.series, time, value, quality, fresh: false, shown });
      if (!shown) continue;
    } else {
      stored.push({ series: known.series, time, value, quality, fresh: true, shown: true });
    }
    // The samples of a message mostly have one time, and it is kept for each machine and metric.
    if (sourceTime.getTime() !== time) sourceTime = new Date(time);
    const next: MetricReading = {
      series: known.series,
      name: known.name,
      topic: known.topic,
      dataType: definition?.dataType ?? (value === null ? known.dataType : dataTypeOf(value)),
      unit: known.unit,
      role: known.role,
      value,
      quality,
      stale: offline,
      sourceTime,
      receivedTime,
      ties: time === before ? [...(known.ties ?? []), known.value] : NO_TIES,
    };
    twin.metrics.set(known.name, next);
    // A message may hold a metric twice: then it was made with this very date.
    if (known.receivedTime === receivedTime) changed[changed.indexOf(known)] = next;
    else changed.push(next);
    const staleAfter = definition?.staleAfterMs;
    if (staleAfter) twin.nextStaleAt = Math.min(twin.nextStaleAt, time + staleAfter);
    if (known.role === "STATE") {
      const to = machineStateOf(value);
      const from: MachineState = state?.from ?? twin.view.state;
      state = to === from ? null : { from, to, at: new Date(time) };
    } else if (known.role === "MODE") {
      mode = machineModeOf(value);
    } else if (known.role !== null && COUNTERS.has(known.role) && known.sourceTime !== null) {
      counters.push({
        role: known.role,
        series: known.series,
        from: known.value,
        to: value,
        fromTime: before,
        time,
      });
    }
  }

  if (changed.length === 0 && connectivity.status === twin.view.connectivity.status) {
    twin.view = { ...twin.view, connectivity };
    return { change: null, stored, counters, repeated, late, refused, discovered };
  }
  const revived = twin.view.connectivity.status === "OFFLINE" && connectivity.status !== "OFFLINE";
  if (revived) revive(twin, arrival.receivedAt, changed);
  const before = twin.view;
  // Spelled out: this is made for every message, and a spread costs several times as much.
  twin.view = {
    __typename: before.__typename,
    id: before.id,
    path: before.path,
    name: twin.machine.name,
    level: before.level,
    equipment: before.equipment,
    revision: before.revision + 1,
    connectivity,
    state: state?.to ?? before.state,
    stateSince: state?.at ?? before.stateSince,
    mode,
  };
  const change = { twin, view: twin.view, metrics: changed, state };
  return { change, stored, counters, repeated, late, refused, discovered };
}

/**
 * The device, or its will, says whether it is there. `at` is when, by the device's clock. What comes live is the last
 * word whatever that clock says: a will carries the time at which the device connected.
 */
export function applyConnectivity(
  twin: Twin,
  online: boolean,
  at: Date,
  arrival: Arrival,
): TwinChange | null {
  const before = twin.view.connectivity;
  const status = online ? "ONLINE" : "OFFLINE";
  const older = before.since !== null && at < before.since;
  const seenAt = arrival.retained || !online ? null : new Date(arrival.receivedAt);
  const lastSeen = seenAt ?? before.lastSeen;
  if (before.status === status) {
    if (seenAt) twin.view = { ...twin.view, connectivity: { ...before, lastSeen } };
    return null;
  }
  if (older && arrival.retained) return null;
  const since = older && before.since !== null ? before.since : at;
  return changeConnectivity(twin, { status, since, lastSeen }, arrival.receivedAt);
}

/** What time alone does: a silent machine becomes STALE, then OFFLINE; readings become stale by their age. */
export function applyTime(twin: Twin, now: number): TwinChange | null {
  const { status, since, lastSeen } = twin.view.connectivity;
  const type = twin.machine.machineType;
  const heardAt = Math.max(lastSeen?.getTime() ?? 0, since?.getTime() ?? 0);
  if (
    (status === "ONLINE" || status === "STALE") &&
    type?.offlineAfterMs &&
    now - heardAt >= type.offlineAfterMs
  ) {
    return changeConnectivity(twin, { status: "OFFLINE", since: new Date(now), lastSeen }, now);
  }
  if (status === "ONLINE" && now - heardAt >= (type?.staleAfterMs ?? DEFAULT_STALE_AFTER_MS)) {
    return changeConnectivity(twin, { status: "STALE", since: new Date(now), lastSeen }, now);
  }
  if (now < twin.nextStaleAt) return null;
  const metrics = ageReadings(twin, now);
  if (metrics.length === 0) return null;
  twin.view = { ...twin.view, revision: twin.view.revision + 1 };
  return { twin, view: twin.view, metrics, state: null };
}

const COUNTERS: ReadonlySet<MetricRole> = new Set(["GOOD_COUNT", "REJECT_COUNT", "TOTAL_COUNT"]);

function discoveryProblem(twin: Twin, limits: ReducerLimits): string | null {
  if (!limits.discovery) return "unknown metric, and the source does not discover";
  if (twin.metrics.size >= limits.maxMetrics)
    return `unknown metric, and the machine has ${limits.maxMetrics} already`;
  return null;
}

function notOfType(value: Scalar, definition: MetricDefinition | null): string {
  return `${JSON.stringify(String(value))} is not a value of type ${definition?.dataType}`;
}

/** Whether the sample's own time can be believed. */
function hasTime({ time }: Sample, arrival: Arrival, limits: ReducerLimits): boolean {
  return time !== null && time <= arrival.receivedAt + limits.maxAheadMs && time >= EARLIEST_TIME;
}

/**
 * Without a time of its own a live sample is newer than all that came before it, also within one millisecond (a
 * broker hands over a thousand kept messages in less) and after the server's clock was set back.
 */
function timeByArrival(sample: Sample, arrival: Arrival, before: number): number {
  const live = !arrival.retained && !sample.historical;
  return live ? Math.max(arrival.receivedAt, before + 1) : arrival.receivedAt;
}

function qualityByArrival(sample: Sample, arrival: Arrival): Quality {
  if (sample.time === null) return arrival.retained ? "UNCERTAIN" : sample.quality;
  return sample.quality === "BAD" ? "BAD" : "UNCERTAIN";
}

function sameValue(a: Scalar, b: Scalar): boolean {
  // -0 and 0 are one value to every reader and to the database.
  return a === b;
}

function heard(twin: Twin, at: Date): Connectivity {
  const { status, since, lastSeen } = twin.view.connectivity;
  if (status === "ONLINE")
    return { status, since, lastSeen: lastSeen !== null && lastSeen > at ? lastSeen : at };
  return { status: "ONLINE", since: at, lastSeen: at };
}

function changeConnectivity(twin: Twin, connectivity: Connectivity, now: number): TwinChange {
  const wasOffline = twin.view.connectivity.status === "OFFLINE";
  const metrics: MetricReading[] = [];
  if (connectivity.status === "OFFLINE") {
    for (const reading of twin.metrics.values()) {
      if (!reading.stale) metrics.push(replace(twin, { ...reading, stale: true }));
    }
  } else if (wasOffline) metrics.push(...unstale(twin, now));
  twin.view = { ...twin.view, revision: twin.view.revision + 1, connectivity };
  return { twin, view: twin.view, metrics, state: null };
}

/** The machine is back: readings are as old as they are, and no longer stale only because it was away. */
function unstale(twin: Twin, now: number): MetricReading[] {
  const changed: MetricReading[] = [];
  for (const reading of twin.metrics.values()) {
    if (!reading.stale || reading.sourceTime === null || tooOld(reading, now)) continue;
    changed.push(replace(twin, { ...reading, stale: false }));
    const staleAfter = reading.series.definition?.staleAfterMs;
    if (staleAfter) twin.nextStaleAt = Math.min(twin.nextStaleAt, reading.sourceTime.getTime() + staleAfter);
  }
  return changed;
}

/** Like `unstale`, beside what a message has changed already. */
function revive(twin: Twin, now: number, changed: MetricReading[]): void {
  for (const reading of unstale(twin, now)) {
    const index = changed.findIndex((one) => one.name === reading.name);
    if (index < 0) changed.push(reading);
    else changed[index] = reading;
  }
}

function ageReadings(twin: Twin, now: number): MetricReading[] {
  const changed: MetricReading[] = [];
  let next = Number.POSITIVE_INFINITY;
  for (const reading of twin.metrics.values()) {
    const staleAfter = reading.series.definition?.staleAfterMs;
    if (!staleAfter || reading.stale || reading.sourceTime === null) continue;
    if (tooOld(reading, now)) changed.push(replace(twin, { ...reading, stale: true }));
    else next = Math.min(next, reading.sourceTime.getTime() + staleAfter);
  }
  twin.nextStaleAt = next;
  return changed;
}

function tooOld(reading: MetricReading, now: number): boolean {
  const staleAfter = reading.series.definition?.staleAfterMs;
  return Boolean(staleAfter) && now - (reading.sourceTime?.getTime() ?? 0) >= (staleAfter ?? 0);
}

function replace(twin: Twin, reading: MetricReading): MetricReading {
  twin.metrics.set(reading.name, reading);
  return reading;
}
