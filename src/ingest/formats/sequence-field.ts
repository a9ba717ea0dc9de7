import { err, ok, type Result } from "../../kernel/result.js";
import type { Sample } from "../../twin/sample.js";
import type { Decoded, FieldProblem } from "./format.js";
import { shown } from "./payload.js";

/**
 * Takes the number that counts a device's messages out of a payload's samples: it is no metric. A payload of several
 * messages has several such numbers, and none of them counts the payloads.
 * @param at its path in the payload.
 */
export function takeSequence(decoded: Decoded, at: string): Decoded {
  if (decoded.kind !== "samples") return decoded;
  const within = `${at}/`;
  const samples: Sample[] = [];
  let first: Sample | undefined;
  let counts = 0;
  for (const sample of decoded.samples) {
    const { metric } = sample;
    if (metric !== at && !metric.startsWith(within)) samples.push(sample);
    else {
      first ??= sample;
      if (metric === at) counts += 1;
    }
  }
  if (first === undefined) return decoded;
  if (counts > 1) return { ...decoded, samples };
  const count = countOf(first.metric === at ? first.value : {}, at);
  if (!count.ok) return { ...decoded, samples, problems: [...decoded.problems, count.error] };
  const { problems } = decoded;
  if (count.value === null) return { kind: "samples", samples, problems };
  return { kind: "samples", samples, problems, sequence: count.value };
}

/** The number that counts a device's messages; null where there is none. */
export function countOf(value: unknown, at: string): Result<number | null, FieldProblem> {
  if (value === undefined || value === null) return ok(null);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return ok(value);
  const what = typeof value === "object" ? "an object or array" : shown(value);
  const problem = `${what} is not a whole number from 0 to 2^53 - 1, so it counts no messages`;
  return err({ field: at, problem });
}
