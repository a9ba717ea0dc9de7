import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { EmbeddedPostgres } from "../src/db/embedded-postgres.js";
import type { Logger } from "../src/kernel/logger.js";

/** Something that a benchmark started, and how to end it. */
export interface Part {
  readonly url: string;
  /** Processes whose CPU counts as this part's, as they are now. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

export const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
};

/** A PostgreSQL in which benchmarks make databases of their own. */
export interface Postgres extends Part {
  /** Makes an empty database, in place of one of that name. @returns its URL. */
  create(name: string): Promise<string>;
  drop(name: string): Promise<void>;
  /** Ends the server, its clients' connections break; `up` starts it again. @throws where it is not the benchmark's own. */
  down(): Promise<void>;
  up(): Promise<void>;
}

/** The PostgreSQL that BENCH_DATABASE_URL names, or an embedded one with the settings that a user would have. */
export async function postgres(): Promise<Postgres> {
  const given = process.env.BENCH_DATABASE_URL;
  const refuse = () =>
    Promise.reject(new Error("only an embedded PostgreSQL can be stopped: unset BENCH_DATABASE_URL"));
  if (given !== undefined)
    return {
      url: given,
      pids: () => [],
      ...databases(given),
      down: refuse,
      up: refuse,
      stop: async () => {},
    };
  const dataDir = await mkdtemp(path.join(tmpdir(), "mes-twin-bench-"));
  // As root, PostgreSQL runs as a user of its own, which must be able to reach the folder.
  chmodSync(dataDir, 0o755);
  const embedded = new EmbeddedPostgres({ dataDir, logger: silent });
  const url = await embedded.start();
  const pid = () => {
    const [line] = readFileSync(path.join(dataDir, "postgres", "postmaster.pid"), "utf8").split("\n");
    return Number(line);
  };
  return {
    url,
    pids: () => withChildren(pid()),
    ...databases(url),
    async down() {
      const postmaster = pid();
      process.kill(postmaster, "SIGINT");
      await until(() => statOf(postmaster).length === 0, "PostgreSQL has ended");
    },
    up: () => embedded.revive(),
    async stop() {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function databases(url: string): Pick<Postgres, "create" | "drop"> {
  const drop = async (name: string) => {
    await query(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return {
    drop,
    async create(name) {
      await drop(name);
      await query(url, `CREATE DATABASE ${name}`);
      const address = new URL(url);
      address.pathname = `/${name}`;
      return address.href;
    },
  };
}

/**
 * A Mosquitto of its own that keeps every message in memory. @param noDelay whether it sends each packet at once; as it comes, it
 * waits for the acknowledgement of what it sent before.
 */
export async function mosquitto({ noDelay = false } = {}): Promise<Part> {
  const folder = await mkdtemp(path.join(tmpdir(), "mosquitto-bench-"));
  const port = await freePort();
  const config = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    ...(process.getuid?.() === 0 ? ["user root"] : []),
    "max_queued_messages 0",
    "max_inflight_messages 0",
    `set_tcp_nodelay ${noDelay}`,
  ];
  await writeFile(path.join(folder, "mosquitto.conf"), `${config.join("\n")}\n`);
  const child = spawn("mosquitto", ["-c", path.join(folder, "mosquitto.conf")], { stdio: "ignore" });
  await until(() => accepts(port), "mosquitto listens");
  return {
    url: `mqtt://127.0.0.1:${port}`,
    pids: () => (child.pid === undefined ? [] : [child.pid]),
    async stop() {
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The options of node with which `npm start` starts the server. */
function startOptions(): string[] {
  const manifest = readFileSync(path.resolve(import.meta.dirname, "..", "..", "package.json"), "utf8");
  const { scripts } = JSON.parse(manifest) as { scripts: { start: string } };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

/** The built server as a process of its own; `url` is where it answers. @param nodeOptions besides BENCH_NODE_OPTIONS. */
export async function server(
  env: Record<string, string>,
  nodeOptions: readonly string[] = [],
): Promise<Part> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "mes-twin-bench-"));
  const port = await freePort();
  const options = (process.env.BENCH_NODE_OPTIONS ?? "").split(" ").filter((option) => option !== "");
  const child = spawn(
    process.execPath,
    [
      ...startOptions(),
      ...options,
      ...nodeOptions,
      path.resolve(import.meta.dirname, "..", "src", "main.js"),
    ],
    {
      env: {
        PATH: process.env.PATH ?? "",
        HTTP_PORT: String(port),
        DATA_DIR: dataDir,
        AUTH: "off",
        DEMO: "off",
        LOG_LEVEL: "warn",
        ...env,
      },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error("the server ended");
    return (await fetch(`${url}/readyz`).catch(() => null))?.ok ?? false;
  }, "the server is ready");
  return {
    url,
    pids: () => (child.pid === undefined ? [] : [child.pid]),
    async stop() {
      await ended(child);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}

/** Asks every few milliseconds. @throws after two minutes, or `timeoutMs`. */
export async function until(
  check: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 120_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${Math.round(timeoutMs / 1000)} s: ${what}`);
    await sleep(20);
  }
}

/** CPU seconds that processes have used so far, in user and kernel mode; 0 where /proc does not tell. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statOf(pid);
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    // Those of children that have ended, such as Postgres' workers.
    ticks += Number(fields[13] ?? 0) + Number(fields[14] ?? 0);
  }
  return ticks / 100;
}

/** Bytes of a process that are in memory; 0 where /proc does not tell. */
export function residentBytes(pid: number): number {
  // Field 24 of stat counts pages of 4 KiB.
  return Number(statOf(pid)[21] ?? 0) * 4096;
}

/** The rows of one statement. */
export async function query<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** What the figures were measured on. */
export async function machineLine(databaseUrl: string): Promise<string> {
  const [row] = await query<{ version: string }>(databaseUrl, "SHOW server_version").then((found) =>
    found.map((one) => ({ version: Object.values(one)[0] as string })),
  );
  const all = cpus();
  return [
    `${all.length} cores (${all[0]?.model.trim() ?? "unknown"})`,
    `node ${process.version}`,
    `PostgreSQL ${row?.version ?? "?"}`,
    mosquittoVersion(),
  ].join(", ");
}

/** As it says itself. */
export function mosquittoVersion(): string {
  try {
    execFileSync("mosquitto", ["-h"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    // It prints its help and fails.
    return (error as { stdout?: string }).stdout?.split("\n")[0] ?? "mosquitto";
  }
  return "mosquitto";
}

/** The fields of /proc/<pid>/stat after the name; those of a process that is gone are none. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

function withChildren(pid: number): number[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return [pid, ...all.map(Number).filter((other) => statOf(other)[1] === String(pid))];
}

export async function freePort(): Promise<number> {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  await new Promise((resolve) => taken.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
