/** A window is kept in about so many parts, however many samples come. */
const PARTS = 60;

/** What a value was some time ago; a value holds until the next one. */
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
    const times = this.#times;
    const last = times.length - 1;
    // The last one is always exact; of those before it, one for each part of the window is kept.
    const close = last > 0 && (times[last] as number) - (times[last - 1] as number) < this.#overMs / PARTS;
    if (close) {
      times[last] = time;
      this.#values[last] = value;
    } else {
      times.push(time);
      this.#values.push(value);
    }
    this.#drop(time - this.#overMs);
  }

  /** How much the value has changed in the window up to `time`; null where it does not reach back that far. */
  growth(time: number): number | null {
    const from = time - this.#overMs;
    let index = this.#times.length - 1;
    const present = this.#values[index];
    while (index >= 0 && (this.#times[index] as number) > from) index -= 1;
    const before = this.#values[index];
    return present === undefined || before === undefined ? null : present - before;
  }

  clear(): void {
    this.#times.length = 0;
    this.#values.length = 0;
  }

  /** The newest value of before `from` is what held then. */
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
  #since: number | null = null;

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
    const last = this.#parts.at(-1);
    if (!last || time - last.from > this.#overMs) {
      this.#parts = [{ from: time, sum: value, count: 1 }];
      this.#since = time;
    } else if (time - last.from < this.#overMs / PARTS) {
      last.sum += value;
      last.count += 1;
    } else this.#parts.push({ from: time, sum: value, count: 1 });
  }

  clear(): void {
    this.#parts = [];
    this.#since = null;
  }
}
