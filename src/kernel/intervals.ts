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

/** The parts of intervals that lie in `bounds`, in their order. They must be in order and apart. */
export function clipAll<One extends Interval>(intervals: readonly One[], bounds: Interval): readonly One[] {
  const [first, last] = [intervals[0], intervals.at(-1)];
  if (first && last && first.from >= bounds.from && last.to <= bounds.to) return intervals;
  const kept: One[] = [];
  for (const one of intervals) {
    const part = clip(one, bounds);
    if (part !== null) kept.push(part);
  }
  return kept;
}

/** Whether intervals are in the order of time and none overlaps the next. */
export function areDisjoint(intervals: readonly Interval[]): boolean {
  return intervals.every(
    ({ from, to }, index) => from < to && from >= (intervals[index - 1]?.to ?? Number.NEGATIVE_INFINITY),
  );
}

/**
 * Spans without overlaps, in the order of time: where several hold, the one that stands first in the list remains.
 * Empty ones are left out.
 */
export function flatten<Value>(spans: readonly Span<Value>[]): readonly Span<Value>[] {
  if (areDisjoint(spans)) return spans;
  const flat: Span<Value>[] = [];
  for (const span of spans) {
    let at = firstEndingAfter(flat, span.from);
    let { from } = span;
    while (from < span.to) {
      const next = flat[at];
      const to = Math.min(span.to, next?.from ?? span.to);
      if (from < to) {
        flat.splice(at, 0, { from, to, value: span.value });
        at += 1;
      }
      from = Math.max(from, next?.to ?? span.to);
      at += 1;
    }
  }
  return flat;
}

/** Where in disjoint intervals the first one stands that ends after a moment; their number when none does. */
export function firstEndingAfter(intervals: readonly Interval[], moment: number): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle]?.to ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Reads disjoint spans from their beginning to their end: what holds at a moment, and how long it does. */
export class SpanCursor<Value> {
  readonly #spans: readonly Span<Value>[];
  readonly #otherwise: Value;
  #next = 0;
  /** What holds at the moment moved to. */
  value: Value;
  /** Until when it does, at least. */
  until = Number.NEGATIVE_INFINITY;

  /** @param otherwise what holds where no span is. */
  constructor(spans: readonly Span<Value>[], otherwise: Value) {
    this.#spans = spans;
    this.#otherwise = otherwise;
    this.value = otherwise;
  }

  /** @param moment never before the one moved to last. */
  moveTo(moment: number): void {
    if (moment < this.until) return;
    let span = this.#spans[this.#next];
    while (span !== undefined && span.to <= moment) {
      this.#next += 1;
      span = this.#spans[this.#next];
    }
    const holds = span !== undefined && span.from <= moment;
    this.value = holds && span ? span.value : this.#otherwise;
    this.until = span === undefined ? Number.POSITIVE_INFINITY : holds ? span.to : span.from;
  }
}

/** Visits the stretches that tile a range, in order: during each, what no cursor holds changes. */
export function walk(
  range: Interval,
  cursors: readonly SpanCursor<unknown>[],
  visit: (from: number, to: number) => void,
): void {
  for (let { from } = range; from < range.to; ) {
    let { to } = range;
    for (const cursor of cursors) {
      cursor.moveTo(from);
      if (cursor.until < to) to = cursor.until;
    }
    visit(from, to);
    from = to;
  }
}
