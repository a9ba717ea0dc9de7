import { Field, InputType, Int } from "type-graphql";
import type { GraphQLContext } from "../graphql/context.js";
import type { Caller } from "./caller.js";

/** The field `idempotencyKey` of an input. */
export const IdempotencyKeyField = Field(() => String, {
  nullable: true,
  description: "Makes sending it twice harmless.",
});

/** The field `system` of an input. @param keeper what keeps it. */
export function SystemField(keeper: string): PropertyDecorator {
  const description = `The system that says so, such as a terminal's name; kept with ${keeper}.`;
  return Field(() => String, { nullable: true, description });
}

/** An input that is about an operation. */
@InputType()
export abstract class OfOperationInput {
  @Field(() => String, { description: "The order's number." })
  order!: string;

  @Field(() => Int, { description: "The operation's place in the order." })
  sequence!: number;
}

/** Who asks by an input that has an idempotency key and may name a system. */
export function callerOf(
  input: { readonly idempotencyKey?: string | null; readonly system?: string | null },
  context: GraphQLContext,
): Caller {
  return {
    principal: context.principal.name,
    idempotencyKey: input.idempotencyKey ?? null,
    system: input.system ?? null,
  };
}
