/** Random numbers from 0 (included) to 1 (excluded). */
export type Random = () => number;

/** A generator (mulberry32) that gives the same numbers for the same seed, so that a demo can be repeated. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A number from `low` to `high`, all equally likely. */
export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

/** A normally distributed number with mean 0 and standard deviation 1. */
export function gaussian(random: Random): number {
  // 1 - u is never 0, so that the logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A waiting time in ms until something that happens on average every `meanMs`, never under `leastMs`. */
export function waitingTime(random: Random, meanMs: number, leastMs: number): number {
  return leastMs - Math.log(1 - random()) * Math.max(0, meanMs - leastMs);
}

/** A seed of 32 bits made of a number and a text (FNV-1a), so that each machine has its own numbers. */
export function seedFor(seed: number, text: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
