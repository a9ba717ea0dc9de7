import type { Quality } from "../../twin/sample.js";

/** How the numbers of qualities are meant. */
export const QUALITY_CODES = ["opc-da", "opc-ua"] as const;
export type QualityCodes = (typeof QUALITY_CODES)[number];

/** Sparkplug's and Ignition's number for a value that is no longer fresh. */
const STALE = 500;
const OPC_UA_LOWEST = 2 ** 30;

/**
 * The quality that a device gives: `true`, a text that begins with `good`, `bad` or `uncertain`, or a number. Numbers of
 * OPC DA have their meaning in bits 6 and 7 (0 bad, 64 uncertain, 192 good), those of OPC UA in the two highest of 32.
 * @param codes how numbers below 2^30 are meant.
 * @returns null when it is no quality.
 */
export function qualityOf(value: unknown, codes: QualityCodes): Quality | null {
  if (value === undefined || value === null) return "GOOD";
  if (typeof value === "boolean") return value ? "GOOD" : "BAD";
  if (typeof value === "number") return ofNumber(value, codes);
  if (typeof value !== "string") return null;
  const text = value.trim().toLowerCase();
  if (/^\d{1,10}$/.test(text)) return ofNumber(Number(text), codes);
  if (text.startsWith("good") || text === "ok" || text === "true") return "GOOD";
  if (text.startsWith("bad") || text === "false") return "BAD";
  return text.startsWith("uncertain") || text === "stale" ? "UNCERTAIN" : null;
}

/** The quality that the severity bits of an OPC UA status code say; null when it is no such code. */
export function opcUaQuality(code: number): Quality | null {
  if (!Number.isInteger(code) || code < -(2 ** 31) || code >= 2 ** 32) return null;
  const severity = code >>> 30;
  if (severity === 0) return "GOOD";
  return severity === 1 ? "UNCERTAIN" : "BAD";
}

function ofNumber(code: number, codes: QualityCodes): Quality | null {
  if (codes === "opc-ua" || code >= OPC_UA_LOWEST) return opcUaQuality(code);
  if (!Number.isInteger(code) || code < 0 || code > 0xffff) return null;
  if (code === STALE) return "UNCERTAIN";
  const status = (code >> 6) & 3;
  if (status === 3) return "GOOD";
  return status === 1 ? "UNCERTAIN" : "BAD";
}
