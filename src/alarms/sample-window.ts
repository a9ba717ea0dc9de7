/**
 * A window is kept in about so many parts, however many samples come. The parts lie fixed in time, so that what a window
 * tells follows from the samples within it alone, wherever it began.
 */
const PARTS = 60;

/** How a value has changed. Between two samples it is taken to have moved evenly, and after the last one not at all. */
export class ValueWindow {
  readonly #overMs: number;
  readonly #times: number[] = [];
  readonly #values: number[] = [];

  /** @param overMs how far back it looks. */
  constructor(overMs: number) {
    this.#overMs = overMs;
  }

  /** @param time not before the last one. */
  add(time: number, value: number): void {
    const last = this.#times.length > 1 ? this.#times.at(-1) : undefined;
    // Of each part the last one is kept, and the very first one, which tells how far back the window reaches.
    if (last !== undefined && partOf(last, this.#overMs) === partOf(time, this.#overMs)) {
      this.#times.pop();
      this.#values.pop();
    }
    this.#times.push(time);
    this.#values.push(value);
    this.#drop(time - this.#overMs);
  }

  /** How much the value has changed in the window up to `time`; null where it does not reach back that far. */
  growth(time: number): number | null {
    const from = time - this.#overMs;
    const index = this.#times.findLastIndex((one) => one <= from);
    const [before, after, present] = [this.#values[index], this.#values[index + 1], this.#values.at(-1)];
    if (before === undefined || present === undefined) return null;
    if (after === undefined) return 0;
    const [begin, end] = [this.#times[index] as number, this.#times[index + 1] as number];
    return present - (before + ((after - before) * (from - begin)) / (end - begin));
  }

  /** Milliseconds between the last two samples that are kept; 0 where there are none. */
  get gap(): number {
    const [before, last] = [this.#times.at(-2), this.#times.at(-1)];
    return before === undefined || last === undefined ? 0 : last - before;
  }

  clear(): void {
    this.#times.length = 0;
    this.#values.length = 0;
  }

  /** The newest of before `from` tells with the one after it what was so then. */
  #drop(from: number): void {
    let gone = 0;
    while (gone + 1 < this.#times.length && (this.#times[gone + 1] as number) <= from) gone += 1;
    if (gone === 0) return;
    this.#times.splice(0, gone);
    this.#values.splice(0, gone);
  }
}

/** The mean of the samples of the last while. */
export class MeanWindow {
  readonly #overMs: number;
  #parts: { from: number; sum: number; count: number }[] = [];
  /** Without a gap as long as the window; and the last sample. */
  #since: number | null = null;
  #last: number | null = null;

  constructor(overMs: number) {
    this.#overMs = overMs;
  }

  /** The mean of what came before `time`; null before the window has once been full, and after a gap as long as it. */
  mean(time: number): number | null {
    const from = time - this.#overMs;
    this.#parts = this.#parts.filter((part) => part.from >= from);
    if (this.#since === null || this.#since > from || this.#parts.length === 0) return null;
    const count = this.#parts.reduce((sum, part) => sum + part.count, 0);
    return this.#parts.reduce((sum, part) => sum + part.sum, 0) / count;
  }

  add(time: number, value: number): void {
    if (this.#last === null || time - this.#last > this.#overMs) {
      this.#parts = [];
      this.#since = time;
    }
    this.#last = time;
    const part = this.#parts.at(-1);
    if (part && partOf(part.from, this.#overMs) === partOf(time, this.#overMs)) {
      part.sum += value;
      part.count += 1;
    } else this.#parts.push({ from: time, sum: value, count: 1 });
  }

  clear(): void {
    this.#parts = [];
    this.#since = null;
    this.#last = null;
  }
}

function partOf(time: number, overMs: number): number {
  return Math.floor((time * PARTS) / overMs);
}
