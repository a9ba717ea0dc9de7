/**
 * The exact sum of decimal texts, such as `0.1`, `-3` or `1e+21`: counts are summed as they are written, because
 * binary fractions do not add up.
 */
export function sumOf(decimals: readonly string[]): string {
  const small = wholeSumOf(decimals);
  if (small !== null) return small;
  const terms = decimals.map(parse);
  const scale = Math.max(0, ...terms.map((term) => term.scale));
  const sum = terms.reduce((total, term) => total + term.digits * 10n ** BigInt(scale - term.scale), 0n);
  if (scale === 0) return sum.toString();
  const digits = (sum < 0n ? -sum : sum).toString().padStart(scale + 1, "0");
  const fraction = digits.slice(-scale).replace(/0+$/, "");
  const whole = `${sum < 0n ? "-" : ""}${digits.slice(0, -scale)}`;
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** The sum where all are whole and neither it nor any part of it is too large for a number; else null. */
function wholeSumOf(decimals: readonly string[]): string | null {
  let sum = 0;
  for (const decimal of decimals) {
    if (decimal.length > LONGEST_WHOLE || !isWhole(decimal)) return null;
    sum += Number(decimal);
    if (!Number.isSafeInteger(sum)) return null;
  }
  return String(sum);
}

const LONGEST_WHOLE = 15;

function isWhole(decimal: string): boolean {
  for (let index = decimal.startsWith("-") ? 1 : 0; index < decimal.length; index += 1) {
    const code = decimal.charCodeAt(index);
    if (code < ZERO || code > NINE) return false;
  }
  return decimal !== "" && decimal !== "-";
}

const ZERO = "0".charCodeAt(0);
const NINE = "9".charCodeAt(0);

export function negated(decimal: string): string {
  return decimal.startsWith("-") ? decimal.slice(1) : decimal === "0" ? decimal : `-${decimal}`;
}

/** The value is `digits` / 10^`scale`. */
function parse(text: string): { digits: bigint; scale: number } {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (!match) throw new Error(`"${text}" is not a decimal`);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}
