import { keyProblem, storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";
import { quantityProblem } from "../orders/quantity.js";

/** A lot as a caller names it. */
export interface LotName {
  readonly number: string;
  readonly material: string;
}

/** So much of a lot. */
export interface LotAmount extends LotName {
  readonly quantity: number;
  readonly unit: string;
  readonly serials: readonly string[];
}

export interface ProducedAmount extends LotAmount {
  /** The lots that it was made from; null: all that the operation consumes. */
  readonly from: readonly LotName[] | null;
}

const MOST_LOTS = 1_000;
const MOST_SERIALS = 10_000;

/** All that is wrong with a list of lots, each error naming its place. */
export function lotProblems(lots: readonly ProducedAmount[], field: string): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  if (lots.length === 0 || lots.length > MOST_LOTS) {
    problems.push(userError("INVALID_INPUT", `${field} must have 1 to ${MOST_LOTS} items`, [field]));
  }
  const things = new Set<string>();
  for (const [index, lot] of lots.entries()) {
    const at = [field, String(index)];
    problems.push(...nameProblems(lot, at), ...amountProblems(lot, at), ...thingProblems(lot, at, things));
    for (const [place, from] of (lot.from ?? []).entries()) {
      problems.push(...nameProblems(from, [...at, "from", String(place)]));
    }
  }
  return problems;
}

/** All that is wrong with splitting a lot into parts, or merging it from them. */
export function partProblems(
  lot: LotName,
  parts: readonly { readonly number: string; readonly quantity: number }[],
  field: string,
): UserErrorValue[] {
  const problems = nameProblems(lot, []);
  const refuse = (problem: string, at: readonly string[]) =>
    problems.push(userError("INVALID_INPUT", problem, at));
  if (parts.length === 0 || parts.length > MOST_LOTS) {
    refuse(`${field} must have 1 to ${MOST_LOTS} items`, [field]);
  }
  const seen = new Set([lot.number]);
  for (const [index, { number, quantity }] of parts.entries()) {
    const at = [field, String(index)];
    const wrong = keyProblem(number, 100);
    if (wrong !== null) refuse(`lot ${wrong}`, [...at, "lot"]);
    if (seen.has(number)) refuse(`lot ${number} is there twice`, [...at, "lot"]);
    seen.add(number);
    const much = quantityProblem(quantity);
    if (much !== null) refuse(`quantity ${much}`, [...at, "quantity"]);
  }
  return problems;
}

/** What is wrong with a lot's number or material. */
function nameProblems(name: LotName, at: readonly string[]): UserErrorValue[] {
  const number = keyProblem(name.number, 100);
  const material = keyProblem(name.material, 500);
  return [
    ...(number === null ? [] : [userError("INVALID_INPUT", `lot ${number}`, [...at, "lot"])]),
    ...(material === null ? [] : [userError("INVALID_INPUT", `material ${material}`, [...at, "material"])]),
  ];
}

function amountProblems(lot: LotAmount, at: readonly string[]): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  const refuse = (field: string, problem: string | null) => {
    if (problem !== null) problems.push(userError("INVALID_INPUT", `${field} ${problem}`, [...at, field]));
  };
  refuse("quantity", quantityProblem(lot.quantity));
  refuse("unit", keyProblem(lot.unit, 32));
  const wrong = lot.serials.map((serial) => keyProblem(serial, 200)).find((problem) => problem !== null);
  refuse("serials", wrong ?? null);
  refuse("serials", lot.serials.length > MOST_SERIALS ? `must be at most ${MOST_SERIALS}` : null);
  return problems;
}

/** What is moved twice by one request. @param things those before, to which these are added. */
function thingProblems(lot: LotAmount, at: readonly string[], things: Set<string>): UserErrorValue[] {
  let twice: string | null = null;
  for (const serial of lot.serials) {
    const thing = JSON.stringify([lot.material, serial]);
    if (things.has(thing)) twice ??= serial;
    things.add(thing);
  }
  if (twice === null) return [];
  return [userError("INVALID_INPUT", `serials: ${twice} is there twice`, [...at, "serials"])];
}

export function timeProblem(at: Date | null, now: number): UserErrorValue | null {
  if (at === null) return null;
  if (!storable(at)) return userError("INVALID_INPUT", "at is not in the years 1 to 9999", ["at"]);
  return at.getTime() > now ? userError("INVALID_INPUT", "at must not be in the future", ["at"]) : null;
}

export function reasonProblem(reason: string): UserErrorValue | null {
  const problem = textProblem(reason, 1_000);
  return problem === null ? null : userError("INVALID_INPUT", `reason ${problem}`, ["reason"]);
}
