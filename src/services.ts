import { randomUUID } from "node:crypto";
import { CommandResolver, MachineCommandsResolver } from "./commands/command.resolver.js";
import { CommandService } from "./commands/command.service.js";
import { CommandStore } from "./commands/command.store.js";
import type { Database } from "./db/database.js";
import { NodeResolver } from "./graphql/node.resolver.js";
import type { ResolverClass } from "./graphql/schema.js";
import { BlockStore } from "./history/block.store.js";
import { FrameStore } from "./history/frame.store.js";
import { HistoryResolver } from "./history/history.resolver.js";
import { HistoryService } from "./history/history.service.js";
import { HistoryKeeper } from "./history/keeper.service.js";
import { KeeperStore } from "./history/keeper.store.js";
import { PartitionStore } from "./history/partition.store.js";
import { RangeService } from "./history/range.service.js";
import { RangeStore } from "./history/range.store.js";
import { RollupStore } from "./history/rollup.store.js";
import { Sealer } from "./history/sealer.service.js";
import { SegmentStore } from "./history/segment.store.js";
import { StorageResolver } from "./history/storage.resolver.js";
import { StorageService } from "./history/storage.service.js";
import { StorageStore } from "./history/storage.store.js";
import { Committer } from "./ingest/committer.service.js";
import { DeadLetterStore } from "./ingest/dead-letter.store.js";
import { Pipeline } from "./ingest/pipeline.service.js";
import { PreviewResolver } from "./ingest/preview.resolver.js";
import { SourceResolver } from "./ingest/source.resolver.js";
import { SourceService } from "./ingest/source.service.js";
import { SourceLeaseStore } from "./ingest/source-lease.store.js";
import { systemClock } from "./kernel/clock.js";
import type { Logger } from "./kernel/logger.js";
import { LiveBus } from "./live/live-bus.js";
import { MachineMaintenanceResolver, MaintenanceOrderResolver } from "./maintenance/maintenance.resolver.js";
import { MaintenanceService } from "./maintenance/maintenance.service.js";
import { MaintenanceStore } from "./maintenance/maintenance.store.js";
import { MachineOperationResolver, OperationResolver } from "./orders/operation.resolver.js";
import { OrderResolver } from "./orders/order.resolver.js";
import { OrderService } from "./orders/order.service.js";
import { OrderStore } from "./orders/order.store.js";
import { OrderImportService } from "./orders/order-import.service.js";
import { OrderMutationResolver } from "./orders/order-mutation.resolver.js";
import { OrderQueryService } from "./orders/order-query.service.js";
import { OrderWriteStore } from "./orders/order-write.store.js";
import type { Equipment } from "./plant/equipment.js";
import { PlantResolver } from "./plant/plant.resolver.js";
import { PlantService } from "./plant/plant.service.js";
import { PlantStore } from "./plant/plant.store.js";
import { ProductionResolver } from "./production/production.resolver.js";
import { ProductionService } from "./production/production.service.js";
import { ProductionStore } from "./production/production.store.js";
import { GroupMachinesResolver } from "./twin/group.resolver.js";
import { TwinResolver } from "./twin/twin.resolver.js";
import { TwinService } from "./twin/twin.service.js";
import { TwinStore } from "./twin/twin.store.js";
import { TwinFoldStore } from "./twin/twin-fold.store.js";
import { TwinJournal } from "./twin/twin-journal.js";

const JOURNAL_LENGTH = 20_000;

/** The features, wired to each other. */
export interface Services {
  readonly plant: PlantService;
  readonly twins: TwinService;
  readonly sources: SourceService;
  readonly committer: Committer;
  readonly commands: CommandService;
  readonly keeper: HistoryKeeper;
  readonly storage: StorageService;
  /** Every resolver, by its class. */
  readonly resolvers: ReadonlyMap<ResolverClass, object>;
}

/**
 * Builds every feature from the database up. Nothing runs yet.
 * @param options.embeddedDatabase whether the database is on this machine, on disks that this server can see.
 */
