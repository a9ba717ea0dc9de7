import type { Database, Tx } from "../db/database.js";
import { once } from "../db/idempotency.js";
import type { Clock } from "../kernel/clock.js";
import { isUuid, newId } from "../kernel/ids.js";
import type { Interval, Span } from "../kernel/intervals.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { LiveBus } from "../live/live-bus.js";
import type { PlantCalendars } from "../plant/calendar-settings.js";
import type { Equipment } from "../plant/equipment.js";
import type { PlantService } from "../plant/plant.service.js";
import { Calendar, type CalendarPart, type ShiftInstance } from "./calendar.js";
import { type NewPlannedStop, type PlannedStop, stopProblems } from "./planned-stop.js";
import type { PlannedStopStore } from "./planned-stop.store.js";
import { type PlannedTime, plannedTime } from "./planned-time.js";

/** Who asks, and the key that makes asking twice harmless. */
export interface Caller {
  readonly principal: string;
  readonly idempotencyKey: string | null;
}

/** What is stored for a replay: ids, never rows. */
interface Outcome {
  readonly id: string | null;
  readonly userErrors: readonly UserErrorValue[];
}

export interface PlannedStopResult {
  readonly stop: PlannedStop | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** Someone waits for the planned stops of equipment. */
interface Wanted {
  readonly equipment: Equipment;
  readonly range: Interval;
  resolve(stops: PlannedStop[]): void;
  reject(problem: unknown): void;
}

/** When equipment is to work: the calendar of the lowest scope, and the planned stops of all that it belongs to. */
export class CalendarService {
  readonly #store: PlannedStopStore;
  readonly #db: Database;
  readonly #plants: PlantService;
  readonly #live: LiveBus;
  readonly #clock: Clock;
  #wanted: Wanted[] = [];
  #source: PlantCalendars | null = null;
  #calendars = new Map<string, Calendar>();

  constructor(deps: {
    store: PlannedStopStore;
    db: Database;
    plants: PlantService;
    live: LiveBus;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#db = deps.db;
    this.#plants = deps.plants;
    this.#live = deps.live;
    this.#clock = deps.clock;
  }

  /**
   * What the plan says of a range, in stretches that tile it exactly, neighbours differing. Without any calendar it is
   * always BUSY, planned stops excepted.
   */
  async planned(equipment: Equipment, range: Interval): Promise<readonly Span<PlannedTime>[]> {
    const stops = await this.#stopsOf(equipment, range);
    const spans = stops.map(({ from, to, reason }) => ({
      from: from.getTime(),
      to: to.getTime(),
      value: reason,
    }));
    return plannedTime(range, this.#part(equipment, range), spans);
  }

  /** The shifts that take place at some time of the range, whole, oldest first; none without a calendar. */
  shifts(equipment: Equipment, range: Interval): readonly ShiftInstance[] {
    return this.#part(equipment, range)?.shifts ?? [];
  }

  /** The shift that takes place now. */
  currentShift(equipment: Equipment): ShiftInstance | null {
    const now = this.#clock.now();
    return this.shifts(equipment, { from: now, to: now + 1 })[0] ?? null;
  }

  /** The planned stops that hold for the equipment at some time of the range, by their beginning. */
  async plannedStops(
    equipment: Equipment,
    range: Interval,
  ): Promise<readonly (Span<string> & { readonly planned: PlannedStop | null })[]> {
    const stops = await this.#stopsOf(equipment, range);
    const fromPeople = stops.map((planned) => ({
      from: planned.from.getTime(),
      to: planned.to.getTime(),
      value: planned.reason,
      planned,
    }));
    const fromFile = (this.#part(equipment, range)?.stops ?? []).map((stop) => ({ ...stop, planned: null }));
    return [...fromFile, ...fromPeople].sort((a, b) => a.from - b.from);
  }

  /** The calendar of the lowest scope that has one. */
  calendarOf(equipment: Equipment): Calendar | null {
    const source = this.#plants.calendars;
    if (source !== this.#source) {
      this.#source = source;
      this.#calendars = new Map(source.calendars.map((config) => [config.name, new Calendar(config)]));
    }
    for (let scope: Equipment | null = equipment; scope !== null; scope = scope.parent) {
      const name = source.ofPaths.get(scope.path);
      if (name !== undefined) return this.#calendars.get(name) ?? null;
    }
    return null;
  }

  /** Plans a stop of equipment and all below; in the past it corrects what was. */
  planStop(caller: Caller, input: NewPlannedStop): Promise<PlannedStopResult> {
    return this.#run(caller, "planStop", input, async (tx) => {
      const userErrors = stopProblems(input);
      const equipment = this.#plants.plant.byPath(input.equipment);
      if (!equipment)
        userErrors.push(userError("NOT_FOUND", `there is no equipment ${input.equipment}`, ["equipment"]));
      if (!equipment || userErrors.length > 0) return { id: null, userErrors };
      const now = this.#clock.now();
      const { from, to, reason } = input;
      const id = newId(now);
      await this.#store.insert(tx, {
        ...{ id, equipmentId: equipment.id, from, to, reason },
        ...{ plannedBy: caller.principal, plannedAt: new Date(now), cancelledAt: null, cancelledBy: null },
      });
      return { id, userErrors: [] };
    });
  }

