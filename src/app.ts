// type-graphql reads it when its decorators run, so it comes first.
import "reflect-metadata";

import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AdminKey } from "./auth/admin-key.js";
import { Authenticator, type Caller } from "./auth/authenticator.js";
import type { Config } from "./config.js";
import { DataDirLock } from "./db/data-dir-lock.js";
import { Database } from "./db/database.js";
import { DatabaseProbe } from "./db/database-probe.js";
import { EmbeddedPostgres } from "./db/embedded-postgres.js";
import { forgetOldKeys } from "./db/idempotency.js";
import { LOCKS } from "./db/locks.js";
import { reachPostgres } from "./db/reach-postgres.js";
import { DemoPlant } from "./demo/demo-plant.js";
import { entities } from "./entities.js";
import type { GraphQLContext } from "./graphql/context.js";
import { buildGraphQLSchema, type ResolverClass } from "./graphql/schema.js";
import { HttpServer } from "./http/http-server.js";
import { metricsRegistry } from "./http/metrics.js";
import { addHistoryMetrics } from "./http/metrics-history.js";
import { compileMappings } from "./ingest/mapping.js";
import type { Logger } from "./kernel/logger.js";
import { redactUrl } from "./mqtt/broker-url.js";
import { EmbeddedBroker } from "./mqtt/embedded-broker.js";
import { packageRoot } from "./package-root.js";
import { readPlantFile } from "./plant/plant-file.service.js";
import { resolverClasses } from "./resolvers.js";
import { createServices, type Services } from "./services.js";

const FORGET_EVERY_MS = 3_600_000;

/** The running server, as its starter sees it. */
export interface App {
  /** Where it answers, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** The broker of the default source, without its password. */
  readonly mqttUrl: string;
  /** The admin key, only when it was made at this start. */
  readonly newAdminKey: string | null;
  /** Where the admin key stands; null with AUTH=off. */
  readonly adminKeyFile: string | null;
  /** Commits what has come, then stops everything in reverse order. Idempotent. */
  stop(): Promise<void>;
}

/** Undoes what was started, last first; a failure in one step does not keep the others from running. */
class Shutdown {
  readonly #steps: { name: string; stop: () => Promise<void> | void }[] = [];
  readonly #logger: Logger;
  #done: Promise<void> | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop });
  }

  run(): Promise<void> {
    this.#done ??= (async () => {
      for (const { name, stop } of this.#steps.reverse()) {
        try {
          await stop();
        } catch (error) {
          this.#logger.error({ err: error }, `${name} did not stop properly`);
        }
      }
    })();
    return this.#done;
  }
}

/**
 * Starts a server. What can wait for the database or the broker waits and says so.
 * @param signal aborts a start that is still waiting.
 * @throws Error whose message names the variable to change.
 */
