import type { Decoded } from "./format.js";

/**
 * Takes the number that counts a device's messages out of a payload's samples: it is no metric.
 * @param at its path in the payload.
 */
export function takeSequence(decoded: Decoded, at: string): Decoded {
  if (decoded.kind !== "samples") return decoded;
  const within = `${at}/`;
  const found = decoded.samples.find(({ metric }) => metric === at || metric.startsWith(within));
  if (found === undefined) return decoded;
  const samples = decoded.samples.filter(({ metric }) => metric !== at && !metric.startsWith(within));
  const { value } = found;
  if (found.metric === at && value === null) return { ...decoded, samples };
  if (found.metric === at && typeof value === "number" && Number.isSafeInteger(value) && value >= 0)
    return { ...decoded, samples, sequence: value };
  const what = found.metric === at ? shown(value) : "an object or array";
  const problem = `${what} is not a whole number from 0 to 2^53 - 1, so it counts no messages`;
  return { ...decoded, samples, problems: [...decoded.problems, { field: at, problem }] };
}

function shown(value: unknown): string {
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
