import { setInterval } from "node:timers";
import type { Database } from "../db/database.js";
import { sqlWithin } from "../db/sql.js";
import type { Clock } from "../kernel/clock.js";
import type { Logger } from "../kernel/logger.js";
import type { Sql } from "../kernel/sql.js";
import type { LiveBus } from "../live/live-bus.js";
import type { Plant } from "../plant/plant.js";
import type { Alarm, AlarmEvent, Shelf } from "./alarm.js";
import type { AlarmStore } from "./alarm.store.js";
import type { WantedMaintenance } from "./alarm-fact.js";

const SWEEP_MS = 1_000;
const MOST_AT_ONCE = 100;

/** Opens maintenance orders. */
export interface MaintenanceOpener {
  /**
   * Opens an order within the caller's transaction, once for each alarm.
   * @returns `told` is to be called after the commit.
   */
  openFor(
    sql: Sql,
    request: WantedMaintenance & {
      readonly machineId: string;
      readonly alarmId: string;
      readonly by: string;
    },
  ): Promise<{ readonly told: () => void }>;
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
    const changed = await this.#db.transaction(async (tx) => {
      const sql = sqlWithin(tx);
      const ended = await this.#store.endShelves(sql, now);
      if (ended.length === 0) return [];
      const open = await this.#store.lockOpen(sql, ended);
      await this.#store.log(sql, endings(open, ended));
      return open;
    });
    for (const { id, machineId } of changed) this.#publish(id, machineId);
  }

  /** @returns whether there may be more to open. */
  async #openMaintenance(): Promise<boolean> {
    const told: (() => void)[] = [];
    const count = await this.#db.transaction(async (tx) => {
      const sql = sqlWithin(tx);
      const alarms = await this.#store.wanting(sql, new Date(this.#clock.now()), MOST_AT_ONCE);
      for (const { id, machineId, maintenance } of alarms) {
        if (maintenance === null) continue;
        const wanted = { ...maintenance, machineId, alarmId: id, by: "alarms" };
        told.push((await this.#maintenance.openFor(sql, wanted)).told);
      }
      if (alarms.length > 0)
        await this.#store.maintenanceOpened(
          sql,
          alarms.map(({ id }) => id),
        );
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

/** What the logs of alarms say of the shelves that they were on. */
function endings(open: readonly Alarm[], shelves: readonly Shelf[]): AlarmEvent[] {
  return shelves.flatMap(({ machineId, code, until }) =>
    open
      .filter((alarm) => alarm.machineId === machineId && alarm.code === code)
      .map(({ id }) => ({ alarmId: id, kind: "UNSHELVED", at: until, count: 1, by: null, comment: null })),
  );
}
