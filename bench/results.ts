import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem, type } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchmarkName, Figures } from "./benchmarks.js";
import { mosquittoVersion, postgres, query } from "./parts.js";

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  readonly mosquitto: string;
}

/** A benchmark's figures with what a reader must know of them. */
export interface Taken<Result> {
  readonly at: string;
  /** Taken with small sizes, only to see that everything works. */
  readonly quick: boolean;
  /** How busy the machine was before, in percent of all cores: above some percent, other work disturbed the figures. */
  readonly busyBefore: number;
  readonly machine: Machine;
  readonly result: Result;
}

/** The newest figures of each benchmark. */
export type Results = { readonly [Name in BenchmarkName]?: Taken<Figures<Name>> };

export const FOLDER = path.resolve(import.meta.dirname, "..", "..", "docs", "benchmarks");
const FILE = path.join(FOLDER, "results.json");

/** The figures that are kept beside the report; none before the first. */
export async function readResults(): Promise<Results> {
  try {
    return JSON.parse(await readFile(FILE, "utf8")) as Results;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return {};
    throw error;
  }
}

export async function writeResults(results: Results): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const short = (_key: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  await writeFile(FILE, `${JSON.stringify(results, short, 1)}\n`);
}

/** How busy all cores together are for some seconds, in percent. */
export async function busyNow(): Promise<number> {
  const times = () => {
    const all = cpus().map((core) => core.times);
    const idle = all.reduce((sum, one) => sum + one.idle, 0);
    const total = all.reduce((sum, one) => sum + one.idle + one.user + one.sys + one.nice + one.irq, 0);
    return { idle, total };
  };
  const before = times();
  await sleep(3_000);
  const after = times();
  return 100 * (1 - (after.idle - before.idle) / (after.total - before.total));
}

export async function describeMachine(): Promise<Machine> {
  const all = cpus();
  const database = await postgres();
  try {
    const [row] = await query<{ server_version: string }>(database.url, "SHOW server_version");
    return {
      cpu: all[0]?.model.trim() ?? "unknown",
      cores: all.length,
      memoryGiB: Math.round(totalmem() / 1_073_741_824),
      system: `${type()} ${/^[\d.]*/.exec(release())?.[0] ?? ""}`.trim(),
      node: process.version,
      postgres: row?.server_version ?? "unknown",
      mosquitto: mosquittoVersion(),
    };
  } finally {
    await database.stop();
  }
}
