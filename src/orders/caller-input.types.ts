import type { GraphQLContext } from "../graphql/context.js";
import type { Caller } from "./caller.js";

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
