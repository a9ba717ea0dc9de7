import { spawn } from "node:child_process";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { waitFor } from "./wait-for.js";

export const repository = path.resolve(import.meta.dirname, "..", "..");

let built: Promise<void> | null = null;

/** Builds the server into `dist/` where it is out of date. Test files that run at a time build one after the other. */
export function buildServer(): Promise<void> {
  built ??= alone(() => build("server"));
  return built;
}

/** The same for the pages that a browser sees. */
export function buildPages(): Promise<void> {
  return alone(() => build("web"));
}

async function build(part: "server" | "web"): Promise<void> {
  const child = spawn(process.execPath, ["scripts/build.mjs", part], {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`the ${part} cannot be built:\n${output}`);
}

/** Runs `work` while no other process does; a lock whose holder is gone counts as free. */
async function alone(work: () => Promise<void>): Promise<void> {
  const lock = path.join(repository, "dist", ".test-build-lock");
  await mkdir(path.dirname(lock), { recursive: true });
  await waitFor(
    async () => {
      try {
        const handle = await open(lock, "wx");
        await handle.writeFile(String(process.pid));
        await handle.close();
        return true;
      } catch {
        const holder = Number(await readFile(lock, "utf8").catch(() => "0"));
        if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
        return false;
      }
    },
    { timeoutMs: 120_000, what: "nobody else builds" },
  );
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
