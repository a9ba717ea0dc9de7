import type { MachineType } from "../plant/machine-type.js";
import type { Twin } from "../twin/machine-twin.js";
import type { Quality, Scalar } from "../twin/sample.js";
import { conditionsOf } from "./condition.js";
import type { Probe } from "./probe.js";

/** The stored readings of one metric, for conditions that look back. Times are in milliseconds. */
export interface Remembered {
  /** By time, up to the present reading. */
  readonly samples: readonly { readonly time: number; readonly value: Scalar; readonly quality: Quality }[];
  /** When the present reading came. */
  readonly receivedAt: number;
  /** How old a reading may become until nobody knows any more whether it is true. */
  readonly staleAfterMs: number;
}

/** Which readings are to be read of one metric of one machine. */
export interface Wanted {
  readonly twin: Twin;
  readonly metric: string;
  /** The longest time that a condition looks back. */
  readonly overMs: number;
  /** The time of the present reading. */
  readonly last: number;
  readonly receivedAt: number;
  readonly staleAfterMs: number;
}

/** The metrics of a machine that conditions look back at, those that have a reading. */
export function wantedOf(twin: Twin): Wanted[] {
  const found = new Map<string, Wanted>();
  for (const [metric, overMs] of twin.machine.machineType ? lookingBack(twin.machine.machineType) : []) {
    const series = twin.series(metric);
    const last = series ? twin.table.time(series.place) : Number.NEGATIVE_INFINITY;
    if (!series || last === Number.NEGATIVE_INFINITY) continue;
    const staleAfterMs = series.definition?.staleAfterMs ?? Number.POSITIVE_INFINITY;
    const receivedAt = twin.table.receivedAt(series.place);
    found.set(metric, {
      ...{ twin, metric, last, receivedAt, staleAfterMs },
      overMs: Math.max(overMs, found.get(metric)?.overMs ?? 0),
    });
  }
  return [...found.values()];
}

function lookingBack(type: MachineType): [string, number][] {
  return conditionsOf(type).flatMap(({ metrics, probe }) => {
    const [metric] = metrics;
    const overMs = probe?.().remembersMs ?? null;
    return metric === undefined || overMs === null ? [] : [[metric, overMs] as [string, number]];
  });
}

/** Shows a probe what came before. @returns the time of the last reading, which it has judged; null where there is none. */
export function recall(probe: Probe, metric: string, { samples, staleAfterMs }: Remembered): number | null {
  let last = Number.NEGATIVE_INFINITY;
  for (const { time, value, quality } of samples) {
    if (quality === "BAD" || time - last >= staleAfterMs) probe.lose(metric);
    if (quality !== "BAD") probe.put(metric, value, time);
    last = time;
  }
  if (last === Number.NEGATIVE_INFINITY) return null;
  probe.verdict(last);
  return last;
}
