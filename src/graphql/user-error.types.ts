import { Field, ObjectType, registerEnumType } from "type-graphql";
import { USER_ERROR_CODES, type UserErrorCode, type UserErrorValue } from "../kernel/user-error.js";
import { enumOf } from "./enums.js";

export const UserErrorCodeEnum = enumOf(USER_ERROR_CODES);
registerEnumType(UserErrorCodeEnum, {
  name: "UserErrorCode",
  description: "Why a mutation did not do what was asked.",
  valuesConfig: {
    NOT_FOUND: { description: "What the input names does not exist." },
    INVALID_INPUT: { description: "A value of the input cannot be; field names it." },
    INVALID_TRANSITION: { description: "The object's status does not allow this step." },
    VERSION_CONFLICT: { description: "Someone else changed the object since the expected version." },
    IDEMPOTENCY_KEY_REUSED: { description: "The key was used before with another input." },
    MACHINE_OFFLINE: { description: "The machine is offline or was never heard." },
    MACHINE_BUSY: { description: "Another operation runs on the machine." },
    MACHINE_LOCKED_OUT: { description: "A maintenance order with lockout is in progress." },
    COMMAND_UNKNOWN: { description: "The machine's type declares no such command." },
    PRECONDITION_FAILED: {
      description: "The twin is not at the expected revision, or another condition does not hold.",
    },
    FORBIDDEN: { description: "The caller may not do this." },
  },
});

@ObjectType({ description: "An expected failure of a mutation." })
export class UserError implements UserErrorValue {
  @Field(() => UserErrorCodeEnum, { description: "For programs." })
  code!: UserErrorCode;

  @Field(() => String, { description: "For people." })
  message!: string;

  @Field(() => [String], { nullable: true, description: "The input field concerned, outermost first." })
  field!: string[] | null;
}
