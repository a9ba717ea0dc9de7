/**
 * How what a series tells of facts follows on what is known of it, so that whoever derives facts sees where that cannot
 * be relied on: then it must read the samples themselves.
 */
export class FactTrail {
  /** How many facts the series has told. */
  told = 0;
  /** How many of those are committed; NaN while nobody knows what the history holds of it. */
  committed: number;
  /** The time of the newest of those, in milliseconds. */
  committedAt = Number.NEGATIVE_INFINITY;
  /** After a reading of before this time the history may hold others, which were never the present. */
  ahead = Number.NEGATIVE_INFINITY;

  /** @param whole whether the series has never been stored before. */
  constructor(whole: boolean) {
    this.committed = whole ? 0 : Number.NaN;
  }

  /** Whether nothing of the series can lie between a reading of that time and the next one. */
  isSureAfter(time: number): boolean {
    return !Number.isNaN(this.committed) && time >= this.ahead;
  }
}
