import { type MachineState, machineStateOf } from "../twin/packml.js";
import type { StoredSample } from "../twin/twin-model.js";

const MOST = 16;
const NEVER = Number.NEGATIVE_INFINITY;

/** A machine's state from a moment on, in milliseconds. */
export interface StateSince {
  readonly state: MachineState;
  readonly from: number;
}

/** The last states of a machine, for what is told of a moment after the machine has gone on. Times are in milliseconds. */
export class PastStates {
  readonly #states: StateSince[] = [];

  /** @param from since when it is the machine's state; null where nobody knows. */
  constructor(state: MachineState, from: number | null) {
    this.#states.push({ state, from: from ?? NEVER });
  }

  /**
   * Takes what samples tell, by time: a message may have several states, and most have none.
   * @param found changes that were found before, to which others are added.
   * @returns the changes; null where there are none.
   */
  take(samples: readonly StoredSample[], found: StateSince[] | null = null): StateSince[] | null {
    let changes = found;
    for (const { series, time, value, shown } of samples) {
      const role = series.definition ? series.definition.role : series.hint?.role;
      if (role !== "STATE" || !shown) continue;
      const since = { state: machineStateOf(value), from: time };
      if (!this.#put(since)) continue;
      changes ??= [];
      changes.push(since);
    }
    return changes;
  }

  /** The state at a moment; where none is known any more, the first that is. */
  at(time: number): MachineState {
    return this.#find((from) => from <= time);
  }

  /** Like `at`, of the time right before it. */
  before(time: number): MachineState {
    return this.#find((from) => from < time);
  }

  /** Whatever was known of the time after it is forgotten. @returns whether the state was another until then. */
  #put(since: StateSince): boolean {
    const kept = this.#states.findLastIndex(({ from }) => from < since.from) + 1;
    this.#states.length = kept;
    if (this.#states[kept - 1]?.state === since.state) return false;
    this.#states.push(since);
    if (this.#states.length > MOST) this.#states.shift();
    return true;
  }

  #find(is: (from: number) => boolean): MachineState {
    const found = this.#states.findLast(({ from }) => is(from)) ?? this.#states[0];
    return found?.state ?? "UNKNOWN";
  }
}
