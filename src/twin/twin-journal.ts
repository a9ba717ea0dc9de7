import type { Equipment } from "../plant/equipment.js";
import type { TwinChange } from "./twin-model.js";

/** The last changes of all twins, so that a subscriber that was cut off goes on without a hole. */
export class TwinJournal {
  readonly #max: number;
  readonly #changes: TwinChange[] = [];
  #next = 0;

  /** @param max how many changes are kept, over all machines. */
  constructor(max: number) {
    this.#max = max;
  }

  add(change: TwinChange): void {
    this.#changes[this.#next] = change;
    this.#next = (this.#next + 1) % this.#max;
  }

  /**
   * The changes of a machine after a revision, in order.
   * @returns null when not all of them are kept any more.
   */
  after(machine: Equipment, revision: number, present: number): readonly TwinChange[] | null {
    if (revision > present) return null;
    const found: TwinChange[] = [];
    for (let index = 0; index < this.#changes.length; index += 1) {
      const change = this.#changes[(this.#next + index) % this.#changes.length];
      if (change?.twin.machine === machine && change.view.revision > revision) found.push(change);
    }
    return found.length === present - revision ? found : null;
  }
}
