import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildServer, repository } from "./build.js";
import { type GraphQLClient, graphqlClient } from "./graphql-client.js";
import { freePort } from "./mosquitto.js";
import { waitFor } from "./wait-for.js";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A built server as a process of its own. */
export interface ServerProcess extends Omit<GraphQLClient, "close"> {
  /** Where it answers over HTTP. */
  readonly url: string;
  /** Its embedded broker, where it has one. */
  readonly embeddedMqttUrl: string;
  readonly dataDir: string;
  /** All that it wrote, both streams. */
  readonly output: string;
  readonly errorOutput: string;
  /** Resolves when it has ended, also by itself. */
  readonly exited: Promise<Exit>;
  /** Resolves when `/readyz` says yes; rejects with its output when it ends before. */
  ready(timeoutMs?: number): Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  terminate(): Promise<Exit>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<Exit>;
  /** Starts it once more with the same settings, data and ports. It must have ended. */
  again(env?: Record<string, string>): ServerProcess;
  /** Ends it if it runs, an embedded PostgreSQL that it left behind too, and removes its data. */
  remove(): Promise<void>;
}

/**
 * Starts the built server with free ports and a DATA_DIR of its own, without sign-in and demo unless `env` says
 * otherwise. Does not wait: see `ready`.
 */
export async function startServer(env: Record<string, string> = {}): Promise<ServerProcess> {
  await buildServer();
  const dataDir = await mkdtemp(path.join(tmpdir(), "mes-twin-process-"));
  // As root, an embedded PostgreSQL runs as a user of its own, which must be able to reach the folder.
  await chmod(dataDir, 0o755);
  return launch({
    HTTP_PORT: String(await freePort()),
    MQTT_PORT: String(await freePort()),
    DATA_DIR: dataDir,
    AUTH: "off",
    DEMO: "off",
    ...env,
  });
}

/** Runs the server to its end, as for `--help` or settings that it refuses. */
export async function runServer(
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<Exit & { stdout: string; stderr: string }> {
  await buildServer();
  const child = spawnServer(env, args);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data) => {
    stdout += data;
  });
  child.stderr?.on("data", (data) => {
    stderr += data;
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const exit = await new Promise<Exit>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  clearTimeout(limit);
  return { ...exit, stdout, stderr };
}

function spawnServer(env: Record<string, string>, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [path.join(repository, "dist/src/main.js"), ...args], {
    // A .env file of whoever runs the tests must not be read.
    cwd: tmpdir(),
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function launch(env: Record<string, string>): ServerProcess {
  const child = spawnServer(env, []);
  let output = "";
  let errorOutput = "";
  let ended: Exit | null = null;
  child.stdout?.on("data", (data) => {
    output += data;
  });
  child.stderr?.on("data", (data) => {
    output += data;
    errorOutput += data;
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => {
      ended = { code, signal };
      resolve(ended);
    });
  });
  const dataDir = env.DATA_DIR ?? "";
  const url = `http://127.0.0.1:${env.HTTP_PORT}`;
  const client = graphqlClient(url);
  const end = async (signal: NodeJS.Signals) => {
    await client.close();
    if (ended === null) child.kill(signal);
    return exited;
  };
  return {
    url,
    embeddedMqttUrl: `mqtt://127.0.0.1:${env.MQTT_PORT}`,
    dataDir,
    get output() {
      return output;
    },
    get errorOutput() {
      return errorOutput;
    },
    exited,
    async ready(timeoutMs = 30_000) {
      await waitFor(async () => ended !== null || (await fetch(`${url}/readyz`)).ok, {
        timeoutMs,
        what: "the server is ready",
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${output}`);
      });
      if (ended !== null) throw new Error(`the server ended: ${JSON.stringify(ended)}\n${output}`);
    },
    ask: client.ask,
    run: client.run,
    collect: client.collect,
    follow: client.follow,
    terminate: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    again(changed = {}) {
      if (ended === null) throw new Error("it still runs");
      return launch({ ...env, ...changed });
    },
    async remove() {
      await end("SIGKILL");
      await endPostgres(dataDir);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A killed server leaves its embedded PostgreSQL running. */
async function endPostgres(dataDir: string): Promise<void> {
  const data = path.join(dataDir, "postgres");
  const file = await readFile(path.join(data, "postmaster.pid"), "utf8").catch(() => "");
  const [pid, folder] = file.split("\n");
  if (pid === undefined || folder !== data) return;
  try {
    // SIGINT is its fast shutdown.
    process.kill(Number(pid), "SIGINT");
    await waitFor(
      () => {
        try {
          process.kill(Number(pid), 0);
          return false;
        } catch {
          return true;
        }
      },
      { what: "the embedded PostgreSQL has ended" },
    );
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}
