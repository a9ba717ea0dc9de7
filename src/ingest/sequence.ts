import { TopicMap } from "./topic-map.js";

/** A jump by more than this begins another count: nobody loses so many messages between two that come. */
const LONGEST_JUMP = 2 ** 24;
const SPANS = [2 ** 8, 2 ** 16, 2 ** 32];
/** A counter that has never been seen to wrap wraps only this near to its end, and by no more than a part of its span. */
const NEAR_WRAP = 4_096;
const NEAR_PART = 16;
/** How far a counter that is known to wrap may be ahead or behind. */
const FAR_WRAP = 2 ** 15;
/** Devices begin to count at 0 or 1, and a few of the first messages may be missing. */
const SMALL = 15;

/** What is known of one device's count. */
interface Count {
  last: number;
  /** Where it stood before it fell to a small number; -1 once it is past that. */
  before: number;
  /** The span that no number has gone beyond. */
  span: number;
  /** Whether it has been seen to begin anew at the end of its span. */
  wraps: boolean;
  /** Messages that came since the last number and could not be read. */
  unread: number;
}

/** Messages that were missing between two that came. */
export interface Gap {
  readonly missed: number;
  /** The number before them. */
  readonly after: number;
  /** The number that came. */
  readonly number: number;
}

/**
 * Finds out from the numbers in devices' messages how many were lost on the way. It errs towards none: of a number that
 * may be late, repeated or the first one after a restart it says nothing.
 */
export class SequenceTracker {
  readonly #counts: TopicMap<Count>;

  /** @param max devices that are remembered; of the one beyond, all are forgotten. */
  constructor(max: number) {
    this.#counts = new TopicMap({ entries: max });
  }

  /**
   * Takes the number of a device's message.
   * @param number a safe integer from 0.
   * @param again the broker may have delivered the message before.
   * @returns what is missing before it; null when nothing is, or nobody can tell.
   */
  take(device: string, number: number, again: boolean): Gap | null {
    const count = this.#counts.get(device);
    if (count === undefined) {
      const made = { last: number, before: -1, span: spanOf(number), wraps: false, unread: 0 };
      this.#counts.set(device, made);
      return null;
    }
    if (number >= count.span) {
      count.span = spanOf(number);
      count.wraps = false;
    }
    const ahead = stepOf(count, number, again);
    if (ahead === null) return null;
    return goOn(count, number, ahead);
  }

  /** A device's message came whose number could not be read: the next one is not missing it. */
  skip(device: string): void {
    const count = this.#counts.get(device);
    if (count !== undefined) count.unread += 1;
  }

  /** The next number of each device is taken as it is. */
  clear(): void {
    this.#counts.clear();
  }
}

/** By how much a number is ahead of the last one; 0 for a new beginning, null when it is not newer. */
function stepOf(count: Count, number: number, again: boolean): number | null {
  const { last, span, wraps, before } = count;
  const reach = wraps ? Math.min(span / 2, FAR_WRAP) : Math.min(span / NEAR_PART, NEAR_WRAP);
  if (number > last) {
    if (wraps && last + span - number <= reach) return null;
    // Numbers that it had before it fell come again: what is missing below them came then.
    const from = before >= 0 && number > before && number > last + 1 ? before : last;
    return number - from > LONGEST_JUMP ? 0 : number - from;
  }
  if (number === last) return null;
  const around = span - last + number;
  const begins = number <= SMALL && around > span / NEAR_PART;
  if (around <= reach && !begins) return around;
  if (again || number > Math.max(SMALL, last / NEAR_PART)) return null;
  count.before = last;
  return 0;
}

function goOn(count: Count, number: number, ahead: number): Gap | null {
  const after = count.last;
  // Only a step from the very last number to the first proves the span; a fall from elsewhere may be a restart.
  if (number < after && ahead > 0) count.wraps ||= ahead === 1;
  if (number > count.before) count.before = -1;
  count.last = number;
  const missed = Math.max(ahead - 1 - count.unread, 0);
  count.unread = 0;
  return missed === 0 ? null : { missed, after, number };
}

function spanOf(number: number): number {
  return SPANS.find((span) => number < span) ?? Number.POSITIVE_INFINITY;
}