export async function createApp(config: Config, logger: Logger, signal: AbortSignal): Promise<App> {
  const shutdown = new Shutdown(logger);
  try {
    return await start(config, logger, signal, shutdown);
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function start(config: Config, logger: Logger, signal: AbortSignal, shutdown: Shutdown): Promise<App> {
  const lock = new DataDirLock(config.dataDir);
  await lock.acquire();
  shutdown.add("the lock of DATA_DIR", () => lock.release());

  const key = config.auth ? await AdminKey.load(config.dataDir) : null;
  const parts: Record<string, () => string | null> = {
    database: () => "not started",
    broker: () => "not started",
    twin: () => "not loaded",
  };
  let standby: () => readonly string[] = () => [];
  const http = new HttpServer({
    host: config.httpHost,
    port: config.httpPort,
    webDir: path.join(packageRoot(), "dist", "web"),
    authenticator: new Authenticator(key?.admin ?? null),
    localOnly: !config.auth,
    allowedOrigins: config.allowedOrigins,
    parts: () => Object.fromEntries(Object.entries(parts).map(([name, ask]) => [name, ask()])),
    standby: () => standby(),
    logger,
  });
  const url = await http.start();
  shutdown.add("HTTP", () => http.stop());

  const mqttUrl = config.mqttUrl ?? (await startBroker(config, logger, shutdown));
  const plantFile = await readPlantFile(plantFileOf(config), { ...config.environment, MQTT_URL: mqttUrl });
  const tables = compileMappings(plantFile.sources);
  const { db, probe } = await startDatabase(config, logger, signal, shutdown);
  parts.database = () => probe.problem;

  const services = createServices(db, logger, { embeddedDatabase: config.databaseUrl === null });
  // Two servers that start together on an empty database would make everything twice.
  await db.exclusively(LOCKS.plant, async () => {
    await services.plant.load();
    await services.plant.apply(plantFile);
  });
  await services.twins.load();
  await services.mes.alarmWatch.start();
  parts.twin = () => null;
  services.keeper.start();
  shutdown.add("the history's keeper", () => services.keeper.stop());
  services.mes.downtimeWatch.start();
  shutdown.add("the watch over downtimes", () => services.mes.downtimeWatch.stop());

  const { sources } = services;
  // After ingest, so that the last figures can be fetched.
  shutdown.add("HTTP", () => http.stop());
  await sources.start(tables, await services.plant.installationId());
  shutdown.add("ingest", () => sources.stop());
  if (sources.sources.length === 0)
    logger.warn(
      {},
      "there is no source, so nothing is heard: name one in the plant file, or add one with createSource",
    );
  services.deadLetters.start();
  shutdown.add("the dead letters", () => services.deadLetters.stop());
  await services.commands.start();
  shutdown.add("commands", () => services.commands.stop());
  await services.desired.start();
  shutdown.add("desired values", () => services.desired.stop());
  services.mes.maintenanceWatch.start();
  shutdown.add("maintenance", () => services.mes.maintenanceWatch.stop());
  services.mes.alarmUpkeep.start();
  shutdown.add("alarms", () => services.mes.alarmUpkeep.stop());
  parts.broker = () => brokerProblem(services);
  standby = () => sources.status.flatMap((source) => (source.standby ? [source.name] : []));
  parts.ingest = () => sources.problem;
  await serve(http, services);
  // Sockets end before ingest does, so that nobody waits for events that no longer come.
  shutdown.add("GraphQL", () => http.stopServing());

  if (config.startupTimeoutMs > 0) await brokersReached(services, config.startupTimeoutMs, signal);
  if (config.demo) {
    const demo = new DemoPlant({ url: mqttUrl, logger });
    await demo.start();
    shutdown.add("the demo plant", () => demo.stop());
  }
  shutdown.add("readiness", () => {
    parts.server = () => "stopping";
  });
  return {
    url,
    mqttUrl: redactUrl(mqttUrl),
    newAdminKey: key?.newKey ?? null,
    adminKeyFile: key?.admin.file ?? null,
    stop: () => shutdown.run(),
  };
}

async function startBroker(config: Config, logger: Logger, shutdown: Shutdown): Promise<string> {
  const broker = new EmbeddedBroker({
    host: "127.0.0.1",
    port: config.mqttPort,
    dataDir: config.dataDir,
    isServer: (clientId) => clientId.startsWith("mes-twin-"),
    logger,
  });
  await broker.start();
  shutdown.add("the embedded broker", () => broker.stop());
  logger.info({ url: broker.url }, "embedded MQTT broker started");
  return broker.url;
}

async function startDatabase(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
  shutdown: Shutdown,
): Promise<{ db: Database; probe: DatabaseProbe }> {
  let url = config.databaseUrl;
  let revive = async () => {};
  if (url === null) {
    const postgres = new EmbeddedPostgres({ dataDir: config.dataDir, logger });
    shutdown.add("the embedded PostgreSQL", () => postgres.stop());
    url = await postgres.start();
    revive = () => postgres.revive();
  }
  await reachPostgres({ url, timeoutMs: config.startupTimeoutMs, logger, signal });
  const db = new Database({ url, entities, logger });
  shutdown.add("the database", () => db.stop());
  await db.start();
  const probe = new DatabaseProbe(db, revive);
  shutdown.add("the database's probe", () => probe.stop());
  const forgetting = setInterval(() => {
    forgetOldKeys(db).catch((error: unknown) => logger.warn({ err: error }, "old idempotency keys stay"));
  }, FORGET_EVERY_MS);
  shutdown.add("forgetting old keys", () => clearInterval(forgetting));
  await probe.start();
  return { db, probe };
}

async function serve(http: HttpServer, services: Services): Promise<void> {
  const instanceOf = (of: ResolverClass): object => {
    const instance = services.resolvers.get(of);
    if (!instance) throw new Error(`no ${of.name} was made`);
    return instance;
  };
  const contextOf = (caller: Caller): GraphQLContext => ({
    principal: caller,
    loaders: new Map(),
    resolver: <Resolver>(of: new (...deps: never[]) => Resolver) =>
      instanceOf(of as ResolverClass) as Resolver,
  });
  const metrics = metricsRegistry(() => ({
    sources: services.sources.sources.map(({ stats, drops }) => ({ ...stats, brokerDropped: drops.dropped })),
    backlog: services.committer.backlog,
    machines: services.plant.plant.machineCount,
    sockets: http.sockets,
  }));
  const { keeper, storage } = services;
  addHistoryMetrics(
    metrics,
    () => storage.usage(),
    () => keeper.status.problem,
  );
  await http.serve({ schema: buildGraphQLSchema(resolverClasses, instanceOf), contextOf, metrics });
}

/** A new plant shows itself; a broker of one's own brings its machines. */
function plantFileOf(config: Config): string {
  if (config.plantFile !== null) return config.plantFile;
  return path.join(packageRoot(), "examples", config.demo ? "demo-plant.yaml" : "minimal-plant.yaml");
}

/** Sources that were made through the API do not count: a wrong address there must not take the server out of use. */
function brokerProblem(services: Services): string | null {
  const problems = services.sources.status.flatMap(({ name, owner, standby, paused, link }) => {
    if (standby || paused || owner === "API") return [];
    if (link.phase === "connected") return link.problem === null ? [] : [`${name}: ${link.problem}`];
    return [`${name}: ${link.phase === "connecting" ? (link.problem ?? "connecting") : "not connected"}`];
  });
  return problems.length > 0 ? problems.join("; ") : null;
}

async function brokersReached(services: Services, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const problem = brokerProblem(services);
    if (problem === null) return;
    if (Date.now() >= until)
      throw new Error(`MQTT_URL: no connection within ${timeoutMs / 1000} s: ${problem}`);
    await sleep(100, undefined, { signal });
  }
}
