import type { PlannedTime } from "../calendar/planned-time.js";
import type { Clock } from "../kernel/clock.js";
import { clipAll, type Interval, type Span } from "../kernel/intervals.js";
import type { MaintenanceWork } from "../maintenance/maintenance-spans.js";
import type { OperationRun } from "../orders/operation-run.js";
import { DEFAULT_MICRO_STOP_MS, type DowntimeReason } from "../plant/downtime-settings.js";
import type { Equipment } from "../plant/equipment.js";
import type { MachineMode, MachineState } from "../twin/packml.js";
import { type DerivedTime, deriveDowntimes, isDowntime } from "./derivation.js";
import type { Downtime } from "./downtime.js";
import type { DowntimeStore } from "./downtime.store.js";
import { factTiles, type TimeTile } from "./time-model.js";

type SpansOf<Value> = Promise<ReadonlyMap<string, readonly Span<Value>[]>>;

/** What machines did, by machine id. States and modes tile the range. */
export interface ActivityFacts {
  states(machineIds: readonly string[], range: Interval): SpansOf<MachineState>;
  modes(machineIds: readonly string[], range: Interval): SpansOf<MachineMode>;
  faults(machineIds: readonly string[], range: Interval): SpansOf<string>;
}

/** What was planned for equipment; tiles the range. */
export interface Calendar {
  planned(equipment: Equipment, range: Interval): Promise<readonly Span<PlannedTime>[]>;
}

/** Which operations ran on machines, by machine id. */
export interface OperationRuns {
  runs(machineIds: readonly string[], range: Interval): SpansOf<OperationRun>;
}

/** Which maintenance orders were in progress, by machine id. */
export interface MaintenanceSpans {
  spans(machineIds: readonly string[], range: Interval): SpansOf<MaintenanceWork>;
}

const HOUR_MS = 3_600_000;
/** How far to look at first for the rest of a downtime that reaches over the edge of a range. */
const FIRST_REACH_MS = 8 * HOUR_MS;
const REACH_GROWTH = 4;
const NO_REASONS: ReadonlyMap<string, DowntimeReason> = new Map();

/** Tiles by machine id. */
type TilesOf = Map<string, Span<TimeTile>[]>;

/**
 * What machines' time counts as, from what they did, what was planned, and what people said. Nothing of it is stored, so
 * that late data and corrections show at the next question.
 */
export class TimeModelService {
  readonly #activity: ActivityFacts;
  readonly #calendar: Calendar;
  readonly #runs: OperationRuns;
  readonly #maintenance: MaintenanceSpans;
  readonly #store: DowntimeStore;
  readonly #clock: Clock;

