// SQLSTATE classes 21 (one row twice), 22 (data), 23 (constraints) and 54 (too large).
const CLASSES = /^(?:21|22|23|54)/;

/** Whether the database refused what a message holds: asking again gives the same answer. */
export function isDataError(error: unknown): boolean {
  return CLASSES.test(String((error as { code?: unknown } | null)?.code ?? ""));
}
