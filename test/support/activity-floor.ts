import { ActivityService } from "../../src/activity/activity.service.js";
import { ActivityStore } from "../../src/activity/activity.store.js";
import type { HistoryKeeper } from "../../src/history/keeper.service.js";
import { Committer } from "../../src/ingest/committer.service.js";
import { DeadLetterStore } from "../../src/ingest/dead-letter.store.js";
import { SourceLeaseStore } from "../../src/ingest/source-lease.store.js";
import { SourceStats } from "../../src/ingest/source-stats.js";
import { TwinIntake } from "../../src/ingest/twin-intake.service.js";
import { OperatorCountStore } from "../../src/production/operator-count.store.js";
import type { FactWriter } from "../../src/twin/facts.js";
import type { Sample, Scalar } from "../../src/twin/sample.js";
import { TwinService } from "../../src/twin/twin.service.js";
import { TwinStore } from "../../src/twin/twin.store.js";
import type { MetricHints } from "../../src/twin/twin-model.js";
import { historyOf } from "./history.js";
import { keeperOf } from "./keeper.js";
import type { OrderPlant } from "./order-plant.js";
import { silentLogger } from "./silent-logger.js";
import { waitFor } from "./wait-for.js";

/** A sample that was taken in and is stored. */
export interface Taken {
  readonly machine: string;
  readonly metric: string;
  readonly time: number;
  readonly value: Scalar;
}

/** What machines send, on its way into the database of an order plant: a server's ingest without its broker. */
export class ActivityFloor {
  readonly activity: ActivityService;
  /** All samples that were to be stored, in the order they came, also repeated ones. */
  readonly taken: Taken[] = [];
  /** How many of the next transactions fail once all of it is written. */
  failures = 0;
  readonly #plant: OrderPlant;
  readonly #hints: MetricHints;
  readonly #stats = new SourceStats("s");
  #twins: TwinService;
  #committer: Committer;
  #intake: TwinIntake;
  readonly #keeper: HistoryKeeper;
  #run = 0;
  /** Messages that are not committed yet. */
  #open = 0;

  private constructor(plant: OrderPlant, hints: MetricHints) {
    this.#plant = plant;
    this.#hints = hints;
    this.activity = new ActivityService({
      store: new ActivityStore(plant.db),
      operators: new OperatorCountStore(plant.db),
    });
    this.#keeper = keeperOf(plant.db, plant.plants, { now: () => plant.time.now });
    [this.#twins, this.#committer, this.#intake] = this.#server();
  }

  /** @param hints what a source says of metrics that machine types do not have. */
  static async open(plant: OrderPlant, hints: MetricHints): Promise<ActivityFloor> {
    const floor = new ActivityFloor(plant, hints);
    await floor.#twins.load();
    return floor;
  }

  get late(): number {
    return this.#stats.late;
  }

  /** A message of a machine. It is committed some time later. */
  send(machine: string, samples: readonly Sample[], more: { retained?: boolean } = {}): void {
    const found = this.#plant.plant.machine(machine);
    if (!found) throw new Error(`there is no machine ${machine}`);
    const receivedAt = this.#plant.time.now;
    const message = {
      topic: machine,
      payload: Buffer.alloc(0),
      qos: 1 as const,
      retain: more.retained ?? false,
      receivedAt,
      ack: () => {
        this.#open -= 1;
      },
    };
    const source = { name: "s", discovery: true, stats: this.#stats, lease: null };
    const entry = this.#intake.samples(source, this.#twins.of(found), samples, {
      message,
      mapping: null,
      problems: [],
      equipment: [],
      hints: this.#hints,
    });
    for (const { series, time, value } of entry.samples)
      this.taken.push({ machine, metric: series.metric, time, value });
    this.#open += 1;
    this.#committer.add(entry);
  }

  /** Resolves when all that was sent is committed. */
  async settle(): Promise<void> {
    await waitFor(() => this.#open === 0, { what: "all is committed" });
  }

  /** Another server takes over, which knows only what is committed. */
  async restart(): Promise<void> {
    await this.settle();
    [this.#twins, this.#committer, this.#intake] = this.#server();
    await this.#twins.load();
  }

  /** Seals the history as far as it is committed. */
  async seal(): Promise<void> {
    await this.settle();
    await this.#keeper.sealNow();
  }

  async stop(): Promise<void> {
    await this.#committer.stop();
    await this.#keeper.stop();
  }

  #server(): [TwinService, Committer, TwinIntake] {
    const { db, plant, plants, live, activity } = this.#plant;
    const { history } = historyOf(db);
    const clock = { now: () => this.#plant.time.now };
    this.#run += 1;
    const twins = new TwinService({
      plant,
      store: new TwinStore(db),
      history,
      clock,
      run: `run-${this.#run}`,
    });
    const failing: FactWriter = {
      write: async (sql, facts) => {
        const done = await activity.write(sql, facts);
        if (this.failures > 0) {
          this.failures -= 1;
          throw Object.assign(new Error("two transactions in each other's way"), { code: "40P01" });
        }
        return done;
      },
    };
    const committer = new Committer({
      db,
      plant: plants,
      twins,
      history,
      facts: [failing],
      leases: new SourceLeaseStore(db),
      deadLetters: new DeadLetterStore(db),
      logger: silentLogger,
    });
    const intake = new TwinIntake({ plant: plants, twins, live, committer, logger: silentLogger });
    return [twins, committer, intake];
  }
}
