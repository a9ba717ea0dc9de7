import type { Database } from "../db/database.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import type { Sql } from "../kernel/sql.js";
import type { Plant } from "../plant/plant.js";
import { DueSeries } from "./calendar-trigger.js";
import type { MaintenanceOrder } from "./maintenance.js";
import type { MaintenanceService } from "./maintenance.service.js";
import type { MaintenancePlan, PlanProgress, PlanState } from "./plan.js";
import type { TimeZones } from "./plan.service.js";
import type { PlanStore } from "./plan.store.js";
import { makerOf, type Occurrence, orderFor, whyDue } from "./plan-order.js";

type Told = Pick<MaintenanceOrder, "id" | "machineId">;

/**
 * Makes the orders of plans that are due, each in one transaction with the progress of its plan: whoever holds the
 * plan's rows finds what others have made before.
 */
export class PlanOrderService {
  readonly #store: PlanStore;
  readonly #maintenance: MaintenanceService;
  readonly #db: Database;
  readonly #plant: Plant;
  readonly #zones: TimeZones;
  readonly #clock: Clock;

  constructor(deps: {
    store: PlanStore;
    maintenance: MaintenanceService;
    db: Database;
    plant: Plant;
    zones: TimeZones;
    clock: Clock;
  }) {
    this.#store = deps.store;
    this.#maintenance = deps.maintenance;
    this.#db = deps.db;
    this.#plant = deps.plant;
    this.#zones = deps.zones;
    this.#clock = deps.clock;
  }

  /**
   * Makes what a calendar plan is due: one order, however many due times have passed. Of several due times that lie
   * ahead it is the first: the others are the next calls'. Nothing when it is not due, or another server was first.
   */
  async makeByCalendar(planId: string): Promise<void> {
    await this.#locked(planId, async (sql, { plan, progress }) => {
      const { trigger, active } = plan;
      const now = this.#clock.now();
      if (trigger.kind !== "CALENDAR" || !active) return null;
      if (progress.dueAt === null || progress.makeAt === null || progress.makeAt > now) return null;
      const series = new DueSeries(trigger);
      const first = series.firstFrom(progress.dueAt);
      const ahead = series.firstFrom(now + 1);
      const index = Math.max(first, Math.min(ahead, series.firstToMakeAfter(now) - 1));
      const at = series.at(index).dueAt;
      const due = { at, missed: index - first, why: whyDue(plan, at, "0") };
      return this.#occur(sql, plan, { ...progress, ...series.at(index + 1) }, [due]);
    });
  }

  /**
   * Makes the orders of a plan that looks at a metric.
   * @param seen what the due points were found from; when that is no longer how the plan stands nothing is made.
   * @param after the progress with the due points behind it.
   * @returns the progress that is stored now; null when the plan was changed, or another server was first.
   */
  make(seen: PlanState, after: PlanProgress, due: readonly Occurrence[]): Promise<PlanProgress | null> {
    return this.#locked(seen.plan.id, async (sql, { plan, progress }) => {
      const { occurrence, seenAt, countedSince } = seen.progress;
      const same =
        plan.version === seen.plan.version &&
        progress.occurrence === occurrence &&
        progress.seenAt === seenAt &&
        progress.countedSince === countedSince;
      return same && plan.active ? this.#occur(sql, plan, after, due) : null;
    });
  }

  async #locked(
    planId: string,
    work: (sql: Sql, state: PlanState) => Promise<{ progress: PlanProgress; told: Told[] } | null>,
  ): Promise<PlanProgress | null> {
    const done = await this.#db.transaction(async (tx) => {
      const sql = sqlWithin(tx);
      const state = await this.#store.lock(sql, planId);
      const result = state && (await work(sql, state));
      if (result) await this.#store.saveProgress(sql, planId, result.progress);
      return result;
    });
    for (const order of done?.told ?? []) this.#maintenance.publish(order);
    return done?.progress ?? null;
  }

  async #occur(
    sql: Sql,
    plan: MaintenancePlan,
    before: PlanProgress,
    due: readonly Occurrence[],
  ): Promise<{ progress: PlanProgress; told: Told[] }> {
    const machine = this.#plant.byId(plan.machineId);
    const zone = (machine && this.#zones.zoneOf(machine)) ?? "UTC";
    const told: Told[] = [];
    let progress = before;
    for (const one of due) {
      const number = progress.occurrence + 1;
      const open = plan.allowSeveral ? null : await this.#store.openOrder(sql, plan.id);
      if (open) {
        if (progress.skipped === 0) await this.#maintenance.dueAgain(sql, open.id, makerOf(plan), one.why);
        progress = { ...progress, occurrence: number, skipped: progress.skipped + one.missed + 1 };
        told.push(open);
        continue;
      }
      const request = orderFor(plan, one, progress.skipped, zone);
      const from = { machineId: plan.machineId, planId: plan.id, occurrence: number, by: makerOf(plan) };
      const order = await this.#maintenance.openForPlan(sql, { ...request, ...from });
      if (order) told.push(order);
      progress = { ...progress, occurrence: number, skipped: 0 };
    }
    return { progress, told };
  }
}
