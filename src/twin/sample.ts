import type { DataType } from "../plant/machine-type.js";

/** A metric's value. Integers beyond 2^53 - 1 are bigint, all other numbers are number. */
export type Scalar = number | bigint | string | boolean | null;

export const QUALITIES = ["GOOD", "UNCERTAIN", "BAD"] as const;
export type Quality = (typeof QUALITIES)[number];

/** One reading of one metric, as a format decoder gives it. */
export interface Sample {
  readonly metric: string;
  readonly value: Scalar;
  /** The device's time in milliseconds since 1970; null when it sent none. */
  readonly time: number | null;
  readonly quality: Quality;
  /** Told after the fact: stored, never shown as the present. */
  readonly historical?: boolean;
  /** Shown as the present, never stored. */
  readonly transient?: boolean;
}

/** The data type that a value has by itself. */
export function dataTypeOf(value: Scalar): DataType {
  switch (typeof value) {
    case "bigint":
      return "Int64";
    case "boolean":
      return "Boolean";
    case "string":
      return "String";
    default:
      return "Double";
  }
}

/**
 * The value as its declared type wants it, so that `5`, `5.0` and `"5"` of an Int64 are one value.
 * @returns undefined when it cannot be one.
 */
export function coerce(value: Scalar, type: DataType): Scalar | undefined {
  if (value === null) return null;
  switch (type) {
    case "String":
      return String(value);
    case "Boolean":
      if (typeof value === "boolean") return value;
      if (value === 1 || value === "true" || value === "1") return true;
      if (value === 0 || value === "false" || value === "0") return false;
      return undefined;
    case "Double":
      if (typeof value === "number") return value;
      if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
      return numberFrom(value);
    case "Int64":
      return integerFrom(value);
  }
}

function numberFrom(text: string): number | undefined {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const LONGEST_INTEGER = 64;

function integerFrom(value: number | bigint | string | boolean): Scalar | undefined {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "string" && !/^\s*[+-]?\d+\s*$/.test(value)) return undefined;
  if (typeof value === "number" && !Number.isInteger(value)) return undefined;
  // BigInt takes seconds for a text of megabytes.
  if (typeof value === "string" && value.length > LONGEST_INTEGER) return undefined;
  const integer = BigInt(typeof value === "string" ? value.trim() : value);
  if (integer > INT64_MAX || integer < INT64_MIN) return undefined;
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

/** UTF-16 code units. */
const LONGEST_TEXT = 65_536;

/** Why a value can be neither kept nor shown; null when it can. */
export function unusable(value: Scalar): string | null {
  if (typeof value === "number" && !Number.isFinite(value)) return "is not a finite number";
  if (typeof value === "string" && value.length > LONGEST_TEXT)
    return `is a text of ${value.length} characters; at most ${LONGEST_TEXT} are taken`;
  if (typeof value === "string" && value.includes("\u0000")) return "holds a NUL character";
  // JSON can hold half of a surrogate pair; Postgres would keep another text than the twin shows.
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) return "holds half a character";
  if (typeof value === "bigint" && (value > INT64_MAX || value < INT64_MIN)) return "does not fit 64 bits";
  return null;
}
