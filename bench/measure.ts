import { availableParallelism, cpus } from "node:os";
import { cpuSeconds } from "./parts.js";

/** What a piece of work took. */
export interface Outcome {
  readonly seconds: number;
  /** CPU seconds of each part that took part, and of all `others` on the machine. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** Runs the work, which tells the CPU seconds of processes that end with it, and tells what it took. */
export async function measure(
  parts: Readonly<Record<string, () => readonly number[]>>,
  work: () => Promise<Readonly<Record<string, number>>>,
): Promise<Outcome> {
  const names = Object.keys(parts);
  const used = () => names.map((name) => cpuSeconds(parts[name]?.() ?? []));
  const before = used();
  const all = machineSeconds();
  const started = performance.now();
  const told = await work();
  const seconds = (performance.now() - started) / 1000;
  const machine = machineSeconds() - all;
  const after = used();
  const own = names.map((name, index) => [name, (after[index] ?? 0) - (before[index] ?? 0)] as const);
  const cpu: Record<string, number> = { ...Object.fromEntries(own), ...told };
  const known = Object.values(cpu).reduce((sum, one) => sum + one, 0);
  return { seconds, cpu: { ...cpu, others: Math.max(0, machine - known) } };
}

/** CPU seconds that all cores have been busy. */
function machineSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}

/** Share of one core that a part was busy, in percent. */
export function busy(outcome: Outcome, part: string): number {
  return ((outcome.cpu[part] ?? 0) / outcome.seconds) * 100;
}

/** What kept the rate from being higher, in words; `thread` is the part with one thread of JavaScript. */
export function boundBy(outcome: Outcome, thread: string): string {
  const cores = availableParallelism();
  const total = Object.keys(outcome.cpu).reduce((sum, part) => sum + busy(outcome, part), 0);
  const shares = Object.keys(outcome.cpu).map((part) => `${part} ${busy(outcome, part).toFixed(0)} %`);
  const all = `of ${cores * 100} % of ${cores} cores: ${shares.join(", ")}`;
  if (busy(outcome, thread) >= 90) return `the ${thread}'s one thread (${all})`;
  if (total >= 85 * cores) return `the cores, which the parts share (${all})`;
  return `the parts' waiting for one another (${all})`;
}
