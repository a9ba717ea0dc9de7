const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

/**
 * Milliseconds since 1970 of a time as recordings hold it, or null: ISO 8601 with T or a space (UTC when it has no
 * zone), or a number since 1970 in s, ms, us or ns, told apart by its size.
 */
export function parseRecordedTime(text: string): number | null {
  const trimmed = text.trim();
  if (NUMBER.test(trimmed)) return epoch(Number(trimmed));
  const match = DATE_TIME.exec(trimmed);
  if (!match) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  const parts = [
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  ] as const;
  const whole = Date.UTC(...parts);
  const back = new Date(whole);
  // Date.UTC turns 30 February into 2 March; a recording that says so is wrong.
  const kept =
    back.getUTCMonth() === parts[1] &&
    back.getUTCDate() === parts[2] &&
    back.getUTCHours() === parts[3] &&
    back.getUTCMinutes() === parts[4] &&
    back.getUTCSeconds() === parts[5];
  const offset = offsetMs(zone);
  if (!kept || offset === null) return null;
  return whole + Number(fraction.padEnd(3, "0").slice(0, 3)) - offset;
}

function offsetMs(zone: string): number | null {
  if (/^z$/i.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", "") || "0");
  if (hours > 18 || minutes > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** A date from 1973 to 5138 has only one unit in which its number is of this size. */
function epoch(value: number): number | null {
  const size = Math.abs(value);
  if (size < 1e11) return Math.round(value * 1000);
  if (size < 1e14) return Math.round(value);
  if (size < 1e17) return Math.round(value / 1e3);
  if (size < 1e20) return Math.round(value / 1e6);
  return null;
}
