import { booleanArray, numberArray, textArray } from "../kernel/pg-array.js";
import type { Scalar } from "./sample.js";

/** The four columns that hold one value; all null is the value null. */
export interface ValueColumns {
  value_double: number | null;
  value_bigint: string | null;
  value_boolean: boolean | null;
  value_text: string | null;
}

export function scalarOf(row: ValueColumns): Scalar {
  if (row.value_double !== null) return row.value_double;
  if (row.value_text !== null) return row.value_text;
  if (row.value_boolean !== null) return row.value_boolean;
  return row.value_bigint === null ? null : BigInt(row.value_bigint);
}

/** Values spread over the four columns, as parameters for unnest. */
export function valueArrays(values: readonly Scalar[]): [string, string, string, string] {
  return [
    numberArray(values.map((value) => (typeof value === "number" ? value : null))),
    numberArray(values.map((value) => (typeof value === "bigint" ? value : null))),
    booleanArray(values.map((value) => (typeof value === "boolean" ? value : null))),
    textArray(values.map((value) => (typeof value === "string" ? value : null))),
  ];
}
