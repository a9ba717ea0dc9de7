import { createHash } from "node:crypto";
import { mkdir, realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

// The system cuts off or refuses longer socket names.
const LONGEST_SOCKET_NAME = 100;

/**
 * Holds DATA_DIR for one server. The lock is a listening local socket: the system ends it with the process, so a
 * killed server leaves none behind.
 */
export class DataDirLock {
  readonly #dataDir: string;
  #server: Server | null = null;

  constructor(dataDir: string) {
    this.#dataDir = path.resolve(dataDir);
  }

  /** @throws Error naming DATA_DIR when another server holds it. */
  async acquire(): Promise<void> {
    await mkdir(this.#dataDir, { recursive: true });
    const name = await socketName(this.#dataDir);
    if (await this.#listen(name)) return;
    if (await answers(name)) {
      throw new Error(
        `DATA_DIR ${this.#dataDir} is in use by another mes-twin: set DATA_DIR to a folder of its own`,
      );
    }
    await rm(name, { force: true });
    if (!(await this.#listen(name))) {
      throw new Error(
        `DATA_DIR ${this.#dataDir} is in use by another mes-twin: set DATA_DIR to a folder of its own`,
      );
    }
  }

  async release(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #listen(name: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => socket.end());
      server.once("error", (error: { code?: string }) => {
        if (error.code === "EADDRINUSE") resolve(false);
        else reject(error);
      });
      server.listen(name, () => {
        server.unref();
        this.#server = server;
        resolve(true);
      });
    });
  }
}

async function socketName(dataDir: string): Promise<string> {
  const real = await realpath(dataDir);
  const hash = createHash("sha256").update(real).digest("hex").slice(0, 16);
  if (process.platform === "win32") return `\\\\.\\pipe\\mes-twin-${hash}`;
  const inside = path.join(real, "server.lock");
  return inside.length < LONGEST_SOCKET_NAME ? inside : path.join(tmpdir(), `mes-twin-${hash}.lock`);
}

function answers(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(name);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
