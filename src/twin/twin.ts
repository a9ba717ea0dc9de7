import type { MetricDefinition } from "../plant/machine-type.js";
import { DEFAULT_STALE_AFTER_MS } from "../plant/machine-type.js";
import { type FactTelling, isFactRole, passOver, tellHidden, tellShown } from "./fact-telling.js";
import type { Twin } from "./machine-twin.js";
import { machineModeOf, machineStateOf } from "./packml.js";
import { coerce, dataTypeOf, type Quality, type Sample, type Scalar, unusable } from "./sample.js";
import { TwinChange } from "./twin-change.js";
import type {
  Arrival,
  CounterMove,
  MetricHints,
  ReducerLimits,
  Reported,
  Series,
  StateChange,
  StoredSample,
} from "./twin-model.js";

/** No machine's clock was set before this (2000-01-01): an older time is a clock that was never set. */
const EARLIEST_TIME = Date.UTC(2000, 0, 1);
const MOST_TIES = 16;
/** Time is looked at again after this, whatever was found: a machine's type, and with it its limits, may change. */
const LONGEST_WAIT_MS = 10_000;

/** What the samples of a message did. */
export interface Applied {
  /** Null when nothing about the twin changed. */
  readonly change: TwinChange | null;
  readonly stored: readonly StoredSample[];
  /** Samples that are shown and not to be stored. */
  readonly transient: readonly StoredSample[];
  readonly counters: readonly CounterMove[];
  /** States, modes and faults that are others than before, and all that came late. */
  readonly reports: readonly Reported[];
  /** Samples that were there already. */
  readonly repeated: number;
  /** Samples older than the present reading: stored, not shown. */
  readonly late: number;
  /** Samples that could not be taken, each with its reason. */
  readonly refused: readonly { metric: string; reason: string }[];
  readonly discovered: readonly Series[];
}

/**
 * Applies the samples of one message.
 * @param hints tell of metrics that it brings for the first time.
 */
