import type { Clock } from "../kernel/clock.js";
import { durationOf, type Interval } from "../kernel/intervals.js";
import { err, type Result } from "../kernel/result.js";
import type { Operation } from "../orders/operation.js";
import type { Equipment } from "../plant/equipment.js";
import type { PlantService } from "../plant/plant.service.js";
import { type CounterEnergy, energyUse } from "./energy.js";
import { addUp } from "./kpi.js";
import { type RangeProblem, rangeOf, sizeProblem } from "./kpi-range.js";
import { figuresOf, isFinal, type KpiReport } from "./kpi-report.js";
import { LossTree } from "./losses.js";
import { type PartSummary, partSums, summaryOf } from "./machine-part.js";
import { once } from "./once.js";
import type { PartReader } from "./part-reader.service.js";

/** Finds operations; one for each id, in their order. */
export interface Operations {
  operationsByIds(ids: readonly string[]): Promise<(Operation | null)[]>;
}

/** Reads how much energy machines took. */
export interface EnergyReader {
  /** Of every energy counter of the machines. */
  energy(machines: readonly Equipment[], range: Interval): Promise<readonly CounterEnergy[]>;
}

/** When equipment works in shifts. */
export interface Shifts {
  shifts(equipment: Equipment, range: Interval): readonly ShiftTime[];
}

export interface ShiftTime extends Interval {
  readonly name: string;
  /** The local date on which it starts. */
  readonly date: string;
}

/** The report of one shift, or of the part of it that was asked for. */
export interface ShiftReport {
  readonly shift: ShiftTime;
  readonly report: KpiReport;
}

/** All that the reports of one question share, by machine id. */
interface Question {
  readonly range: Interval;
  readonly summaries: ReadonlyMap<string, PartSummary>;
  readonly open: () => Promise<ReadonlySet<string>>;
  readonly energy: () => Promise<readonly CounterEnergy[]>;
  /** Loss trees down to the downtime, by what was asked for, in its order; null: those of the summaries are. */
  readonly downtimes: (() => Promise<readonly LossTree[]>) | null;
}

const DAY_MS = 86_400_000;
/** Of at most so many machines times days every downtime is remembered from the first reading; of more they are read when asked for. */
const MACHINE_DAYS_KEPT = 14;

/** KPIs of equipment, computed from facts at every question, so that late data and corrections restate them. */
export class KpiService {
  readonly #reader: PartReader;
  readonly #operations: Operations;
  readonly #energy: EnergyReader;
  readonly #shifts: Shifts;
  readonly #plants: PlantService;
  readonly #clock: Clock;

  constructor(deps: {
    reader: PartReader;
    operations: Operations;
    energy: EnergyReader;
    shifts: Shifts;
    plants: PlantService;
    clock: Clock;
  }) {
    this.#reader = deps.reader;
    this.#operations = deps.operations;
    this.#energy = deps.energy;
    this.#shifts = deps.shifts;
    this.#plants = deps.plants;
    this.#clock = deps.clock;
  }