export function createServices(
  db: Database,
  logger: Logger,
  options: { embeddedDatabase: boolean },
): Services {
  const clock = systemClock;
  const live = new LiveBus();
  const journal = new TwinJournal(JOURNAL_LENGTH, () => clock.now());
  live.listen("twinChanged", (change) => journal.add(change));

  const plantService = new PlantService({ store: new PlantStore(db), db, logger });
  const { plant } = plantService;
  const frames = new FrameStore({ db, segments: new SegmentStore() });
  const blocks = new BlockStore();
  const rollups = new RollupStore();
  const history = new HistoryService({ frames, blocks });
  const ranges = new RangeService({ db, frames, blocks, rollups, store: new RangeStore() });
  const twins = new TwinService({ plant, store: new TwinStore(db), history, clock, run: randomUUID() });
  const maintenance = new MaintenanceService({ store: new MaintenanceStore(db), db, plant, live, clock });

  const store = new OrderStore(db);
  const writes = new OrderWriteStore();
  const orders = new OrderService({ store, writes, maintenance, db, plant, live, clock });
  const imports = new OrderImportService({ store, writes, orders, db, plant, clock });
  const queries = new OrderQueryService({ store });
  const production = new ProductionService({ store: new ProductionStore(), orders, db, clock, logger });

  const commands = new CommandService({
    db,
    store: new CommandStore(db),
    twins,
    live,
    // Sources hand replies to commands, and commands go out through sources.
    publisher: { publish: (...message) => sources.publish(...message) },
    lockouts: maintenance,
    clock,
    logger,
  });
  const partitions = new PartitionStore(db);
  const keeperStore = new KeeperStore(db);
  const sealer = new Sealer({
    store: keeperStore,
    blocks,
    rollups,
    partitions,
    twins: new TwinFoldStore(),
    plant: plantService,
    clock,
  });
  const keeper = new HistoryKeeper({
    store: keeperStore,
    sealer,
    partitions,
    plant: plantService,
    clock,
    logger,
  });
  const storage = new StorageService({
    store: new StorageStore(db),
    clock,
    embedded: options.embeddedDatabase,
  });

  const leases = new SourceLeaseStore(db);
  const deadLetters = new DeadLetterStore(db);
  const committer = new Committer({
    db,
    plant: plantService,
    twins,
    history,
    facts: [production],
    leases,
    deadLetters,
    logger,
  });
  const pipeline = new Pipeline({ plant: plantService, twins, live, committer, replies: commands, logger });
  const sources: SourceService = new SourceService({ pipeline, committer, leases, deadLetters, logger });

  const machines = { view: (machine: Equipment) => twins.of(machine).view };
  const nodes = {
    plant: new PlantResolver({ plant, machines }),
    twin: new TwinResolver({ plant, twins, live, journal }),
    commands: new CommandResolver({ commands, twins }),
    orders: new OrderResolver({ queries, twins, live }),
    operations: new OperationResolver({ queries, twins }),
    maintenance: new MaintenanceOrderResolver({ maintenance, twins, plant, live }),
  };
  const resolvers: object[] = [
    ...Object.values(nodes),
    new GroupMachinesResolver({ plant, twins }),
    new HistoryResolver({ ranges, twins }),
    new StorageResolver({ storage, keeper, plant: plantService }),
    new PreviewResolver({ sources, plant }),
    new SourceResolver({ sources, clock }),
    new MachineCommandsResolver({ commands }),
    new OrderMutationResolver({ orders, imports, queries }),
    new MachineOperationResolver({ queries }),
    new ProductionResolver({ production, queries }),
    new MachineMaintenanceResolver({ maintenance }),
    new NodeResolver([
      nodes.plant.nodes,
      nodes.twin.nodes,
      nodes.commands,
      nodes.orders.nodes,
      nodes.operations.nodes,
      nodes.maintenance.nodes,
    ]),
  ];
  return {
    plant: plantService,
    twins,
    sources,
    committer,
    commands,
    keeper,
    storage,
    resolvers: new Map(resolvers.map((resolver) => [resolver.constructor as ResolverClass, resolver])),
  };
}
