import type { Clock } from "../kernel/clock.js";
import type { Plant } from "../plant/plant.js";
import { type Figures, figuresByKind, figuresOf, type KindFigures } from "./figures.js";
import type { FiguresStore } from "./figures.store.js";

export interface FiguresOfRange {
  /** Of all kinds together. */
  readonly backlog: Figures["backlog"];
  /** Of preventive orders. */
  readonly compliance: Figures["compliance"];
  /** Of corrective orders. */
  readonly repair: Figures["repair"];
  readonly byKind: readonly KindFigures[];
}

/** How maintenance is doing. */
export class FiguresService {
  readonly #store: FiguresStore;
  readonly #plant: Plant;
  readonly #clock: Clock;

  constructor(deps: { store: FiguresStore; plant: Plant; clock: Clock }) {
    this.#store = deps.store;
    this.#plant = deps.plant;
    this.#clock = deps.clock;
  }

  /** The end of a range that has none. */
  now(): Date {
    return new Date(this.#clock.now());
  }

  /**
   * The figures of [from, to). The backlog is that at the end, or that of now where the end has not come.
   * @param under only machines at or below this path; null: all.
   */
  async figures(under: string | null, range: { from: Date; to: Date }): Promise<FiguresOfRange> {
    const root = under === null ? null : this.#plant.byPath(under);
    const machines = under === null ? null : root ? [...this.#plant.machines(root)] : [];
    const at = new Date(Math.min(range.to.getTime(), this.#clock.now()));
    const counts = await this.#store.counts(machines?.map(({ id }) => id) ?? null, { ...range, at });
    const ofKind = (kind: string) => figuresOf(counts.filter((one) => one.kind === kind));
    return {
      backlog: figuresOf(counts).backlog,
      compliance: ofKind("PREVENTIVE").compliance,
      repair: ofKind("CORRECTIVE").repair,
      byKind: figuresByKind(counts),
    };
  }
}
