import type { StoredFrame } from "../history/frame.js";
import type { Quality, Scalar } from "./sample.js";

/** The newest reading of a series among frames. */
export interface RecentReading {
  /** Milliseconds, as is `receivedAt`. */
  readonly time: number;
  readonly receivedAt: number;
  readonly revision: number;
  readonly value: Scalar;
  readonly quality: Quality;
}

/** What frames tell of a machine. */
export interface RecentHead {
  readonly revision: number;
  /** When the machine last sent something live, in milliseconds; 0 where it did not. */
  readonly seenAt: number;
}

/** The newest readings among frames that come in any order. */
export class RecentReadings {
  /** By the id of the series. */
  readonly readings: (RecentReading | undefined)[] = [];
  /** By the id of the machine. */
  readonly heads = new Map<string, RecentHead>();

  add(frame: StoredFrame): void {
    const { machineId, time, receivedAt, revision } = frame;
    const head = this.heads.get(machineId);
    const seenAt = frame.retained ? 0 : receivedAt;
    if (!head || revision > head.revision || seenAt > head.seenAt) {
      this.heads.set(machineId, {
        revision: Math.max(revision, head?.revision ?? 0),
        seenAt: Math.max(seenAt, head?.seenAt ?? 0),
      });
    }
    if (!frame.shown) return;
    for (let index = 0; index < frame.series.length; index += 1) {
      const id = frame.series[index] as number;
      const known = this.readings[id];
      // Of one time, the twin showed the value that came last.
      if (known && (known.time > time || (known.time === time && known.revision > revision))) continue;
      const value = frame.values[index] ?? null;
      this.readings[id] = { time, receivedAt, revision, value, quality: frame.qualities?.[index] ?? "GOOD" };
    }
  }
}
