import type { Database } from "../../src/db/database.js";
import { BlockStore } from "../../src/history/block.store.js";
import { HistoryKeeper } from "../../src/history/keeper.service.js";
import { KeeperStore } from "../../src/history/keeper.store.js";
import { PartitionStore } from "../../src/history/partition.store.js";
import { RollupStore } from "../../src/history/rollup.store.js";
import { Sealer } from "../../src/history/sealer.service.js";
import type { Clock } from "../../src/kernel/clock.js";
import type { PlantService } from "../../src/plant/plant.service.js";
import { TwinFoldStore } from "../../src/twin/twin-fold.store.js";
import { silentLogger } from "./silent-logger.js";

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
