import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import {
  backoffMs,
  type Command,
  type CommandStatus,
  commandMessage,
  messageExpiryS,
  replyTopic,
  stepped,
} from "./command.js";
import type { Claim, CommandStore } from "./command.store.js";
import type { CommandSteps } from "./command-steps.service.js";
import { type DevicePublisher, publishFailure } from "./device-publisher.js";
import { GIVEN_UP, pause, within } from "./waiting.js";

interface Worker {
  /** Something was queued since it last looked. */
  again: boolean;
  readonly done: Promise<void>;
}

/**
 * Sends queued commands, those of one machine one after the other in their order. The queue is the table: in memory
 * there is one worker for each machine that has something queued, and it holds one command at a time.
 */
export class CommandSender {
  readonly #workers = new Map<string, Worker>();
  readonly #store: CommandStore;
  readonly #steps: CommandSteps;
  readonly #publisher: DevicePublisher;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #run: AbortController | null = null;

  constructor(deps: {
    store: CommandStore;
    steps: CommandSteps;
    publisher: DevicePublisher;
    clock: Clock;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#steps = deps.steps;
    this.#publisher = deps.publisher;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /** Begins with what is queued. Commands of a run before are sent again. */
  async start(): Promise<void> {
    if (this.#run) return;
    this.#run = new AbortController();
    for (const machineId of await this.#store.machinesWithQueued()) this.wake(machineId);
  }

  /** Stops sending; what is queued stays so. What is on its way to the broker now is sent again at the next start. */
  async stop(): Promise<void> {
    this.#run?.abort();
    this.#run = null;
    await Promise.all([...this.#workers.values()].map((worker) => worker.done));
  }

  /** Something of this machine is queued. */
  wake(machineId: string): void {
    const signal = this.#run?.signal;
    if (!signal) return;
    const working = this.#workers.get(machineId);
    if (working) {
      working.again = true;
      return;
    }
    const worker: Worker = {
      again: true,
      // Begins when the worker is in the map.
      done: Promise.resolve().then(() => this.#work(machineId, worker, signal)),
    };
    this.#workers.set(machineId, worker);
  }

  async #work(machineId: string, worker: Worker, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      worker.again = false;
      let claim: Claim | null = null;
      try {
        claim = await this.#store.claim(machineId, new Date(this.#clock.now()));
        if (claim === null) {
          if (worker.again) continue;
          break;
        }
        failures = (await this.#send(claim, failures, signal)) ? 0 : failures + 1;
      } catch (error) {
        failures += 1;
        this.#logger.error(
          { err: error, machine: machineId, command: claim?.command.id },
          "a command could not be sent and is tried again",
        );
      }
      if (failures > 0) await pause(backoffMs(failures), signal);
    }
    this.#workers.delete(machineId);
  }

  /** Hands one command to the broker; false when it is to be tried again. */
  async #send(claim: Claim, failures: number, signal: AbortSignal): Promise<boolean> {
    const { command } = claim;
    try {
      // Timers may fire a millisecond early: then it would be claimed and sent once more.
      const ms = command.expiresAt.getTime() - this.#clock.now() + 2;
      if ((await within(this.#publish(command), { signal, ms })) === GIVEN_UP) {
        if (!signal.aborted) this.#logger.warn({ command: command.id }, "the broker did not answer in time");
        return true;
      }
    } catch (error) {
      const fields = { command: command.id, topic: command.topic, problem: messageOf(error) };
      const failure = publishFailure(error);
      if (failure === "REFUSED") {
        this.#logger.warn(fields, "the broker refuses a command");
        await this.#step(command, "FAILED", messageOf(error), signal);
        return true;
      }
      if (failures === 0) this.#logger.warn(fields, "the broker did not take a command; it is tried again");
      // Where the broker may have it, the claim stays, and with it the command cannot be cancelled.
      const before = failure === "UNKNOWN" ? command.sendStartedAt : claim.before;
      await this.#store.release({ command, before }, messageOf(error));
      return false;
    }
    await this.#step(command, "SENT", null, signal);
    return true;
  }

  async #publish(command: Command): Promise<void> {
    await this.#publisher.publish(command.source, command.topic, commandMessage(command), {
      correlationData: Buffer.from(command.id),
      responseTopic: replyTopic(command),
      messageExpiryIntervalS: messageExpiryS(command, this.#clock.now()),
    });
  }

  /** Tries until it is written: else a command that was sent would be sent again. */
  async #step(
    command: Command,
    to: CommandStatus,
    reason: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    const next = stepped(command, to, { at: new Date(this.#clock.now()), reason });
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#steps.make([command.id], async () => {
          const made = await this.#store.step(command.status, next);
          return { steps: made ? [next] : [], value: undefined };
        });
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
}
