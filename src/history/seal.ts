import { MAX_BLOCK_SAMPLES } from "./block.js";
import { firstNotBefore, type Other, type SampleColumns, sliceOf } from "./columns.js";

export const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** About as many samples as a block holds: more cost a reader of a few, fewer are packed less tightly. */
const TARGET = 4_096;
/** A block of fewer takes in what is new beside it. */
const SMALL = 1_024;

/** A block without its data: times in milliseconds, both included. */
export interface BlockSpan {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** New samples, from one index up to another, and the blocks that they become one with. */
export interface Piece<Block> {
  readonly blocks: readonly Block[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Which of a day's blocks must be written anew for new samples of that day: those that share a minute with one, and
 * small ones beside these. The rest stay as they are.
 * @param blocks all of the series and day, by time.
 * @param times of the new samples, ascending.
 */
export function piecesOf<Block extends BlockSpan>(
  blocks: readonly Block[],
  times: Float64Array,
): Piece<Block>[] {
  const pieces: { first: number; next: number; begin: number; end: number }[] = [];
  let open: (typeof pieces)[number] | null = null;
  const add = (block: number, taken: number, begin: number, end: number) => {
    if (open && open.next === block) {
      open.next += taken;
      open.end = end;
      return;
    }
    open = { first: block, next: block + taken, begin, end };
    pieces.push(open);
  };
  let at = 0;
  blocks.forEach((block, index) => {
    const before = firstNotBefore(times, minuteOf(block.from));
    if (before > at) add(index, 0, at, before);
    at = Math.max(at, before);
    const within = Math.max(at, firstNotBefore(times, minuteOf(block.to) + MINUTE_MS));
    if (within > at) add(index, 1, at, within);
    at = within;
  });
  if (at < times.length) add(blocks.length, 0, at, times.length);
  return withSmallNeighbours(pieces, blocks);
}

function withSmallNeighbours<Block extends BlockSpan>(
  pieces: readonly { first: number; next: number; begin: number; end: number }[],
  blocks: readonly Block[],
): Piece<Block>[] {
  const small = (index: number) => (blocks[index]?.count ?? SMALL) < SMALL;
  const widened: { first: number; next: number; begin: number; end: number }[] = [];
  for (const { first, next, begin, end } of pieces) {
    const last = widened.at(-1);
    const piece = {
      first: small(first - 1) && first - 1 >= (last?.next ?? 0) ? first - 1 : first,
      next: small(next) ? next + 1 : next,
      begin,
      end,
    };
    // A small block between two pieces joins them.
    if (last && piece.first <= last.next) {
      last.next = piece.next;
      last.end = piece.end;
    } else widened.push(piece);
  }
  return widened.map(({ first, next, begin, end }) => ({ blocks: blocks.slice(first, next), begin, end }));
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}

/** The parts of ascending samples that lie in one UTC day each. */
export function daysOf(columns: SampleColumns): { day: number; columns: SampleColumns }[] {
  const days: { day: number; columns: SampleColumns }[] = [];
  let begin = 0;
  while (begin < columns.count) {
    const day = dayOf(columns.times[begin] as number);
    const end = firstNotBefore(columns.times.subarray(0, columns.count), day + DAY_MS);
    days.push({ day, columns: sliceOf(columns, begin, end) });
    begin = end;
  }
  return days;
}

/** The beginning of the UTC day of a time. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}

/** All samples by time; of one time, those of an earlier part come first. Each part is ascending. */
export function merged(parts: readonly SampleColumns[]): SampleColumns {
  const [first, ...rest] = parts.filter((part) => part.count > 0);
  if (!first) throw new RangeError("nothing to merge");
  return rest.reduce(mergedTwo, first);
}

function mergedTwo(a: SampleColumns, b: SampleColumns): SampleColumns {
  const count = a.count + b.count;
  const times = new Float64Array(count);
  const numbers = new Float64Array(count);
  const others = a.others || b.others ? new Array<Other | undefined>(count).fill(undefined) : null;
  const qualities = a.qualities || b.qualities ? new Uint8Array(count) : null;
  const copy = (from: SampleColumns, begin: number, end: number, at: number) => {
    times.set(from.times.subarray(begin, end), at);
    numbers.set(from.numbers.subarray(begin, end), at);
    if (from.qualities) qualities?.set(from.qualities.subarray(begin, end), at);
    if (from.others && others)
      for (let index = begin; index < end; index += 1) others[at + index - begin] = from.others[index];
  };
  let fromA = 0;
  let fromB = 0;
  // Runs of one side at a time: what is new mostly stands after, or within a gap of, what was there.
  while (fromA < a.count || fromB < b.count) {
    const nextB = fromB < b.count ? (b.times[fromB] as number) : Number.POSITIVE_INFINITY;
    let end = fromA;
    while (end < a.count && (a.times[end] as number) <= nextB) end += 1;
    copy(a, fromA, end, fromA + fromB);
    fromA = end;
    const nextA = fromA < a.count ? (a.times[fromA] as number) : Number.POSITIVE_INFINITY;
    end = fromB;
    while (end < b.count && (b.times[end] as number) < nextA) end += 1;
    copy(b, fromB, end, fromA + fromB);
    fromB = end;
  }
  return { count, times, numbers, others, qualities };
}

/**
 * Ascending samples of one day as blocks of about equal size, so that no minute lies in two; only a minute with more
 * samples than a block can hold does.
 */
export function blocksOf(columns: SampleColumns): SampleColumns[] {
  const { count } = columns;
  const times = columns.times.subarray(0, count);
  const blocks: SampleColumns[] = [];
  let begin = 0;
  while (begin < count) {
    const left = Math.round((count - begin) / TARGET);
    let end = count;
    if (left > 1) {
      const minute = minuteOf(times[begin + Math.floor((count - begin) / left)] as number);
      end = firstNotBefore(times, minute);
      if (end <= begin) end = firstNotBefore(times, minute + MINUTE_MS);
    }
    end = Math.min(end, begin + MAX_BLOCK_SAMPLES);
    blocks.push(sliceOf(columns, begin, end));
    begin = end;
  }
  return blocks;
}

/**
 * Whether a new sample stays the last one before `end`, although others of its day are there already.
 * @param blocks all of the day; `decoded` are the samples of those that have new ones within their span.
 */
export function isLast(
  time: number,
  end: number,
  blocks: readonly BlockSpan[],
  decoded: readonly SampleColumns[],
): boolean {
  // A block that is not decoded has none of its minutes in common with the sample: its first one tells.
  if (blocks.some((block) => block.from > time && block.from < end)) return false;
  return !decoded.some(({ times, count }) => {
    const later = times[firstNotBefore(times.subarray(0, count), time + 1)];
    return later !== undefined && later < end;
  });
}
