import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Client, createClient } from "graphql-ws";
import WebSocket from "ws";
import { type App, createApp } from "../../src/app.js";
import { readConfig } from "../../src/config.js";
import { createTestDatabase } from "./database.js";
import { silentLogger } from "./silent-logger.js";

export interface GraphQLAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of many shapes
  readonly data: any;
  readonly errors?: readonly { message: string; path?: string[]; extensions?: Record<string, unknown> }[];
}

/** A running server with a database of its own, and clients for it. */
export interface TestApp extends App {
  readonly env: Readonly<Record<string, string>>;
  /** POSTs a document. */
  ask(query: string, variables?: Record<string, unknown>): Promise<GraphQLAnswer>;
  /** Opens a subscription over graphql-ws and collects what comes. */
  follow(query: string, variables?: Record<string, unknown>): Followed;
  /** Stops the server, keeps its data. */
  pause(): Promise<void>;
  /** Starts it again on the same data. */
  resume(): Promise<TestApp>;
}

export interface Followed {
  readonly events: GraphQLAnswer[];
  readonly problem: unknown;
  stop(): void;
}

/** @param options.plant the text of a plant file. */
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
  const sockets: Client[] = [];
  const headers = { "content-type": "application/json" };
  const pause = async () => {
    for (const socket of sockets) await socket.dispose();
    await app.stop();
  };
  return {
    ...app,
    env,
    async ask(query, variables = {}) {
      const response = await fetch(`${app.url}/graphql`, {
        method: "POST",
        headers,
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as GraphQLAnswer;
    },
    follow(query, variables = {}) {
      const socket = createClient({
        url: `${app.url.replace("http", "ws")}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        lazy: true,
      });
      sockets.push(socket);
      const followed = { events: [] as GraphQLAnswer[], problem: null as unknown, stop: () => {} };
      followed.stop = socket.subscribe(
        { query, variables },
        {
          next: (event) => followed.events.push(event as GraphQLAnswer),
          error: (problem) => {
            followed.problem = problem;
          },
          complete: () => {},
        },
      );
      return followed;
    },
    pause,
    resume: () => run(env, remove),
    async stop() {
      await pause();
      await remove();
    },
  };
}
