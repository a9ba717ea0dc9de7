/** The most of an order, a lot or a record: sums of many stay far from where whole numbers cease to be exact. */
const MOST = 1e12;
/** The most that is reported at once: a barcode that was scanned into the wrong field is more. */
export const MOST_REPORTED = 1e8;

/** Why a number cannot be a quantity; null when it can. @param limits.zero whether it may be 0. */
export function quantityProblem(value: number, { zero = false, most = MOST } = {}): string | null {
  if (zero && !(value >= 0)) return "must not be below 0";
  if (!zero && !(value > 0)) return "must be above 0";
  return value <= most ? null : `must be at most ${most.toLocaleString("en")}`;
}
