import type { Database } from "../db/database.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinService } from "../twin/twin.service.js";
import { backoffMs, type Command, isFinished, isProvedLate, stepped, stepsOfProof } from "./command.js";
import type { CommandStore } from "./command.store.js";
import { type CommandWrite, jsonValue } from "./command-policy.js";
import type { CommandSteps } from "./command-steps.service.js";
import { isEchoed, type ProofWindow, proofWindow, stateReached } from "./proof.js";
import { pause } from "./waiting.js";

/** How long in milliseconds after a command's end its proof is still awaited. */
export const LATE_MS = 600_000;

/** A command that reports of the machine are to prove. */
interface Watched {
  readonly command: Command;
  readonly window: ProofWindow;
  /** The writes that were not echoed yet. */
  readonly missing: Set<CommandWrite>;
  /** The state that was reached; null before. */
  state: string | null;
  /** Milliseconds: when it is forgotten; infinite while it is open. */
  until: number;
  /** It is not known yet whether the device can have it: a proof waits for that. */
  handing: boolean;
}

/**
 * Reads the twins for what proves commands: written values that come back, and states reached. A twin's change costs
 * one look-up where no command to the machine is watched.
 */
export class CommandWatch {
  readonly #byMachine = new Map<string, Map<string, Watched>>();
  readonly #proving = new Set<Promise<void>>();
  readonly #db: Database;
  readonly #store: CommandStore;
  readonly #steps: CommandSteps;
  readonly #twins: TwinService;
  readonly #live: LiveBus;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #run: { readonly abort: AbortController; readonly unlisten: () => void } | null = null;

  constructor(deps: {
    db: Database;
    store: CommandStore;
    steps: CommandSteps;
    twins: TwinService;
    live: LiveBus;
    clock: Clock;
    logger: Logger;
  }) {
    this.#db = deps.db;
    this.#store = deps.store;
    this.#steps = deps.steps;
    this.#twins = deps.twins;
    this.#live = deps.live;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  start(): void {
    if (this.#run) return;
    const unlisten = this.#live.listen("twinChanged", ({ twin }) => this.#look(twin));
    this.#run = { abort: new AbortController(), unlisten };
  }

  /** Forgets everything: what is open is watched again by the next `add`. */
  async stop(): Promise<void> {
    this.#run?.abort.abort();
    this.#run?.unlisten();
    this.#run = null;
    this.#byMachine.clear();
    await Promise.all(this.#proving);
  }

  /**
   * A command may have been sent: the machine's reports can prove it, also those that have come since. One that is
   * watched already stays so.
   * @param handing it is being handed to the broker, and `sent` or `drop` tell how that ended.
   */
  add(command: Command, { handing = false }: { handing?: boolean } = {}): void {
    const { machineId, policy, sendStartedAt } = command;
    if (!this.#run || policy.confirm === "reply" || sendStartedAt === null) return;
    const twin = this.#twins.byId(machineId);
    if (!twin) return;
    this.#forgetOld(command);
    const ofMachine = this.#byMachine.get(machineId) ?? new Map<string, Watched>();
    this.#byMachine.set(machineId, ofMachine);
    if (ofMachine.has(command.id)) return;
    ofMachine.set(command.id, {
      command,
      window: proofWindow(twin, policy.writes, sendStartedAt.getTime()),
      missing: new Set(policy.writes),
      state: null,
      until: command.finishedAt === null ? Number.POSITIVE_INFINITY : command.finishedAt.getTime() + LATE_MS,
      handing,
    });
    this.#look(twin);
  }

  /** The device may have the command: what it has reported meanwhile counts. */
  sent({ machineId, id }: Command): void {
    const watched = this.#byMachine.get(machineId)?.get(id);
    const twin = this.#twins.byId(machineId);
    if (!watched || !twin) return;
    watched.handing = false;
    this.#look(twin);
  }

  /** The command surely was not sent: nothing that the machine reports proves it. */
  drop({ machineId, id }: Command): void {
    const ofMachine = this.#byMachine.get(machineId);
    ofMachine?.delete(id);
    if (ofMachine?.size === 0) this.#byMachine.delete(machineId);
  }

  /** A step of a command was made. */
  follow(command: Command): void {
    if (!isFinished(command.status)) return;
    const watched = this.#byMachine.get(command.machineId)?.get(command.id);
    if (!watched) return;
    if (isProvedLate(command)) watched.until = (command.finishedAt?.getTime() ?? this.#clock.now()) + LATE_MS;
    else this.drop(command);
  }

  /** Forgets those whose end is long ago. */
  prune(): void {
    const now = this.#clock.now();
    for (const ofMachine of [...this.#byMachine.values()])
      for (const { until, command } of [...ofMachine.values()]) if (until < now) this.drop(command);
  }

  /** A report that comes after a newer command of the same kind may be its proof: the older one has no claim to it. */
  #forgetOld({ machineId, id, name }: Command): void {
    for (const { command, until } of [...(this.#byMachine.get(machineId)?.values() ?? [])])
      if (command.id !== id && command.name === name && until !== Number.POSITIVE_INFINITY)
        this.drop(command);
  }

  #look(twin: Twin): void {
    const ofMachine = this.#byMachine.get(twin.machine.id);
    if (!ofMachine) return;
    for (const watched of [...ofMachine.values()]) {
      const result = proofOf(watched, twin);
      if (result === null) continue;
      this.drop(watched.command);
      const proving = this.#prove(watched.command.id, result).finally(() => this.#proving.delete(proving));
      this.#proving.add(proving);
    }
  }

  /** Tries until it is written: the machine does not say it again. */
  async #prove(id: string, result: object): Promise<void> {
    const signal = this.#run?.abort.signal;
    for (let failures = 1; signal && !signal.aborted; failures += 1) {
      try {
        await this.#steps.make([id], async () => ({
          steps: await this.#write(id, result),
          value: undefined,
        }));
        return;
      } catch (error) {
        this.#logger.error(
          { err: error, command: id },
          "a command's proof could not be written; tried again",
        );
        await pause(backoffMs(failures), signal);
      }
    }
  }

  #write(id: string, result: object): Promise<readonly Command[]> {
    return this.#db.transaction(async (tx) => {
      const command = await this.#store.lock(tx, id);
      if (!command) return [];
      const at = new Date(this.#clock.now());
      if (isProvedLate(command)) {
        await this.#store.proveLate(tx, id, at);
        return [{ ...command, provedLateAt: at }];
      }
      const steps: Command[] = [];
      for (const status of stepsOfProof(command)) {
        const before = steps.at(-1) ?? command;
        const next = stepped(before, status, { at, ...(status === "COMPLETED" ? { result } : {}) });
        await this.#store.step(before.status, next, tx);
        steps.push(next);
      }
      return steps;
    });
  }
}

/** What the machine reports that proves the command, as its result; null when there is no proof yet. */
function proofOf(watched: Watched, twin: Twin): object | null {
  const { command, window, missing, handing } = watched;
  const { confirm, reaches, writes } = command.policy;
  if (confirm === "state") {
    watched.state ??= stateReached(twin, reaches, window);
    return handing || watched.state === null ? null : { state: watched.state };
  }
  for (const write of missing) if (isEchoed(twin, write, window)) missing.delete(write);
  if (handing || missing.size > 0) return null;
  return Object.fromEntries(writes.map(({ metric, value }) => [metric, jsonValue(value)]));
}
