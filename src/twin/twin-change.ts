import type { Twin } from "./machine-twin.js";
import type { MetricReading, Series, StateChange, TwinView } from "./twin-model.js";

/**
 * What a message, or time, did to a twin. View and readings are made when somebody first asks, which must be before the
 * twin changes again: who keeps a change calls `keep` when it is told.
 */
export class TwinChange {
  readonly twin: Twin;
  /** The revision after the change. */
  readonly revision: number;
  readonly state: StateChange | null;
  /** What was shown before it was never stored and is taken back: forget it. */
  readonly afresh: boolean;
  readonly #series: readonly Series[];
  #view: TwinView | null = null;
  #metrics: readonly MetricReading[] | null = null;

  constructor(twin: Twin, series: readonly Series[], state: StateChange | null = null, afresh = false) {
    this.twin = twin;
    this.revision = twin.revision;
    this.#series = series;
    this.state = state;
    this.afresh = afresh;
  }

  /** The view after the change. @throws when the twin has changed since, and nobody had asked before. */
  get view(): TwinView {
    this.#view ??= this.#present().view;
    return this.#view;
  }

  /** The readings that changed. @throws like `view`. */
  get metrics(): readonly MetricReading[] {
    if (this.#metrics === null) {
      const twin = this.#present();
      this.#metrics = Array.from(new Set(this.#series), (series) => twin.readingOf(series));
    }
    return this.#metrics;
  }

  /** Makes it last beyond the twin's next change. */
  keep(): this {
    void this.view;
    void this.metrics;
    return this;
  }

  #present(): Twin {
    if (this.twin.revision !== this.revision)
      throw new Error(`${this.twin.machine.path} has changed since revision ${this.revision}`);
    return this.twin;
  }
}
