import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import { backoffMs, type Command, type CommandStatus, nextRetry, stepped } from "./command.js";
import type { CommandStore } from "./command.store.js";
import type { CommandGate, Reached } from "./command-gate.service.js";
import type { CommandQueueStore } from "./command-queue.store.js";
import type { CommandSteps } from "./command-steps.service.js";
import type { TransportOf } from "./command-transport.js";
import type { CommandWatch } from "./command-watch.service.js";
import { type PublishFailure, publishFailure } from "./device-publisher.js";
import { stateProblem } from "./sending-rules.js";
import { GIVEN_UP, pause, within } from "./waiting.js";

interface Worker {
  /** Something was queued since it last looked. */
  again: boolean;
  /** Something that was sent is to be sent again. */
  retry: boolean;
  readonly done: Promise<void>;
}

/** What a worker did: something, nothing because there was nothing to do, or something that must be tried again. */
type Turn = "done" | "idle" | "failed";

/** How handing a command to the broker ended. */
type Handed = "sent" | "gave-up" | { readonly problem: string; readonly failure: PublishFailure };

/** How long in milliseconds it is not said again why a machine's commands wait. */
const SAID_FOR_MS = 10_000;
const BLOCKED = "another command to the machine has not ended";

/**
 * Sends queued commands, those of one machine one after the other in their order. The queue is the table: in memory
 * there is one worker for each machine that has something to send, and it holds one command at a time.
 */
export class CommandSender {
  readonly #workers = new Map<string, Worker>();
  /** By machine, why its queued commands were last said to wait, and when. */
  readonly #explained = new Map<string, { readonly reason: string; readonly at: number }>();
  readonly #store: CommandStore;
  readonly #queue: CommandQueueStore;
  readonly #steps: CommandSteps;
  readonly #gate: CommandGate;
  readonly #watch: CommandWatch;
  readonly #transportOf: TransportOf;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #run: AbortController | null = null;

  constructor(deps: {
    store: CommandStore;
    queue: CommandQueueStore;
    steps: CommandSteps;
    gate: CommandGate;
    watch: CommandWatch;
    transportOf: TransportOf;
    clock: Clock;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#queue = deps.queue;
    this.#steps = deps.steps;
    this.#gate = deps.gate;
    this.#watch = deps.watch;
    this.#transportOf = deps.transportOf;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  start(): void {
    this.#run ??= new AbortController();
  }

  /** Stops sending; what is queued stays so. What is on its way to the broker now is sent again at the next start. */
  async stop(): Promise<void> {
    this.#run?.abort();
    this.#run = null;
    await Promise.all([...this.#workers.values()].map((worker) => worker.done));
    this.#explained.clear();
  }

  /** Something of this machine is to be sent, or perhaps can be sent now. */
  wake(machineId: string, { retry = false }: { retry?: boolean } = {}): void {
    const signal = this.#run?.signal;
    if (!signal) return;
    const working = this.#workers.get(machineId);
    if (working) {
      working.again = true;
      working.retry ||= retry;
      return;
    }
    const worker: Worker = {
      again: true,
      retry,
      // Begins when the worker is in the map.
      done: Promise.resolve().then(() => this.#work(machineId, worker, signal)),
    };
    this.#workers.set(machineId, worker);
  }

  async #work(machineId: string, worker: Worker, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      worker.again = false;
      let turn: Turn = "failed";
      try {
        turn = await this.#turn(machineId, worker, failures, signal);
      } catch (error) {
        this.#logger.error(
          { err: error, machine: machineId },
          "a command could not be sent and is tried again",
        );
      }
      if (turn === "idle") {
        if (worker.again) continue;
        break;
      }
      failures = turn === "failed" ? failures + 1 : 0;
      if (failures > 0) await pause(backoffMs(failures), signal);
    }
    this.#workers.delete(machineId);
  }

  /** Sends one command, or finds out why none can be sent. */
  async #turn(machineId: string, worker: Worker, failures: number, signal: AbortSignal): Promise<Turn> {
    const reached = this.#gate.reach(machineId);
    if (!reached.ok) {
      if (reached.error !== null) await this.#explain(machineId, reached.error);
      return "idle";
    }
    this.#explained.delete(machineId);
    if (worker.retry) {
      const again = await this.#queue.nextRetry(machineId, new Date(this.#clock.now()));
      if (again) return this.#sendAgain(again, reached.value, signal);
      worker.retry = false;
    }
    const next = await this.#next(machineId, reached.value);
    return next === "idle" || next === "done" ? next : this.#send(next, reached.value, failures, signal);
  }

