import type { Logger } from "../kernel/logger.js";
import { SequenceTracker } from "./sequence.js";
import type { SourceStats } from "./source-stats.js";

const MOST_DEVICES = 200_000;
const QUIET_MS = 60_000;

/** Counts the messages of a source's devices that were lost on the way, and says so in the log. */
export class SequenceWatch {
  readonly #tracker = new SequenceTracker(MOST_DEVICES);
  readonly #stats: SourceStats;
  readonly #logger: Logger;
  #quietUntil = 0;
  #unsaid = 0;

  constructor(deps: { stats: SourceStats; logger: Logger }) {
    this.#stats = deps.stats;
    this.#logger = deps.logger;
  }

  /**
   * Takes the number of a message.
   * @param device what the topics of the device begin with.
   */
  take(
    device: string,
    number: number,
    message: { readonly dup: boolean; readonly receivedAt: number },
  ): void {
    const gap = this.#tracker.take(device, number, message.dup);
    if (gap === null) return;
    this.#stats.missed += gap.missed;
    if (message.receivedAt < this.#quietUntil) {
      this.#unsaid += gap.missed;
      return;
    }
    this.#logger.warn(
      { device, ...gap, others: this.#unsaid },
      `${gap.missed} messages of ${device} were lost on the way: after number ${gap.after} came ${gap.number}`,
    );
    this.#quietUntil = message.receivedAt + QUIET_MS;
    this.#unsaid = 0;
  }

  /** A message came whose number could not be read. */
  skip(device: string): void {
    this.#tracker.skip(device);
  }

  /** Somebody else may have taken messages: the next number of each device is taken as it is. */
  forget(): void {
    this.#tracker.clear();
  }
}
