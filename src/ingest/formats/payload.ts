import { err, ok, type Result } from "../../kernel/result.js";
import { parseJson, textOf } from "./json-text.js";
import { timeOf } from "./timestamp.js";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON of a payload, or why it is none. */
export function readJson(payload: Buffer): Result<unknown, string> {
  const text = textOf(payload);
  return text.ok ? parseJson(text.value) : text;
}

/** @param parts the levels of a path. */
export function valueAt(root: unknown, parts: readonly string[]): unknown {
  let node = root;
  for (const part of parts) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, part)) return undefined;
    node = (node as Record<string, unknown>)[part];
  }
  return node;
}

/**
 * A device's time in milliseconds since 1970; null where it sent none.
 * @param at the name by which the time is told when it is wrong.
 */
export function readTime(value: unknown, at: string): Result<number | null, string> {
  if (value === undefined || value === null) return ok(null);
  const ms = timeOf(value);
  return ms === null ? err(`${at}: ${shown(value)} is not a time (s, ms, us, ns or ISO 8601)`) : ok(ms);
}

/** What kind of thing a value is, with its article. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A value as it is told in a problem: short, and without what is in objects. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object") return kindOf(value);
  const text = typeof value === "string" ? value.slice(0, 61) : String(value);
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return typeof value === "string" ? JSON.stringify(short) : short;
}
