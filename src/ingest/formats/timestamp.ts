const HAS_ZONE = /(?:Z|[+-]\d{2}:?\d{2})$/i;
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;
const LONGEST_TIME = 64;

/**
 * Milliseconds since 1970 of a device's time: a number of s, ms, us or ns, told apart by size, or ISO 8601 (UTC
 * where it names no zone).
 * @returns null when it is no time.
 */
export function timeOf(value: unknown): number | null {
  if (typeof value === "bigint") return fromNumber(Number(value));
  if (typeof value === "number") return fromNumber(value);
  if (typeof value !== "string") return null;
  // A conversion of megabytes of digits takes long.
  if (value.length > LONGEST_TIME) return null;
  const text = value.trim();
  if (/^\d+(?:\.\d+)?$/.test(text)) return fromNumber(Number(text));
  if (!ISO.test(text)) return null;
  const dated = text.replace(" ", "T").replace(",", ".");
  const ms = Date.parse(dated.length > 10 && !HAS_ZONE.test(dated) ? `${dated}Z` : dated);
  return Number.isNaN(ms) ? null : ms;
}

/** Each unit's numbers of the years 1973 to 5138 lie apart from the others'. */
function fromNumber(value: number): number | null {
  if (!Number.isFinite(value) || value < 0) return null;
  if (value < 1e11) return Math.round(value * 1e3);
  if (value < 1e14) return Math.round(value);
  if (value < 1e17) return Math.round(value / 1e3);
  return Math.round(value / 1e6);
}
