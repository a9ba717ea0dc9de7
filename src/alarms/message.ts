import type { MESSAGE_FIELDS } from "../plant/alarm-rule.js";
import type { Scalar } from "../twin/sample.js";

/** What a template's `{...}` stand for. */
export type MessageFields = Readonly<Record<(typeof MESSAGE_FIELDS)[number], Scalar>>;

const LONGEST_VALUE = 200;
const DIGITS = 6;

/** Fills in a template. What is not known is left out, with the space before it. */
export function messageOf(template: string, fields: MessageFields): string {
  return template
    .replace(/( ?)\{(\w+)\}/g, (whole, space: string, name: string) => {
      if (!Object.hasOwn(fields, name)) return whole;
      const text = shown(fields[name as keyof MessageFields]);
      return text === "" ? "" : space + text;
    })
    .trim();
}

function shown(value: Scalar): string {
  if (value === null) return "";
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(DIGITS)));
  const text = String(value);
  // By characters: half of one cannot be stored.
  return text.length > LONGEST_VALUE ? `${Array.from(text).slice(0, LONGEST_VALUE).join("")}…` : text;
}
