/** A stretch of time, in milliseconds: `from` belongs to it, `to` does not. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** What was so during a stretch of time. */
export interface Span<Value> extends Interval {
  readonly value: Value;
}

/** The part of an interval that lies in another one; null where they do not meet. */
export function clip<One extends Interval>(one: One, bounds: Interval): One | null {
  const from = Math.max(one.from, bounds.from);
  const to = Math.min(one.to, bounds.to);
  if (from >= to) return null;
  return from === one.from && to === one.to ? one : { ...one, from, to };
}

/** In milliseconds. */
export function durationOf(intervals: Iterable<Interval>): number {
  let sum = 0;
  for (const { from, to } of intervals) sum += to - from;
  return sum;
}
