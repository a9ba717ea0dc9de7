import { reportOf } from "../activity/derivation.js";
import type { AlarmCondition, Bound } from "../plant/alarm-rule.js";
import type { Scalar } from "../twin/sample.js";
import type { Verdict } from "./alarm-state.js";
import { MeanWindow, ValueWindow } from "./sample-window.js";

/** Looks at the values of one machine's metrics for one condition, and remembers what it needs of them. */
export interface Probe {
  /** A good value. @param time by the device's clock in milliseconds, not before the last one. */
  put(metric: string, value: Scalar, time: number): void;
  /** Nobody knows the value any more. */
  lose(metric: string): void;
  verdict(time: number): Verdict;
  /** What a message tells as the value. */
  readonly value: Scalar;
  /** Milliseconds after the last value at which the verdict can be another without a new one; null: never. */
  readonly settlesAfterMs: number | null;
  /** How long it remembers values, in milliseconds: the present readings alone tell it nothing. Null: it remembers none. */
  readonly remembersMs: number | null;
}

type Of<Kind extends AlarmCondition["kind"]> = Extract<AlarmCondition, { kind: Kind }>;

/** Of a condition that is about values. */
export function probeOf(condition: Of<"LIMIT"> | Of<"RATE"> | Of<"DEVIATION">): Probe {
  switch (condition.kind) {
    case "LIMIT":
      return new LimitProbe(condition);
    case "RATE":
      return new RateProbe(condition);
    case "DEVIATION":
      return "metric" in condition.from
        ? new SetpointProbe(condition, condition.from.metric)
        : new MeanProbe(condition, condition.from.meanMs);
  }
}

/** How a value stands to a bound: "neither" between the bound and where it counts as back. */
export function boundVerdict(value: number, { above, below, hysteresis }: Bound): Verdict {
  if (above !== null) {
    if (value > above) return "met";
    return value <= above - hysteresis ? "unmet" : "neither";
  }
  if (below === null) return "neither";
  if (value < below) return "met";
  return value >= below + hysteresis ? "unmet" : "neither";
}

function numberOf(value: Scalar): number | null {
  if (typeof value === "number") return value;
  return typeof value === "bigint" ? Number(value) : null;
}

class LimitProbe implements Probe {
  readonly settlesAfterMs = null;
  readonly remembersMs = null;
  readonly #bound: Bound;
  #value: number | null = null;

  constructor(bound: Bound) {
    this.#bound = bound;
  }

  get value(): Scalar {
    return this.#value;
  }

  put(_metric: string, value: Scalar): void {
    this.#value = numberOf(value);
  }

  lose(): void {
    this.#value = null;
  }

  verdict(): Verdict {
    return this.#value === null ? "neither" : boundVerdict(this.#value, this.#bound);
  }
}

/** A value whose next sample is that many times as late as the last one was has stopped changing. */
const LATE = 2;

class RateProbe implements Probe {
  readonly remembersMs: number;
  readonly #condition: Of<"RATE">;
  readonly #window: ValueWindow;
  #rate: number | null = null;

  constructor(condition: Of<"RATE">) {
    this.remembersMs = condition.overMs;
    this.#condition = condition;
    this.#window = new ValueWindow(condition.overMs);
  }

  get value(): Scalar {
    return this.#rate;
  }

  /** Also of a metric that comes more rarely than `over`. */
  get settlesAfterMs(): number {
    return Math.max(this.#condition.overMs, LATE * this.#window.gap);
  }

  put(_metric: string, value: Scalar, time: number): void {
    const number = numberOf(value);
    if (number === null) this.lose();
    else this.#window.add(time, number);
  }

  lose(): void {
    this.#window.clear();
  }

  verdict(time: number): Verdict {
    const { perMs, overMs } = this.#condition;
    const growth = this.#window.growth(time);
    this.#rate = growth === null ? null : (growth * perMs) / overMs;
    return this.#rate === null ? "neither" : boundVerdict(this.#rate, this.#condition);
  }
}

class SetpointProbe implements Probe {
  readonly settlesAfterMs = null;
  readonly remembersMs = null;
  readonly #condition: Of<"DEVIATION">;
  readonly #setpoint: string;
  #value: number | null = null;
  #wanted: number | null = null;

