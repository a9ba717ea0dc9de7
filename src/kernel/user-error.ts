/** Why a mutation did not do what was asked. */
export const USER_ERROR_CODES = [
  "NOT_FOUND",
  "INVALID_INPUT",
  "INVALID_TRANSITION",
  "VERSION_CONFLICT",
  "IDEMPOTENCY_KEY_REUSED",
  "MACHINE_OFFLINE",
  "MACHINE_BUSY",
  "MACHINE_LOCKED_OUT",
  "COMMAND_UNKNOWN",
  "PRECONDITION_FAILED",
  "FORBIDDEN",
] as const;
export type UserErrorCode = (typeof USER_ERROR_CODES)[number];

/** An expected failure, told to the caller. */
export interface UserErrorValue {
  readonly code: UserErrorCode;
  readonly message: string;
  /** The input field concerned, outermost first, such as `["orders", "3", "quantity"]`; null when none is. */
  readonly field: readonly string[] | null;
}

export function userError(
  code: UserErrorCode,
  message: string,
  field: readonly string[] | null = null,
): UserErrorValue {
  return { code, message, field };
}
