import { err, ok, type Result } from "../kernel/result.js";

const DEEPEST = 64;

/**
 * A JSON value as Postgres can store it: what no jsonb text may hold, the character U+0000 and halves of surrogate
 * pairs, becomes U+FFFD. The error says that the value is nested too deeply.
 */
export function storableJson(value: unknown): Result<unknown, string> {
  return isDeeperThan(value, DEEPEST) ? err(`nested deeper than ${DEEPEST} levels`) : ok(clean(value));
}

/** A text as Postgres can store it. */
export function storableText(text: string): string {
  return text.replaceAll("\u0000", "\uFFFD").replace(/\p{Surrogate}/gu, "\uFFFD");
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storableText(key), clean(item)]));
}
