import { type Downtime, isToldAlike } from "./downtime.js";

/** A downtime as it is now, or one that is none any more, as it was told last. */
export interface DowntimeNews {
  readonly downtime: Downtime;
  readonly removed: boolean;
  /** Its end, as it is or as it was told before, whichever is later. */
  readonly until: number;
}

/** Remembers how the downtimes of machines were told last. */
export class ToldDowntimes {
  /** By machine id, oldest first. */
  readonly #told = new Map<string, Downtime[]>();

  /** The machines of which any are remembered, by id. */
  get machineIds(): Iterable<string> {
    return this.#told.keys();
  }

  /** Those of a machine that touch the time since a moment, as they were told last, oldest first. */
  since(machineId: string, moment: number): readonly Downtime[] {
    const told = this.#told.get(machineId) ?? [];
    return told.slice(firstEndingAt(told, moment + 1));
  }

  /**
   * The earliest moment that may be told otherwise when something changes at a moment: the beginning of the unbroken
   * downtime that reaches it, all of which a fault code explains, say.
   */
  reachOf(machineId: string, moment: number): number {
    const told = this.#told.get(machineId) ?? [];
    let from = moment;
    for (let index = told.length - 1; index >= 0; index -= 1) {
      const one = told[index];
      if (one === undefined || endOf(one) < from) break;
      from = Math.min(from, one.from);
    }
    return from;
  }

  /**
   * Puts what is so in the place of what was told of a machine since a moment.
   * @param found all downtimes of the machine that end at that moment or later, oldest first; earlier ones do not matter.
   * @returns what is news of it: first those that are none any more.
   */
  renew(machineId: string, moment: number, found: readonly Downtime[]): DowntimeNews[] {
    const told = this.#told.get(machineId) ?? [];
    this.#told.set(machineId, told);
    const present = found.slice(firstEndingAt(found, moment));
    const before = new Map(
      told.splice(firstEndingAt(told, moment), told.length, ...present).map((one) => [one.from, one]),
    );
    const news: DowntimeNews[] = [];
    for (const downtime of present) {
      const last = before.get(downtime.from);
      before.delete(downtime.from);
      if (last && isToldAlike(last, downtime)) continue;
      const until = Math.max(endOf(downtime), last ? endOf(last) : downtime.from);
      news.push({ downtime, removed: false, until });
    }
    const gone = Array.from(before.values(), (downtime) => ({
      downtime,
      removed: true,
      until: endOf(downtime),
    }));
    return [...gone, ...news];
  }

  /** Forgets those of a machine that ended before a moment; all with null. */
  forget(machineId: string, moment: number | null): void {
    const told = this.#told.get(machineId);
    if (moment === null) this.#told.delete(machineId);
    else told?.splice(0, firstEndingAt(told, moment));
  }
}

/** Where among downtimes that are apart the first one stands that ends at a moment or later; their number when none does. */
function firstEndingAt(downtimes: readonly Downtime[], moment: number): number {
  let index = downtimes.length;
  for (let one = downtimes[index - 1]; one && endOf(one) >= moment; one = downtimes[index - 1]) index -= 1;
  return index;
}

function endOf({ to }: Downtime): number {
  return to ?? Number.POSITIVE_INFINITY;
}
