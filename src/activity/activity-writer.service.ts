import type { SampleColumns } from "../history/columns.js";
import type { Stretch } from "../history/stretch.js";
import type { Clock } from "../kernel/clock.js";
import { groupedBy } from "../kernel/grouped.js";
import type { Interval, Span } from "../kernel/intervals.js";
import type { Logger } from "../kernel/logger.js";
import type { BulkSql, Sql } from "../kernel/sql.js";
import type { LiveBus } from "../live/live-bus.js";
import type { MachineCounting, RunChange, RunFollower } from "../orders/run-follower.js";
import type { Equipment } from "../plant/equipment.js";
import type { MetricDefinition, MetricRole } from "../plant/machine-type.js";
import type { Plant } from "../plant/plant.js";
import type { OperationGrowth } from "../production/operation-growth.js";
import { isCounterRole } from "../twin/fact-telling.js";
import type { CounterFact, Facts, FactWriter, StateFact } from "../twin/facts.js";
import type { CounterMove, CounterRole, FactTold, Reported } from "../twin/twin-model.js";
import type {
  ActivityWriteStore,
  FlagRow,
  MachineSeries,
  ReportRow,
  SeriesStretch,
} from "./activity-write.store.js";
import { type Counter, type CountFlag, type CountingRun, counted, type Move, runAt } from "./count-steps.js";
import { changesIn, movesIn, reportOf } from "./derivation.js";
import { growthOf, growthOfBatch } from "./growth.js";
import { hourRowsOf, type MachineStep, minuteRowsOf, rewrite } from "./minute-rows.js";
import {
  noteCommitted,
  Reach,
  type Retold,
  reachesOf,
  retoldOf,
  type SeriesWork,
  type WorkSeries,
  worksOf,
} from "./series-work.js";

/** Keeps what operations have made. */
export interface OperationCounts {
  /** The operations that run on these machines stay as they are until the transaction ends. */
  hold(sql: Sql, machineIds: readonly string[]): Promise<void>;
  /** @returns what to do once the transaction is committed. */
  count(sql: BulkSql, growth: readonly OperationGrowth[]): Promise<() => void>;
}

export interface RunReader {
  /** The stretches during which operations ran on machines, in order and never overlapping. */
  runs(
    machineIds: readonly string[],
    range: Interval,
    sql: Sql,
  ): Promise<ReadonlyMap<string, readonly Span<CountingRun>[]>>;
}

export interface StretchReader {
  read(sql: BulkSql, stretches: readonly Stretch[]): Promise<SampleColumns[]>;
}

type CounterWork = SeriesWork<CounterMove> & CounterSeries;
type ReportWork = SeriesWork<Reported>;

/** The series of a counter. */
interface CounterSeries extends WorkSeries {
  readonly counter: Counter;
}

/** A move of a counter, and whether the history tells it anew. */
interface MachineMove {
  readonly machine: Equipment;
  readonly counter: Counter;
  readonly move: Move;
  readonly retold: boolean;
}

const NOTHING = () => undefined;
const DAY_MS = 86_400_000;

/** Writes what machines did with the samples that prove it. */
export class ActivityWriter implements FactWriter, RunFollower {
  readonly #store: ActivityWriteStore;
  readonly #samples: StretchReader;
  readonly #runs: RunReader;
  readonly #operations: OperationCounts;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(deps: {
    store: ActivityWriteStore;
    samples: StretchReader;
    runs: RunReader;
    operations: OperationCounts;
    plant: Plant;
    live: LiveBus;
    clock: Clock;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#samples = deps.samples;
    this.#runs = deps.runs;
    this.#operations = deps.operations;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /**
   * Writes what a batch proves. Where it follows on what is known, no sample is read; where something is late, or was
   * missed, the stretch that it touches is told anew from the samples, up to the next one that was known.
   */
  async write(sql: BulkSql, { counters, states }: Pick<Facts, "counters" | "states">): Promise<() => void> {
    if (counters.length === 0 && states.length === 0) return NOTHING;
    const reportWorks = worksOf(states.map(({ machine, report }: StateFact) => ({ machine, told: report })));
    const counterWorks = counterWorksOf(counters);
    const reports = await this.#retold(sql, reportWorks, false);
    const counts = await this.#retold(sql, counterWorks, true);
    await this.#writeReports(sql, reportWorks, reports.stretches);
    const counting = await this.#writeCounts(sql, counterWorks, counts.stretches);
    return () => {
      for (const work of reportWorks) noteCommitted(work, !reports.followed.has(work));
      for (const work of counterWorks) noteCommitted(work, !counts.followed.has(work));
      counting();
      this.#tell([...reportWorks, ...counterWorks]);
    };
  }

