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
import type { DowntimeStore, Sayings } from "./downtime.store.js";
import { factTiles, type MachineFacts, type TimeTile } from "./time-model.js";

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

/** Machines whose time is in memory at once while downtimes are looked for. */
const MACHINES_AT_ONCE = 50;
const HOUR_MS = 3_600_000;
/** How far to look at first for the rest of a downtime that reaches over the edge of a range. */
const FIRST_REACH_MS = 8 * HOUR_MS;
const REACH_GROWTH = 4;
const NO_FACTS: OtherFacts = { modes: [], faults: [], runs: [], maintenance: [], planned: [] };
const NO_REASONS: ReadonlyMap<string, DowntimeReason> = new Map();

/** Tiles by machine id. */
type TilesOf = Map<string, Span<TimeTile>[]>;

/** All facts but the states, which are most of them. */
type OtherFacts = Omit<MachineFacts, "states">;

/** What is known of machines in a range beside their states, by machine id. */
interface Known {
  readonly range: Interval;
  /** When it was read: the present of all that is made of it. */
  readonly now: number;
  readonly facts: ReadonlyMap<string, OtherFacts>;
  readonly sayings: Sayings;
}

/** Reads what the time of some machines counted as: tiles in order, without holes or overlaps, the range and nothing else. */
export type TilesReader = (
  machines: readonly Equipment[],
) => Promise<ReadonlyMap<string, readonly Span<TimeTile>[]>>;

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
   * The time of machines, to be read of some of them after the other: what there is little of is read here, of all. What
   * people said of downtimes is in the tiles. After the last report, and in time to come, what was reported last holds.
   */
  async reader(machines: readonly Equipment[], range: Interval): Promise<TilesReader> {
    const known = await this.#known(machines, range);
    return async (some) => {
      const found = new Map<string, readonly Span<TimeTile>[]>();
      for (const [id, { tiles }] of await this.#derive(some, range, known))
        found.set(id, clipAll(tiles, range));
      return found;
    };
  }

  /** The downtimes of each machine that touch the range, whole, oldest first, by the machine's id. */
  async downtimes(
    machines: readonly Equipment[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Downtime[]>> {
    const to = Math.min(range.to, this.#clock.now());
    const past = { from: range.from, to };
    const found = new Map<string, readonly Downtime[]>();
    for (let at = 0; at < machines.length; at += MACHINES_AT_ONCE) {
      const some = machines.slice(at, at + MACHINES_AT_ONCE);
      for (const [id, { downtimes }] of await this.#derive(some, past, await this.#known(some, past)))
        found.set(
          id,
          downtimes.filter((one) => one.from < to && (one.to ?? to) > range.from),
        );
    }
    return found;
  }

  /** The downtime of a machine that begins at a moment; null when none does. */
  async downtimeFrom(machine: Equipment, from: number): Promise<Downtime | null> {
    const found = await this.downtimes([machine], { from, to: from + 1 });
    return found.get(machine.id)?.find((one) => one.from === from) ?? null;
  }

  /** @param known of these machines and perhaps more, and of the range. */
  async #derive(
    machines: readonly Equipment[],
    range: Interval,
    known: Known,
  ): Promise<ReadonlyMap<string, DerivedTime>> {
    const derived = new Map<string, DerivedTime>();
    if (range.from >= range.to) {
      for (const { id } of machines) derived.set(id, { tiles: [], downtimes: [] });
      return derived;
    }
    const { now } = known;
    const facts = await this.#facts(machines, range, known);
    await this.#reachBack(machines, facts, range.from, known);
    await this.#reachOn(machines, facts, range.to, known);
    const { statements, cuts } = await this.#sayings(machines, hullOf(facts.values(), range), known);
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
  async #reachBack(
    machines: readonly Equipment[],
    facts: TilesOf,
    from: number,
    known: Known,
  ): Promise<void> {
    let open = machines.filter(({ id }) => isLost(facts.get(id)?.[0]));
    let to = from;
    for (let reach = FIRST_REACH_MS; open.length > 0 && to > 0; reach *= REACH_GROWTH) {
      const before = await this.#facts(open, { from: to - reach, to }, known);
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
  async #reachOn(machines: readonly Equipment[], facts: TilesOf, to: number, known: Known): Promise<void> {
    let open = machines.filter(({ id }) => isLost(facts.get(id)?.at(-1)));
    let from = to;
    for (let reach = FIRST_REACH_MS; open.length > 0 && from < known.now; reach *= REACH_GROWTH) {
      const range = { from, to: Math.min(from + reach, known.now) };
      const after = await this.#facts(open, range, known);
      open = open.filter(({ id }) => {
        const tiles = after.get(id) ?? [];
        const ends = tiles.findIndex((tile) => !isDowntime(tile.value));
        facts.set(id, [...(facts.get(id) ?? []), ...(ends < 0 ? tiles : tiles.slice(0, ends))]);
        return ends < 0;
      });
      from = range.to;
    }
  }

  async #facts(machines: readonly Equipment[], range: Interval, known: Known): Promise<TilesOf> {
    const ids = machines.map(({ id }) => id);
    const [states, others] = await Promise.all([
      this.#activity.states(ids, range),
      holds(known.range, range) ? known.facts : this.#otherFacts(machines, range),
    ]);
    return new Map(
      machines.map(({ id, machineType }) => {
        const facts = { ...(others.get(id) ?? NO_FACTS), states: states.get(id) ?? [] };
        const producesWithoutOrder = machineType?.idealCycleTimeMs !== undefined;
        return [id, factTiles(range, facts, { producesWithoutOrder })];
      }),
    );
  }

  async #sayings(machines: readonly Equipment[], range: Interval, known: Known): Promise<Sayings> {
    if (holds(known.range, range)) return known.sayings;
    return this.#store.sayings(
      machines.map(({ id }) => id),
      range,
    );
  }

  /** With what most downtimes need that reach over the edges of the range. */
  async #known(machines: readonly Equipment[], { from, to }: Interval): Promise<Known> {
    const now = this.#clock.now();
    const wide = { from: from - FIRST_REACH_MS, to: Math.max(to, Math.min(to + FIRST_REACH_MS, now)) };
    const ids = machines.map(({ id }) => id);
    const [facts, sayings] = await Promise.all([
      this.#otherFacts(machines, wide),
      this.#store.sayings(ids, wide),
    ]);
    return { range: wide, now, facts, sayings };
  }

  async #otherFacts(
    machines: readonly Equipment[],
    range: Interval,
  ): Promise<ReadonlyMap<string, OtherFacts>> {
    const ids = machines.map(({ id }) => id);
    const [modes, faults, runs, maintenance, planned] = await Promise.all([
      this.#activity.modes(ids, range),
      this.#activity.faults(ids, range),
      this.#runs.runs(ids, range),
      this.#maintenance.spans(ids, range),
      Promise.all(machines.map((machine) => this.#calendar.planned(machine, range))),
    ]);
    return new Map(
      ids.map((id, index) => [
        id,
        {
          modes: modes.get(id) ?? [],
          faults: faults.get(id) ?? [],
          runs: runs.get(id) ?? [],
          maintenance: maintenance.get(id) ?? [],
          planned: planned[index] ?? [],
        },
      ]),
    );
  }
}

/** Whether all of an interval lies in another one. */
function holds(outer: Interval, { from, to }: Interval): boolean {
  return outer.from <= from && to <= outer.to;
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
