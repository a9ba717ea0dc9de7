import type { Database } from "../db/database.js";
import { once } from "../db/idempotency.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import { grouped } from "../kernel/grouped.js";
import { isUuid, newId } from "../kernel/ids.js";
import type { Sql } from "../kernel/sql.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import type { Equipment } from "../plant/equipment.js";
import type { Plant } from "../plant/plant.js";
import type { TwinService } from "../twin/twin.service.js";
import type { Caller } from "./maintenance-request.js";
import {
  firstProgress,
  type MaintenancePlan,
  type PlanFields,
  type PlanProgress,
  type PlanState,
  planProblems,
  progressAgain,
  type Trigger,
  triggerOf,
  type WantedTriggers,
} from "./plan.js";
import type { PlanStore } from "./plan.store.js";

/** Which clock hangs on the wall of a machine; null where nothing says so. */
export interface TimeZones {
  zoneOf(machine: Equipment): string | null;
}

export interface NewPlan extends PlanFields, WantedTriggers {
  /** A path. */
  readonly machine: string;
}

/** What is left out stays as it is. */
export interface PlanChange extends Partial<PlanFields>, WantedTriggers {
  readonly id: string;
  readonly expectedVersion: number | null;
}

/** What is stored for a replay: ids, never rows. */
interface Outcome {
  readonly id: string | null;
  readonly userErrors: readonly UserErrorValue[];
}

export interface PlanResult {
  readonly state: PlanState | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** Maintenance plans: making and changing them. What they make is `PlanOrderService`'s. */
export class PlanService {
  readonly #store: PlanStore;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #twins: TwinService;
  readonly #zones: TimeZones;
  readonly #clock: Clock;

  constructor(deps: {
    store: PlanStore;
    db: Database;
    plant: Plant;
    twins: TwinService;
    zones: TimeZones;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#twins = deps.twins;
    this.#zones = deps.zones;
    this.#clock = deps.clock;
  }

  /** Makes an active plan. What was due before now makes no order. */
  create(caller: Caller, input: NewPlan): Promise<PlanResult> {
    return this.#run(caller, "createMaintenancePlan", input, async (sql) => {
      const { machine: path, calendar, usage, condition, ...fields } = input;
      const machine = this.#plant.machine(path);
      const userErrors = planProblems(fields);
      if (!machine) userErrors.push(userError("NOT_FOUND", `there is no machine ${path}`, ["machine"]));
      const wanted = await this.#trigger(sql, { calendar, usage, condition }, machine ?? null, null);
      if ("refused" in wanted) userErrors.push(...wanted.refused);
      if (!machine || "refused" in wanted || userErrors.length > 0) return { id: null, userErrors };
      const now = this.#clock.now();
      const made = { createdBy: caller.principal, createdAt: new Date(now) };
      const plan = { ...fields, ...made, id: newId(now), machineId: machine.id, trigger: wanted.trigger };
      const used = usage?.alreadyUsed == null ? "0" : String(usage.alreadyUsed);
      const progress = firstProgress(wanted.trigger, now, 0, used);
      await this.#store.insert(sql, { ...plan, active: true, version: 1 }, progress);
      return { id: plan.id, userErrors: [] };
    });
  }

