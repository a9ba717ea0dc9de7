import { setInterval } from "node:timers";
import { backoffMs } from "../commands/command.js";
import { publishFailure } from "../commands/device-publisher.js";
import { GIVEN_UP, within } from "../commands/waiting.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinService } from "../twin/twin.service.js";
import { type Plan, planDelivery, type Tracked } from "./delivery-plan.js";
import { deltaOf, isCalm, isNews, situationOf, staysCalm } from "./delivery-situation.js";
import type { DesiredStore } from "./desired.store.js";
import type { DesiredBook, MachineDesires } from "./desired-book.js";
import type { DesiredRecords } from "./desired-records.service.js";
import type { DesiredDelta, WriterOf } from "./desired-writer.js";
import { Lanes } from "./lanes.js";
import { WakeUps } from "./wake-ups.js";

/** Machines of one source that are written to at a time. */
const MOST_AT_A_TIME = 16;
const SOURCES_EVERY_MS = 1_000;
/** How long the broker may take to confirm. */
const LONGEST_WRITE_MS = 30_000;
/** A lockout that ended on another server is noticed so late. */
const HOLD_MS = 5_000;

/** The connections on which devices are reached. */
export interface DeviceConnections {
  /** Every source of the plant. */
  names(): Iterable<string>;
  /** Null when there is no such source, or another server consumes it; connectedSince in ms, null while not connected. */
  connectionOf(source: string): { readonly connectedSince: number | null } | null;
}

/** Who says that a machine must not be written to now. */
export interface WriteLockouts {
  /** The maintenance order that locks the machine out, if one does. */
  lockoutOf(machineId: string): Promise<{ readonly number: string } | null>;
}

/**
 * Brings desired values to the machines whose sources this server consumes, and tells what became of them. It looks at
 * a machine when something was set, the twin changed, the source connected or a time is over, and does what a fresh
 * plan says: nothing is queued, so nothing queued can be out of date.
 */
export class DesiredDelivery {
  readonly #store: DesiredStore;
  readonly #book: DesiredBook;
  readonly #records: DesiredRecords;
  readonly #twins: TwinService;
  readonly #live: LiveBus;
  readonly #connections: DeviceConnections;
  readonly #lockouts: WriteLockouts;
  readonly #writerOf: WriterOf;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lanes: Lanes;
  readonly #wakeUps: WakeUps;
  readonly #connectedSince = new Map<string, number | null>();
  #run: AbortController | null = null;
  #endings: (() => void)[] = [];

  constructor(deps: {
    store: DesiredStore;
    book: DesiredBook;
    records: DesiredRecords;
    twins: TwinService;
    live: LiveBus;
    connections: DeviceConnections;
    lockouts: WriteLockouts;
    writerOf: WriterOf;
    clock: Clock;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#book = deps.book;
    this.#records = deps.records;
    this.#twins = deps.twins;
    this.#live = deps.live;
    this.#connections = deps.connections;
    this.#lockouts = deps.lockouts;
    this.#writerOf = deps.writerOf;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#lanes = new Lanes({ max: MOST_AT_A_TIME, work: (machineId) => this.#work(machineId) });
    this.#wakeUps = new WakeUps({ clock: deps.clock, wake: (machineId) => this.#look(machineId) });
  }

  start(): void {
    if (this.#run) return;
    this.#run = new AbortController();
    const timer = setInterval(() => this.#lookAtSources(), SOURCES_EVERY_MS);
    this.#endings = [
      () => clearInterval(timer),
      this.#live.listen("twinChanged", ({ twin }) => this.#hear(twin)),
      this.#live.listen("desiredChanged", ({ id }) => this.#look(id)),
      this.#live.listen("maintenanceOrderChanged", ({ machines }) => {
        for (const { id } of machines) {
          const machine = this.#book.get(id);
          if (machine) this.#release(machine);
        }
      }),
    ];
    this.#lookAtSources();
  }

  /** Stops sending and leaves everything as it is; resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    this.#run?.abort();
    this.#run = null;
    for (const end of this.#endings.splice(0)) end();
    this.#wakeUps.clear();
    await this.#lanes.stop();
  }

  #lookAtSources(): void {
    for (const name of this.#connections.names()) {
      const since = this.#connections.connectionOf(name)?.connectedSince ?? null;
      if (this.#connectedSince.get(name) === since) continue;
      this.#connectedSince.set(name, since);
      if (since === null) continue;
      for (const { machineId } of this.#book.machines())
        if (this.#twins.byId(machineId)?.route?.source === name) this.#look(machineId);
    }
  }

  /** Must stay cheap: it is called for every message of every machine. */
  #hear(twin: Twin): void {
    if (this.#book.size === 0) return;
    const machine = this.#book.get(twin.machine.id);
    if (machine && !(machine.calm && staysCalm(machine, twin))) this.#look(twin.machine.id);
  }

