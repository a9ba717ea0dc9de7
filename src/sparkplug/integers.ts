import { err, ok, type Result } from "../kernel/result.js";
import { DataType, dataTypeName } from "./payload.js";

export interface IntegerType {
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
}

/** The integer types; a time is a signed integer of 64 bits, so that one before 1970 can be told. */
export const INTEGERS: ReadonlyMap<number, IntegerType> = new Map<number, IntegerType>([
  [DataType.Int8, { bits: 8, signed: true }],
  [DataType.Int16, { bits: 16, signed: true }],
  [DataType.Int32, { bits: 32, signed: true }],
  [DataType.Int64, { bits: 64, signed: true }],
  [DataType.UInt8, { bits: 8, signed: false }],
  [DataType.UInt16, { bits: 16, signed: false }],
  [DataType.UInt32, { bits: 32, signed: false }],
  [DataType.UInt64, { bits: 64, signed: false }],
  [DataType.DateTime, { bits: 64, signed: true }],
]);

const LONGEST_INTEGER = 21;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** A number where it is exact, else a bigint. */
export function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** What 64 bits mean as two's complement. */
export function signed64(value: number | bigint): number | bigint {
  return typeof value === "number" ? value : narrowed(BigInt.asIntN(64, value));
}

/** 64 bits, unsigned, that hold a value as two's complement. */
export function unsigned64(value: number | bigint): number | bigint {
  return value >= 0 ? value : narrowed(BigInt.asUintN(64, BigInt(value)));
}

/**
 * The integer of a type that somebody wants written: a number, a bigint, decimal digits for 64 bits, or for a time also ISO 8601
 * with a zone.
 */
export function integerOf(value: unknown, dataType: number): Result<number | bigint, string> {
  const { bits, signed } = INTEGERS.get(dataType) ?? { bits: 64, signed: true };
  const integer = typeof value === "string" ? parsed(value, dataType, bits) : value;
  const whole = typeof integer === "bigint" || (typeof integer === "number" && Number.isInteger(integer));
  if (!whole) return err(`${dataTypeName(dataType)}: ${shown(value)} is no integer`);
  const least = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const most = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  if (integer < least || integer > most)
    return err(`${dataTypeName(dataType)}: ${shown(value)} is not from ${least} to ${most}`);
  // A number beyond 2^53 is taken for the integer that it is; the addition turns -0 into 0.
  return ok(
    typeof integer === "bigint"
      ? narrowed(integer)
      : Number.isSafeInteger(integer)
        ? integer + 0
        : BigInt(integer),
  );
}

function parsed(text: string, dataType: number, bits: number): number | bigint | string {
  if (dataType === DataType.DateTime && ISO_TIME.test(text)) {
    const time = Date.parse(text);
    return Number.isNaN(time) ? text : time;
  }
  // JSON has no other way to tell 64 bits.
  return bits === 64 && text.length < LONGEST_INTEGER && /^-?\d+$/.test(text) ? BigInt(text) : text;
}

/** A value as error messages show it. */
export function shown(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 50 ? `${value.slice(0, 50)}...` : value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
