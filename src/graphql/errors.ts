import { GraphQLError } from "graphql";
import type { Logger } from "../kernel/logger.js";

/**
 * What a client may see of an error. Expected ones are GraphQL errors and pass; a bug is logged with all it says,
 * and the client learns only that it happened.
 */
export function publicError(error: GraphQLError, logger: Logger): GraphQLError {
  const original = error.originalError;
  if (!original || original instanceof GraphQLError) return error;
  logger.error({ err: original, path: error.path }, "a resolver failed");
  return new GraphQLError("Internal server error", {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { code: "INTERNAL_SERVER_ERROR" },
  });
}
