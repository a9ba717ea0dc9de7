import type { Database, Tx } from "../db/database.js";
import { type IdempotentCall, once } from "../db/idempotency.js";
import { BoundedQueue } from "../kernel/bounded-queue.js";
import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import type { Logger } from "../kernel/logger.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { iterate, type LiveBus } from "../live/live-bus.js";
import type { TwinService } from "../twin/twin.service.js";
import {
  type Command,
  cancelProblem,
  isAhead,
  isFinished,
  isProvedLate,
  replyTopic,
  stepped,
  stepsOfReply,
} from "./command.js";
import type { CommandPageRequest, CommandStore } from "./command.store.js";
import { CommandAdmission, queuedCommand, type SendCommand } from "./command-admission.service.js";
import { CommandDeadlines } from "./command-deadlines.service.js";
import { CommandGate, type HeldSources, type Lockouts } from "./command-gate.service.js";
import type { CommandQueueStore } from "./command-queue.store.js";
import { CommandSchedule } from "./command-schedule.service.js";
import { CommandSender } from "./command-sender.service.js";
import { CommandSteps } from "./command-steps.service.js";
import type { TransportOf } from "./command-transport.js";
import { CommandWatch } from "./command-watch.service.js";
import { decodeReply, type Reply } from "./reply.js";

/** How far a subscriber may fall behind before it loses its oldest events. */
const MAX_BEHIND = 1_000;

export interface CommandOutcome {
  readonly command: Command | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** What an idempotency key brings back. */
interface StoredOutcome {
  readonly id: string | null;
  readonly userErrors: readonly UserErrorValue[];
}

/** Commands to machines: taken, sent in the background, answered, and ended when their time is over. */
export class CommandService {
  readonly #db: Database;
  readonly #store: CommandStore;
  readonly #twins: TwinService;
  readonly #live: LiveBus;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #admission: CommandAdmission;
  readonly #steps: CommandSteps;
  readonly #sender: CommandSender;
  readonly #watch: CommandWatch;
  readonly #schedule: CommandSchedule;
  readonly #deadlines: CommandDeadlines;
  #started: Promise<void> | null = null;

  constructor(deps: {
    db: Database;
    store: CommandStore;
    queue: CommandQueueStore;
    twins: TwinService;
    live: LiveBus;
    transportOf: TransportOf;
    sources: HeldSources;
    lockouts: Lockouts;
    clock: Clock;
    logger: Logger;
  }) {
    this.#db = deps.db;
    this.#store = deps.store;
    this.#twins = deps.twins;
    this.#live = deps.live;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#admission = new CommandAdmission(deps);
    const steps = new CommandSteps({ ...deps, onStep: (command) => this.#stepped(command) });
    const watch = new CommandWatch({ ...deps, steps });
    const sender = new CommandSender({ ...deps, steps, watch, gate: new CommandGate(deps) });
    this.#steps = steps;
    this.#watch = watch;
    this.#sender = sender;
    this.#schedule = new CommandSchedule({ ...deps, sender, watch });
    this.#deadlines = new CommandDeadlines({ ...deps, steps });
  }

  /** Takes up what a run before left open: ends what has expired, sends again what was not confirmed. */
  start(): Promise<void> {
    this.#started ??= this.#begin();
    return this.#started;
  }

  /** Stops sending, proving and timing out, and leaves every command as it is. Replies are still taken. */
  async stop(): Promise<void> {
    await this.#started?.catch(() => undefined);
    this.#started = null;
    await this.#stopParts();
    await this.#steps.idle();
  }

  /** Takes a command. It is QUEUED when this resolves, and sent in the background, or at its time. */
  async send(input: SendCommand, principal: string): Promise<CommandOutcome> {
    // Before the transaction, so that none waits for another connection while it holds one.
    const checked = await this.#admission.check(input);
    const now = this.#clock.now();
    const id = newId(now);
    const { idempotencyKey: key, scheduledAt, ...rest } = input;
    // Left out where there is none, so that it is the same input to servers that know no times.
    const timed = scheduledAt ? { ...rest, scheduledAt } : rest;
    const call: IdempotentCall = { principal, key, operation: "sendCommand", input: timed };
    const outcome = await this.#steps.make([id], async () => {
      const command = checked.ok ? queuedCommand(id, checked.value, input, { principal, now }) : null;
      const done = await this.#db.transaction((tx) =>
        once<StoredOutcome>(tx, call, async () => {
          if (command) await this.#store.insert(tx, command);
          return { id: command?.id ?? null, userErrors: checked.ok ? [] : checked.error };
        }),
      );
      const fresh = "payload" in done && !done.replayed && command !== null;
      return { steps: fresh ? [command] : [], value: { done, fresh: fresh ? command : null } };
    });
    if (outcome.fresh) {
      const { expiresAt, machineId, scheduledAt: at } = outcome.fresh;
      this.#deadlines.watch(expiresAt.getTime());
      if (at) this.#schedule.at(at);
      else this.#sender.wake(machineId);
      return { command: outcome.fresh, userErrors: [] };
    }
    if ("refused" in outcome.done) return { command: null, userErrors: [outcome.done.refused] };
    const { id: stored, userErrors } = outcome.done.payload;
    return { command: stored === null ? null : await this.#store.find(stored), userErrors };
  }

