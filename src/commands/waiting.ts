/** What a wait gave when it was given up. */
export const GIVEN_UP = Symbol("given up");

// Timers take no more; beyond, they fire at once.
export const LONGEST_TIMER_MS = 2_147_483_647;

/** What `promise` gives, or GIVEN_UP when the signal or the time ends the wait first. */
export function within<T>(
  promise: Promise<T>,
  limit: { signal: AbortSignal; ms: number },
): Promise<T | typeof GIVEN_UP> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      limit.signal.removeEventListener("abort", giveUp);
    };
    const giveUp = () => {
      end();
      resolve(GIVEN_UP);
    };
    const timer = setTimeout(giveUp, Math.min(Math.max(limit.ms, 0), LONGEST_TIMER_MS));
    limit.signal.addEventListener("abort", giveUp);
    if (limit.signal.aborted) giveUp();
    promise.then(resolve, reject).finally(end);
  });
}

/** Waits some milliseconds, or less when the signal comes. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await within(new Promise<never>(() => undefined), { signal, ms });
}
