// SQLSTATE classes 21 (one row twice), 22 (data), 23 (constraints) and 54 (too large), and 53200: samples of more days
// than the lock table has room for, which fewer messages at a time have not.
const CLASSES = /^(?:21|22|23|54|53200)/;

/** Whether the database refused what a message holds: asking again gives the same answer. */
export function isDataError(error: unknown): boolean {
  return CLASSES.test(String((error as { code?: unknown } | null)?.code ?? ""));
}

// Of the connection, of a server that starts, stops, lacks room or rights, or of two transactions in each other's way.
const PASSING = /^(?:08|25|40|53|55|57|58)/;

/** Whether asking again may give another answer: no SQLSTATE at all is a broken connection. */
export function isPassing(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || PASSING.test(code);
}