  /**
   * Attributes anew what machines' counters counted since operations began or ceased to run, in the transaction that
   * says so.
   */
  async runsChanged(sql: BulkSql, changes: readonly RunChange[]): Promise<() => void> {
    const since = new Map<string, number>();
    for (const { machineId, at } of changes)
      since.set(machineId, Math.min(at.getTime(), since.get(machineId) ?? Number.POSITIVE_INFINITY));
    await this.#store.changeRuns(sql);
    const counters = this.#countersOf(await this.#store.series(sql, [...since.keys()]));
    // No clock runs ahead so far.
    const to = this.#clock.now() + DAY_MS;
    const retold = await this.#read(
      sql,
      counters.map((one) => [new Reach(one, since.get(one.machine.id) ?? to, to)]),
      true,
    );
    const counting = await this.#writeCounts(sql, [], retold, true);
    return () => {
      counting();
      const machines = [...new Set(counters.map(({ machine }) => machine))];
      if (machines.length > 0)
        this.#live.publish("activityChanged", { machines, from: Math.min(...since.values()) });
    };
  }

  async countingOf(sql: Sql, machineId: string): Promise<MachineCounting> {
    const series = await this.#store.series(sql, [machineId]);
    const type = this.#plant.byId(machineId)?.machineType ?? null;
    const roles = [...this.#countersOf(series).map(({ counter }) => counter), ...(type?.metrics ?? [])];
    if (roles.some(({ role }) => role === "GOOD_COUNT" || role === "TOTAL_COUNT")) return "COUNTS";
    return series.length === 0 && type === null ? "UNKNOWN" : "COUNTS_NOTHING";
  }

  #countersOf(series: readonly MachineSeries[]): CounterSeries[] {
    const found: CounterSeries[] = [];
    for (const [machineId, own] of groupedBy(series, (one) => one.machineId)) {
      const machine = this.#plant.byId(machineId);
      if (!machine) continue;
      const definitions = new Map(machine.machineType?.metrics.map((metric) => [metric.name, metric]));
      const roles = new Map<MachineSeries, MetricRole | null>();
      for (const one of own) roles.set(one, (definitions.get(one.metric) ?? one).role);
      const all = new Set([...roles.values(), ...Array.from(definitions.values(), ({ role }) => role)]);
      const byTotal = all.has("TOTAL_COUNT") && !all.has("GOOD_COUNT");
      for (const [one, role] of roles) {
        if (role === null || !isCounterRole(role)) continue;
        const definition = definitions.get(one.metric) ?? null;
        found.push({ machine, series: one, counter: counterOf(machine, one.id, role, byTotal, definition) });
      }
    }
    return found;
  }

  /** Reads what must be told anew of the works that need it. */
  async #retold<Work extends SeriesWork<FactTold>>(
    sql: BulkSql,
    works: readonly Work[],
    onlyNumbers: boolean,
  ): Promise<{ stretches: Retold<Work>[]; followed: ReadonlySet<Work> }> {
    const all = works.filter((work) => work.derived).map((work) => reachesOf(work));
    const stretches = await this.#read(sql, all, onlyNumbers);
    const followed = new Set<Work>();
    for (const reaches of all) {
      const last = reaches.at(-1);
      if (last && last.next(false) !== null) followed.add(last.work);
    }
    return { stretches, followed };
  }

  /** @param all the reaches of each series, in order. */
  async #read<Work extends WorkSeries>(
    sql: BulkSql,
    all: readonly (readonly Reach<Work>[])[],
    onlyNumbers: boolean,
  ): Promise<Retold<Work>[]> {
    let wanted = all.flat();
    while (wanted.length > 0) {
      const found = await this.#samples.read(
        sql,
        wanted.map(({ stretch }) => stretch),
      );
      wanted = wanted.filter((reach, index) => {
        const samples = found[index];
        return samples !== undefined && reach.take(samples, onlyNumbers);
      });
    }
    return all.flatMap((reaches) => retoldOf(reaches, onlyNumbers));
  }

  async #writeReports(
    sql: Sql,
    works: readonly ReportWork[],
    retold: readonly Retold<ReportWork>[],
  ): Promise<void> {
    const rows: ReportRow[] = [];
    for (const { machine, series, told, derived } of works) {
      if (derived) continue;
      for (const { role, time, value } of told) {
        const report = { at: time, value: reportOf(role, value) };
        rows.push({ machineId: machine.id, seriesId: series.id ?? 0, kind: role, ...report });
      }
    }
    for (const { work, from, to, samples } of retold) {
      const kind = work.told.at(-1)?.role ?? "STATE";
      for (const change of changesIn(kind, samples, from)) {
        if (change.at >= to) break;
        rows.push({ machineId: work.machine.id, seriesId: work.series.id ?? 0, kind, ...change });
      }
    }
    await this.#store.removeReports(sql, retold.map(stretchOf));
    await this.#store.addReports(sql, rows);
  }

  /** @param booked whether operations were booked afterwards: nothing is late then. */
  async #writeCounts(
    sql: BulkSql,
    works: readonly CounterWork[],
    retold: readonly Retold<CounterSeries>[],
    booked = false,
  ): Promise<() => void> {
    const moves = movesOf(works, retold);
    if (moves.length === 0 && retold.length === 0) return NOTHING;
    const machines = new Map<string, Equipment>();
    for (const { machine } of [...moves, ...retold.map(({ work }) => work)])
      machines.set(machine.id, machine);
    const runs = await this.#runsOf(sql, [...machines.keys()], moves);
    const [fresh, anew]: [MachineStep[], MachineStep[]] = [[], []];
    const flags: FlagRow[] = [];
    for (const { machine, counter, move, retold: again } of moves) {
      const { steps, flag } = counted(counter, move, runAt(runs.get(machine.id) ?? [], move.time));
      for (const step of steps) (again ? anew : fresh).push({ ...step, machineId: machine.id });
      if (flag) {
        flags.push({ ...flag, machineId: machine.id });
        this.#warn(machine, flag);
      }
    }
    const stretches = retold.map(stretchOf);
    const rows = await this.#store.minutes(sql, stretches);
    const changes = rewrite(rows, isWithin(stretches), anew);
    await this.#store.replaceMinutes(sql, changes.rows);
    await this.#store.addToMinutes(sql, minuteRowsOf(fresh));
    await this.#store.addToHours(sql, hourRowsOf([...fresh, ...changes.added], changes.removed));
    await this.#store.replaceFlags(sql, stretches, flags);
    const committedAt = new Map(
      works.map(({ counter, told }) => [counter.seriesId, told[0]?.trail.committedAt]),
    );
    const growth = booked
      ? growthOf(machines, changes, "BOOKED")
      : growthOfBatch(machines, fresh, changes, committedAt);
    return growth.length === 0 ? NOTHING : this.#operations.count(sql, growth);
  }

  /** The runs that moves belong to, which stay as they are until the transaction ends. */
  async #runsOf(
    sql: Sql,
    machineIds: readonly string[],
    moves: readonly MachineMove[],
  ): Promise<ReadonlyMap<string, readonly Span<CountingRun>[]>> {
    await this.#operations.hold(sql, machineIds);
    await this.#store.keepRuns(sql);
    if (moves.length === 0) return new Map();
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { move } of moves) [from, to] = [Math.min(from, move.time), Math.max(to, move.time)];
    return this.#runs.runs(machineIds, { from: from - 1, to: to + 1 }, sql);
  }

  #warn(machine: Equipment, { from, to, reason, at, seriesId }: CountFlag): void {
    const step = { series: seriesId, from: String(from), to: String(to), at, reason };
    this.#logger.warn({ machine: machine.path, ...step }, "a counter's step is not counted");
  }

  #tell(works: readonly SeriesWork<FactTold>[]): void {
    if (!this.#live.hasListeners("activityChanged")) return;
    let from = Number.POSITIVE_INFINITY;
    for (const { times } of works) for (const time of times) from = Math.min(from, time);
    this.#live.publish("activityChanged", {
      machines: [...new Set(works.map((work) => work.machine))],
      from,
    });
  }
}

