import type { StoredFrame } from "../history/frame.js";
import type { Clock } from "../kernel/clock.js";
import type { Sql } from "../kernel/sql.js";
import type { Equipment } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import { Twin, TwinTables } from "./machine-twin.js";
import { applyTime, nextDue } from "./twin.js";
import type { TwinStore } from "./twin.store.js";
import { TwinChange } from "./twin-change.js";
import { headCommitted, type TwinHead } from "./twin-head.js";
import type { NewSeries, TwinView } from "./twin-model.js";

/** How soon the twins are looked at again that another server's source feeds. */
const OTHERS_MS = 1_000;

/** Where readings are that the tables of the twins do not hold yet. */
export interface RecentHistory {
  eachRecent(visit: (frame: StoredFrame) => void): Promise<void>;
}

/** The twins of all machines, in memory. */
export class TwinService {
  readonly #run: string;
  #generation = 0;
  readonly #twins = new Map<Equipment, Twin>();
  readonly #tables = new TwinTables();
  /** By their place in the table of due times. */
  readonly #byPlace: Twin[] = [];
  readonly #plant: Plant;
  readonly #store: TwinStore;
  readonly #history: RecentHistory;
  readonly #clock: Clock;

  constructor(deps: { plant: Plant; store: TwinStore; history: RecentHistory; clock: Clock; run: string }) {
    this.#plant = deps.plant;
    this.#store = deps.store;
    this.#history = deps.history;
    this.#clock = deps.clock;
    this.#run = deps.run;
  }

  /**
   * Distinguishes revisions that follow from each other from those of another run or another holder of a source,
   * which may have lost the last ones.
   */
  get epoch(): string {
    return `${this.#run}-${this.#generation}`;
  }

  /** Reads the twins as they were last committed. */
  async load(): Promise<void> {
    for (const machine of this.#plant.machines()) this.of(machine);
    await this.#load((machineId) => {
      const machine = this.#plant.byId(machineId);
      return machine ? this.#twins.get(machine) : undefined;
    });
  }

  /**
   * Takes over what is stored, when this server begins to consume a source: what another server has stored since, and
   * without what this one had taken in and not stored; its messages come again. The plant must know its machines.
   * @returns the twins that changed by it, with all their readings.
   */
  async refresh(source: string): Promise<TwinChange[]> {
    this.#generation += 1;
    const before = new Map<Twin, number>();
    const forget = () => {
      for (const twin of this.#twins.values()) {
        if (twin.route?.source !== source) continue;
        before.set(twin, twin.revision);
        twin.forget();
      }
    };
    const twinOf = (machineId: string) => {
      const twin = this.byId(machineId);
      if (twin && !before.has(twin)) before.set(twin, twin.revision);
      return twin;
    };
    await this.#load(twinOf, forget);
    return [...before]
      .filter(([twin, revision]) => twin.revision !== revision)
      .map(([twin]) => new TwinChange(twin, [...twin.allSeries()], null, true));
  }

  /** The twin of a machine of the plant, made when it has none yet. */
  of(machine: Equipment): Twin {
    let twin = this.#twins.get(machine);
    if (!twin) {
      twin = new Twin(machine, this.#tables);
      this.#twins.set(machine, twin);
      this.#byPlace[twin.place] = twin;
    }
    return twin;
  }

  byPath(path: string): Twin | undefined {
    const machine = this.#plant.machine(path);
    return machine && this.of(machine);
  }

  byId(machineId: string): Twin | undefined {
    const machine = this.#plant.byId(machineId);
    return machine?.level === "MACHINE" ? this.of(machine) : undefined;
  }

  /** The present view of a machine that is known to exist, such as one that a stored row refers to. */
  viewById(machineId: string): TwinView {
    const twin = this.byId(machineId);
    if (!twin) throw new Error(`there is no machine with the id ${machineId}`);
    return twin.view;
  }

  /** Gives series their ids within the caller's transaction. */
  register(sql: Sql, series: readonly NewSeries[]): Promise<void> {
    return this.#store.register(sql, series);
  }

  /**
   * Writes within the caller's transaction what the frames of a batch do not tell of its twins: at most one head of each.
   * @returns what to do once that is committed.
   */
  async save(sql: Sql, heads: readonly TwinHead[]): Promise<() => void> {
    if (heads.length === 0) return () => undefined;
    await this.#store.save(sql, heads);
    return () => {
      for (const head of heads) headCommitted(head);
    };
  }

  #load(twinOf: (machineId: string) => Twin | undefined, begin?: () => void): Promise<void> {
    return this.#store.load(twinOf, (visit) => this.#history.eachRecent(visit), begin);
  }

  /**
   * What has changed by time alone: silence and age.
   * @param isOurs leaves out the twins that another server's source feeds.
   */
  passTime(isOurs: (source: string) => boolean): TwinChange[] {
    const now = this.#clock.now();
    const changes: TwinChange[] = [];
    const { due } = this.#tables;
    for (const place of due.passed(now)) {
      const twin = this.#byPlace[place] as Twin;
      if (twin.route !== null && !isOurs(twin.route.source)) {
        due.set(place, now + OTHERS_MS);
        continue;
      }
      const change = applyTime(twin, now);
      due.set(place, nextDue(twin, now));
      if (change) changes.push(change);
    }
    return changes;
  }
}