  constructor(deps: {
    activity: ActivityFacts;
    calendar: Calendar;
    runs: OperationRuns;
    maintenance: MaintenanceSpans;
    store: DowntimeStore;
    clock: Clock;
  }) {
    this.#activity = deps.activity;
    this.#calendar = deps.calendar;
    this.#runs = deps.runs;
    this.#maintenance = deps.maintenance;
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  /**
   * The time of each machine, by its id: tiles in order, without holes or overlaps, the range and nothing else. What
   * people said of downtimes is in them. After the last report, and in time to come, what was reported last holds.
   */
  async tiles(
    machines: readonly Equipment[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Span<TimeTile>[]>> {
    const found = new Map<string, readonly Span<TimeTile>[]>();
    for (const [id, { tiles }] of await this.#derive(machines, range)) found.set(id, clipAll(tiles, range));
    return found;
  }

  /** The downtimes of each machine that touch the range, whole, oldest first, by the machine's id. */
  async downtimes(
    machines: readonly Equipment[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Downtime[]>> {
    const to = Math.min(range.to, this.#clock.now());
    const found = new Map<string, readonly Downtime[]>();
    for (const [id, { downtimes }] of await this.#derive(machines, { from: range.from, to })) {
      const touching = downtimes.filter((one) => one.from < to && (one.to ?? to) > range.from);
      found.set(id, touching);
    }
    return found;
  }

  /** The downtime of a machine that begins at a moment; null when none does. */
  async downtimeFrom(machine: Equipment, from: number): Promise<Downtime | null> {
    const found = await this.downtimes([machine], { from, to: from + 1 });
    return found.get(machine.id)?.find((one) => one.from === from) ?? null;
  }

  async #derive(machines: readonly Equipment[], range: Interval): Promise<ReadonlyMap<string, DerivedTime>> {
    const derived = new Map<string, DerivedTime>();
    if (range.from >= range.to) {
      for (const { id } of machines) derived.set(id, { tiles: [], downtimes: [] });
      return derived;
    }
    const now = this.#clock.now();
    const facts = await this.#facts(machines, range);
    await this.#reachBack(machines, facts, range.from);
    await this.#reachOn(machines, facts, range.to, now);
    const ids = machines.map(({ id }) => id);
    const { statements, cuts } = await this.#store.sayings(ids, hullOf(facts.values(), range));
    for (const { id, machineType } of machines) {
      const rules = {
        machineId: id,
        now,
        microStopMs: machineType?.microStopMs ?? DEFAULT_MICRO_STOP_MS,
        faultReasons: machineType?.faultReasons ?? NO_REASONS,
        statements: statements.get(id) ?? [],
        cuts: cuts.get(id) ?? [],
      };
      derived.set(id, deriveDowntimes(facts.get(id) ?? [], rules));
    }
    return derived;
  }

  /** Adds the beginnings of downtimes that reach into a range from before it. */
  async #reachBack(machines: readonly Equipment[], facts: TilesOf, from: number): Promise<void> {
    let open = machines.filter(({ id }) => isLost(facts.get(id)?.[0]));
    let to = from;
    for (let reach = FIRST_REACH_MS; open.length > 0 && to > 0; reach *= REACH_GROWTH) {
      const before = await this.#facts(open, { from: to - reach, to });
      open = open.filter(({ id }) => {
        const tiles = before.get(id) ?? [];
        const begins = tiles.findLastIndex((tile) => !isDowntime(tile.value)) + 1;
        facts.set(id, [...tiles.slice(begins), ...(facts.get(id) ?? [])]);
        return begins === 0;
      });
      to -= reach;
    }
  }

  /** Adds the ends of downtimes that reach out of a range, as far as they are known. */
  async #reachOn(machines: readonly Equipment[], facts: TilesOf, to: number, now: number): Promise<void> {
    let open = machines.filter(({ id }) => isLost(facts.get(id)?.at(-1)));
    let from = to;
    for (let reach = FIRST_REACH_MS; open.length > 0 && from < now; reach *= REACH_GROWTH) {
      const range = { from, to: Math.min(from + reach, now) };
      const after = await this.#facts(open, range);
      open = open.filter(({ id }) => {
        const tiles = after.get(id) ?? [];
        const ends = tiles.findIndex((tile) => !isDowntime(tile.value));
        facts.set(id, [...(facts.get(id) ?? []), ...(ends < 0 ? tiles : tiles.slice(0, ends))]);
        return ends < 0;
      });
      from = range.to;
    }
  }

  async #facts(machines: readonly Equipment[], range: Interval): Promise<TilesOf> {
    const ids = machines.map(({ id }) => id);
    const [states, modes, faults, runs, maintenance, planned] = await Promise.all([
      this.#activity.states(ids, range),
      this.#activity.modes(ids, range),
      this.#activity.faults(ids, range),
      this.#runs.runs(ids, range),
      this.#maintenance.spans(ids, range),
      Promise.all(machines.map((machine) => this.#calendar.planned(machine, range))),
    ]);
    return new Map(
      machines.map((machine, index) => {
        const { id, machineType } = machine;
        const facts = {
          states: states.get(id) ?? [],
          modes: modes.get(id) ?? [],
          faults: faults.get(id) ?? [],
          runs: runs.get(id) ?? [],
          maintenance: maintenance.get(id) ?? [],
          planned: planned[index] ?? [],
        };
        const producesWithoutOrder = machineType?.idealCycleTimeMs !== undefined;
        return [id, factTiles(range, facts, { producesWithoutOrder })];
      }),
    );
  }
}

function isLost(tile: Span<TimeTile> | undefined): boolean {
  return tile !== undefined && isDowntime(tile.value);
}

function hullOf(tilesOf: Iterable<readonly Span<TimeTile>[]>, range: Interval): Interval {
  let { from, to } = range;
  for (const tiles of tilesOf) {
    from = Math.min(from, tiles[0]?.from ?? from);
    to = Math.max(to, tiles.at(-1)?.to ?? to);
  }
  return { from, to };
}
