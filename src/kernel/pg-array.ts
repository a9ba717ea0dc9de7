/**
 * Arrays as Postgres reads them in a text parameter, for `unnest`. The driver's own way quotes and escapes
 * every element, which on the hot path costs more than the insert.
 */
export function numberArray(values: readonly (number | bigint | null)[]): string {
  let text = "{";
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0) text += ",";
    const value = values[index];
    text += value === null || value === undefined ? "NULL" : value;
  }
  return `${text}}`;
}

export function booleanArray(values: readonly (boolean | null)[]): string {
  return `{${values.map((value) => (value === null ? "NULL" : value ? "t" : "f")).join(",")}}`;
}

export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map(quoted).join(",")}}`;
}

function quoted(value: string | null): string {
  return value === null ? "NULL" : `"${value.replace(/[\\"]/g, "\\$&")}"`;
}
