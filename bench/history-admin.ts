import { Database } from "../src/db/database.js";
import { entities } from "../src/entities.js";
import { BlockStore } from "../src/history/block.store.js";
import { HistoryKeeper } from "../src/history/keeper.service.js";
import { KeeperStore } from "../src/history/keeper.store.js";
import { PartitionStore } from "../src/history/partition.store.js";
import { RollupStore } from "../src/history/rollup.store.js";
import { Sealer } from "../src/history/sealer.service.js";
import { systemClock } from "../src/kernel/clock.js";
import { PlantService } from "../src/plant/plant.service.js";
import { PlantStore } from "../src/plant/plant.store.js";
import { TwinFoldStore } from "../src/twin/twin-fold.store.js";
import { silent } from "./parts.js";

/**
 * Seals everything that a server's history holds, which then is as small as it gets. Only while no server runs.
 * @throws when it could not be sealed.
 */
export async function sealNow(databaseUrl: string): Promise<void> {
  const db = new Database({ url: databaseUrl, entities, logger: silent });
  await db.start();
  try {
    const plant = new PlantService({ store: new PlantStore(db), db, logger: silent });
    await plant.load();
    const store = new KeeperStore(db);
    const partitions = new PartitionStore(db);
    const [blocks, rollups, twins] = [new BlockStore(), new RollupStore(), new TwinFoldStore()];
    const sealer = new Sealer({ store, blocks, rollups, partitions, twins, plant, clock: systemClock });
    const keeper = new HistoryKeeper({
      store,
      sealer,
      partitions,
      plant,
      clock: systemClock,
      logger: silent,
    });
    const sealed = await keeper.sealNow();
    await keeper.stop();
    if (sealed === null) throw new Error("a server keeps this history");
  } finally {
    await db.stop();
  }
}
