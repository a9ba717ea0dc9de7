import type { Clock } from "../kernel/clock.js";
import type { Plant } from "../plant/plant.js";
import { DueTimes } from "../twin/due-times.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinService } from "../twin/twin.service.js";
import type { AlarmStore } from "./alarm.store.js";
import type { AlarmFact } from "./alarm-fact.js";
import type { ConditionState } from "./alarm-state.js";
import { MachineAlarms, type Taken } from "./machine-alarms.js";
import type { WindowReader } from "./window-reader.service.js";

/** How soon machines are looked at again that another server's source feeds. */
const OTHERS_MS = 1_000;
const NOTHING: readonly never[] = [];
const NONE: ReadonlyMap<string, ConditionState> = new Map();

/** What time alone proves of a machine. */
export interface PassedFacts {
  readonly twin: Twin;
  readonly facts: readonly AlarmFact[];
}

/**
 * Watches the conditions of alarms. It remembers what it has found, and whoever gets the facts stores them: those of a
 * machine in the order in which they were given.
 */
export class AlarmWatch {
  readonly #machines = new Map<Twin, MachineAlarms>();
  readonly #places = new Map<Twin, number>();
  readonly #byPlace: Twin[] = [];
  readonly #due = new DueTimes();
  readonly #store: AlarmStore;
  readonly #windows: WindowReader;
  readonly #twins: TwinService;
  readonly #plant: Plant;
  readonly #clock: Clock;

  constructor(deps: {
    store: AlarmStore;
    windows: WindowReader;
    twins: TwinService;
    plant: Plant;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#windows = deps.windows;
    this.#twins = deps.twins;
    this.#plant = deps.plant;
    this.#clock = deps.clock;
  }

  /** Reads how far the conditions of all machines are. The twins must be there. */
  start(): Promise<void> {
    return this.#restore(() => true);
  }

  /** Takes over what is stored, when this server begins to consume a source; after its twins. */
  takeOver(source: string): Promise<void> {
    return this.#restore((twin) => twin.route?.source === source);
  }

  /**
   * What the samples of a message prove, which the twin shows already. Costs nothing where the machine has no rules.
   * @param receivedAt milliseconds.
   */
  samples(twin: Twin, taken: Taken, receivedAt: number): readonly AlarmFact[] {
    const alarms = this.#of(twin);
    if (alarms === null) return NOTHING;
    const facts = alarms.take(taken, receivedAt);
    if (facts.length > 0 || alarms.settles) this.#wake(alarms);
    return facts;
  }

  /** What it proves that readings became stale, or that the machine is there or gone. */
  changed(twin: Twin): readonly AlarmFact[] {
    const alarms = this.#of(twin);
    if (alarms === null) return NOTHING;
    const facts = alarms.changed(this.#clock.now());
    this.#wake(alarms);
    return facts;
  }

  /**
   * What time alone proves.
   * @param isOurs leaves out the machines that another server's source feeds.
   */
  passTime(isOurs: (source: string) => boolean): PassedFacts[] {
    const now = this.#clock.now();
    const passed: PassedFacts[] = [];
    for (const place of this.#due.passed(now)) {
      const twin = this.#byPlace[place] as Twin;
      const alarms = this.#machines.get(twin);
      if (!alarms || (twin.route !== null && !isOurs(twin.route.source))) {
        this.#due.set(place, now + OTHERS_MS);
        continue;
      }
      const facts = alarms.pass(now);
      this.#due.set(place, alarms.due);
      if (facts.length > 0) passed.push({ twin, facts });
    }
    return passed;
  }

  async #restore(isConcerned: (twin: Twin) => boolean): Promise<void> {
    const twins = [...this.#plant.machines()].map((machine) => this.#twins.of(machine)).filter(isConcerned);
    const remembered = await this.#windows.read(twins);
    const stored = new Map<string, Map<string, ConditionState>>();
    for (const { machineId, code, ...state } of await this.#store.conditions()) {
      const known = stored.get(machineId);
      if (known) known.set(code, state);
      else stored.set(machineId, new Map([[code, state]]));
    }
    const now = this.#clock.now();
    for (const twin of twins) {
      const states = stored.get(twin.machine.id);
      if (states || twin.machine.machineType?.alarms)
        this.#add(new MachineAlarms(twin, states ?? NONE, now, remembered.get(twin)));
    }
  }

  #of(twin: Twin): MachineAlarms | null {
    const type = twin.machine.machineType;
    if (type === null || type.alarms === undefined) return null;
    const known = this.#machines.get(twin);
    if (known?.type === type) return known;
    // What was found so far stays; what has no rule any more ends.
    return this.#add(new MachineAlarms(twin, known?.states ?? NONE, this.#clock.now()));
  }

  #add(alarms: MachineAlarms): MachineAlarms {
    const { twin } = alarms;
    this.#machines.set(twin, alarms);
    let place = this.#places.get(twin);
    if (place === undefined) {
      place = this.#due.add();
      this.#places.set(twin, place);
      this.#byPlace[place] = twin;
    }
    this.#due.set(place, alarms.due);
    return alarms;
  }

  #wake(alarms: MachineAlarms): void {
    this.#due.sooner(this.#places.get(alarms.twin) as number, alarms.due);
  }
}
