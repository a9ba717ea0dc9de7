import type { LiveBus } from "../live/live-bus.js";
import type { TwinService } from "../twin/twin.service.js";
import type { Command } from "./command.js";
import { KeyedSerial } from "./keyed-serial.js";

/** What a piece of work committed: the steps it made, in order, and what it tells its caller. */
export interface Stepped<T> {
  readonly steps: readonly Command[];
  readonly value: T;
}

/**
 * The way of all steps of commands in this process: one after the other for each command, each told to the live bus
 * after it is committed. So subscribers see a command's steps in their order and every one of them.
 */
export class CommandSteps {
  readonly #serial = new KeyedSerial();
  readonly #live: LiveBus;
  readonly #twins: TwinService;
  readonly #onStep: (command: Command) => void;

  /** @param deps.onStep is told each step first; must not throw. */
  constructor(deps: { live: LiveBus; twins: TwinService; onStep: (command: Command) => void }) {
    this.#live = deps.live;
    this.#twins = deps.twins;
    this.#onStep = deps.onStep;
  }

  /** @param work must have committed when it resolves. */
  make<T>(ids: readonly string[], work: () => Promise<Stepped<T>>): Promise<T> {
    return this.#serial.run(ids, async () => {
      const { steps, value } = await work();
      for (const command of steps) {
        this.#onStep(command);
        const machine = this.#twins.byId(command.machineId)?.machine;
        this.#live.publish("commandChanged", {
          id: command.id,
          machines: machine ? [machine] : [],
          command,
        });
      }
      return value;
    });
  }

  /** Resolves when all steps asked for so far are made. */
  idle(): Promise<void> {
    return this.#serial.idle();
  }
}
