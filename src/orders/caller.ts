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

/** A mutation's call as idempotency keys know it: the system is a part of what was sent. */
export function callOf(
  { principal, idempotencyKey: key, system }: Caller,
  operation: string,
  input: unknown,
) {
  return { principal, key, operation, input: system === null ? input : { system, input } };
}

export function systemProblem({ system }: Caller): UserErrorValue | null {
  const problem = system === null ? null : keyProblem(system, 100);
  return problem === null ? null : userError("INVALID_INPUT", `system ${problem}`, ["system"]);
}
