import { type Clock, systemClock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";
import { DemoMachine } from "./demo-machine.js";
import { DEMO_MACHINES, type DemoMachineSpec } from "./demo-machines.js";
import { seededRandom, seedFor } from "./random.js";

/** A start does not wait longer than this for the broker; the machines go on trying. */
const PATIENCE_MS = 10_000;

/** A simulated plant that talks only over MQTT, each machine on a connection of its own. */
export class DemoPlant {
  readonly #logger: Logger;
  readonly #machines: readonly DemoMachine[];
  /** Starts and stops run one after the other, in the order asked for. */
  #last: Promise<void> = Promise.resolve();
  /** Ends the waiting of a start, so that a stop need not wait for a broker that is not there. */
  #interrupt: () => void = () => {};
  #wanted: "running" | "stopped" = "stopped";

  /**
   * The same `seed` gives the same course of simulated events. With `calm`, nothing happens by itself: no
   * faults, no suspensions, no ends of batches.
   */
  constructor(options: {
    url: string;
    logger: Logger;
    seed?: number;
    machines?: readonly DemoMachineSpec[];
    calm?: boolean;
    clock?: Clock;
  }) {
    this.#logger = options.logger;
    const seed = options.seed ?? 1;
    this.#machines = (options.machines ?? DEMO_MACHINES).map(
      (spec) =>
        new DemoMachine({
          spec,
          url: options.url,
          logger: options.logger,
          clock: options.clock ?? systemClock,
          random: seededRandom(seedFor(seed, spec.path)),
          calm: options.calm ?? false,
        }),
    );
  }

  /** Resolves when all machines are connected and listening; after 10 s without a broker they go on trying. */
  start(): Promise<void> {
    if (this.#wanted === "running") return this.#last;
    const stopped = new Promise<null>((resolve) => {
      this.#interrupt = () => resolve(null);
    });
    return this.#become("running", () => this.#startAll(stopped));
  }

  /** Every machine says goodbye and disconnects. */
  stop(): Promise<void> {
    if (this.#wanted === "stopped") return this.#last;
    this.#interrupt();
    return this.#become("stopped", () => this.#stopAll());
  }

  #become(wanted: "running" | "stopped", work: () => Promise<void>): Promise<void> {
    this.#wanted = wanted;
    this.#last = this.#last.then(work, work);
    return this.#last;
  }

  async #startAll(stopped: Promise<null>): Promise<void> {
    const started = Promise.allSettled(this.#machines.map((machine) => machine.start(PATIENCE_MS)));
    const outcomes = await Promise.race([started, stopped]);
    if (!outcomes) return;
    const failed = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [messageOf(outcome.reason)] : [],
    );
    const [problem] = failed;
    if (problem === undefined) {
      this.#logger.info({ machines: this.#machines.length }, "the demo plant runs");
      return;
    }
    this.#logger.warn({ machines: failed.length, problem }, "the demo plant waits for the broker");
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#machines.map((machine) => machine.stop()));
  }
}
