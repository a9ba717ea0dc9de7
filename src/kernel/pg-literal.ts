const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Ids as an array that stands in a statement, where parameters cannot. @throws on anything that is no UUID */
export function uuidsLiteral(ids: Iterable<string>): string {
  const checked = [...ids];
  const wrong = checked.find((id) => !UUID.test(id));
  if (wrong !== undefined) throw new TypeError(`"${wrong}" is no UUID`);
  return `'{${checked.join(",")}}'::uuid[]`;
}

/** Whole numbers of 32 bits as an array that stands in a statement. @throws on anything else */
export function integersLiteral(values: Iterable<number>): string {
  const checked = [...values];
  const wrong = checked.find((value) => (value | 0) !== value);
  if (wrong !== undefined) throw new TypeError(`${wrong} is no integer`);
  return `'{${checked.join(",")}}'::int[]`;
}

/** Milliseconds since 1970 as a point in time that stands in a statement. @throws unless they are a whole number */
export function timeLiteral(ms: number): string {
  if (!Number.isSafeInteger(ms)) throw new TypeError(`${ms} are no milliseconds`);
  return `to_timestamp(${ms}::float8 / 1000)`;
}

/** Like `timeLiteral`, for many. */
export function timesLiteral(times: Iterable<number>): string {
  const checked = [...times];
  const wrong = checked.find((ms) => !Number.isSafeInteger(ms));
  if (wrong !== undefined) throw new TypeError(`${wrong} are no milliseconds`);
  return `'{${checked.join(",")}}'::float8[]`;
}
