/** The size that the environment asks for by this name, or else the benchmark's own; a smaller one in a quick run. */
export function size(name: string, full: number, quick: number): number {
  const given = process.env[name];
  if (given !== undefined) return Number(given);
  return process.env.BENCH_QUICK === "1" ? quick : full;
}
