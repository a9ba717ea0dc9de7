import { Committer } from "../../src/ingest/committer.service.js";
import { DeadLetterStore } from "../../src/ingest/dead-letter.store.js";
import { compileMappings } from "../../src/ingest/mapping.js";
import { Pipeline } from "../../src/ingest/pipeline.service.js";
import { SourceLeaseStore } from "../../src/ingest/source-lease.store.js";
import { TwinIntake } from "../../src/ingest/twin-intake.service.js";
import { systemClock } from "../../src/kernel/clock.js";
import { LiveBus } from "../../src/live/live-bus.js";
import { BirthWriter } from "../../src/sparkplug/births.service.js";
import { SparkplugStore } from "../../src/sparkplug/sparkplug.store.js";
import { SparkplugConsumer } from "../../src/sparkplug/sparkplug-consumer.service.js";
import type { Memory } from "./ingest.js";
import { plantFile } from "./ingest.js";
import { silentLogger } from "./silent-logger.js";

/** A host application with its ingest, without the server around it. */
export interface SparkplugHost {
  readonly consumer: SparkplugConsumer;
  readonly committer: Committer;
  /** Commits what has come and goes. */
  stop(): Promise<void>;
}

/**
 * @param options.source the lines of the source below `sources:`.
 * @param options.mostWaiting as the consumer takes it.
 */
export function startSparkplugHost(
  memory: Memory,
  options: { source: string; mostWaiting?: number },
): SparkplugHost {
  const { db, plants: plant, twins, history } = memory;
  const leases = new SourceLeaseStore(db);
  const store = new SparkplugStore(db);
  const facts = [new BirthWriter({ store })];
  const deadLetters = new DeadLetterStore(db);
  const logger = silentLogger;
  const committer = new Committer({ db, plant, twins, history, facts, leases, deadLetters, logger });
  const intake = new TwinIntake({ plant, twins, live: new LiveBus(), committer, logger });
  const replies = { onReply: async () => null };
  const pipeline = new Pipeline({ plant, twins, intake, committer, replies, logger });
  const [source] = compileMappings(plantFile(`sources:\n${options.source}\n`).sources);
  if (!source) throw new Error("no source");
  const consumer = new SparkplugConsumer({
    setup: {
      ...source,
      owner: "PLANT_FILE",
      paused: false,
      clientId: "mes-twin-test",
      version: null,
      change: "",
    },
    leases,
    pipeline,
    committer,
    store,
    intake,
    plant,
    twins,
    clock: systemClock,
    logger,
    ...(options.mostWaiting === undefined ? {} : { mostWaiting: options.mostWaiting }),
  });
  consumer.start();
  return {
    consumer,
    committer,
    async stop() {
      await consumer.stop();
      await committer.stop();
    },
  };
}
