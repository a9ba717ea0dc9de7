import { setInterval } from "node:timers";
import type { Database } from "../db/database.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import type { Sql } from "../kernel/sql.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Plant } from "../plant/plant.js";
import type { Alarm, AlarmEvent } from "./alarm.js";
import type { AlarmStore } from "./alarm.store.js";
import type { WantedMaintenance } from "./alarm-fact.js";

const SWEEP_MS = 1_000;
const MOST_AT_ONCE = 100;

/** Opens maintenance orders. */
export interface MaintenanceOpener {
  /**
   * Opens an order within the caller's transaction, once for each alarm, unless an earlier one is still open.
   * @param request.earlierId the order that is taken where it is still open.
   * @returns the order's id; `told` is to be called after the commit.
   */
  openFor(
    sql: Sql,
    request: WantedMaintenance & {
      readonly machineId: string;
      readonly alarmId: string;
      readonly earlierId: string | null;
      readonly by: string;
    },
  ): Promise<{ readonly id: string; readonly told: () => void }>;
}

/** Opens the maintenance orders that alarms want, and ends shelves whose time is over; whichever server comes first. */
export class AlarmUpkeep {
  readonly #store: AlarmStore;
  readonly #db: Database;
  readonly #maintenance: MaintenanceOpener;
  readonly #plant: Plant;
  readonly #live: LiveBus;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;
  #stopListening: () => void = () => undefined;
  #sweeping: Promise<void> | null = null;
  #again = false;
  #told: string | null = null;

  constructor(deps: {
    store: AlarmStore;
    db: Database;
    maintenance: MaintenanceOpener;
    plant: Plant;
    live: LiveBus;
    clock: Clock;
    logger: Logger;
  }) {
    this.#store = deps.store;
    this.#db = deps.db;
    this.#maintenance = deps.maintenance;
    this.#plant = deps.plant;
    this.#live = deps.live;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  start(): void {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#stopListening = this.#live.listen("alarmChanged", () => this.#sweep());
  }

  /** Resolves when nothing is being done any more. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stopListening();
    this.#again = false;
    await this.#sweeping;
  }

  /** What cannot be done now is done at the next sweep. */
  #sweep(): void {
    if (this.#sweeping !== null) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#sweeping = this.#work()
      .then(
        () => {
          this.#told = null;
        },
        (error: unknown) => {
          const message = String(error);
          if (this.#told !== message) this.#logger.warn({ err: error }, "alarms cannot be looked after");
          this.#told = message;
        },
      )
      .finally(() => {
        this.#sweeping = null;
        if (this.#again && this.#timer !== null) this.#sweep();
      });
  }

  async #work(): Promise<void> {
    await this.#endShelves();
    while (await this.#openMaintenance());
  }

  async #endShelves(): Promise<void> {
    const now = new Date(this.#clock.now());
    const shown = await this.#db.transaction(async (tx) => {
      const sql = sqlWithin(tx);
      const { shelves, alarms } = await this.#store.endShelves(sql, now);
      const endings = shelves.flatMap(({ machineId, code, until }) => {
        const alarm = alarms.find((one) => one.machineId === machineId && one.code === code);
        return alarm ? [{ alarm, until }] : [];
      });
      await this.#store.log(
        sql,
        endings.map(({ alarm, until }) => endingOf(alarm, until)),
      );
      return endings.map(({ alarm }) => alarm);
    });
    for (const { id, machineId } of shown) this.#publish(id, machineId);
  }

  /** @returns whether there may be more to open. */
  async #openMaintenance(): Promise<boolean> {
    const told: (() => void)[] = [];
    const count = await this.#db.transaction(async (tx) => {
      const sql = sqlWithin(tx);
      const alarms = await this.#store.wanting(sql, new Date(this.#clock.now()), MOST_AT_ONCE);
      if (alarms.length === 0) return 0;
      const ids = alarms.map(({ id }) => id);
      const last = await this.#store.lastOrders(sql, ids);
      const opened: { id: string; orderId: string }[] = [];
      for (const { id, machineId, maintenance } of alarms) {
        if (maintenance === null) continue;
        const from = { machineId, alarmId: id, earlierId: last.get(id) ?? null, by: "alarms" };
        const order = await this.#maintenance.openFor(sql, { ...maintenance, ...from });
        opened.push({ id, orderId: order.id });
        told.push(order.told);
      }
      await this.#store.maintenanceOpened(sql, opened);
      return alarms.length;
    });
    for (const tell of told) tell();
    return count === MOST_AT_ONCE;
  }

  #publish(id: string, machineId: string): void {
    const machine = this.#plant.byId(machineId);
    this.#live.publish("alarmChanged", { id, machines: machine ? [machine] : [] });
  }
}

/** What an alarm's log says of the shelf that it was on. */
function endingOf({ id }: Alarm, until: Date): AlarmEvent {
  return { alarmId: id, kind: "UNSHELVED", at: until, count: 1, by: null, comment: null };
}
