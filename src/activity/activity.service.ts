import type { Interval, Span } from "../kernel/intervals.js";
import type { MachineMode, MachineState } from "../twin/packml.js";
import { type ActivityKind, type ActivityValues, type CountSum, spansOf, UNREPORTED } from "./activity.js";
import type { ActivityStore } from "./activity.store.js";

/** Tells what people recorded of machines, which is counted beside what their counters say. */
export interface OperatorCounts {
  /** Per machine what people reported and corrected of the range, by the time it was made. */
  recorded(machineIds: readonly string[], range: Interval): Promise<ReadonlyMap<string, readonly CountSum[]>>;
}

/** What machines did: read from facts that were written with the samples that prove them. */
export class ActivityService {
  readonly #store: ActivityStore;
  readonly #operators: OperatorCounts;

  constructor(deps: { store: ActivityStore; operators: OperatorCounts }) {
    this.#store = deps.store;
    this.#operators = deps.operators;
  }

  /**
   * Spans that tile the range exactly, in order, of which neighbours differ: UNKNOWN before the first report, and what
   * the last report says up to the end. One statement for all machines.
   */
  states(
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Span<MachineState>[]>> {
    return this.#spans("STATE", machineIds, range);
  }

  /** As `states`. */
  modes(
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Span<MachineMode>[]>> {
    return this.#spans("MODE", machineIds, range);
  }

  /** The fault codes of machines while there are any, in order. */
  async faults(
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Span<string>[]>> {
    const all = await this.#spans("FAULT", machineIds, range);
    return new Map(Array.from(all, ([id, spans]) => [id, spans.filter(({ value }) => value !== "")]));
  }

  /**
   * What was made in the range, summed per kind, operation and ideal cycle time; sums of 0 are left out. The time of a
   * count is the device's, of the reading that shows it; of what people report, what they say.
   */
  async counts(
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly CountSum[]>> {
    const ids = [...new Set(machineIds)];
    if (ids.length === 0 || range.from >= range.to) return new Map(ids.map((id) => [id, []]));
    const [counted, recorded] = await Promise.all([
      this.#store.counts(ids, range),
      this.#operators.recorded(ids, range),
    ]);
    return new Map(ids.map((id) => [id, [...(counted.get(id) ?? []), ...(recorded.get(id) ?? [])]]));
  }

  async #spans<Kind extends ActivityKind>(
    kind: Kind,
    machineIds: readonly string[],
    range: Interval,
  ): Promise<ReadonlyMap<string, readonly Span<ActivityValues[Kind]>[]>> {
    const ids = [...new Set(machineIds)];
    if (ids.length === 0) return new Map();
    const reports = await this.#store.reports(kind, ids, range);
    return new Map(
      Array.from(reports, ([id, own]) => [
        id,
        // The writer stores values of this kind only.
        spansOf(own, range, UNREPORTED[kind]) as Span<ActivityValues[Kind]>[],
      ]),
    );
  }
}
