import { keyProblem } from "../kernel/text.js";
import { type UserErrorValue, userError } from "../kernel/user-error.js";

/** Who asks, and the key that makes asking twice harmless. */
export interface Caller {
  readonly principal: string;
  readonly idempotencyKey: string | null;
  /** The system that the caller speaks for, such as an ERP's name. */
  readonly system: string | null;
}

export function authorOf({ principal, system }: Caller): { principal: string; system: string | null } {
  return { principal, system };
}

export function systemProblem({ system }: Caller): UserErrorValue | null {
  const problem = system === null ? null : keyProblem(system, 100);
  return problem === null ? null : userError("INVALID_INPUT", `system ${problem}`, ["system"]);
}
