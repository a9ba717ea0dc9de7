import type { Database } from "../db/database.js";
import { type IdempotentCall, once } from "../db/idempotency.js";
import { BoundedQueue } from "../kernel/bounded-queue.js";
import type { Clock } from "../kernel/clock.js";
import { newId } from "../kernel/ids.js";
import type { Logger } from "../kernel/logger.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { iterate, type LiveBus } from "../live/live-bus.js";
import type { CommandDefinition } from "../plant/machine-type.js";
import type { Twin } from "../twin/machine-twin.js";
import type { TwinService } from "../twin/twin.service.js";
import { ArgumentCheck } from "./argument-check.js";
import {
  type Command,
  cancelProblem,
  commandTopic,
  isAhead,
  replyTopic,
  stepped,
  stepsOfReply,
  timeoutProblem,
} from "./command.js";
import type { CommandPageRequest, CommandStore } from "./command.store.js";
import { CommandDeadlines } from "./command-deadlines.service.js";
import { CommandSender } from "./command-sender.service.js";
import { CommandSteps } from "./command-steps.service.js";
import type { DevicePublisher } from "./device-publisher.js";
import { decodeReply, type Reply } from "./reply.js";

/** How far a subscriber may fall behind before it loses its oldest events. */
const MAX_BEHIND = 1_000;

/** Who says that a machine must not be commanded now. */
export interface Lockouts {
  /** The maintenance order that locks the machine out, if one does. */
  lockoutOf(machineId: string): Promise<{ number: string } | null>;
}

