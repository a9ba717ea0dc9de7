import { randomUUID } from "node:crypto";
import { CommandResolver, MachineCommandsResolver } from "./commands/command.resolver.js";
import { CommandService } from "./commands/command.service.js";
import { CommandStore } from "./commands/command.store.js";
import { CommandQueueStore } from "./commands/command-queue.store.js";
import { JsonCommandTransport } from "./commands/json-command-transport.service.js";
import type { Database } from "./db/database.js";
import { DesiredResolver, MetricDesiredResolver } from "./desired/desired.resolver.js";
import { DesiredService } from "./desired/desired.service.js";
import { DesiredStore } from "./desired/desired.store.js";
import { DesiredWatchStore } from "./desired/desired-watch.store.js";
import { JsonDesiredWriter } from "./desired/json-desired-writer.service.js";
import { SourceConnections } from "./desired/source-connections.service.js";
import { TwinTouch } from "./desired/twin-touch.service.js";
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
import { DeadLetterResolver } from "./ingest/dead-letter.resolver.js";
import { DeadLetterService } from "./ingest/dead-letter.service.js";
import { DeadLetterStore } from "./ingest/dead-letter.store.js";
import { Pipeline } from "./ingest/pipeline.service.js";
import { PreviewResolver } from "./ingest/preview.resolver.js";
import { SessionFarewell } from "./ingest/session-farewell.service.js";
import { SourceResolver } from "./ingest/source.resolver.js";
import { SourceService } from "./ingest/source.service.js";
import { SourceAdminResolver } from "./ingest/source-admin.resolver.js";
import { SourceAdminService } from "./ingest/source-admin.service.js";
import { SourceConfigStore } from "./ingest/source-config.store.js";
import { SourceConsumer } from "./ingest/source-consumer.service.js";
import { SourceLeaseStore } from "./ingest/source-lease.store.js";
import { SourceSessionStore } from "./ingest/source-session.store.js";
import { TwinIntake } from "./ingest/twin-intake.service.js";
import { systemClock } from "./kernel/clock.js";
import type { Logger } from "./kernel/logger.js";
import { LiveBus } from "./live/live-bus.js";
import { createMes, type Mes } from "./mes-services.js";
import type { Equipment } from "./plant/equipment.js";
import { PlantResolver } from "./plant/plant.resolver.js";
import { PlantService } from "./plant/plant.service.js";
import { PlantStore } from "./plant/plant.store.js";
import { BirthWriter } from "./sparkplug/births.service.js";
import { WriteRefused } from "./sparkplug/machine-write.js";
import {
  EdgeDeviceResolver,
  EdgeNodeResolver,
  MachineBirthsResolver,
} from "./sparkplug/sparkplug.resolver.js";
import { SparkplugService } from "./sparkplug/sparkplug.service.js";
import { SparkplugStore } from "./sparkplug/sparkplug.store.js";
import { SparkplugConsumer } from "./sparkplug/sparkplug-consumer.service.js";
import {
  SparkplugCommandTransport,
  SparkplugDesiredWriter,
  type WriteMetrics,
} from "./sparkplug/sparkplug-writers.service.js";
import { GroupMachinesResolver } from "./twin/group.resolver.js";
import { TwinResolver } from "./twin/twin.resolver.js";
import { TwinService } from "./twin/twin.service.js";
import { TwinStore } from "./twin/twin.store.js";
import { TwinFoldStore } from "./twin/twin-fold.store.js";
import { TwinJournal } from "./twin/twin-journal.js";
import type { Route } from "./twin/twin-model.js";

const JOURNAL_LENGTH = 20_000;

/** The features, wired to each other. */
export interface Services {
  readonly plant: PlantService;
  readonly twins: TwinService;
  readonly sources: SourceService;
  readonly deadLetters: DeadLetterService;
  readonly committer: Committer;
  readonly commands: CommandService;
  readonly desired: DesiredService;
  readonly keeper: HistoryKeeper;
  readonly storage: StorageService;
  readonly mes: Mes;
  readonly live: LiveBus;
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
  const heldSources = { held: () => sources.sources.flatMap(({ name, lease }) => (lease ? [name] : [])) };
  const mes = createMes({
    db,
    plants: plantService,
    twins,
    ranges,
    live,
    sources: heldSources,
    clock,
    logger,
  });