function counterWorksOf(facts: readonly CounterFact[]): CounterWork[] {
  const byTotal = new Map(facts.map((fact) => [fact.move.series, fact.byTotal]));
  return worksOf(facts.map(({ machine, move }) => ({ machine, told: move }))).map((work) => {
    const { series, machine } = work;
    const role = work.told.at(-1)?.role ?? "GOOD_COUNT";
    const { id, definition } = series;
    const counter = counterOf(machine, id ?? 0, role, byTotal.get(series) ?? false, definition);
    return Object.assign(work, { counter });
  });
}

function counterOf(
  machine: Equipment,
  seriesId: number,
  role: CounterRole,
  byTotal: boolean,
  definition: MetricDefinition | null,
): Counter {
  const counterMax = definition?.counterMax ?? null;
  return {
    seriesId,
    role,
    byTotal,
    counterMax,
    idealCycleTimeMs: machine.machineType?.idealCycleTimeMs ?? null,
  };
}

function movesOf(works: readonly CounterWork[], retold: readonly Retold<CounterSeries>[]): MachineMove[] {
  const moves: MachineMove[] = [];
  for (const { machine, counter, told, derived } of works) {
    if (!derived) for (const move of told) moves.push({ machine, counter, move, retold: false });
  }
  for (const { work, from, to, samples } of retold) {
    const { machine, counter } = work;
    for (const move of movesIn(samples, from)) {
      if (move.time < to) moves.push({ machine, counter, move, retold: true });
    }
  }
  return moves;
}

function stretchOf({ work, from, to }: Retold<WorkSeries>): SeriesStretch {
  return { machineId: work.machine.id, seriesId: work.series.id ?? 0, from, to };
}

function isWithin(stretches: readonly SeriesStretch[]): (seriesId: number, at: number) => boolean {
  const bySeries = groupedBy(stretches, (one) => one.seriesId);
  return (seriesId, at) => bySeries.get(seriesId)?.some(({ from, to }) => at >= from && at < to) ?? false;
}
