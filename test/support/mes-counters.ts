import type { Dice } from "./mes-dice.js";
import type { RunStory, Telegram } from "./mes-story.js";

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Energy per hour, in its unit. */
const POWER = { working: 8, waiting: 1.5 };

/** Whether an operation ran all the time. */
export function isRunning(runs: readonly RunStory[], from: number, to: number): boolean {
  return runs.some(({ steps }) =>
    steps.some(({ at, action }, index) => {
      const until = steps[index + 1]?.at ?? at;
      return (action === "start" || action === "resume") && at <= from && to <= until;
    }),
  );
}

/** The counters of a machine, with resets, roll-over, and readings that cannot be. */
export class Counters {
  readonly #dice: Dice;
  readonly #machine: { rollOver: number | null; free: boolean; energyUnit: string | null };
  #good: number;
  #reject: number;
  #energy: number;
  /** Until the next reset. */
  #resetIn: number;
  /** Part of a piece that is under way, and of a step of the energy counter. */
  readonly #rest = { piece: 0, energy: 0 };
  /** Whether the last reading was one that cannot be. */
  #odd = false;

  constructor(
    machine: { readonly rollOver: number | null; readonly free: boolean; readonly energyUnit: string | null },
    dice: Dice,
  ) {
    this.#dice = dice;
    this.#machine = machine;
    this.#good = dice.between(10_000, 40_000);
    this.#reject = dice.between(200, 700);
    this.#energy = dice.between(500, 20_000);
    this.#resetIn = dice.around(6 * DAY);
  }

  work(from: number, to: number, state: string, runs: readonly RunStory[]): void {
    const { rollOver, free } = this.#machine;
    this.#resetIn -= to - from;
    if (this.#resetIn < 0 && this.#good > 10_000 && (this.#good < 40_000 || this.#good > 70_000)) {
      this.#resetIn = this.#dice.around(6 * DAY);
      this.#good = 0;
      this.#reject = 0;
      this.#energy = 0;
    }
    const power = state === "EXECUTE" ? POWER.working : POWER.waiting;
    this.#rest.energy += ((to - from) / HOUR) * power;
    // Quarters are exact in binary.
    const quarters = Math.floor(this.#rest.energy * 4);
    this.#energy += quarters / 4;
    this.#rest.energy -= quarters / 4;
    if (state !== "EXECUTE" || !(free || isRunning(runs, from, to))) return;
    this.#rest.piece += (to - from) / (3_600 * (0.95 + 0.3 * this.#dice.next()));
    const pieces = Math.floor(this.#rest.piece);
    this.#rest.piece -= pieces;
    const rejects = Math.round(pieces * 0.04 * this.#dice.next());
    this.#good += pieces - rejects;
    this.#reject += rejects;
    if (rollOver !== null && this.#good >= rollOver) this.#good -= rollOver;
  }

  /** @param makes whether it can be known what the machine can make. */
  read(makes: boolean): Pick<Telegram, "good" | "reject" | "energy"> {
    // A reading that cannot be, now and then, of a counter that is far from both its ends.
    const odd =
      makes && !this.#odd && this.#good > 5_000 && this.#good < 40_000 && this.#dice.chance(0.000_5);
    this.#odd = odd;
    return {
      good: odd ? this.#good + 2_000_000_000 : this.#good,
      reject: this.#reject,
      ...(this.#machine.energyUnit === null ? {} : { energy: this.#energy }),
    };
  }
}
