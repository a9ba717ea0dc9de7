/**
 * Resolves with the first value of `check` that is neither false, null nor undefined, asking every few milliseconds; what
 * `check` throws counts as not yet. Rejects after `timeoutMs` (10 s unless told) with what was last seen.
 */
export async function waitFor<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, what }: { timeoutMs?: number; what?: string } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    const asked = Date.now();
    try {
      const value = await check();
      if (value !== false && value !== null && value !== undefined)
        return value as Exclude<T, false | null | undefined>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline)
      throw new Error(`not within ${timeoutMs} ms: ${what ?? check.toString()}; last: ${String(last)}`);
    // What is waited for needs the processor too, where asking costs much.
    await new Promise((resolve) => setTimeout(resolve, Math.max(10, Date.now() - asked)));
  }
}
