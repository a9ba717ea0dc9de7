import { randomUUID } from "node:crypto";
import type { Database } from "./db/database.js";
import { NodeResolver } from "./graphql/node.resolver.js";
import type { ResolverClass } from "./graphql/schema.js";
import { HistoryResolver } from "./history/history.resolver.js";
import { HistoryService } from "./history/history.service.js";
import { HistoryStore } from "./history/history.store.js";
import { Committer } from "./ingest/committer.service.js";
import { DeadLetterStore } from "./ingest/dead-letter.store.js";
import { Pipeline } from "./ingest/pipeline.service.js";
import { PreviewResolver } from "./ingest/preview.resolver.js";
import { SourceService } from "./ingest/source.service.js";
import { SourceLockStore } from "./ingest/source-lock.store.js";
import { systemClock } from "./kernel/clock.js";
import type { Logger } from "./kernel/logger.js";
import { LiveBus } from "./live/live-bus.js";
import { PlantResolver } from "./plant/plant.resolver.js";
import { PlantService } from "./plant/plant.service.js";
import { PlantStore } from "./plant/plant.store.js";
import { GroupMachinesResolver } from "./twin/group.resolver.js";
import { TwinResolver } from "./twin/twin.resolver.js";
import { TwinService } from "./twin/twin.service.js";
import { TwinStore } from "./twin/twin.store.js";
import { TwinJournal } from "./twin/twin-journal.js";

const JOURNAL_LENGTH = 20_000;

/** The features, wired to each other. */
export interface Services {
  readonly plant: PlantService;
  readonly twins: TwinService;
  readonly sources: SourceService;
  readonly committer: Committer;
  /** Every resolver, by its class. */
  readonly resolvers: ReadonlyMap<ResolverClass, object>;
}

/** Builds every feature from the database up. Nothing runs yet. */
export function createServices(db: Database, logger: Logger): Services {
  const clock = systemClock;
  const live = new LiveBus();
  const journal = new TwinJournal(JOURNAL_LENGTH);
  live.listen("twinChanged", (change) => journal.add(change));

  const plant = new PlantService({ store: new PlantStore(db), db, logger });
  const twins = new TwinService({ plant: plant.plant, store: new TwinStore(db), clock, epoch: randomUUID() });
  const history = new HistoryService(new HistoryStore(db));

  const deadLetters = new DeadLetterStore(db);
  const committer = new Committer({ db, plant, twins, history, facts: [], deadLetters, logger });
  const replies = { onReply: async () => null };
  const pipeline = new Pipeline({ plant, twins, live, committer, replies, logger });
  const locks = new SourceLockStore(db);
  const sources = new SourceService({ pipeline, committer, locks, deadLetters, logger });

  const plantResolver = new PlantResolver({
    plant: plant.plant,
    machines: { view: (machine) => twins.of(machine).view },
  });
  const twinResolver = new TwinResolver({ plant: plant.plant, twins, live, journal });
  const resolvers: object[] = [
    plantResolver,
    twinResolver,
    new GroupMachinesResolver({ plant: plant.plant, twins }),
    new HistoryResolver({ history, twins }),
    new PreviewResolver({ sources, plant: plant.plant }),
    new NodeResolver([plantResolver.nodes, twinResolver.nodes]),
  ];
  return {
    plant,
    twins,
    sources,
    committer,
    resolvers: new Map(resolvers.map((resolver) => [resolver.constructor as ResolverClass, resolver])),
  };
}
