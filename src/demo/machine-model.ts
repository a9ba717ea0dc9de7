import { err, ok, type Result } from "../kernel/result.js";
import type { FaultProfile, MachineProfile, SensorProfile } from "./machine-profiles.js";
import { type MachineMode, onDone, onRequest, type PackmlRequest, type PackmlState } from "./packml.js";
import { between, gaussian, type Random, waitingTime } from "./random.js";

/** The requests that a machine takes from outside. */
export type OperatorRequest = "start" | "stop" | "hold" | "unhold" | "reset" | "clear";

/** A telemetry message without its time: names with `/` are nested. */
export type Reading = { [name: string]: number | string | Reading };

const SLICE_MS = 100;
/** A waiting state lasts at least this long, so that whoever looks every 100 ms sees each state. */
const LEAST_WAIT_MS = 250;
/** What a machine does by itself after it has waited its time; with `ifWanted` only while it is meant to run. */
const ONWARD: Partial<Record<PackmlState, { request: PackmlRequest; ifWanted: boolean }>> = {
  STOPPED: { request: "reset", ifWanted: true },
  IDLE: { request: "start", ifWanted: true },
  HELD: { request: "unhold", ifWanted: true },
  COMPLETE: { request: "reset", ifWanted: true },
  SUSPENDED: { request: "unsuspend", ifWanted: false },
  ABORTED: { request: "clear", ifWanted: false },
};
/** No fault and no suspension comes sooner than this after the one before. */
const CALM_MS = 60_000;

/**
 * A simulated machine: a PackML state machine with counters and measured values. It knows no clock and no
 * network; `step` lets time pass. The same profile, random numbers, steps and requests give the same machine.
 */
export class MachineModel {
  readonly #profile: MachineProfile;
  readonly #random: Random;
  readonly #calm: boolean;
  #state: PackmlState = "STOPPED";
  #mode: MachineMode = "PRODUCTION";
  #inStateMs = 0;
  /** How long the present state lasts if nothing else ends it. */
  #dwellMs = LEAST_WAIT_MS;
  /** Whether the machine strives for EXECUTE by itself. */
  #wantsToRun = true;
  /** Set by a start from outside: pauses on the way to EXECUTE are cut short. */
  #hurry = false;
  #setPoint: number;
  #actualSpeed = 0;
  #piece = 0;
  #sinceCompletion = 0;
  #good = 0;
  #rejects = 0;
  #energyKWh = 0;
  #operatingMs = 0;
  #cycleTimeMs = 0;
  #suspensionMs = 0;
  #fault: FaultProfile | null = null;
  #toFaultMs: number;
  #toSuspensionMs: number;
  readonly #sensors: Map<SensorProfile, number>;

  /** With `calm`, faults, suspensions and ends of batches happen only on request. */
  constructor(options: { profile: MachineProfile; random: Random; calm?: boolean }) {
    this.#profile = options.profile;
    this.#random = options.random;
    this.#calm = options.calm ?? false;
    this.#setPoint = options.profile.speed.nominal;
    this.#toFaultMs = waitingTime(this.#random, options.profile.faultEveryMs, CALM_MS);
    this.#toSuspensionMs = waitingTime(this.#random, options.profile.suspendEveryMs, CALM_MS);
    this.#sensors = new Map(options.profile.sensors.map((sensor) => [sensor, sensor.resting]));
  }

  get state(): PackmlState {
    return this.#state;
  }

  get mode(): MachineMode {
    return this.#mode;
  }

  /** Pieces made well since the machine was switched on; never falls. */
  get good(): number {
    return this.#good;
  }

  /** Pieces rejected since the machine was switched on; never falls. */
  get rejects(): number {
    return this.#rejects;
  }

  /** The speed set-point, pieces per minute. */
  get speed(): number {
    return this.#setPoint;
  }

  /** The active fault, from Aborting until cleared. */
  get fault(): FaultProfile | null {
    return this.#fault;
  }

  /** Lets `dtMs` milliseconds pass. Steps of at most 100 ms pass through no state unseen. */
  step(dtMs: number): void {
    let left = dtMs;
    while (left > 0) {
      const slice = Math.min(left, SLICE_MS);
      left -= slice;
      this.#inStateMs += slice;
      this.#moveOn();
      this.#physics(slice);
      if (this.#state === "EXECUTE") {
        this.#produce(slice);
        this.#incidents(slice);
      }
    }
  }

