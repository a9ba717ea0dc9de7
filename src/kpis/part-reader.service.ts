import type { CountSum } from "../activity/activity.js";
import type { TimeTile } from "../downtime/time-model.js";
import { clipAll, firstEndingAfter, type Interval, type Span } from "../kernel/intervals.js";
import type { Equipment } from "../plant/equipment.js";
import type { MachinePart } from "./machine-part.js";

/** What machines' time counted as. */
export interface TimeModel {
  /** Reads some of the machines at a time: tiles that are the range exactly, in order, by machine id. */
  reader(
    machines: readonly Equipment[],
    range: Interval,
  ): Promise<(some: readonly Equipment[]) => Promise<TilesOf>>;
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
/** The most machines times days whose tiles are read at a time: little enough that they are gone before memory is tidied up. */
const MACHINE_DAYS_AT_ONCE = 60;
/** Of what there is little of, such as counts, which are sums. */
const MORE_MACHINE_DAYS_AT_ONCE = 1_200;
const MOST_RANGES_AT_ONCE = 8;

type TilesOf = ReadonlyMap<string, readonly Span<TimeTile>[]>;
type CountsOf = ReadonlyMap<string, readonly CountSum[]>;

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
    const hull = hullOf(ranges);
    for (const group of slicesOf(machines, machinesIn(hull, MORE_MACHINE_DAYS_AT_ONCE)))
      for await (const { some, tiles, counts } of this.#inSlices(group, hull, ranges))
        for (const machine of some)
          for (const [index, range] of ranges.entries()) {
            const own = within(tiles.get(machine.id) ?? [], range);
            yield { index, part: { machine, tiles: own, counts: counts[index]?.get(machine.id) ?? [] } };
          }
  }

  async *#inSlices(group: readonly Equipment[], hull: Interval, ranges: readonly Interval[]) {
    const slices = slicesOf(group, machinesIn(hull, MACHINE_DAYS_AT_ONCE));
    const reading = this.#time.reader(group, hull);
    const read = (slice: readonly Equipment[]) => unheard(reading.then((tilesOf) => tilesOf(slice)));
    const counting = unheard(this.#countsOf(group, ranges));
    let next = read(slices[0] ?? []);
    for (const [index, some] of slices.entries()) {
      const [tiles, counts] = await Promise.all([next, counting]);
      next = read(slices[index + 1] ?? []);
      yield { some, tiles, counts };
    }
  }

  async #countsOf(machines: readonly Equipment[], ranges: readonly Interval[]): Promise<readonly CountsOf[]> {
    const ids = machines.map(({ id }) => id);
    const found: CountsOf[] = [];
    for (let at = 0; at < ranges.length; at += MOST_RANGES_AT_ONCE) {
      const some = ranges.slice(at, at + MOST_RANGES_AT_ONCE);
      found.push(...(await Promise.all(some.map((range) => this.#counts.counts(ids, range)))));
    }
    return found;
  }
}

/** What is awaited in its turn: until then, or when nobody asks any more, its failure is nobody's. */
function unheard<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}

/** Of how many machines a range is so many machine-days; at least one. */
function machinesIn({ from, to }: Interval, machineDays: number): number {
  return Math.max(1, Math.floor((machineDays * DAY_MS) / Math.max(to - from, 1)));
}

function slicesOf<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  const slices: (readonly Item[])[] = [];
  for (let at = 0; at < items.length; at += size) slices.push(items.slice(at, at + size));
  return slices;
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
