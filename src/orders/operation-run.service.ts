import type { Interval, Span } from "../kernel/intervals.js";
import type { Sql } from "../kernel/sql.js";
import { type CountedRun, type RunStep, runsOf } from "./operation-run.js";
import type { OrderEventStore } from "./order-event.store.js";

/** Which operation ran where and when. */
export class OperationRunService {
  readonly #events: OrderEventStore;

  constructor(deps: { events: OrderEventStore }) {
    this.#events = deps.events;
  }

  /**
   * The stretches within a range during which an operation ran on each machine, in order and never overlapping. One
   * that still runs lasts to the range's end. One statement however many machines there are.
   * @param sql reads within its transaction; left out: what is committed.
   */
  async runs(
    machineIds: readonly string[],
    range: Interval,
    sql?: Sql,
  ): Promise<ReadonlyMap<string, readonly Span<CountedRun>[]>> {
    const steps = new Map<string, RunStep[]>(machineIds.map((id) => [id, []]));
    if (steps.size > 0 && range.from < range.to) {
      for (const step of await this.#events.runSteps([...steps.keys()], range, sql)) {
        steps.get(step.machineId)?.push(step);
      }
    }
    return new Map([...steps].map(([id, own]) => [id, runsOf(own, range)]));
  }
}
