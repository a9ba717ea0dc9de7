import type { Quality, Sample, Scalar } from "../../twin/sample.js";
import { type Decoded, type FieldProblem, problem } from "./format.js";
import type { MetricNames } from "./metric-names.js";

const DEEPEST = 16;
const MOST_LEAVES = 5_000;
/** Values, objects and arrays that are looked at; empty ones are no leaves, and cost time too. */
const MOST_NODES = 20_000;
const LONGEST_FIELD = 256;
const TOO_MANY = `the payload holds more than ${MOST_LEAVES} values`;
const NOTHING: readonly string[] = [];

/** What is said of all values below a node. */
export interface Reading {
  /** The device's time in milliseconds since 1970; null when it sent none. */
  readonly time: number | null;
  readonly quality: Quality;
}

/** The samples of a payload as they are found: nested names, and the positions of arrays, join with `/`. */
export class Leaves {
  readonly samples: Sample[] = [];
  readonly problems: FieldProblem[] = [];
  readonly #names: MetricNames;
  #nodes = 0;
  #tooMuch: string | null = null;

  constructor(names: MetricNames) {
    this.#names = names;
  }

  /** Why the whole payload is refused: it holds more than anyone means; null while it does not. */
  get tooMuch(): string | null {
    return this.#tooMuch;
  }

  /** The name of something below a name; null is the payload itself. */
  below(prefix: string | null, key: string): string {
    return prefix === null ? key : this.#names.joined(prefix, key);
  }

  /**
   * Takes a value, or all values of an object or array.
   * @param name of the value; the names of what is in an object or array go below it, or are their own where it is null.
   * @param skip full names that are no metrics, with all below them.
   * @returns false once there is too much: then nothing more is taken.
   */
  add(name: string | null, value: unknown, reading: Reading, skip = NOTHING): boolean {
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES) return this.#stop(TOO_MANY);
    if (typeof value === "object" && value !== null && (name === null || name.length <= LONGEST_FIELD))
      return this.#node(name, value, reading, skip, 1);
    return this.#leaf(name ?? "", value as Scalar, reading);
  }

  /** Refuses one part of the payload. */
  refuse(field: string, text: string): boolean {
    if (this.samples.length + this.problems.length >= MOST_LEAVES) return this.#stop(TOO_MANY);
    this.problems.push({ field: field.slice(0, LONGEST_FIELD), problem: text });
    return true;
  }

  /** @param empty what is said where there is nothing. */
  decoded(empty: string): Decoded {
    if (this.#tooMuch !== null) return problem(this.#tooMuch);
    const { samples, problems } = this;
    if (samples.length === 0 && problems.length === 0) return problem(empty);
    return { kind: "samples", samples, problems };
  }

  #node(
    name: string | null,
    node: object,
    reading: Reading,
    skip: readonly string[],
    depth: number,
  ): boolean {
    if (depth > DEEPEST) return this.#stop(`the payload is nested deeper than ${DEEPEST} levels`);
    if (Array.isArray(node) && node.length > MOST_NODES) return this.#stop(TOO_MANY);
    for (const key of Object.keys(node)) {
      this.#nodes += 1;
      if (this.#nodes > MOST_NODES) return this.#stop(TOO_MANY);
      const full = name === null ? key : this.#names.joined(name, key);
      if (skip.length > 0 && skip.includes(full)) continue;
      const value = (node as Record<string, unknown>)[key];
      // Below a name that is too long all are, and each would be a copy of it.
      const taken =
        typeof value === "object" && value !== null && full.length <= LONGEST_FIELD
          ? this.#node(full, value, reading, skip, depth + 1)
          : this.#leaf(full, value as Scalar, reading);
      if (!taken) return false;
    }
    return true;
  }

  #leaf(name: string, value: Scalar, { time, quality }: Reading): boolean {
    if (this.samples.length + this.problems.length >= MOST_LEAVES) return this.#stop(TOO_MANY);
    const wrong = this.#names.problem(name);
    if (wrong !== null) this.problems.push({ field: name.slice(0, LONGEST_FIELD), problem: wrong });
    else this.samples.push({ metric: name, value, time, quality });
    return true;
  }

  #stop(reason: string): false {
    this.#tooMuch ??= reason;
    return false;
  }
}
