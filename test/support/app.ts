import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type App, createApp } from "../../src/app.js";
import { readConfig } from "../../src/config.js";
import { createTestDatabase } from "./database.js";
import { type GraphQLClient, graphqlClient } from "./graphql-client.js";
import { silentLogger } from "./silent-logger.js";
import { waitFor } from "./wait-for.js";

export type { Followed, GraphQLAnswer } from "./graphql-client.js";

/** A running server with a database of its own, and clients for it. */
export interface TestApp extends App, Omit<GraphQLClient, "close"> {
  readonly env: Readonly<Record<string, string>>;
  /** Stops the server, keeps its data. */
  pause(): Promise<void>;
  /** Starts it again on the same data. */
  resume(): Promise<TestApp>;
}

/**
 * Resolves when the server is ready: what is published from then on is received.
 * @param options.plant the text of a plant file.
 */
export async function startTestApp(options: {
  mqttUrl?: string;
  plant?: string;
  env?: Record<string, string>;
}): Promise<TestApp> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "mes-twin-app-"));
  const database = await createTestDatabase();
  const env: Record<string, string> = {
    HTTP_PORT: "0",
    MQTT_PORT: "0",
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    AUTH: "off",
    DEMO: "off",
    ...(options.mqttUrl === undefined ? {} : { MQTT_URL: options.mqttUrl }),
    ...options.env,
  };
  if (options.plant !== undefined) {
    env.PLANT_FILE = path.join(dataDir, "plant.yaml");
    await writeFile(env.PLANT_FILE, options.plant);
  }
  const remove = async () => {
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return run(env, remove);
}

async function run(env: Record<string, string>, remove: () => Promise<void>): Promise<TestApp> {
  const app = await createApp(readConfig(env), silentLogger, new AbortController().signal);
  await waitFor(async () => (await fetch(`${app.url}/readyz`)).ok, { what: "ready", timeoutMs: 20_000 });
  const client = graphqlClient(app.url);
  const pause = async () => {
    await client.close();
    await app.stop();
  };
  return {
    ...app,
    env,
    ask: client.ask,
    run: client.run,
    collect: client.collect,
    follow: client.follow,
    pause,
    resume: () => run(env, remove),
    async stop() {
      await pause();
      await remove();
    },
  };
}
