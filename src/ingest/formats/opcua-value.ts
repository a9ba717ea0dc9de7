import type { Quality, Scalar } from "../../twin/sample.js";
import { isObject, type JsonObject, readTime } from "./payload.js";
import { opcUaQuality, qualityOf } from "./quality.js";

/** The value of a data set's field, with what comes with it. */
export interface FieldValue {
  /** Plain JSON: a scalar, or an array or object of them. */
  readonly value: unknown;
  readonly quality: Quality;
  /** Milliseconds since 1970; null when the field has no time of its own. */
  readonly time: number | null;
  /** Why its time cannot be read; null while it can. */
  readonly problem: string | null;
}

const DATA_VALUE = new Set([
  "Value",
  "Type",
  "Body",
  "UaType",
  "Dimensions",
  "Status",
  "StatusCode",
  "SourceTimestamp",
  "SourcePicoseconds",
  "SourcePicoSeconds",
  "ServerTimestamp",
  "ServerPicoseconds",
  "ServerPicoSeconds",
]);
/** One of these makes an object a DataValue or Variant; `Type` and `Dimensions` alone do not. */
const TELLING = ["Value", "Body", "UaType", "Status", "StatusCode", "SourceTimestamp", "ServerTimestamp"];
/** Part 6: the least and the greatest time stand for none. */
const NO_TIME = /^(?:0001|1601|9999)-/;
/** Built-in types by number or, as some publishers write them, by name. */
const INT64: ReadonlySet<unknown> = new Set([8, 9, "Int64", "UInt64"]);
const LOCALIZED_TEXT: ReadonlySet<unknown> = new Set([21, "LocalizedText"]);
const QUALIFIED_NAME: ReadonlySet<unknown> = new Set([20, "QualifiedName"]);
const STATUS_CODE: ReadonlySet<unknown> = new Set([19, "StatusCode"]);
const DEEPEST = 16;

/** A field as Part 6 and Part 14 write it: raw, a Variant, or a DataValue, old (1.04) or new (1.05). */
export function fieldValueOf(field: unknown): FieldValue {
  if (isStatus(field)) return statusInstead(field, null, null);
  if (!isDataValue(field)) return notNumber(plainOf(field, undefined, 0), "GOOD", null, null);
  const status = statusQuality(field.StatusCode ?? field.Status);
  const time = timeOfField(field.SourceTimestamp ?? field.ServerTimestamp);
  const type = field.UaType ?? field.Type;
  const content = Object.hasOwn(field, "Body") ? field.Body : field.Value;
  if (STATUS_CODE.has(type)) return statusInstead(content, time.ms, time.problem);
  return notNumber(plainOf(content, type, 0), status ?? "UNCERTAIN", time.ms, time.problem);
}

/** Where there is no good value, a Variant holds the status instead of it. */
function statusInstead(status: unknown, time: number | null, problem: string | null): FieldValue {
  const quality = statusQuality(status) ?? "UNCERTAIN";
  const code = isObject(status) ? (status.Code ?? 0) : status;
  return { value: quality === "GOOD" ? code : null, quality, time, problem };
}

function isStatus(field: unknown): boolean {
  if (!isObject(field) || typeof field.Code !== "number") return false;
  return Object.keys(field).every((key) => key === "Code" || key === "Symbol");
}

/** JSON has no such numbers, so they come as texts: there is no value. */
function notNumber(
  value: unknown,
  quality: Quality,
  time: number | null,
  problem: string | null,
): FieldValue {
  if (value === undefined) return { value: null, quality, time, problem };
  if (value !== "NaN" && value !== "Infinity" && value !== "-Infinity")
    return { value, quality, time, problem };
  return { value: null, quality: "BAD", time, problem };
}

function isDataValue(field: unknown): field is JsonObject {
  if (!isObject(field)) return false;
  const keys = Object.keys(field);
  return keys.every((key) => DATA_VALUE.has(key)) && TELLING.some((key) => Object.hasOwn(field, key));
}

/**
 * The quality of a status: a number, `{Code, Symbol}`, or the symbol alone; good where there is none.
 * @returns null when it is none of these.
 */
export function statusQuality(status: unknown): Quality | null {
  if (status === undefined || status === null) return "GOOD";
  if (typeof status === "number") return opcUaQuality(status);
  if (typeof status === "string") return qualityOf(status, "opc-ua");
  if (!isObject(status)) return null;
  if (typeof status.Code === "number") return opcUaQuality(status.Code);
  return status.Symbol === undefined ? "GOOD" : qualityOf(status.Symbol, "opc-ua");
}

/** A time as Part 6 writes it. */
export function timeOfField(value: unknown): { ms: number | null; problem: string | null } {
  if (typeof value === "string" && NO_TIME.test(value)) return { ms: null, problem: null };
  const time = readTime(value, "SourceTimestamp");
  return time.ok ? { ms: time.value, problem: null } : { ms: null, problem: time.error };
}

/** Without what tells types: the values of Variants, the texts of LocalizedTexts, the fields of ExtensionObjects. */
function plainOf(value: unknown, type: unknown, depth: number): unknown {
  if (typeof value === "string") return INT64.has(type) ? integerOf(value) : value;
  if (typeof value !== "object" || value === null || depth > DEEPEST) return value;
  if (Array.isArray(value)) return value.map((item) => plainOf(item, type, depth + 1));
  const object = value as JsonObject;
  if (LOCALIZED_TEXT.has(type) || isLocalizedText(object)) return object.Text ?? null;
  if (QUALIFIED_NAME.has(type)) return object.Name ?? null;
  if (isVariant(object)) {
    const content = Object.hasOwn(object, "Body") ? object.Body : object.Value;
    return plainOf(content, object.UaType ?? object.Type, depth + 1);
  }
  if (isExtensionObject(object)) return plainOf(object.Body, undefined, depth + 1);
  const fields = Object.entries(object).filter(([key]) => key !== "UaTypeId");
  return Object.fromEntries(fields.map(([key, item]) => [key, plainOf(item, undefined, depth + 1)]));
}

/** Integers of 64 bits come as texts. */
function integerOf(text: string): Scalar {
  if (!/^-?\d{1,20}$/.test(text)) return text;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function isVariant(object: JsonObject): boolean {
  const keys = Object.keys(object);
  const typed =
    Object.hasOwn(object, "UaType") || (Object.hasOwn(object, "Type") && Object.hasOwn(object, "Body"));
  return typed && keys.every((key) => DATA_VALUE.has(key));
}

function isLocalizedText(object: JsonObject): boolean {
  return (
    Object.hasOwn(object, "Text") && Object.keys(object).every((key) => key === "Text" || key === "Locale")
  );
}

function isExtensionObject(object: JsonObject): boolean {
  return Object.hasOwn(object, "TypeId") && Object.hasOwn(object, "Body");
}
