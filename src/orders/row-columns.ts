import { textArray } from "../kernel/pg-array.js";

type Cell = string | number | boolean | Date | null;

/** By column. */
export type Row = Readonly<Record<string, Cell>>;

/** The columns of a table as many rows are written to it at once. */
export interface RowColumns {
  readonly names: readonly string[];
  /** What stands behind FROM: `unnest` of one parameter per column. */
  readonly source: string;
}

/** @param definition columns with their types, such as `id uuid, due_at timestamptz`. */
export function rowColumns(definition: string): RowColumns {
  const columns = definition.split(",").map((column) => {
    const [name = "", ...type] = column.trim().split(/\s+/);
    return { name, type: type.join(" ") };
  });
  const parameters = columns.map(({ type }, index) => `$${index + 1}::${type}[]`);
  return { names: columns.map(({ name }) => name), source: `unnest(${parameters.join(", ")})` };
}

/** The parameters of `source`: Postgres reads a text array as an array of any type. */
export function arraysOf({ names }: RowColumns, rows: readonly Row[]): string[] {
  return names.map((name) => textArray(rows.map((row) => textOf(row[name] ?? null))));
}

function textOf(cell: Cell): string | null {
  if (cell === null || typeof cell === "string") return cell;
  return cell instanceof Date ? cell.toISOString() : String(cell);
}
