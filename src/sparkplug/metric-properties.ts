import type { Quality } from "../twin/sample.js";
import { type PropertyMeaning, propertyValueOf } from "./metric-value.js";
import type { PropertySet, PropertyValue } from "./payload.js";

/** What a birth's properties tell of a metric beside its value; null: nothing. The keys are those that edge nodes in use send. */
export interface MetricDescription {
  /** Engineering unit. */
  readonly unit: string | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Whether it may be written; Sparkplug itself allows every metric to be. */
  readonly writable: boolean | null;
}

/** What a unit can be. */
const PRINTABLE = /^[^\p{Control}]{1,100}$/u;
const NOT_DESCRIBED: MetricDescription = { unit: null, low: null, high: null, writable: null };
const UNITS = new Set(["engunit", "engunits", "engineeringunit", "engineeringunits", "unit", "units", "uom"]);

/**
 * The quality that a metric's properties tell. Without the property it is GOOD; 500 (stale) is UNCERTAIN. Codes that
 * Sparkplug does not know are read as those of OPC.
 */
export function qualityOf(properties: PropertySet | null): Quality {
  if (properties === null) return "GOOD";
  const index = properties.keys.findIndex((key) => key === "Quality" || key === "quality");
  if (index < 0) return "GOOD";
  const code = numberOf(properties.values[index]);
  if (code === null) return "UNCERTAIN";
  if (code >= 192 && code <= 255) return "GOOD";
  return code >= 0 && code < 64 ? "BAD" : "UNCERTAIN";
}

/** What the properties of a metric in a birth tell of it. */
export function describedBy(properties: PropertySet | null): MetricDescription {
  if (properties === null) return NOT_DESCRIBED;
  let { unit, low, high, writable } = NOT_DESCRIBED;
  for (const [index, key] of properties.keys.entries()) {
    const value = properties.values[index];
    const name = key.toLowerCase().replace(/[^a-z]/g, "");
    if (UNITS.has(name)) unit ??= textOf(value);
    else if (name === "englow") low = numberOf(value);
    else if (name === "enghigh") high = numberOf(value);
    else if (name === "readonly") writable = negated(flagOf(value));
    else if (name === "writable" || name === "writeable") writable ??= flagOf(value);
  }
  return { unit, low, high, writable };
}

function textOf(value: PropertyValue | undefined): string | null {
  const text = meaningOf(value);
  return typeof text === "string" && PRINTABLE.test(text) ? text : null;
}

function flagOf(value: PropertyValue | undefined): boolean | null {
  const flag = meaningOf(value);
  return typeof flag === "boolean" ? flag : null;
}

function numberOf(value: PropertyValue | undefined): number | null {
  const number = meaningOf(value);
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

function meaningOf(value: PropertyValue | undefined): PropertyMeaning {
  if (value === undefined) return null;
  const meaning = propertyValueOf(value);
  return meaning.ok ? meaning.value : null;
}

function negated(flag: boolean | null): boolean | null {
  return flag === null ? null : !flag;
}