  /**
   * Changes a plan; its orders stay as they are. Another rhythm counts from now on, with the anchor that it had; usage
   * of the same metric keeps what was counted, every other trigger begins anew.
   */
  update(caller: Caller, input: PlanChange): Promise<PlanResult> {
    return this.#run(caller, "updateMaintenancePlan", input, async (sql) => {
      const { id, expectedVersion, calendar, usage, condition, ...changes } = input;
      const found = await this.#lock(sql, id, expectedVersion);
      if ("refused" in found) return { id: null, userErrors: [found.refused] };
      const { plan, progress } = found;
      const changed = { ...plan, ...changes, version: plan.version + 1 };
      const userErrors = planProblems(changed);
      const triggers = { calendar, usage, condition };
      const same = calendar === null && usage === null && condition === null;
      const machine = this.#plant.byId(plan.machineId) ?? null;
      const wanted = same
        ? { trigger: plan.trigger }
        : await this.#trigger(sql, triggers, machine, plan.trigger);
      if ("refused" in wanted) userErrors.push(...wanted.refused);
      if ("refused" in wanted || userErrors.length > 0) return { id: null, userErrors };
      await this.#store.update(sql, { ...changed, trigger: wanted.trigger });
      if (!same) {
        const next = changedProgress(plan, progress, wanted.trigger, this.#clock.now());
        const used = usage?.alreadyUsed;
        await this.#store.saveProgress(sql, id, used == null ? next : { ...next, used: String(used) });
      }
      return { id, userErrors: [] };
    });
  }

  /**
   * Activates or deactivates a plan. What a calendar or a condition was due while it was inactive makes no order; usage
   * goes on being counted, because machines wear all the same.
   */
  setActive(
    caller: Caller,
    input: { id: string; expectedVersion: number | null; active: boolean },
  ): Promise<PlanResult> {
    return this.#run(caller, "setMaintenancePlanActive", input, async (sql) => {
      const { id, active } = input;
      const found = await this.#lock(sql, id, input.expectedVersion);
      if ("refused" in found) return { id: null, userErrors: [found.refused] };
      const { plan, progress } = found;
      if (plan.active === active) return { id, userErrors: [] };
      await this.#store.update(sql, { ...plan, active, version: plan.version + 1 });
      if (active && plan.trigger.kind !== "USAGE") {
        const next = progressAgain(plan.trigger, progress, plan.trigger, this.#clock.now());
        await this.#store.saveProgress(sql, id, next);
      }
      return { id, userErrors: [] };
    });
  }

  async byId(id: string): Promise<PlanState | null> {
    return isUuid(id) ? ((await this.#store.byIds([id]))[0] ?? null) : null;
  }

  /** In the order of `ids`; null where there is none. */
  async byIds(ids: readonly string[]): Promise<(PlanState | null)[]> {
    const found = new Map((await this.#store.byIds(ids)).map((state) => [state.plan.id, state]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** The plans of machines at or below a path, oldest first; null: of all. */
  under(path: string | null): Promise<PlanState[]> {
    if (path === null) return this.#store.ofMachines(null);
    const root = this.#plant.byPath(path);
    const machines = root ? [...this.#plant.machines(root)] : [];
    return this.#store.ofMachines(machines.map((machine) => machine.id));
  }

  /** The plans of each machine, oldest first, in the order of `machineIds`. */
  async ofMachines(machineIds: readonly string[]): Promise<PlanState[][]> {
    const states = await this.#store.ofMachines(machineIds);
    return grouped(machineIds, states, ({ plan }) => plan.machineId);
  }

  async #trigger(
    sql: Sql,
    wanted: WantedTriggers,
    machine: Equipment | null,
    before: Trigger | null,
  ): Promise<{ trigger: Trigger } | { refused: UserErrorValue[] }> {
    const calendar = before?.kind === "CALENDAR" ? before : null;
    const timeZone = calendar?.timeZone ?? (machine && this.#zones.zoneOf(machine)) ?? "UTC";
    const at = { now: this.#clock.now(), timeZone, anchor: calendar?.anchor ?? null };
    const found = triggerOf(wanted, at);
    if ("refused" in found || !machine || found.trigger.kind === "CALENDAR") return found;
    const { kind, metric } = found.trigger;
    const field = [kind === "USAGE" ? "usage" : "condition", "metric"];
    const reading = this.#twins.of(machine).reading(metric);
    const dataType = reading?.dataType ?? (await this.#store.dataTypeOf(sql, machine.id, metric));
    if (dataType === null) {
      return { refused: [userError("NOT_FOUND", `${machine.path} has no metric ${metric}`, field)] };
    }
    const numeric = ["Double", "Int64", ...(kind === "CONDITION" ? ["Boolean"] : [])];
    if (numeric.includes(dataType)) return found;
    const message = `${metric} is a ${dataType}, not a number`;
    return { refused: [userError("INVALID_INPUT", message, field)] };
  }

  async #lock(
    sql: Sql,
    id: string,
    expectedVersion: number | null,
  ): Promise<PlanState | { refused: UserErrorValue }> {
    const state = isUuid(id) ? await this.#store.lock(sql, id) : null;
    if (!state) return { refused: userError("NOT_FOUND", "there is no such maintenance plan", ["id"]) };
    const { name, version } = state.plan;
    if (expectedVersion === null || expectedVersion === version) return state;
    const message = `maintenance plan ${name} is at version ${version}, not ${expectedVersion}`;
    return { refused: userError("VERSION_CONFLICT", message, ["expectedVersion"]) };
  }

  async #run(
    caller: Caller,
    operation: string,
    input: unknown,
    work: (sql: Sql) => Promise<Outcome>,
  ): Promise<PlanResult> {
    const call = { principal: caller.principal, key: caller.idempotencyKey, operation, input };
    const done = await this.#db.transaction((tx) => once(tx, call, () => work(sqlWithin(tx))));
    if ("refused" in done) return { state: null, userErrors: [done.refused] };
    const { id, userErrors } = done.payload;
    return { state: id === null ? null : await this.byId(id), userErrors };
  }
}

function changedProgress(
  { trigger: before }: MaintenancePlan,
  progress: PlanProgress,
  trigger: Trigger,
  now: number,
): PlanProgress {
  if (before.kind === "USAGE" && trigger.kind === "USAGE" && before.metric === trigger.metric)
    return progress;
  return progressAgain(before, progress, trigger, now);
}