  /** The range that arguments name, for this equipment. */
  range(equipment: Equipment, from: Date, to: Date | null): Result<Interval, RangeProblem> {
    const range = rangeOf(from, to, this.#clock.now());
    if (!range.ok) return range;
    const problem = sizeProblem(range.value, this.#machinesOf(equipment).length);
    return problem === null ? range : err(problem);
  }

  /** One report for each, in their order. The statements that it takes do not grow with the equipment. */
  async reports(equipment: readonly Equipment[], range: Interval): Promise<KpiReport[]> {
    const [reports = []] = await this.#ask(equipment, [range]);
    return reports;
  }

  /**
   * For each equipment the shifts that take place in the range, oldest first, each clipped to it. A group has the shifts
   * of its machines; where those of one name and date differ, it is the time of them all.
   */
  async byShift(equipment: readonly Equipment[], range: Interval): Promise<ShiftReport[][]> {
    const found: ShiftReport[][] = equipment.map(() => []);
    const alike = new Map<string, { shifts: readonly ShiftTime[]; indexes: number[] }>();
    for (const [index, one] of equipment.entries()) {
      const shifts = this.shiftsOf(one, range);
      const key = JSON.stringify(shifts);
      const known = alike.get(key);
      if (known) known.indexes.push(index);
      else alike.set(key, { shifts, indexes: [index] });
    }
    for (const { shifts, indexes } of alike.values()) {
      const ranges = shifts.map(({ from, to }) => ({
        from: Math.max(from, range.from),
        to: Math.min(to, range.to),
      }));
      const some = indexes.map((index) => equipment[index]).filter((one) => one !== undefined);
      const reports = await this.#ask(some, ranges);
      for (const [at, index] of indexes.entries())
        found[index] = shifts.flatMap((shift, nth) => {
          const report = reports[nth]?.[at];
          return report ? [{ shift, report }] : [];
        });
    }
    return found;
  }

  /** The shifts of equipment, or of all machines of a group, that take place at some time of a range, oldest first. */
  shiftsOf(equipment: Equipment, range: Interval): ShiftTime[] {
    const shifts = new Map<string, ShiftTime>();
    for (const machine of this.#machinesOf(equipment))
      for (const { name, date, from, to } of this.#shifts.shifts(machine, range)) {
        const key = `${date} ${name}`;
        const known = shifts.get(key);
        const hull = { from: Math.min(from, known?.from ?? from), to: Math.max(to, known?.to ?? to) };
        shifts.set(key, { name, date, ...hull });
      }
    return [...shifts.values()].sort((a, b) => a.from - b.from);
  }

  /** Reports by range, and in each by equipment. */
  async #ask(equipment: readonly Equipment[], ranges: readonly Interval[]): Promise<KpiReport[][]> {
    const machinesOf = equipment.map((one) => this.#machinesOf(one));
    const machines = [...new Set(machinesOf.flat())];
    const summaries = ranges.map(() => new Map<string, PartSummary>());
    const operations = new Set<string>();
    const downtimes = machines.length * durationOf(ranges) <= MACHINE_DAYS_KEPT * DAY_MS;
    for await (const { index, part } of this.#reader.read(machines, ranges)) {
      const summary = summaryOf(part, { downtimes });
      summaries[index]?.set(part.machine.id, summary);
      for (const id of summary.operations) operations.add(id);
    }
    const open = once(() => this.#openOf([...operations]));
    return ranges.map((range, index) => {
      const question = {
        range,
        summaries: summaries[index] ?? new Map<string, PartSummary>(),
        open,
        energy: once(() => this.#energy.energy(machines, range)),
        downtimes: downtimes ? null : once(() => this.#trees(machinesOf, range)),
      };
      return machinesOf.map((some, place) => this.#report(some, place, question));
    });
  }

  #report(machines: readonly Equipment[], place: number, question: Question): KpiReport {
    const { range, summaries } = question;
    const own = machines.flatMap((machine) => {
      const summary = summaries.get(machine.id);
      return summary ? [{ machine, ...summary }] : [];
    });
    const sums = addUp(own.map((one) => one.sums));
    return {
      ...figuresOf(range, sums, own),
      finality: async () => {
        const ended = { now: this.#clock.now(), lateDataMs: this.#plants.lateDataMs };
        // Only what ended long ago is worth asking whether anything of it is open.
        if (!isFinal(range, { ...ended, open: false })) return "PROVISIONAL";
        const open = await question.open();
        const isOpen = own.some(({ operations }) => [...operations].some((id) => open.has(id)));
        return isFinal(range, { ...ended, open: isOpen }) ? "FINAL" : "PROVISIONAL";
      },
      losses: async (options) => {
        const read = options.downtimes ? question.downtimes : null;
        const tree = read ? (await read())[place] : treeOf(machines, summaries);
        return tree?.list(options) ?? [];
      },
      energy: async () => {
        const ids = new Set(own.map(({ machine }) => machine.id));
        const counters = (await question.energy()).filter(({ machineId }) => ids.has(machineId));
        return energyUse(counters, new Map(own.map((one) => [one.machine.id, one.sums.good])));
      },
    };
  }

  /** Down to the downtime, of each list of machines. They are read once more: to keep all tiles costs more than it saves. */
  async #trees(machinesOf: readonly (readonly Equipment[])[], range: Interval): Promise<LossTree[]> {
    const trees = machinesOf.map(() => new LossTree({ downtimes: true }));
    const treesOf = new Map<Equipment, LossTree[]>();
    for (const [place, machines] of machinesOf.entries())
      for (const machine of machines)
        treesOf.set(machine, [...(treesOf.get(machine) ?? []), trees[place] as LossTree]);
    for await (const { part } of this.#reader.read([...treesOf.keys()], [range])) {
      const sums = partSums(part);
      for (const tree of treesOf.get(part.machine) ?? []) {
        tree.addTime(part.tiles);
        tree.addProduction(sums);
      }
    }
    return trees;
  }

  /** Those of the operations that run or are held, so that more may be counted for them. */
  async #openOf(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = ids.length === 0 ? [] : await this.#operations.operationsByIds(ids);
    return new Set(
      found.flatMap((one) => (one?.status === "RUNNING" || one?.status === "HELD" ? [one.id] : [])),
    );
  }

  #machinesOf(equipment: Equipment): Equipment[] {
    return [...this.#plants.plant.machines(equipment)];
  }
}

function treeOf(machines: readonly Equipment[], summaries: ReadonlyMap<string, PartSummary>): LossTree {
  const tree = new LossTree({ downtimes: true });
  for (const { id } of machines) {
    const summary = summaries.get(id);
    if (summary) tree.addTree(summary.losses);
  }
  return tree;
}
