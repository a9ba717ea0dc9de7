import { Database } from "../../src/db/database.js";
import { entities } from "../../src/entities.js";
import type { HistoryService } from "../../src/history/history.service.js";
import type { RangeService } from "../../src/history/range.service.js";
import { PlantService } from "../../src/plant/plant.service.js";
import { PlantStore } from "../../src/plant/plant.store.js";
import { type PlantFile, parsePlantFile } from "../../src/plant/plant-file.js";
import { TwinService } from "../../src/twin/twin.service.js";
import { TwinStore } from "../../src/twin/twin.store.js";
import { createTestDatabase, type TestDatabase } from "./database.js";
import { historyOf } from "./history.js";
import { silentLogger } from "./silent-logger.js";
import { T0 } from "./twins.js";

/** A server's memory of a database: what it has loaded when it starts. */
export interface Memory {
  readonly db: Database;
  readonly plants: PlantService;
  readonly twins: TwinService;
  readonly history: HistoryService;
  readonly ranges: RangeService;
  readonly time: { now: number };
  close(): Promise<void>;
}

/** A migrated database of a test's own, and as many servers' memories of it as the test starts. */
export class IngestDatabase {
  readonly #database: TestDatabase;
  readonly #open: Memory[] = [];

  private constructor(database: TestDatabase) {
    this.#database = database;
  }

  static async create(): Promise<IngestDatabase> {
    return new IngestDatabase(await createTestDatabase());
  }

  get url(): string {
    return this.#database.url;
  }

  /** Loads what is stored, and applies a plant file between plant and twins. */
  async start(plant?: PlantFile, url = this.url): Promise<Memory> {
    const db = new Database({ url, entities, logger: silentLogger });
    await db.start();
    const time = { now: T0 };
    const plants = new PlantService({ store: new PlantStore(db), db, logger: silentLogger });
    await plants.load();
    if (plant) await plants.apply(plant);
    const store = new TwinStore(db);
    const clock = { now: () => time.now };
    const { history, ranges } = historyOf(db);
    const twins = new TwinService({ plant: plants.plant, store, history, clock, run: "test" });
    await twins.load();
    const memory = { db, plants, twins, history, ranges, time, close: () => db.stop() };
    this.#open.push(memory);
    return memory;
  }

  async drop(): Promise<void> {
    for (const memory of this.#open.splice(0)) await memory.close();
    await this.#database.drop();
  }
}

export function plantFile(text: string): PlantFile {
  const parsed = parsePlantFile(text, {});
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}
