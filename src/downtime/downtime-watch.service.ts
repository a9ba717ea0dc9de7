import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Equipment } from "../plant/equipment.js";
import type { Downtime } from "./downtime.js";
import type { TimeModelService } from "./time-model.service.js";

/** Time between two looks, for whatever comes meanwhile to be one. */
const PAUSE_MS = 250;
/** Orders and maintenance change now; the machine's own clock may be behind. */
const CLOCKS_APART_MS = 60_000;
/** Downtimes of which it is remembered how they were told last. */
const MOST_REMEMBERED = 10_000;

/**
 * Tells who listens to `downtimeChanged` which downtimes have begun, ended or are classified otherwise. While nobody
 * listens it does nothing. Changes that come faster than it looks are told once, as they are in the end.
 */
export class DowntimeWatch {
  readonly #model: TimeModelService;
  readonly #live: LiveBus;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stops: (() => void)[] = [];
  /** The machines to look at, each with the earliest moment that is told otherwise. */
  #waiting = new Map<Equipment, number>();
  readonly #told = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(deps: { model: TimeModelService; live: LiveBus; clock: Clock; logger: Logger }) {
    this.#model = deps.model;
    this.#live = deps.live;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  start(): void {
    if (this.#stops.length > 0) return;
    const now = ({ machines }: { machines: readonly Equipment[] }) =>
      this.#mark(machines, this.#clock.now() - CLOCKS_APART_MS);
    this.#stops.push(
      this.#live.listen("activityChanged", ({ machines, from }) => this.#mark(machines, from)),
      this.#live.listen("downtimeStated", ({ machines, from }) => this.#mark(machines, from)),
      this.#live.listen("orderChanged", now),
      this.#live.listen("maintenanceOrderChanged", now),
    );
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting.clear();
    await this.#looking;
  }

  #mark(machines: readonly Equipment[], from: number): void {
    if (!this.#live.hasListeners("downtimeChanged")) return;
    for (const machine of machines)
      this.#waiting.set(machine, Math.min(from, this.#waiting.get(machine) ?? from));
    if (this.#looking || this.#timer || this.#waiting.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#looking = this.#look().finally(() => {
        this.#looking = null;
        this.#mark([], 0);
      });
    }, PAUSE_MS);
  }

  async #look(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    try {
      const machines = [...waiting.keys()];
      // A downtime that ends where the change begins is one of those that changed.
      const from = Math.min(...waiting.values()) - 1;
      const found = await this.#model.downtimes(machines, { from, to: this.#clock.now() });
      for (const [machine, since] of waiting) {
        for (const downtime of found.get(machine.id) ?? [])
          if ((downtime.to ?? Number.POSITIVE_INFINITY) >= since) this.#tell(machine, downtime);
      }
    } catch (error) {
      this.#logger.warn({ err: error }, "changes of downtimes are not told");
    }
  }

  #tell(machine: Equipment, downtime: Downtime): void {
    const { id, to, category, reason, comment, classifiedBy } = downtime;
    const so = JSON.stringify([to, category, reason, comment, classifiedBy]);
    if (this.#told.get(id) === so) return;
    // Those told longest ago are forgotten first.
    this.#told.delete(id);
    this.#told.set(id, so);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MOST_REMEMBERED) break;
      this.#told.delete(oldest);
    }
    this.#live.publish("downtimeChanged", { machine, downtime });
  }
}
