import type { HistoryPointValue, RangeService } from "../history/range.service.js";
import type { Twin } from "../twin/machine-twin.js";
import { type Remembered, type Wanted, wantedOf } from "./remembered.js";

/** Of a metric with more readings than this in its window they are read thinned. */
const MOST_SAMPLES = 5_000;
/** Machines that are read together. */
const MOST_TOGETHER = 100;
/** Readings of machines that are read together lie no further apart than that: clocks differ, and some machines are gone. */
const FURTHEST_APART_MS = 3_600_000;
/** How far before a window is looked for the last reading before it: values that do not change are not always told. */
const HELD_MS = 7 * 86_400_000;
/** It is looked for ever further back, so that its time is known about as exactly as it is near. */
const FURTHER = 8;
const HELD_POINTS = 1_000;

type Sample = Remembered["samples"][number];

/** Reads what conditions that look back have seen before a restart, or on the server that had the machines before. */
export class WindowReader {
  readonly #ranges: RangeService;

  constructor(deps: { ranges: RangeService }) {
    this.#ranges = deps.ranges;
  }

  /** Per machine by metric. Machines are read in groups, so that there are few statements and little is held at once. */
  async read(twins: readonly Twin[]): Promise<ReadonlyMap<Twin, ReadonlyMap<string, Remembered>>> {
    const found = new Map<Twin, Map<string, Remembered>>();
    for (const group of groupsOf(twins.flatMap(wantedOf))) {
      for (const [one, samples] of await this.#readGroup(group)) {
        const ofTwin = found.get(one.twin) ?? new Map<string, Remembered>();
        const { receivedAt, staleAfterMs } = one;
        found.set(one.twin, ofTwin.set(one.metric, { samples, receivedAt, staleAfterMs }));
      }
    }
    return found;
  }

  async #readGroup(group: readonly Wanted[]): Promise<Map<Wanted, Remembered["samples"]>> {
    // A window that is full goes back by its length; whether it is full is seen in the same time before that.
    const span = {
      from: Math.min(...group.map(({ last, overMs }) => last - 2 * overMs)),
      to: Math.max(...group.map(({ last }) => last)) + 1,
    };
    const within = await this.#points(group, span, MOST_SAMPLES);
    const found = new Map<Wanted, Remembered["samples"]>();
    for (const one of group)
      found.set(
        one,
        samplesOf(within.get(one) ?? []).filter((p) => p.time <= one.last),
      );
    const begins = group.filter((one) => (found.get(one)?.[0]?.time ?? one.last) > one.last - one.overMs);
    // One metric at a time: others of the same machines may have a week full of readings.
    for (const metric of new Set(begins.map((one) => one.metric))) {
      const ofMetric = begins.filter((one) => one.metric === metric);
      for (const [one, held] of await this.#held(ofMetric, span.from))
        found.set(one, [held, ...(found.get(one) ?? [])]);
    }
    return found;
  }

  /** The last reading of each before a moment; those that have one. @param wanted windows of one length. */
  async #held(wanted: readonly Wanted[], moment: number): Promise<Map<Wanted, Sample>> {
    const found = new Map<Wanted, Sample>();
    const earliest = moment - HELD_MS;
    let to = moment;
    for (let length = FURTHER * (wanted[0]?.overMs ?? 0); to > earliest; length *= FURTHER) {
      const missing = wanted.filter((one) => !found.has(one));
      if (missing.length === 0) break;
      const from = Math.max(moment - length, earliest);
      for (const [one, points] of await this.#points(missing, { from, to }, HELD_POINTS)) {
        const last = samplesOf(points).at(-1);
        if (last) found.set(one, last);
      }
      to = from;
    }
    return found;
  }

  async #points(
    group: readonly Wanted[],
    span: { from: number; to: number },
    points: number,
  ): Promise<Map<Wanted, readonly HistoryPointValue[]>> {
    const found = new Map<Wanted, readonly HistoryPointValue[]>();
    if (group.length === 0) return found;
    const twins = [...new Set(group.map(({ twin }) => twin))];
    const metrics = [...new Set(group.map(({ metric }) => metric))];
    const request = { metrics, points, from: new Date(span.from), to: new Date(span.to) };
    const series = await this.#ranges.ranges(twins, request);
    for (const one of group) {
      const ofTwin = series[twins.indexOf(one.twin)] ?? [];
      found.set(one, ofTwin.find(({ metric }) => metric === one.metric)?.points ?? []);
    }
    return found;
  }
}

/** Those with windows of one length whose readings are of about one time. */
function groupsOf(wanted: readonly Wanted[]): Wanted[][] {
  const groups: Wanted[][] = [];
  for (const one of wanted.toSorted((a, b) => a.overMs - b.overMs || a.last - b.last)) {
    const group = groups.at(-1);
    const [first] = group ?? [];
    const fits = first?.overMs === one.overMs && one.last - first.last <= FURTHEST_APART_MS;
    if (group && fits && group.length < MOST_TOGETHER) group.push(one);
    else groups.push([one]);
  }
  return groups;
}

function samplesOf(points: readonly HistoryPointValue[]): Remembered["samples"] {
  return points.map(({ time, value, quality }) => ({ time: time.getTime(), value, quality }));
}