  constructor(condition: Of<"DEVIATION">, setpoint: string) {
    this.#condition = condition;
    this.#setpoint = setpoint;
  }

  get value(): Scalar {
    return this.#value;
  }

  put(metric: string, value: Scalar): void {
    this.#set(metric, numberOf(value));
  }

  lose(metric: string): void {
    this.#set(metric, null);
  }

  verdict(): Verdict {
    if (this.#value === null || this.#wanted === null) return "neither";
    return boundVerdict(Math.abs(this.#value - this.#wanted), { ...this.#condition, below: null });
  }

  #set(metric: string, value: number | null): void {
    if (metric === this.#setpoint) this.#wanted = value;
    else this.#value = value;
  }
}

class MeanProbe implements Probe {
  readonly settlesAfterMs = null;
  readonly remembersMs: number;
  readonly #condition: Of<"DEVIATION">;
  readonly #window: MeanWindow;
  #value: number | null = null;
  #mean: number | null = null;

  constructor(condition: Of<"DEVIATION">, meanMs: number) {
    this.remembersMs = meanMs;
    this.#condition = condition;
    this.#window = new MeanWindow(meanMs);
  }

  get value(): Scalar {
    return this.#value;
  }

  put(_metric: string, value: Scalar, time: number): void {
    this.#value = numberOf(value);
    if (this.#value === null) return;
    this.#mean = this.#window.mean(time);
    this.#window.add(time, this.#value);
  }

  lose(): void {
    this.#value = null;
    this.#window.clear();
  }

  verdict(): Verdict {
    if (this.#value === null || this.#mean === null) return "neither";
    return boundVerdict(Math.abs(this.#value - this.#mean), { ...this.#condition, below: null });
  }
}

/** A probe of what one reading tells by itself. */
export class FaultProbe implements Probe {
  readonly settlesAfterMs = null;
  readonly remembersMs = null;
  readonly #isIt: (value: Scalar) => boolean;
  #value: Scalar | undefined;

  constructor(isIt: (value: Scalar) => boolean) {
    this.#isIt = isIt;
  }

  get value(): Scalar {
    return this.#value ?? null;
  }

  put(_metric: string, value: Scalar): void {
    this.#value = value;
  }

  lose(): void {
    this.#value = undefined;
  }

  verdict(): Verdict {
    if (this.#value === undefined) return "neither";
    return this.#isIt(this.#value) ? "met" : "unmet";
  }
}

/** Whether a value tells of the fault of that code. */
export function isFaultCode(code: string): (value: Scalar) => boolean {
  return (value) => reportOf("FAULT", value) === code;
}

/** Whether one bit of a number is set. */
export function hasBit(bit: string): (value: Scalar) => boolean {
  const mask = 1n << BigInt(bit);
  return (value) => (bitsOf(value) & mask) !== 0n;
}

/** Whether a value tells of a fault of none of those codes; what is no fault to downtimes is none here. */
export function isOtherFault(codes: readonly string[]): (value: Scalar) => boolean {
  const none = new Set(["", ...codes]);
  return (value) => !none.has(reportOf("FAULT", value));
}

/** Whether a bit of a number is set that is none of those. */
export function hasOtherBit(bits: readonly string[]): (value: Scalar) => boolean {
  const known = bits.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
  return (value) => (bitsOf(value) & ~known) !== 0n;
}

function bitsOf(value: Scalar): bigint {
  if (typeof value === "bigint") return BigInt.asUintN(64, value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "number" && Number.isInteger(value) ? BigInt.asUintN(64, BigInt(value)) : 0n;
}
