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

/** The items of each key that any has, in their order. */
export function groupedBy<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