/** A wish to send a command. */
export interface SendCommand {
  readonly machine: string;
  readonly name: string;
  /** Null when none are given. */
  readonly arguments: unknown;
  /** Null for what the machine type says. */
  readonly timeoutMs: number | null;
  readonly expectedRevision: number | null;
  readonly idempotencyKey: string | null;
}

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
  readonly #lockouts: Lockouts;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #arguments = new ArgumentCheck();
  readonly #steps: CommandSteps;
  readonly #sender: CommandSender;
  readonly #deadlines: CommandDeadlines;
  #started: Promise<void> | null = null;

  constructor(deps: {
    db: Database;
    store: CommandStore;
    twins: TwinService;
    live: LiveBus;
    publisher: DevicePublisher;
    lockouts: Lockouts;
    clock: Clock;
    logger: Logger;
  }) {
    this.#db = deps.db;
    this.#store = deps.store;
    this.#twins = deps.twins;
    this.#live = deps.live;
    this.#lockouts = deps.lockouts;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#steps = new CommandSteps(deps);
    this.#sender = new CommandSender({ ...deps, steps: this.#steps });
    this.#deadlines = new CommandDeadlines({ ...deps, steps: this.#steps });
  }

  /** Takes up what a run before left open: ends what has expired, sends again what was not confirmed. */
  start(): Promise<void> {
    this.#started ??= this.#begin();
    return this.#started;
  }

  /** Stops sending and timing out, and leaves every command as it is. Replies are still taken. */
  async stop(): Promise<void> {
    await this.#started?.catch(() => undefined);
    this.#started = null;
    await Promise.all([this.#sender.stop(), this.#deadlines.stop()]);
    await this.#steps.idle();
  }

  /** Takes a command. It is QUEUED when this resolves, and sent in the background. */
  async send(input: SendCommand, principal: string): Promise<CommandOutcome> {
    // Before the transaction, so that none waits for another connection while it holds one.
    const checked = await this.#check(input);
    const now = this.#clock.now();
    const id = newId(now);
    const { idempotencyKey: key, ...rest } = input;
    const call: IdempotentCall = { principal, key, operation: "sendCommand", input: rest };
    const outcome = await this.#steps.make([id], async () => {
      const command = checked.ok ? queued(id, checked.value, input, principal, now) : null;
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
      this.#deadlines.watch(outcome.fresh.expiresAt.getTime());
      this.#sender.wake(outcome.fresh.machineId);
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
        const steps: Command[] = [];
        for (const next of this.#stepsOf(command, reply)) {
          await this.#store.step(steps.at(-1)?.status ?? command.status, next, tx);
          steps.push(next);
        }
        return { steps, value: null };
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
      await this.#sender.start();
    } catch (error) {
      await Promise.all([this.#sender.stop(), this.#deadlines.stop()]);
      this.#started = null;
      throw error;
    }
  }

  #stepsOf(command: Command, reply: Reply): readonly Command[] {
    const at = new Date(this.#clock.now());
    const steps: Command[] = [];
    for (const status of stepsOfReply(command.status, reply.status)) {
      const said = status === "SENT" ? {} : { reason: reply.reason, result: reply.result };
      steps.push(stepped(steps.at(-1) ?? command, status, { at, ...said }));
    }
    if (steps.length === 0) {
      this.#logger.info(
        { command: command.id, status: command.status, reply: reply.status },
        "a repeated or late reply changes nothing",
      );
    }
    return steps;
  }

  /** What must hold for a command to be sent, in the order in which it is told. */
  async #check(input: SendCommand): Promise<Result<Wanted, readonly UserErrorValue[]>> {
    const one = (error: UserErrorValue) => err([error]);
    const twin = this.#twins.byPath(input.machine);
    if (!twin) {
      const message = `there is no machine ${JSON.stringify(input.machine)}`;
      return one(userError("NOT_FOUND", message, ["machine"]));
    }
    const type = twin.machine.machineType;
    const definition = type?.commands.find((command) => command.name === input.name);
    if (!type || !definition) return one(unknownCommand(twin, input.name));

    const problems = [...this.#arguments.check(type, definition, input.arguments ?? {})];
    const timeout = input.timeoutMs === null ? null : timeoutProblem(input.timeoutMs);
    if (timeout !== null) problems.push(userError("INVALID_INPUT", timeout, ["timeoutMs"]));
    if (problems.length > 0) return err(problems);

    const { revision, connectivity } = twin.view;
    if (input.expectedRevision !== null && input.expectedRevision !== revision) {
      const message = `the twin is at revision ${revision}, not at ${input.expectedRevision}`;
      return one(userError("PRECONDITION_FAILED", message, ["expectedRevision"]));
    }
    const lockout = await this.#lockouts.lockoutOf(twin.machine.id);
    if (lockout) {
      const message = `the maintenance order ${lockout.number} locks ${twin.machine.path} out`;
      return one(userError("MACHINE_LOCKED_OUT", message, ["machine"]));
    }
    if (!twin.route || connectivity.status === "OFFLINE") {
      const message = `${twin.machine.path} ${twin.route ? "is offline" : "was never heard"}`;
      return one(userError("MACHINE_OFFLINE", message, ["machine"]));
    }
    return ok({ machineId: twin.machine.id, definition, route: twin.route });
  }
}

interface Wanted {
  readonly machineId: string;
  readonly definition: CommandDefinition;
  readonly route: NonNullable<Twin["route"]>;
}

function queued(id: string, wanted: Wanted, input: SendCommand, principal: string, now: number): Command {
  return {
    id,
    machineId: wanted.machineId,
    name: wanted.definition.name,
    arguments: input.arguments,
    status: "QUEUED",
    reason: null,
    result: null,
    requestedBy: principal,
    source: wanted.route.source,
    topic: commandTopic(wanted.route.deviceTopic, wanted.definition.name),
    queuedAt: new Date(now),
    sendStartedAt: null,
    sentAt: null,
    acceptedAt: null,
    finishedAt: null,
    expiresAt: new Date(now + (input.timeoutMs ?? wanted.definition.timeoutMs)),
  };
}

function unknownCommand(twin: Twin, name: string): UserErrorValue {
  const type = twin.machine.machineType;
  const known = type?.commands.map((command) => command.name).join(", ");
  const message = type
    ? `the machine type ${type.name} has no command ${JSON.stringify(name)}; it has ${known || "none"}`
    : `${twin.machine.path} has no machine type, and so no command ${JSON.stringify(name)}`;
  return userError("COMMAND_UNKNOWN", message, ["name"]);
}

function refused(error: UserErrorValue): { steps: readonly Command[]; value: CommandOutcome } {
  return { steps: [], value: { command: null, userErrors: [error] } };
}

function concerns(machines: readonly { readonly path: string }[], machine: string | null): boolean {
  return machine === null || machines.some((item) => item.path === machine);
}