  /** Cancels a command that was not sent yet. */
  async cancel(id: string, principal: string): Promise<CommandOutcome> {
    return this.#steps.make([id], () =>
      this.#db.transaction(async (tx) => {
        const command = await this.#store.lock(tx, id);
        if (!command) return refused(userError("NOT_FOUND", "there is no such command", ["id"]));
        const problem = cancelProblem(command);
        if (problem !== null) return refused(userError("INVALID_TRANSITION", problem, ["id"]));
        const at = new Date(this.#clock.now());
        const cancelled = stepped(command, "CANCELLED", { at, reason: `cancelled by ${principal}` });
        await this.#store.step(command.status, cancelled, tx);
        return { steps: [cancelled], value: { command: cancelled, userErrors: [] } };
      }),
    );
  }

  /**
   * Takes a device's reply. Resolves when what it changes is committed, so that the message may be acknowledged, with
   * a problem when it is no reply to a command of that device. Rejects when the database fails.
   */
  async onReply(topic: string, payload: Buffer): Promise<{ problem: string } | null> {
    const decoded = decodeReply(payload);
    if (!decoded.ok) return { problem: decoded.error };
    const reply = decoded.value;
    return this.#steps.make([reply.id], () =>
      this.#db.transaction(async (tx) => {
        const command = await this.#store.lock(tx, reply.id);
        if (!command) return { steps: [], value: { problem: `there is no command ${reply.id}` } };
        if (replyTopic(command) !== topic) {
          const problem = `the command ${reply.id} is answered on ${replyTopic(command)}, not on ${topic}`;
          return { steps: [], value: { problem } };
        }
        return { steps: await this.#writeReply(tx, command, reply), value: null };
      }),
    );
  }

  find(id: string): Promise<Command | null> {
    return this.#store.find(id);
  }

  /** One page of each machine's commands, the newest last. */
  pages(
    machineIds: readonly string[],
    request: CommandPageRequest,
  ): Promise<Map<string, { items: readonly Command[]; hasMore: boolean }>> {
    return this.#store.pages(machineIds, request);
  }

  /** How many commands each machine has; a machine without any is left out. */
  counts(machineIds: readonly string[]): Promise<Map<string, number>> {
    return this.#store.counts(machineIds);
  }

  /** Every step of every command, or of those of one machine. */
  changes(machine: string | null): AsyncIterableIterator<Command> {
    return this.#live.stream("commandChanged", {
      max: MAX_BEHIND,
      map: (event) => (concerns(event.machines, machine) ? event.command : null),
    });
  }

  /** The present state of one command and every step after it; null when there is no such command. */
  async changesOf(id: string, machine: string | null): Promise<AsyncIterableIterator<Command> | null> {
    const queue = new BoundedQueue<Command>({ max: MAX_BEHIND, onFull: "drop-oldest" });
    const early: Command[] = [];
    let last: Command | null = null;
    const deliver = (command: Command) => {
      if (last === null) early.push(command);
      else if (isAhead(command, last)) {
        last = command;
        queue.push(command);
      }
    };
    // Listening before reading: a step between the two comes twice and is told apart, none is missed.
    const stop = this.#live.listen("commandChanged", (event) => {
      if (event.id === id && concerns(event.machines, machine)) deliver(event.command);
    });
    let present: Command | null = null;
    try {
      present = await this.#store.find(id);
    } finally {
      if (!present) stop();
    }
    if (!present) return null;
    last = present;
    const path = this.#twins.byId(present.machineId)?.machine.path;
    if (machine === null || path === machine) queue.push(present);
    for (const command of early) deliver(command);
    return iterate(queue, (command) => command, stop);
  }

  async #begin(): Promise<void> {
    try {
      await this.#deadlines.start();
      this.#watch.start();
      this.#sender.start();
      await this.#schedule.start();
    } catch (error) {
      await this.#stopParts();
      this.#started = null;
      throw error;
    }
  }

  async #stopParts(): Promise<void> {
    const parts = [this.#schedule, this.#sender, this.#watch, this.#deadlines];
    await Promise.all(parts.map((part) => part.stop()));
  }

  #stepped(command: Command): void {
    this.#watch.follow(command);
    if (command.retryAt) this.#schedule.at(command.retryAt);
    // The next one may have waited for this one's end.
    if (isFinished(command.status)) this.#sender.wake(command.machineId);
  }

  async #writeReply(tx: Tx, command: Command, reply: Reply): Promise<readonly Command[]> {
    const at = new Date(this.#clock.now());
    const { confirm } = command.policy;
    if (reply.status === "COMPLETED" && confirm === "reply" && isProvedLate(command)) {
      await this.#store.proveLate(tx, command.id, at);
      return [{ ...command, provedLateAt: at }];
    }
    const steps: Command[] = [];
    for (const status of stepsOfReply(command.status, reply.status, confirm)) {
      const before = steps.at(-1) ?? command;
      const said = status === "SENT" ? {} : { reason: reply.reason, result: reply.result };
      const next = stepped(before, status, { at, ...said });
      await this.#store.step(before.status, next, tx);
      steps.push(next);
    }
    if (steps.length === 0) {
      this.#logger.info(
        { command: command.id, status: command.status, reply: reply.status },
        "a repeated or late reply changes nothing",
      );
    }
    return steps;
  }
}

function refused(error: UserErrorValue): { steps: readonly Command[]; value: CommandOutcome } {
  return { steps: [], value: { command: null, userErrors: [error] } };
}

function concerns(machines: readonly { readonly path: string }[], machine: string | null): boolean {
  return machine === null || machines.some((item) => item.path === machine);
}