  #look(machineId: string): void {
    const machine = this.#book.get(machineId);
    if (!machine || !this.#run || (machine.metrics.size === 0 && !machine.withdrawn)) return;
    const now = this.#clock.now();
    if (machine.hold !== null && now >= machine.retryAt) machine.hold = null;
    const planned = this.#plan(machine, now);
    if (!planned) return;
    const { plan, twin } = planned;
    const busy = plan.steps.length > 0 || plan.send !== null || isNews(machine);
    machine.calm = !busy && isCalm(machine);
    if (!busy) this.#wakeUps.set(machineId, machine.hold === null ? plan.wakeAt : machine.retryAt);
    else if (machine.failures > 0 && now < machine.retryAt) this.#wakeUps.set(machineId, machine.retryAt);
    else this.#lanes.add(twin.route?.source ?? "", machineId);
  }

  #release(machine: MachineDesires): void {
    machine.hold = null;
    this.#look(machine.machineId);
  }

  /** Null when this server has nothing to do with the machine. */
  #plan(machine: MachineDesires, now: number): { plan: Plan; twin: Twin } | null {
    const twin = this.#twins.byId(machine.machineId);
    if (!twin?.route) return null;
    const connection = this.#connections.connectionOf(twin.route.source);
    if (!connection) return null;
    return {
      plan: planDelivery(machine.metrics.values(), situationOf(machine, twin, connection, now)),
      twin,
    };
  }

  async #work(machineId: string): Promise<void> {
    const signal = this.#run?.signal;
    const machine = this.#book.get(machineId);
    if (!signal || !machine) return;
    try {
      await this.#act(machine, signal);
      machine.failures = 0;
    } catch (error) {
      machine.failures += 1;
      machine.retryAt = this.#clock.now() + backoffMs(machine.failures);
      if (machine.failures === 1)
        this.#logger.warn({ machine: machineId, problem: messageOf(error) }, "a desired value waits");
    }
    if (!signal.aborted) this.#look(machineId);
  }

  /** One thing at a time; what is left to do after it, the next look finds. */
  async #act(machine: MachineDesires, signal: AbortSignal): Promise<void> {
    const planned = this.#plan(machine, this.#clock.now());
    if (!planned) return;
    const { steps, send } = planned.plan;
    if (steps.length > 0 || isNews(machine)) {
      const toldVersion = machine.told?.refused === null ? machine.told.version : null;
      const stored = await this.#store.step(machine.machineId, steps, toldVersion);
      if (stored) this.#records.take(stored);
      return;
    }
    if (send === null) return;
    const lockout = await this.#lockouts.lockoutOf(machine.machineId);
    if (lockout) {
      machine.hold = `the maintenance order ${lockout.number} locks the machine out`;
      machine.retryAt = this.#clock.now() + HOLD_MS;
      return;
    }
    // Something may have been set meanwhile: what is sent now must be of one version.
    const present = this.#plan(machine, this.#clock.now());
    if (!present?.plan.send || present.plan.steps.length > 0 || signal.aborted) return;
    const delta = deltaOf(machine, present.twin, present.plan.send);
    if (delta)
      await this.#send(machine, delta, { send: present.plan.send, period: machine.period.number, signal });
  }

  async #send(
    machine: MachineDesires,
    delta: DesiredDelta,
    { send, period, signal }: { send: readonly Tracked[]; period: number; signal: AbortSignal },
  ): Promise<void> {
    const { version } = delta;
    let refused: string | null = null;
    try {
      const writing = this.#writerOf(delta.route).write(delta);
      const written = await within(writing, { signal, ms: LONGEST_WRITE_MS });
      if (written === GIVEN_UP) {
        if (signal.aborted) return;
        throw new Error("the broker did not answer in time");
      }
    } catch (error) {
      if (publishFailure(error) !== "REFUSED") throw error;
      refused = messageOf(error);
      this.#logger.warn({ ...delta.route, problem: refused }, "the broker refuses desired values");
    }
    const at = new Date(this.#clock.now());
    for (const one of send) {
      // The time to follow runs from the first time that the machine was told.
      if (one.attempt?.period === period && one.attempt.refused === null) continue;
      one.attempt = { period, at, refused };
    }
    machine.told = { period, version, refused };
  }
}