export function applySamples(
  twin: Twin,
  samples: readonly Sample[],
  arrival: Arrival,
  limits: ReducerLimits,
  hints: MetricHints | null = null,
): Applied {
  const { table } = twin;
  const { receivedAt } = arrival;
  const changed: Series[] = [];
  const stored: StoredSample[] = [];
  let transient: StoredSample[] | null = null;
  let telling: FactTelling | null = null;
  let refused: Applied["refused"][number][] | null = null;
  let discovered: Series[] | null = null;
  let repeated = 0;
  let late = 0;
  const stateBefore = twin.state;
  let stateAt = 0;
  const statusBefore = twin.status;
  if (!arrival.retained) heard(twin, receivedAt);
  const offline = twin.status === "OFFLINE";

  for (let index = 0; index < samples.length; index += 1) {
    const sample = samples[index] as Sample;
    let series = twin.seriesAt(index, sample.metric);
    if (!series) {
      const problem = discoveryProblem(twin, limits);
      if (problem) {
        refused ??= [];
        refused.push({ metric: sample.metric, reason: problem });
        continue;
      }
      series = twin.addSeries(sample.metric, null, dataTypeOf(sample.value));
      series.hint = hints?.hintOf(sample.metric) ?? null;
      discovered ??= [];
      discovered.push(series);
    }
    const { definition, place } = series;
    const value = definition ? coerce(sample.value, definition.dataType) : sample.value;
    const problem = value === undefined ? notOfType(sample.value, definition) : unusable(value);
    if (value === undefined || problem !== null) {
      refused ??= [];
      refused.push({ metric: sample.metric, reason: problem ?? "has no value" });
      continue;
    }
    const before = table.time(place);
    const own = hasTime(sample, arrival, limits);
    const time = own ? (sample.time as number) : timeByArrival(sample, arrival, before);
    const quality = own ? sample.quality : qualityByArrival(sample, arrival);

    // A retained value without a time of its own is the old one once more, not a new reading.
    if (arrival.retained && sample.time === null && before !== NEVER && table.holds(place, value)) {
      repeated += 1;
      continue;
    }
    const role = definition === null ? (series.hint?.role ?? null) : definition.role;
    const factRole = role !== null && isFactRole(role) ? role : null;
    if (sample.historical || time < before) {
      late += 1;
      if (sample.transient) continue;
      stored.push({ series, time, value, quality, fresh: false, shown: false });
      if (factRole) telling = tellHidden(telling, { series, role: factRole, time, value, before });
      continue;
    }
    if (time === before) {
      const ties = table.ties(place);
      if (table.holds(place, value) || ties?.includes(value)) {
        repeated += 1;
        continue;
      }
      const shown = ties !== null && ties.length < MOST_TIES;
      if (!sample.transient) stored.push({ series, time, value, quality, fresh: false, shown });
      if (!shown) {
        if (factRole && !sample.transient)
          telling = tellHidden(telling, { series, role: factRole, time, value, before });
        continue;
      }
    } else if (!sample.transient) stored.push({ series, time, value, quality, fresh: true, shown: true });
    if (sample.transient) {
      transient ??= [];
      transient.push({ series, time, value, quality, fresh: true, shown: true });
    }
    if (factRole) {
      const proof = { series, role: factRole, time, value, before };
      if (sample.transient) passOver(proof);
      else telling = tellShown(telling, proof, table);
    }
    table.put(place, value, quality, offline, time, receivedAt);
    changed.push(series);
    const staleAfter = definition?.staleAfterMs;
    if (staleAfter) twin.staleAt(time + staleAfter);
    if (role === "STATE") {
      const state = machineStateOf(value);
      if (state !== twin.state) stateAt = time;
      twin.state = state;
    } else if (role === "MODE") setMode(twin, value);
  }

  const applied = {
    change: null,
    stored,
    transient: transient ?? NOTHING,
    counters: telling?.counters ?? NOTHING,
    reports: telling?.reports ?? NOTHING,
    repeated,
    late,
    refused: refused ?? NOTHING,
    discovered: discovered ?? NOTHING,
  };
  if (changed.length === 0 && twin.status === statusBefore) return applied;
  if (statusBefore === "OFFLINE" && twin.status !== "OFFLINE") {
    for (const series of unstale(twin, receivedAt)) changed.push(series);
  }
  const state = stateChange(twin, stateBefore, stateAt);
  twin.revision += 1;
  twin.touch();
  return { ...applied, change: new TwinChange(twin, changed, state) };
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
  const status = online ? "ONLINE" : "OFFLINE";
  const { since } = twin;
  const older = since !== null && at < since;
  const seen = !arrival.retained && online;
  if (twin.status !== status && older && arrival.retained) return null;
  if (seen) {
    twin.lastSeenAt = arrival.receivedAt;
    twin.touch();
  }
  if (twin.status === status) return null;
  return changeConnectivity(twin, status, older ? since : at, arrival.receivedAt);
}

/** What time alone does: a silent machine becomes STALE, then OFFLINE; readings become stale by their age. */
export function applyTime(twin: Twin, now: number): TwinChange | null {
  const type = twin.machine.machineType;
  const silent = now - heardAt(twin);
  const { status } = twin;
  if ((status === "ONLINE" || status === "STALE") && type?.offlineAfterMs && silent >= type.offlineAfterMs) {
    return changeConnectivity(twin, "OFFLINE", new Date(now), now);
  }
  if (status === "ONLINE" && silent >= (type?.staleAfterMs ?? DEFAULT_STALE_AFTER_MS)) {
    return changeConnectivity(twin, "STALE", new Date(now), now);
  }
  if (now < twin.nextStaleAt) return null;
  const aged = ageReadings(twin, now);
  if (aged.length === 0) return null;
  twin.revision += 1;
  twin.touch();
  return new TwinChange(twin, aged);
}

/**
 * Nobody knows any more whether these readings are true.
 * @param at since when nobody knows either whether the machine is there, in milliseconds; null where that is known.
 */
export function applyUncertainty(
  twin: Twin,
  metrics: Iterable<string>,
  at: number | null,
): TwinChange | null {
  const changed: Series[] = [];
  for (const metric of metrics) {
    const series = twin.series(metric);
    if (!series || twin.table.isStale(series.place)) continue;
    twin.table.setStale(series.place, true);
    changed.push(series);
  }
  const wasOnline = at !== null && twin.status === "ONLINE";
  if (wasOnline) {
    twin.status = "STALE";
    twin.since = new Date(at);
    twin.headVersion += 1;
  }
  if (changed.length === 0 && !wasOnline) return null;
  twin.revision += 1;
  twin.touch();
  return new TwinChange(twin, changed);
}

/** Something else about these metrics has changed, such as what is desired of them: a change of the twin for its followers. */
export function applyNews(twin: Twin, series: readonly Series[]): TwinChange {
  twin.revision += 1;
  twin.touch();
  return new TwinChange(twin, series);
}

