import type { Database } from "../../src/db/database.js";
import { decodeBlock } from "../../src/history/block.js";
import { BlockStore } from "../../src/history/block.store.js";
import { type SeriesSample, samplesOf } from "../../src/history/columns.js";
import { framesOf } from "../../src/history/frame.js";
import { FrameStore } from "../../src/history/frame.store.js";
import { HistoryKeeper } from "../../src/history/keeper.service.js";
import { KeeperStore } from "../../src/history/keeper.store.js";
import { PartitionStore } from "../../src/history/partition.store.js";
import { RollupStore } from "../../src/history/rollup.store.js";
import { Sealer } from "../../src/history/sealer.service.js";
import { SegmentStore } from "../../src/history/segment.store.js";
import type { Clock } from "../../src/kernel/clock.js";
import { newId } from "../../src/kernel/ids.js";
import type { PlantService } from "../../src/plant/plant.service.js";
import type { PlantFile } from "../../src/plant/plant-file.js";
import type { Quality, Scalar } from "../../src/twin/sample.js";
import { TwinFoldStore } from "../../src/twin/twin-fold.store.js";
import { IngestDatabase, type Memory } from "./ingest.js";
import { silentLogger } from "./silent-logger.js";
import { T0 } from "./twins.js";

const DAY_MS = 86_400_000;

/** All times that tests use. */
export const ALL_TIMES = [T0 - 4_000 * DAY_MS, T0 + 4_000 * DAY_MS] as const;

export interface TestMachine {
  readonly id: string;
  readonly series: readonly number[];
}

export type Given = readonly [series: number, time: number, value: Scalar, quality?: Quality];

/** The keeper of a database's history. It does nothing until it is started or told to. */
export function keeperOf(db: Database, plant: PlantService, clock: Clock): HistoryKeeper {
  const store = new KeeperStore(db);
  const partitions = new PartitionStore(db);
  const sealer = new Sealer({
    store,
    blocks: new BlockStore(),
    rollups: new RollupStore(),
    partitions,
    twins: new TwinFoldStore(),
    plant,
    clock,
  });
  return new HistoryKeeper({ store, sealer, partitions, plant, clock, logger: silentLogger });
}

/** A database whose history is written frame by frame, and sealed by as many keepers as the test starts. */
export class KeptHistory {
  readonly server: Memory;
  readonly keeper: HistoryKeeper;
  /** The revision of what was stored last. */
  revision = 0;
  readonly #database: IngestDatabase;
  readonly #keepers: HistoryKeeper[] = [];

  private constructor(database: IngestDatabase, server: Memory) {
    this.#database = database;
    this.server = server;
    this.keeper = this.another();
  }

  static async create(plant?: PlantFile): Promise<KeptHistory> {
    const database = await IngestDatabase.create();
    return new KeptHistory(database, await database.start(plant));
  }

  /** A further server's memory of the database. */
  memory(): Promise<Memory> {
    return this.#database.start();
  }

  another(memory = this.server): HistoryKeeper {
    const made = keeperOf(memory.db, memory.plants, { now: () => memory.time.now });
    this.#keepers.push(made);
    return made;
  }

  async machineWith(...metrics: string[]): Promise<TestMachine> {
    const { db, plants } = this.server;
    const { machine, changed } = plants.plant.discover(`acme/${newId()}`);
    await db.withConnection((sql) => plants.save(sql, changed));
    const rows = await db.query<{ id: number }>(
      "INSERT INTO series (machine_id, metric, data_type) SELECT $1, m, 'Double' FROM unnest($2::text[]) m RETURNING id",
      [machine.id, metrics],
    );
    return { id: machine.id, series: rows.map((row) => row.id) };
  }

  /** Stores samples, each as a message of its own, in one transaction. */
  async store(
    machine: TestMachine,
    samples: readonly Given[],
    more: { shown?: boolean; retained?: boolean; receivedAt?: number } = {},
  ): Promise<void> {
    const { shown = true, retained = false, receivedAt = T0 } = more;
    const frames = samples.flatMap(([id, time, value, quality = "GOOD"]) => {
      this.revision += 1;
      const series = { id, metric: "a", definition: null, hint: null, place: 0, trail: null };
      const origin = { machineId: machine.id, receivedAt, revision: this.revision, retained };
      return framesOf(origin, [{ series, time, value, quality, fresh: true, shown }]);
    });
    const { db } = this.server;
    const store = new FrameStore({ db, segments: new SegmentStore() });
    await db.withConnection(async (sql) => {
      await sql.query("BEGIN");
      await store.append(sql, frames);
      await sql.query("COMMIT");
    });
  }

  /** What blocks hold of a series. */
  async sealed(series: number): Promise<SeriesSample[]> {
    const blocks = await this.server.db.withConnection((sql) =>
      new BlockStore().blocks(sql, "sample_block", [series], ...ALL_TIMES),
    );
    return blocks.flatMap(({ data }) => samplesOf(decodeBlock(data)));
  }

  async count(table: string, where = "true"): Promise<number> {
    const [row] = await this.server.db.query<{ count: string }>(
      `SELECT count(*) FROM ${table} WHERE ${where}`,
    );
    return Number(row?.count);
  }

  async drop(): Promise<void> {
    await Promise.all(this.#keepers.map((one) => one.stop()));
    await this.#database.drop();
  }
}
