/** The enum object that `registerEnumType` wants, of a list of names. */
export function enumOf<const Names extends readonly string[]>(
  names: Names,
): { [Name in Names[number]]: Name } {
  return Object.fromEntries(names.map((name) => [name, name])) as { [Name in Names[number]]: Name };
}
