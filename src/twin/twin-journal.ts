import type { Equipment } from "../plant/equipment.js";
import type { TwinChange } from "./twin-change.js";

/** How long the changes of a machine are kept after its last subscriber has gone. */
const KEEP_MS = 5 * 60_000;

/** The last changes of the twins that somebody follows, so that a subscriber that was cut off goes on without a hole. */
export class TwinJournal {
  readonly #max: number;
  readonly #changes: TwinChange[] = [];
  readonly #followers = new Map<Equipment, { count: number; until: number }>();
  readonly #now: () => number;
  #next = 0;

  /**
   * @param max how many changes are kept, over all machines.
   * @param now milliseconds.
   */
  constructor(max: number, now: () => number) {
    this.#max = max;
    this.#now = now;
  }

  /** Keeps the machine's changes from now on. @returns how to end that: they are kept for five minutes more. */
  follow(machine: Equipment): () => void {
    const followed = this.#followers.get(machine) ?? { count: 0, until: 0 };
    this.#followers.set(machine, followed);
    followed.count += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      followed.count -= 1;
      followed.until = this.#now() + KEEP_MS;
    };
  }

  /** To be told every change. Keeps those of machines that are followed. */
  add(change: TwinChange): void {
    if (this.#followers.size === 0) return;
    const { machine } = change.twin;
    const followed = this.#followers.get(machine);
    if (!followed) return;
    if (followed.count === 0 && this.#now() > followed.until) {
      this.#followers.delete(machine);
      return;
    }
    this.#changes[this.#next] = change.keep();
    this.#next = (this.#next + 1) % this.#max;
  }

  /**
   * The changes of a machine after a revision, in order.
   * @returns null when not all of them are kept.
   */
  after(machine: Equipment, revision: number, present: number): readonly TwinChange[] | null {
    if (revision > present) return null;
    const found: TwinChange[] = [];
    for (let index = 0; index < this.#changes.length; index += 1) {
      const change = this.#changes[(this.#next + index) % this.#changes.length];
      if (change?.twin.machine === machine && change.revision > revision) found.push(change);
    }
    return found.length === present - revision ? found : null;
  }
}
