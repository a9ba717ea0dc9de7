import { GraphQLError } from "graphql";
import type { Logger } from "../kernel/logger.js";

/**
 * What a client may see of an error. Expected ones are GraphQL errors and pass; what helps to try again is UNAVAILABLE;
 * a bug is logged with all it says, and the client learns only that it happened.
 */
export function publicError(error: GraphQLError, logger: Logger): GraphQLError {
  const original = error.originalError;
  // Without a path it comes from reading the request, and tells what is wrong with it.
  if (error.path === undefined || !original || original instanceof GraphQLError) return error;
  if (isDatabaseAway(original)) {
    logger.warn({ err: original, path: error.path }, "the database is away");
    return shown(error, "The database is away: try again later", "UNAVAILABLE");
  }
  if (namesNewMachine(original)) {
    logger.warn({ err: original, path: error.path }, "a machine is not stored yet");
    return shown(
      error,
      "The machine was discovered this moment and is not stored yet: try again",
      "UNAVAILABLE",
    );
  }
  logger.error({ err: original, path: error.path }, "a resolver failed");
  return shown(error, "Internal server error", "INTERNAL_SERVER_ERROR");
}

function shown(error: GraphQLError, message: string, code: string): GraphQLError {
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { code },
  });
}

/** No connection, a broken one, or a server that starts or stops (SQLSTATE classes 08 and 57P). */
function isDatabaseAway(error: Error): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|08...|57P0[123])$/.test(code))
    return true;
  return /^(?:Connection terminated|timeout exceeded when trying to connect)/.test(error.message);
}

/** Machines are shown as soon as they are heard, and stored with the batch of what they said (SQLSTATE 23503). */
function namesNewMachine(error: Error): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return code === "23503" && typeof constraint === "string" && constraint.endsWith("_machine_id_fkey");
}
