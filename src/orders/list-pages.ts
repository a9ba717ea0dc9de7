import { grouped } from "../kernel/grouped.js";

/** A page of one list among several that are read at once. */
export interface ListPage<Row> {
  readonly items: readonly Row[];
  readonly hasMore: boolean;
  /** Counted only when asked. */
  readonly total: () => Promise<number>;
}

/**
 * The same page of several lists, in the order of their ids.
 * @param rows of all lists, each in its order, with one more at the far side where a list has more.
 */
export function listPages<Row>(
  ids: readonly string[],
  rows: readonly Row[],
  listOf: (row: Row) => string,
  request: { readonly limit: number; readonly fromEnd: boolean },
  count: (id: string) => Promise<number>,
): ListPage<Row>[] {
  const found = grouped(ids, rows, listOf);
  return ids.map((id, index) => {
    const own = found[index] ?? [];
    const hasMore = own.length > request.limit;
    const items = hasMore ? (request.fromEnd ? own.slice(1) : own.slice(0, -1)) : own;
    return { items, hasMore, total: () => count(id) };
  });
}
