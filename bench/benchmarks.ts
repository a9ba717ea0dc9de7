import { ingest } from "./ingest.js";
import { kpis } from "./kpis.js";
import { latency } from "./latency.js";
import { memory } from "./memory.js";
import { orders } from "./orders.js";
import { reads } from "./reads.js";
import { scale } from "./scale.js";
import { soak } from "./soak.js";
import { sparkplug } from "./sparkplug.js";
import { sparkplugIngest } from "./sparkplug-ingest.js";
import { storage } from "./storage.js";

/** Each prints its figures and tells them, beside a bare baseline of the same run. */
export const BENCHMARKS = {
  ingest,
  scale,
  latency,
  memory,
  reads,
  kpis,
  orders,
  storage,
  sparkplug,
  "sparkplug-ingest": sparkplugIngest,
  soak,
};

export type BenchmarkName = keyof typeof BENCHMARKS;

/** What a benchmark tells. */
export type Figures<Name extends BenchmarkName> = Awaited<ReturnType<(typeof BENCHMARKS)[Name]>>;

export const NAMES = Object.keys(BENCHMARKS) as readonly BenchmarkName[];

export function isBenchmark(name: string | undefined): name is BenchmarkName {
  return name !== undefined && Object.hasOwn(BENCHMARKS, name);
}