  // Sources hand replies to commands, and commands go out through sources.
  const jsonCommands = new JsonCommandTransport({
    publisher: { publish: (...message) => sources.publish(...message) },
    clock,
  });
  const edgeOf = ({ source }: Pick<Route, "source">) => {
    const consumer = sources.byName(source);
    return consumer instanceof SparkplugConsumer ? consumer : null;
  };
  const speaksSparkplug = (route: Route) => edgeOf(route) !== null;
  const writeMetrics: WriteMetrics = async (source, path, writes) => {
    const edge = edgeOf({ source });
    if (edge === null) throw new WriteRefused(`there is no Sparkplug source ${source}`, { final: false });
    await edge.write(path, writes);
  };
  const edgeCommands = new SparkplugCommandTransport({ write: writeMetrics });
  const commands = new CommandService({
    db,
    store: new CommandStore(db),
    queue: new CommandQueueStore(db),
    twins,
    live,
    transportOf: (route) => (speaksSparkplug(route) ? edgeCommands : jsonCommands),
    sources: heldSources,
    lockouts: mes.maintenance,
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

  const edgeStore = new SparkplugStore(db);
  const leases = new SourceLeaseStore(db);
  const letters = new DeadLetterStore(db);
  const deadLetters = new DeadLetterService({ store: letters, logger });
  const committer = new Committer({
    db,
    plant: plantService,
    twins,
    history,
    facts: [...mes.facts, new BirthWriter({ store: edgeStore })],
    leases,
    deadLetters: letters,
    logger,
  });
  const intake = new TwinIntake({
    plant: plantService,
    twins,
    live,
    committer,
    alarms: mes.alarmWatch,
    logger,
  });
  const pipeline = new Pipeline({ plant: plantService, twins, intake, committer, replies: commands, logger });
  const edges = { store: edgeStore, intake, plant: plantService, twins };
  const sparkplug = { ...edges, leases, pipeline, committer, clock, logger };
  const configs = new SourceConfigStore(db);
  const sessions = new SourceSessionStore(db);
  const sources: SourceService = new SourceService({
    pipeline,
    committer,
    configs,
    farewell: new SessionFarewell({ sessions, leases, pipeline, clock, logger }),
    consumerFor: (setup) =>
      setup.config.sparkplug
        ? new SparkplugConsumer({ ...sparkplug, setup })
        : new SourceConsumer({ setup, leases, sessions, pipeline, committer, logger }),
    logger,
  });
  const sourceAdmin = new SourceAdminService({ db, configs, sessions, sources, logger });
  const edgeWriter = new SparkplugDesiredWriter({ write: writeMetrics });
  const jsonWriter = new JsonDesiredWriter({ publisher: sources });
  const connections = new SourceConnections({ sources });
  const desired = new DesiredService({
    db,
    store: new DesiredStore(db),
    watch: new DesiredWatchStore(db),
    twins,
    touch: new TwinTouch({ live, committer, rights: connections }),
    live,
    connections,
    lockouts: mes.maintenance,
    writerOf: (route) => (speaksSparkplug(route) ? edgeWriter : jsonWriter),
    clock,
    logger,
  });

  const sparkplugService = new SparkplugService({ sources, store: edgeStore });

  const machines = { view: (machine: Equipment) => twins.of(machine).view };
  const nodes = {
    plant: new PlantResolver({ plant, machines }),
    twin: new TwinResolver({ plant, twins, live, journal }),
    commands: new CommandResolver({ commands, twins }),
  };
  const resolvers: object[] = [
    ...Object.values(nodes),
    ...mes.resolvers,
    new GroupMachinesResolver({ plant, twins }),
    new HistoryResolver({ ranges, twins }),
    new StorageResolver({ storage, keeper, plant: plantService }),
    new PreviewResolver({ sources, plant }),
    new SourceResolver({ sources, clock }),
    new SourceAdminResolver({ admin: sourceAdmin, sources, clock }),
    new DeadLetterResolver({ deadLetters }),
    new MachineCommandsResolver({ commands }),
    new DesiredResolver({ desired, twins }),
    new MetricDesiredResolver({ desired, plant }),
    new EdgeNodeResolver({ sparkplug: sparkplugService, twins }),
    new EdgeDeviceResolver({ twins }),
    new MachineBirthsResolver({ sparkplug: sparkplugService }),
    new NodeResolver([nodes.plant.nodes, nodes.twin.nodes, nodes.commands, ...mes.nodes]),
  ];
  return {
    plant: plantService,
    twins,
    sources,
    deadLetters,
    committer,
    commands,
    desired,
    keeper,
    storage,
    mes,
    live,
    resolvers: new Map(resolvers.map((resolver) => [resolver.constructor as ResolverClass, resolver])),
  };
}
