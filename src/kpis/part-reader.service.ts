import type { CountSum } from "../activity/activity.js";
import type { TimeTile } from "../downtime/time-model.js";
import { clipAll, firstEndingAfter, type Interval, type Span } from "../kernel/intervals.js";
import type { Equipment } from "../plant/equipment.js";
import type { MachinePart } from "./machine-part.js";

/** What machines' time counted as. */
export interface TimeModel {
  /** Tiles that are the range exactly, in order, by machine id. */
  tiles(
    machines: readonly Equipment[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Span<TimeTile>[]>>;
}

/** What machines made. */
export interface Counts {
  /** Summed up per kind and operation, by machine id. */
  counts(machineIds: readonly string[], range: Interval): Promise<ReadonlyMap<string, readonly CountSum[]>>;
}

/** A machine's part of one of the ranges asked for. */
export interface PartOfRange {
  /** Which of the ranges. */
  readonly index: number;
  readonly part: MachinePart;
}

const DAY_MS = 86_400_000;
/** The most machines times days that are read at a time: little enough that it is gone before memory is tidied up. */
const MACHINE_DAYS_AT_ONCE = 60;
const MOST_RANGES_AT_ONCE = 8;

/** Reads what machines did, of many machines a bounded part at a time. */
export class PartReader {
  readonly #time: TimeModel;
  readonly #counts: Counts;

  constructor(deps: { time: TimeModel; counts: Counts }) {
    this.#time = deps.time;
    this.#counts = deps.counts;
  }

  /**
   * Each machine's part of each range. Machines are read many at a time, the next ones while those before are worked on;
   * whoever keeps the parts keeps the memory.
   */
  async *read(machines: readonly Equipment[], ranges: readonly Interval[]): AsyncGenerator<PartOfRange> {
    if (ranges.length === 0 || machines.length === 0) return;
    const size = machinesAtOnce(hullOf(ranges));
    let next = this.#load(machines.slice(0, size), ranges);
    for (let at = 0; at < machines.length; at += size) {
      const parts = await next;
      if (at + size < machines.length) {
        next = this.#load(machines.slice(at + size, at + 2 * size), ranges);
        // It is awaited in its turn; until then, or when nobody asks any more, its failure is nobody's.
        next.catch(() => undefined);
      }
      yield* parts;
    }
  }

  async #load(machines: readonly Equipment[], ranges: readonly Interval[]): Promise<Iterable<PartOfRange>> {
    const counting = this.#countsOf(machines, ranges);
    const [tiles, counts] = await Promise.all([this.#time.tiles(machines, hullOf(ranges)), counting]);
    return machines.flatMap((machine) =>
      ranges.map((range, index) => {
        const own = within(tiles.get(machine.id) ?? [], range);
        return { index, part: { machine, tiles: own, counts: counts[index]?.get(machine.id) ?? [] } };
      }),
    );
  }

  async #countsOf(
    machines: readonly Equipment[],
    ranges: readonly Interval[],
  ): Promise<ReadonlyMap<string, readonly CountSum[]>[]> {
    const ids = machines.map(({ id }) => id);
    const found: ReadonlyMap<string, readonly CountSum[]>[] = [];
    for (let at = 0; at < ranges.length; at += MOST_RANGES_AT_ONCE) {
      const some = ranges.slice(at, at + MOST_RANGES_AT_ONCE);
      found.push(...(await Promise.all(some.map((range) => this.#counts.counts(ids, range)))));
    }
    return found;
  }
}

function machinesAtOnce({ from, to }: Interval): number {
  return Math.max(1, Math.floor((MACHINE_DAYS_AT_ONCE * DAY_MS) / Math.max(to - from, 1)));
}

function hullOf(ranges: readonly Interval[]): Interval {
  return {
    from: Math.min(...ranges.map(({ from }) => from)),
    to: Math.max(...ranges.map(({ to }) => to)),
  };
}

function within<Value>(tiles: readonly Span<Value>[], range: Interval): readonly Span<Value>[] {
  const first = tiles[0];
  if (first === undefined || (first.from >= range.from && (tiles.at(-1)?.to ?? 0) <= range.to)) return tiles;
  const begin = firstEndingAfter(tiles, range.from);
  return clipAll(tiles.slice(begin, firstEndingAfter(tiles, range.to) + 1), range);
}
