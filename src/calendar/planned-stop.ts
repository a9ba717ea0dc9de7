import { storable, textProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";

/** A stop of equipment and all below it that people have planned while the server runs. */
export interface PlannedStop {
  readonly id: string;
  readonly equipmentId: string;
  readonly from: Date;
  readonly to: Date;
  readonly reason: string;
  readonly plannedBy: string;
  readonly plannedAt: Date;
  /** One that is cancelled never held. */
  readonly cancelledAt: Date | null;
  readonly cancelledBy: string | null;
}

export interface NewPlannedStop {
  /** A path. */
  readonly equipment: string;
  readonly from: Date;
  readonly to: Date;
  readonly reason: string;
}

const DAY_MS = 86_400_000;
/** A stop of years is a typing error that would empty all KPIs. */
const MOST_DAYS = 400;

/** What is wrong with a stop to be planned. */
export function stopProblems({ from, to, reason }: NewPlannedStop): UserErrorValue[] {
  const problems: UserErrorValue[] = [];
  const problem = (field: string, message: string) =>
    problems.push(userError("INVALID_INPUT", `${field} ${message}`, [field]));
  if (!storable(from)) problem("from", "must lie in the years 1 to 9999");
  if (!storable(to)) problem("to", "must lie in the years 1 to 9999");
  else if (to <= from) problem("to", "must be after from");
  else if (to.getTime() - from.getTime() > MOST_DAYS * DAY_MS)
    problem("to", `must be at most ${MOST_DAYS} days after from`);
  const wrong = textProblem(reason, 500);
  if (wrong !== null) problem("reason", wrong);
  return problems;
}