  /** Takes a planned stop back, as if it had never been planned. */
  cancelPlannedStop(caller: Caller, id: string): Promise<PlannedStopResult> {
    return this.#run(caller, "cancelPlannedStop", { id }, async (tx) => {
      const stop = isUuid(id) ? await this.#store.lock(tx, id) : null;
      if (!stop) return refused("NOT_FOUND", "there is no such planned stop");
      if (stop.cancelledAt !== null)
        return refused("INVALID_TRANSITION", "the planned stop is cancelled already");
      await this.#store.cancel(tx, id, caller.principal, new Date(this.#clock.now()));
      return { id, userErrors: [] };
    });
  }

  #part(equipment: Equipment, range: Interval): CalendarPart | null {
    return this.calendarOf(equipment)?.part(range) ?? null;
  }

  /** What is asked for in one go, such as for all machines of a line, is one statement. */
  #stopsOf(equipment: Equipment, range: Interval): Promise<PlannedStop[]> {
    return new Promise((resolve, reject) => {
      if (this.#wanted.length === 0) queueMicrotask(() => this.#answer());
      this.#wanted.push({ equipment, range, resolve, reject });
    });
  }

  #answer(): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    this.#loadStops(wanted).then(
      (found) => {
        for (const [index, one] of wanted.entries()) one.resolve(found[index] ?? []);
      },
      (problem: unknown) => {
        for (const one of wanted) one.reject(problem);
      },
    );
  }

  async #loadStops(wanted: readonly Wanted[]): Promise<PlannedStop[][]> {
    const scopes = wanted.map(({ equipment }) => scopesOf(equipment));
    const from = Math.min(...wanted.map(({ range }) => range.from));
    const to = Math.max(...wanted.map(({ range }) => range.to));
    const stops = await this.#store.holding([...new Set(scopes.flat())], { from, to });
    return wanted.map(({ range }, index) =>
      stops.filter(
        (stop) =>
          scopes[index]?.includes(stop.equipmentId) &&
          stop.from.getTime() < range.to &&
          stop.to.getTime() > range.from,
      ),
    );
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (tx: Tx) => Promise<Outcome>,
  ): Promise<PlannedStopResult> {
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    const done = await this.#db.transaction((tx) => once(tx, call, () => work(tx)));
    if ("refused" in done) return { stop: null, userErrors: [done.refused] };
    const { id, userErrors } = done.payload;
    const stop = id === null ? null : await this.#store.byId(id);
    if (stop && !done.replayed) this.#publish(stop);
    return { stop, userErrors };
  }

  #publish({ equipmentId, from }: PlannedStop): void {
    const { plant } = this.#plants;
    const equipment = plant.byId(equipmentId);
    const machines = equipment ? [...plant.machines(equipment)] : [];
    this.#live.publish("calendarChanged", { machines, from: from.getTime() });
  }
}

/** The ids of the equipment and of all that it belongs to. */
function scopesOf(equipment: Equipment): string[] {
  const ids: string[] = [];
  for (let scope: Equipment | null = equipment; scope !== null; scope = scope.parent) ids.push(scope.id);
  return ids;
}

function refused(code: UserErrorValue["code"], message: string): Outcome {
  return { id: null, userErrors: [userError(code, message, ["id"])] };
}
