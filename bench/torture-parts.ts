import { type ChildProcess, fork, spawn } from "node:child_process";
import { fstatSync, openSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { EmbeddedPostgres } from "../src/db/embedded-postgres.js";
import { connectDevice } from "../src/mqtt/device-client.js";
import { accepts, ended, freePort, silent, until } from "./parts.js";
import { imbalances } from "./torture-last-words.js";
import type { Allowed, Published, PublisherOptions } from "./torture-publisher.js";
import type { Target } from "./torture-relay.js";

const DROPPED = "$SYS/broker/publish/messages/dropped";

/** A PostgreSQL of the run's own. */
export class TorturePostgres {
  readonly #dataDir: string;
  readonly #embedded: EmbeddedPostgres;
  #over = false;
  url = "";

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#embedded = new EmbeddedPostgres({ dataDir, logger: silent });
  }

  get target(): Target {
    return { host: "127.0.0.1", port: Number(new URL(this.url).port) };
  }

  async start(): Promise<void> {
    if (this.#over) return;
    await mkdir(this.#dataDir, { recursive: true });
    await chmod(this.#dataDir, 0o755);
    this.url = await this.#embedded.start();
  }

  stop(): Promise<void> {
    return this.#embedded.stop();
  }

  /** Ends it for good. */
  async retire(): Promise<void> {
    this.#over = true;
    await this.stop();
  }

  /** SIGKILL to the postmaster; its workers end when they see that it is gone. */
  kill(): void {
    const [pid] = readFileSync(path.join(this.#dataDir, "postgres", "postmaster.pid"), "utf8").split("\n");
    process.kill(Number(pid), "SIGKILL");
  }

  async revive(): Promise<void> {
    const { port } = this.target;
    await until(async () => {
      // Does nothing while it runs, and fails while workers of the killed one still end.
      if (!this.#over) await this.#embedded.revive();
      return accepts(port);
    }, "PostgreSQL is back after its kill");
  }
}

/** A Mosquitto of the run's own that keeps what it acknowledged across a restart. */
export class TortureMosquitto {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | null = null;
  #over = false;
  #droppedBefore = 0;
  #dropped = 0;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  static async make(folder: string): Promise<TortureMosquitto> {
    const made = new TortureMosquitto(folder, await freePort());
    await mkdir(folder, { recursive: true });
    const config = [
      `listener ${made.port} 127.0.0.1`,
      "allow_anonymous true",
      ...(process.getuid?.() === 0 ? ["user root"] : []),
      "max_queued_messages 0",
      "max_inflight_messages 0",
      "sys_interval 1",
      "persistence true",
      // It saves when it is told to stop; SIGKILL is none of its faults.
      `persistence_location ${folder}/`,
      `log_dest file ${path.join(folder, "mosquitto.log")}`,
    ];
    await writeFile(path.join(folder, "mosquitto.conf"), `${config.join("\n")}\n`);
    return made;
  }

  /** Messages that it threw away, of all its lives, as far as it has told. */
  get dropped(): number {
    return this.#droppedBefore + this.#dropped;
  }

  async start(): Promise<void> {
    if (this.#over) return;
    this.#droppedBefore += this.#dropped;
    this.#dropped = 0;
    this.#child = spawn("mosquitto", ["-c", path.join(this.#folder, "mosquitto.conf")], { stdio: "ignore" });
    await until(() => accepts(this.port), "mosquitto listens");
  }

  async stop(): Promise<void> {
    if (this.#child) await ended(this.#child);
  }

  /** Ends it for good. */
  async retire(): Promise<void> {
    this.#over = true;
    await this.stop();
  }

  /** Listens for what it says about itself; resolves with the way to end that. */
  async watch(): Promise<() => Promise<void>> {
    const device = connectDevice({ url: `mqtt://127.0.0.1:${this.port}`, clientId: "torture-watch" });
    await device.ready();
    let told = false;
    await device.subscribe(DROPPED, 0, (_topic, payload) => {
      told = true;
      this.#dropped = Math.max(this.#dropped, Number(payload.toString()));
    });
    await until(() => told, "the broker tells what it drops", 15_000);
    return () => device.end();
  }
}

export interface Counts {
  readonly received: number;
  readonly committed: number;
  readonly dropped: number;
  readonly returned: number;
  /** Received, and nothing has become of them yet. */
  readonly open: number;
  /** What waits for the database. */
  readonly backlog: number;
}

/** The built server as a process. */
export class TortureServer {
  readonly url: string;
  /** Ends that nobody asked for. */
  readonly crashes: string[] = [];
  /** What the last words of its lives left open; lives that were killed have none. */
  readonly imbalances: string[] = [];
  readonly #env: Record<string, string>;
  readonly #logFile: string;
  readonly #log: number;
  /** Bytes of the log before this life. */
  #logStart = 0;
  #child: ChildProcess | null = null;
  #wanted = false;
  #over = false;

  constructor(env: Record<string, string>, logFile: string) {
    this.#env = env;
    this.url = `http://127.0.0.1:${env.HTTP_PORT}`;
    this.#logFile = logFile;
    this.#log = openSync(logFile, "a");
  }

  start(): void {
    if (this.#over) return;
    this.#logStart = fstatSync(this.#log).size;
    const child = spawn(process.execPath, [path.resolve(import.meta.dirname, "..", "src", "main.js")], {
      // A .env file of whoever runs this must not be read.
      cwd: this.#env.DATA_DIR,
      env: { PATH: process.env.PATH ?? "", AUTH: "off", DEMO: "off", LOG_LEVEL: "info", ...this.#env },
      stdio: ["ignore", this.#log, this.#log],
    });
    this.#child = child;
    this.#wanted = true;
    child.once("exit", (code, signal) => {
      if (!this.#wanted) return;
      this.crashes.push(`the server ended by itself: ${signal ?? `exit code ${String(code)}`}`);
      this.start();
    });
  }

  /** Ends it with a signal. A SIGTERM must end well, and within a minute. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#wanted = false;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    const impatience = setTimeout(() => {
      this.crashes.push("the server did not end within 60 s of SIGTERM");
      child.kill("SIGKILL");
    }, 60_000);
    const code = await exit;
    clearTimeout(impatience);
    if (signal !== "SIGTERM") return;
    if (code !== 0) this.crashes.push(`SIGTERM: exit code ${String(code)}`);
    else this.imbalances.push(...imbalances(readFileSync(this.#logFile).subarray(this.#logStart).toString()));
  }

  /** Ends it for good. */
  async retire(): Promise<void> {
    this.#over = true;
    await this.end("SIGKILL");
  }

  async ready(): Promise<boolean> {
    return (await fetch(`${this.url}/readyz`).catch(() => null))?.ok ?? false;
  }

  /** What `/readyz` answers: its status, and the parts that are not well. */
  async readiness(): Promise<{ status: number; problems: string[] }> {
    const response = await fetch(`${this.url}/readyz`);
    const { parts } = (await response.json()) as { parts: Record<string, string | null> };
    const problems = Object.entries(parts).flatMap(([part, problem]) =>
      problem === null ? [] : [`${part}: ${problem}`],
    );
    return { status: response.status, problems };
  }

  /** Messages of this life by what became of them. */
  async counts(): Promise<Counts> {
    const metrics = await this.#metrics();
    const of = (what: string) => figureIn(metrics, `mes_twin_messages_${what}_total`);
    const [received, committed, dropped, returned] = [
      of("received"),
      of("committed"),
      of("dropped"),
      of("returned"),
    ];
    const open = received - committed - dropped - returned;
    return {
      received,
      committed,
      dropped,
      returned,
      open,
      backlog: figureIn(metrics, "mes_twin_ingest_backlog"),
    };
  }

  /** Bytes of memory that the process holds. */
  async memory(): Promise<number> {
    return figureIn(await this.#metrics(), "process_resident_memory_bytes");
  }

  async ask<Data>(query: string): Promise<Data> {
    const response = await fetch(`${this.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** A figure of `/metrics`, which counts since the server's start; added up over its labels. */
  async figure(name: string): Promise<number> {
    return figureIn(await this.#metrics(), `mes_twin_${name}`);
  }

  async #metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }
}

function figureIn(metrics: string, name: string): number {
  const lines = metrics
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) throw new Error(`/metrics has no ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** The publishers' process. */
export class TorturePublishers {
  told: Published = { next: 0, acknowledged: 0, resent: 0, unrouted: 0 };
  limit = 0;
  /** Null while it runs. */
  exitCode: number | null = null;
  readonly #child: ChildProcess;

  constructor(options: PublisherOptions) {
    const script = path.join(import.meta.dirname, "main.js");
    this.#child = fork(script, ["publish-numbered", JSON.stringify(options)], { stdio: "inherit" });
    this.#child.on("message", (told: Published) => {
      this.told = told;
    });
    this.#child.once("exit", (code) => {
      this.exitCode = code ?? 1;
    });
  }

  /** Numbers below `limit` may be sent. */
  allow(limit: number): void {
    if (limit <= this.limit || !this.#child.connected) return;
    this.limit = limit;
    this.#child.send({ limit } satisfies Allowed);
  }

  stop(): void {
    if (this.exitCode === null) this.#child.kill("SIGKILL");
  }
}
