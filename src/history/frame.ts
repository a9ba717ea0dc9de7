import type { Quality, Scalar } from "../twin/sample.js";
import type { StoredSample } from "../twin/twin-model.js";

/** Frames are kept to this many samples, so that their rows stay within a page of the database. */
export const MOST_SAMPLES = 100;

/** Where samples come from. */
export interface FrameOrigin {
  readonly machineId: string;
  /** When the server received their message, in milliseconds. */
  readonly receivedAt: number;
  /** The twin's revision after the message. */
  readonly revision: number;
  /** The broker kept the message from before. */
  readonly retained: boolean;
}

/** Samples of one message that have one time, and are all shown as the present or all not: a row of the history. */
export interface Frame extends FrameOrigin {
  /** At least one. */
  readonly samples: readonly StoredSample[];
}

/** A frame as it was stored. */
export interface StoredFrame {
  readonly machineId: string;
  /** Milliseconds, as is `receivedAt`. */
  readonly time: number;
  readonly receivedAt: number;
  readonly revision: number;
  /** False where the samples never were the present: they were late, or historical. */
  readonly shown: boolean;
  readonly retained: boolean;
  /** Ids of series; the arrays below are as long. */
  readonly series: readonly number[];
  readonly values: readonly Scalar[];
  /** Null when all are GOOD. */
  readonly qualities: readonly Quality[] | null;
}

/** A sample that may be there already. */
export interface Unsure {
  readonly origin: FrameOrigin;
  readonly sample: StoredSample;
}

/** Flags of a frame's row. */
export const NOT_SHOWN = 1;
export const RETAINED = 2;

/** The frames that samples of one origin make. */
export function framesOf(origin: FrameOrigin, samples: readonly StoredSample[]): Frame[] {
  const { machineId, receivedAt, revision, retained } = origin;
  const frames: Frame[] = [];
  let begin = 0;
  for (let index = 1; index <= samples.length; index += 1) {
    if (index < samples.length && index - begin < MOST_SAMPLES && alike(samples[begin], samples[index]))
      continue;
    const whole = begin === 0 && index === samples.length;
    frames.push({
      machineId,
      receivedAt,
      revision,
      retained,
      samples: whole ? samples : samples.slice(begin, index),
    });
    begin = index;
  }
  return frames;
}

function alike(a: StoredSample | undefined, b: StoredSample | undefined): boolean {
  return a?.time === b?.time && a?.shown === b?.shown;
}