/** When `applyTime` may next change something, in milliseconds; reports of the machine can only put it off. */
export function nextDue(twin: Twin, now: number): number {
  const type = twin.machine.machineType;
  let next = Math.min(twin.nextStaleAt, now + LONGEST_WAIT_MS);
  if (twin.status === "ONLINE")
    next = Math.min(next, heardAt(twin) + (type?.staleAfterMs ?? DEFAULT_STALE_AFTER_MS));
  if ((twin.status === "ONLINE" || twin.status === "STALE") && type?.offlineAfterMs)
    next = Math.min(next, heardAt(twin) + type.offlineAfterMs);
  return next;
}

/** The time of a series that has not reported. */
const NEVER = Number.NEGATIVE_INFINITY;
const NOTHING: readonly never[] = [];

function discoveryProblem(twin: Twin, limits: ReducerLimits): string | null {
  if (!limits.discovery) return "unknown metric, and the source does not discover";
  if (twin.size >= limits.maxMetrics)
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

/** When the machine was last heard, or said to be there; `since` of a STALE one only tells when its silence was too long. */
function heardAt({ lastSeenAt, since, status }: Twin): number {
  const told = since?.getTime() ?? 0;
  if (Number.isNaN(lastSeenAt)) return told;
  return status === "STALE" ? lastSeenAt : Math.max(lastSeenAt, told);
}

function heard(twin: Twin, at: number): void {
  if (twin.status === "ONLINE") {
    if (!(twin.lastSeenAt > at)) twin.lastSeenAt = at;
  } else {
    twin.status = "ONLINE";
    twin.since = new Date(at);
    twin.lastSeenAt = at;
    twin.headVersion += 1;
    twin.dueAt(at);
  }
  twin.touch();
}

function setMode(twin: Twin, value: Scalar): void {
  const mode = machineModeOf(value);
  if (mode === twin.mode) return;
  twin.mode = mode;
  twin.headVersion += 1;
}

/** The change that a message made of the state, which is the last one it told. */
function stateChange(twin: Twin, from: StateChange["from"], time: number): StateChange | null {
  if (twin.state === from) return null;
  const at = new Date(time);
  twin.stateSince = at;
  twin.headVersion += 1;
  return { from, to: twin.state, at };
}

function changeConnectivity(twin: Twin, status: Twin["status"], since: Date, now: number): TwinChange {
  const wasOffline = twin.status === "OFFLINE";
  twin.status = status;
  twin.since = since;
  twin.headVersion += 1;
  twin.dueAt(now);
  const changed: Series[] = [];
  if (status === "OFFLINE") {
    for (const series of twin.allSeries()) {
      if (twin.table.isStale(series.place)) continue;
      twin.table.setStale(series.place, true);
      changed.push(series);
    }
  } else if (wasOffline) changed.push(...unstale(twin, now));
  twin.revision += 1;
  twin.touch();
  return new TwinChange(twin, changed);
}

/** The machine is back: readings are as old as they are, and no longer stale only because it was away. */
function unstale(twin: Twin, now: number): Series[] {
  const changed: Series[] = [];
  const { table } = twin;
  for (const series of twin.allSeries()) {
    const time = table.time(series.place);
    if (!table.isStale(series.place) || time === NEVER || tooOld(series, time, now)) continue;
    table.setStale(series.place, false);
    changed.push(series);
    const staleAfter = series.definition?.staleAfterMs;
    if (staleAfter) twin.staleAt(time + staleAfter);
  }
  return changed;
}

function ageReadings(twin: Twin, now: number): Series[] {
  const changed: Series[] = [];
  const { table } = twin;
  let next = Number.POSITIVE_INFINITY;
  for (const series of twin.allSeries()) {
    const staleAfter = series.definition?.staleAfterMs;
    const time = table.time(series.place);
    if (!staleAfter || time === NEVER || table.isStale(series.place)) continue;
    if (tooOld(series, time, now)) {
      table.setStale(series.place, true);
      changed.push(series);
    } else next = Math.min(next, time + staleAfter);
  }
  twin.nextStaleAt = next;
  return changed;
}

function tooOld({ definition }: Series, time: number, now: number): boolean {
  const staleAfter = definition?.staleAfterMs;
  return Boolean(staleAfter) && now - time >= (staleAfter ?? 0);
}
