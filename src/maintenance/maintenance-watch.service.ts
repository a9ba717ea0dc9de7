import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import type { MaintenanceService } from "./maintenance.service.js";
import type { PlanStore } from "./plan.store.js";
import type { PlanOrderService } from "./plan-order.service.js";
import type { PlanWatch } from "./plan-watch.service.js";

/** Plans are also changed, and orders made, by other servers: the database is looked into so often. */
const EVERY_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Does what maintenance does by itself: opens planned orders in time, and makes the orders of plans that are due. */
export class MaintenanceWatch {
  readonly #maintenance: MaintenanceService;
  readonly #store: PlanStore;
  readonly #orders: PlanOrderService;
  readonly #watch: PlanWatch;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;
  #passing: Promise<void> | null = null;
  #started = false;
  #failures = 0;

  constructor(deps: {
    maintenance: MaintenanceService;
    store: PlanStore;
    orders: PlanOrderService;
    watch: PlanWatch;
    clock: Clock;
    logger: Logger;
  }) {
    this.#maintenance = deps.maintenance;
    this.#store = deps.store;
    this.#orders = deps.orders;
    this.#watch = deps.watch;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  /** Begins at once with what has become due. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#arm(0);
  }

  /** Ends after the pass that is under way, with what was seen stored. */
  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#passing;
    await this.#watch.stop();
  }

  /** Looks once at all that may be due. @throws when the database cannot be asked. */
  async pass(): Promise<void> {
    await this.#maintenance.openPlanned();
    for (const id of await this.#store.toMake(new Date(this.#clock.now())))
      await this.#orders.makeByCalendar(id);
    await this.#watch.pass();
  }

  #arm(ms: number): void {
    if (!this.#started) return;
    this.#timer = setTimeout(() => {
      this.#passing = this.#passAgain().finally(() => {
        this.#passing = null;
        this.#arm(Math.min(EVERY_MS * 2 ** Math.min(this.#failures, 10), LONGEST_PAUSE_MS));
      });
    }, ms);
  }

  async #passAgain(): Promise<void> {
    try {
      await this.pass();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures === 1)
        this.#logger.error({ err: error }, "cannot see what maintenance is due; tried again");
    }
  }
}
