import type { Database } from "../db/database.js";
import { firstNotBefore, type SampleColumns, valueAt } from "../history/columns.js";
import type { RangeService } from "../history/range.service.js";
import type { Stretch } from "../history/stretch.js";
import type { Interval } from "../kernel/intervals.js";
import type { BulkSql } from "../kernel/sql.js";
import type { Equipment } from "../plant/equipment.js";
import type { TwinService } from "../twin/twin.service.js";
import { type CounterEnergy, type EnergyPoint, energyOf, readingOf } from "./energy.js";
import type { MachineTime } from "./machine-time.js";

const DAY_MS = 86_400_000;
/** How old the last reading before a range may be. */
const REACH_MS = DAY_MS;
const POINTS = 10_000;
/** Longer times are not read sample by sample. */
const LONGEST_BY_SAMPLE_MS = DAY_MS;
/** The most time, of all counters together, of which the samples are in memory at once. */
const SAMPLED_AT_ONCE_MS = 30 * DAY_MS;
/** Times within so much are read together: as many minutes as there may be points. */
const NEAR_MS = 6 * DAY_MS;

/** Reads samples as the caller's transaction sees them. */
export interface SampleReader {
  /** The samples of each stretch, in order, with those just before and after it. */
  read(sql: BulkSql, stretches: readonly Stretch[]): Promise<SampleColumns[]>;
}

/** A counter in one of the times that were asked for. */
interface Metered extends MachineTime {
  /** Which of the times. */
  readonly index: number;
  readonly name: string;
  readonly unit: string | null;
}

/** How much energy machines took, by the history of their metrics with the role ENERGY. */
export class EnergyService {
  readonly #ranges: RangeService;
  readonly #samples: SampleReader;
  readonly #twins: TwinService;
  readonly #db: Database;

  constructor(deps: { ranges: RangeService; samples: SampleReader; twins: TwinService; db: Database }) {
    this.#ranges = deps.ranges;
    this.#samples = deps.samples;
    this.#twins = deps.twins;
    this.#db = deps.db;
  }

  /** Of every energy counter of the machines; in long ranges by rollups. */
  async energy(machines: readonly Equipment[], range: Interval): Promise<CounterEnergy[]> {
    const metered = countersIn(machines.map((machine) => ({ machine, range })));
    const amounts = await this.#byRange(metered);
    return metered.map((one, index) => energyIn(one, amounts[index]));
  }

  /**
   * Of every energy counter of each time's machine, in the order of the times. What is read grows with how long they are,
   * not with how many.
   */
  async ofEach(times: readonly MachineTime[]): Promise<CounterEnergy[][]> {
    const metered = countersIn(times);
    const amounts = new Map<Metered, number>();
    const short = metered.filter(({ range }) => lengthOf(range) <= LONGEST_BY_SAMPLE_MS);
    const fits = (group: readonly Metered[], next: Metered) =>
      [...group, next].reduce((sum, { range }) => sum + lengthOf(range), 0) <= SAMPLED_AT_ONCE_MS;
    for (const some of grouped(short, fits)) await this.#bySample(some, amounts);
    // Without a sample before a time, those in it may be too old to be kept, and rollups are what is left.
    const rest = metered.filter((one) => !amounts.has(one)).sort((a, b) => a.range.from - b.range.from);
    const isNear = ([first]: readonly Metered[], next: Metered) =>
      next.range.to - (first?.range.from ?? 0) <= NEAR_MS;
    for (const some of grouped(rest, isNear)) {
      const found = await this.#byRange(some);
      for (const [index, one] of some.entries()) amounts.set(one, found[index] ?? 0);
    }
    const energy = times.map((): CounterEnergy[] => []);
    for (const one of metered) energy[one.index]?.push(energyIn(one, amounts.get(one)));
    return energy;
  }

  /** Exactly, of those that there is a sample before. */
  async #bySample(metered: readonly Metered[], amounts: Map<Metered, number>): Promise<void> {
    const known = metered.flatMap((one) => {
      const { machine, range, name } = one;
      const seriesId = this.#twins.of(machine).series(name)?.id ?? null;
      const stretch = { machineId: machine.id, from: range.from, to: range.to - 1 };
      return seriesId === null || lengthOf(range) === 0 ? [] : [{ one, stretch: { ...stretch, seriesId } }];
    });
    if (known.length === 0) return;
    const stretches = known.map(({ stretch }) => stretch);
    const found = await this.#db.withConnection((sql) => this.#samples.read(sql, stretches));
    for (const [index, { one, stretch }] of known.entries()) {
      const columns = found[index];
      if (!columns) continue;
      const times = columns.times.subarray(0, columns.count);
      const [begin, end] = [firstNotBefore(times, stretch.from), firstNotBefore(times, stretch.to + 1)];
      if (begin === 0) continue;
      const isRecent = stretch.from - (times[begin - 1] ?? 0) <= REACH_MS;
      const base = isRecent ? readingOf(valueAt(columns, begin - 1)) : null;
      amounts.set(one, energyOf(base, pointsIn(columns, begin, end)));
    }
  }

  /** Of all of them by two reads of the time that they lie in; by rollups where that is long. */
  async #byRange(metered: readonly Metered[]): Promise<number[]> {
    if (metered.length === 0) return [];
    const machines = [...new Set(metered.map(({ machine }) => machine))];
    const twins = machines.map((machine) => this.#twins.of(machine));
    const metrics = [...new Set(metered.map(({ name }) => name))];
    const from = Math.min(...metered.map(({ range }) => range.from));
    const [start, to] = [new Date(from), new Date(Math.max(...metered.map(({ range }) => range.to)))];
    const [before, during] = await Promise.all([
      this.#ranges.ranges(twins, { metrics, from: new Date(from - REACH_MS), to: start, points: 1 }),
      this.#ranges.ranges(twins, { metrics, from: start, to, points: POINTS }),
    ]);
    const pointsOf = (found: typeof during, { machine, name }: Metered) =>
      found[machines.indexOf(machine)]?.find(({ metric }) => metric === name)?.points ?? [];
    return metered.map((one) => {
      const points = [...pointsOf(before, one), ...pointsOf(during, one)];
      const begin = points.findIndex(({ time }) => time.getTime() >= one.range.from);
      if (begin < 0) return 0;
      const end = points.findIndex(({ time }) => time.getTime() >= one.range.to);
      return energyOf(readingOf(points[begin - 1]?.value), points.slice(begin, end < 0 ? undefined : end));
    });
  }
}

function countersIn(times: readonly MachineTime[]): Metered[] {
  return times.flatMap(({ machine, range }, index) =>
    (machine.machineType?.metrics ?? [])
      .filter(({ role }) => role === "ENERGY")
      .map(({ name, unit }) => ({ index, machine, range, name, unit })),
  );
}

function energyIn({ machine, unit }: Metered, amount = 0): CounterEnergy {
  return { machineId: machine.id, unit, amount };
}

function lengthOf({ from, to }: Interval): number {
  return Math.max(to - from, 0);
}

function* pointsIn(columns: SampleColumns, begin: number, end: number): Generator<EnergyPoint> {
  for (let index = begin; index < end; index += 1) {
    const value = readingOf(valueAt(columns, index));
    yield { value, min: value, max: value };
  }
}

/** In their order, as many in a group as fit. */
function grouped<One>(
  all: readonly One[],
  fits: (group: readonly One[], next: One) => boolean,
): (readonly One[])[] {
  const groups: One[][] = [];
  for (const one of all) {
    const group = groups.at(-1);
    if (group && fits(group, one)) group.push(one);
    else groups.push([one]);
  }
  return groups;
}