  /** The command whose turn it is and that may be sent; "done" when one was ended instead. */
  async #next(machineId: string, { twin }: Reached): Promise<Command | "idle" | "done"> {
    const waiting: string[] = [];
    for (;;) {
      const next = await this.#queue.next(machineId, new Date(this.#clock.now()), waiting);
      if (!next) return "idle";
      const { command, blocked } = next;
      if (blocked) {
        await this.#queue.explain(command.id, BLOCKED);
        return "idle";
      }
      const verdict = await this.#gate.verdict(command, twin);
      if (verdict.kind === "send") return command;
      if (verdict.kind === "fail") {
        await this.#step(command, "FAILED", verdict.reason);
        return "done";
      }
      await this.#queue.explain(command.id, verdict.reason);
      waiting.push(command.id);
    }
  }

  /** Hands a queued command to the broker for the first time, or for as long as that is not known to have worked. */
  async #send(queued: Command, reached: Reached, failures: number, signal: AbortSignal): Promise<Turn> {
    const { sendStartedAt: before } = queued;
    const { twin, route } = reached;
    const topic = this.#transportOf(route).topicOf(route, queued.name);
    const at = new Date(this.#clock.now());
    const command = await this.#queue.claim(queued, at, { source: route.source, topic });
    // Cancelled or ended meanwhile, or claimed by another server.
    if (!command) return "done";
    const changed = before === null ? stateProblem(command.name, command.policy, twin.state) : null;
    if (changed !== null) {
      await this.#queue.release(command, null, changed);
      return "done";
    }
    this.#watch.add(command, { handing: true });
    const handed = await this.#hand(command, reached, signal);
    if (handed === "gave-up" || handed === "sent") {
      if (handed === "sent") await this.#stepUntilDone(command, "SENT", null, signal);
      this.#watch.sent(command);
      return "done";
    }
    const { problem, failure } = handed;
    if (failure === "REFUSED") {
      this.#logger.warn({ command: command.id, topic, problem }, "a command is refused");
      await this.#stepUntilDone(command, "FAILED", problem, signal);
      return "done";
    }
    if (failures === 0)
      this.#logger.warn(
        { command: command.id, problem },
        "the broker did not take a command; it is tried again",
      );
    // Where the broker may have it, the claim stays, and with it the command cannot be cancelled.
    const since = failure === "UNKNOWN" ? command.sendStartedAt : before;
    if (since === null) this.#watch.drop(command);
    else this.#watch.sent(command);
    await this.#queue.release(command, since, problem);
    return "failed";
  }

  /** Sends a command once more that the broker has taken before, unless the machine must not get it now. */
  async #sendAgain(command: Command, reached: Reached, signal: AbortSignal): Promise<Turn> {
    const at = new Date(this.#clock.now());
    const sends = command.sends + 1;
    const retryAt = nextRetry(command, sends, at);
    const verdict = await this.#gate.verdict(command, reached.twin);
    if (verdict.kind !== "send") {
      this.#logger.info({ command: command.id, problem: verdict.reason }, "a command is not sent again now");
      const later = nextRetry(command, command.sends, at);
      await this.#queue.setRetry(command, { retryAt: later, sends: command.sends });
      return "done";
    }
    if (!(await this.#queue.setRetry(command, { retryAt, sends }))) return "done";
    const claimed = { ...command, retryAt, sends };
    const handed = await this.#hand(claimed, reached, signal);
    if (handed === "sent" || handed === "gave-up") return "done";
    const { problem, failure } = handed;
    this.#logger.warn({ command: command.id, problem }, "a command could not be sent again");
    // The broker has had it once: a refusal now does not say that it failed.
    if (failure === "REFUSED") return "done";
    await this.#queue.setRetry(claimed, { retryAt: command.retryAt, sends: command.sends });
    return "failed";
  }

  async #hand(command: Command, { twin, route }: Reached, signal: AbortSignal): Promise<Handed> {
    const { machine } = twin;
    try {
      // Timers may fire a millisecond early: then it would be claimed and sent once more.
      const ms = command.expiresAt.getTime() - this.#clock.now() + 2;
      const sending = this.#transportOf(route).send({
        command,
        machine,
        route,
        writes: command.policy.writes,
      });
      if ((await within(sending, { signal, ms })) !== GIVEN_UP) return "sent";
      if (!signal.aborted) this.#logger.warn({ command: command.id }, "the broker did not answer in time");
      return "gave-up";
    } catch (error) {
      return { problem: messageOf(error), failure: publishFailure(error) };
    }
  }

  async #explain(machineId: string, reason: string): Promise<void> {
    const now = this.#clock.now();
    const last = this.#explained.get(machineId);
    if (last?.reason === reason && now - last.at < SAID_FOR_MS) return;
    await this.#queue.explainAll(machineId, new Date(now), reason);
    this.#explained.set(machineId, { reason, at: now });
  }

  /** Tries until it is written: else a command that was sent would be sent again. */
  async #stepUntilDone(
    command: Command,
    to: CommandStatus,
    reason: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#step(command, to, reason);
        return;
      } catch (error) {
        this.#logger.error(
          { err: error, command: command.id, status: to },
          "a command's status could not be written and is tried again",
        );
        await pause(backoffMs(failures), signal);
        if (signal.aborted) return;
      }
    }
  }

  async #step(command: Command, to: CommandStatus, reason: string | null): Promise<void> {
    const next = stepped(command, to, { at: new Date(this.#clock.now()), reason });
    await this.#steps.make([command.id], async () => {
      const made = await this.#store.step(command.status, next);
      return { steps: made ? [next] : [], value: undefined };
    });
  }
}
