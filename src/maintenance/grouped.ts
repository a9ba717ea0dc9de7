/** The items of each key, in their order; in the order of `keys`. */
export function grouped<Item>(
  keys: readonly string[],
  items: Iterable<Item>,
  keyOf: (item: Item) => string | null,
): Item[][] {
  const groups = new Map<string, Item[]>(keys.map((key) => [key, []]));
  for (const item of items) groups.get(keyOf(item) ?? "")?.push(item);
  return keys.map((key) => groups.get(key) ?? []);
}