  /**
   * Asks for a change of state. The value is the state in which the request is fulfilled (which it may
   * already be in); the error says why it is not allowed. `start` goes all the way to EXECUTE.
   */
  request(request: OperatorRequest): Result<PackmlState, string> {
    switch (request) {
      case "start":
        return this.#start();
      case "stop":
        return this.#reach("stop", "STOPPED", ["STOPPING", "CLEARING"]);
      case "hold":
        return this.#reach("hold", "HELD", ["HOLDING"]);
      case "unhold":
        return this.#order("unhold", "EXECUTE", true);
      case "reset":
        return this.#order("reset", "IDLE", false);
      case "clear":
        return this.#order("clear", "STOPPED", false);
    }
  }

  /** Sets the speed set-point, pieces per minute; the error names the limits. */
  setSpeed(speed: number): Result<number, string> {
    const { min, max } = this.#profile.speed;
    if (!Number.isFinite(speed) || speed < min || speed > max) {
      return err(`speed must be a number from ${min} to ${max}`);
    }
    this.#setPoint = speed;
    return ok(speed);
  }

  /** Changes the mode; only a machine that stands still allows it. */
  setMode(mode: MachineMode): Result<MachineMode, string> {
    if (!["STOPPED", "IDLE", "COMPLETE", "ABORTED"].includes(this.#state)) {
      return err(`the mode cannot change in ${this.#state}`);
    }
    this.#mode = mode;
    if (mode === "MAINTENANCE" || mode === "MANUAL") this.#wantsToRun = false;
    return ok(mode);
  }

  /** Starved or blocked for `forMs`; false when the machine does not execute. */
  suspend(forMs: number): boolean {
    if (!this.#apply("suspend")) return false;
    this.#suspensionMs = forMs;
    return true;
  }

  /** Ends the batch; false when the machine does not execute. */
  complete(): boolean {
    return this.#apply("complete");
  }

  /** Makes a fault, the profile's `index`th; false when there is one already. */
  breakDown(index = 0): boolean {
    const fault = this.#profile.faults[index % this.#profile.faults.length];
    if (!fault || !this.#apply("abort")) return false;
    this.#fault = fault;
    return true;
  }

  /** What the machine reports now. */
  reading(): Reading {
    const reading: Reading = {
      state: this.#state,
      mode: this.#mode,
      good: this.#good,
      rejects: this.#rejects,
      speed: this.#setPoint,
      actualSpeed: rounded(this.#actualSpeed, 1),
      cycleTime: Math.round(this.#cycleTimeMs),
      energy: rounded(this.#energyKWh, 4),
      operatingHours: rounded(this.#operatingMs / 3_600_000, 4),
      fault: this.#fault?.code ?? "",
    };
    for (const [sensor, value] of this.#sensors) {
      place(reading, sensor.name, rounded(value + gaussian(this.#random) * sensor.noise, sensor.digits));
    }
    return reading;
  }

  #start(): Result<PackmlState, string> {
    if (this.#state === "ABORTING" || this.#state === "ABORTED") {
      return err(`start is not allowed in ${this.#state}: clear the fault ${this.#fault?.code ?? ""} first`);
    }
    if (this.#mode === "MAINTENANCE" || this.#mode === "MANUAL") {
      return err(`start is not allowed in mode ${this.#mode}`);
    }
    this.#wantsToRun = true;
    this.#hurry = this.#state !== "EXECUTE";
    return ok("EXECUTE");
  }

  /** A request that is also right when the machine is already in its target or on the way there. */
  #reach(
    request: OperatorRequest,
    target: PackmlState,
    onTheWay: PackmlState[],
  ): Result<PackmlState, string> {
    if (this.#state !== target && !onTheWay.includes(this.#state)) return this.#order(request, target, false);
    this.#wantsToRun = false;
    this.#hurry = false;
    return ok(target);
  }

  #order(request: OperatorRequest, target: PackmlState, wantsToRun: boolean): Result<PackmlState, string> {
    if (!this.#apply(request)) return err(`${request} is not allowed in ${this.#state}`);
    this.#wantsToRun = wantsToRun;
    this.#hurry = false;
    return ok(target);
  }

  #apply(request: PackmlRequest): boolean {
    const next = onRequest(this.#state, request);
    if (next === null) return false;
    this.#enter(next);
    return true;
  }

  #enter(state: PackmlState): void {
    this.#state = state;
    this.#inStateMs = 0;
    this.#dwellMs = this.#dwell(state);
    // A fault ends the hurry too: its repair takes its time.
    if (state === "EXECUTE" || state === "ABORTING") this.#hurry = false;
    if (state === "STOPPED") this.#fault = null;
    if (state === "COMPLETE" && this.#mode === "PRODUCTION") this.#mode = "SETUP";
    if (state === "RESETTING" && this.#mode === "SETUP") this.#mode = "PRODUCTION";
    if (state === "COMPLETING") this.#sinceCompletion = 0;
  }

  #dwell(state: PackmlState): number {
    if (onDone(state) !== null) return between(this.#random, 300, 900);
    if (state === "ABORTED") return between(this.#random, 10_000, 60_000);
    if (state === "COMPLETE") return between(this.#random, 5000, 15_000);
    if (state === "SUSPENDED") return this.#suspensionMs;
    return LEAST_WAIT_MS;
  }

  #moveOn(): void {
    const next = onDone(this.#state);
    if (next !== null) {
      if (this.#inStateMs >= this.#dwellMs) this.#enter(next);
      return;
    }
    const onward = ONWARD[this.#state];
    if (!onward || this.#inStateMs < LEAST_WAIT_MS) return;
    if (onward.ifWanted && !this.#wantsToRun) return;
    if (this.#hurry || this.#inStateMs >= this.#dwellMs) this.#apply(onward.request);
  }

  #physics(dtMs: number): void {
    const target = this.#state === "EXECUTE" ? this.#setPoint : 0;
    this.#actualSpeed = lagged(this.#actualSpeed, target, dtMs, 600);
    if (target === 0 && this.#actualSpeed < 0.05) this.#actualSpeed = 0;
    const load = this.#actualSpeed / this.#profile.speed.nominal;
    for (const [sensor, value] of this.#sensors) {
      const goal = sensor.resting + (sensor.running - sensor.resting) * load;
      this.#sensors.set(sensor, lagged(value, goal, dtMs, sensor.lagMs));
    }
    const { resting, running } = this.#profile.power;
    this.#energyKWh += ((resting + (running - resting) * load) * dtMs) / 3_600_000;
  }

  #produce(dtMs: number): void {
    this.#operatingMs += dtMs;
    this.#piece += (this.#actualSpeed * dtMs) / 60_000;
    while (this.#piece >= 1) {
      this.#piece -= 1;
      this.#sinceCompletion += 1;
      this.#cycleTimeMs = (60_000 / this.#actualSpeed) * between(this.#random, 0.97, 1.03);
      if (this.#random() < this.#profile.rejectShare) this.#rejects += 1;
      else this.#good += 1;
    }
  }

  #incidents(dtMs: number): void {
    if (this.#calm || this.#inStateMs < LEAST_WAIT_MS) return;
    this.#toFaultMs -= dtMs;
    this.#toSuspensionMs -= dtMs;
    if (this.#toFaultMs <= 0) {
      this.#toFaultMs = waitingTime(this.#random, this.#profile.faultEveryMs, CALM_MS);
      this.breakDown(Math.floor(this.#random() * this.#profile.faults.length));
    } else if (this.#toSuspensionMs <= 0) {
      this.#toSuspensionMs = waitingTime(this.#random, this.#profile.suspendEveryMs, CALM_MS);
      this.suspend(between(this.#random, 3000, 12_000));
    } else if (this.#sinceCompletion >= this.#profile.batch) {
      this.complete();
    }
  }
}

function lagged(value: number, target: number, dtMs: number, lagMs: number): number {
  return target + (value - target) * Math.exp(-dtMs / lagMs);
}

function rounded(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

function place(reading: Reading, name: string, value: number): void {
  const levels = name.split("/");
  const last = levels.pop() ?? name;
  let inner = reading;
  for (const level of levels) {
    const next = inner[level];
    if (typeof next === "object") inner = next;
    else {
      const made: Reading = {};
      inner[level] = made;
      inner = made;
    }
  }
  inner[last] = value;
}
