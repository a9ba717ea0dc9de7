import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import {
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  parse,
  subscribe,
  validate,
} from "graphql";
import type { SubscribePayload } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Authenticator, Caller } from "../auth/authenticator.js";
import type { GraphQLContext } from "../graphql/context.js";
import { publicError } from "../graphql/errors.js";
import { costProblem } from "../graphql/query-cost.js";
import type { Logger } from "../kernel/logger.js";

const LARGEST_MESSAGE = 1_048_576;
const PING_MS = 12_000;

/** GraphQL over WebSocket (graphql-transport-ws) on the path of GraphQL over HTTP. */
export class GraphQLWs {
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE,
    // Small messages in great number: packing each would cost more than it saves.
    perMessageDeflate: false,
  });
  readonly #graphql: { dispose: () => void | Promise<void> };

  constructor(deps: {
    schema: GraphQLSchema;
    authenticator: Authenticator;
    contextOf: (caller: Caller) => GraphQLContext;
    logger: Logger;
  }) {
    const callerOf = (params: Readonly<Record<string, unknown>> | undefined) =>
      deps.authenticator.callerOf(params?.authorization ?? params?.Authorization);
    const shown = (error: GraphQLError) => publicError(withCode(error), deps.logger).toJSON();
    this.#graphql = useServer(
      {
        onSubscribe: (_context, _id, payload) => questionOf(deps.schema, payload),
        // false closes the socket with 4403 Forbidden.
        onConnect: ({ connectionParams }) => callerOf(connectionParams) !== null,
        context: ({ connectionParams }) => {
          const caller = callerOf(connectionParams);
          if (!caller) throw new GraphQLError("not signed in", { extensions: { code: "UNAUTHENTICATED" } });
          return deps.contextOf(caller);
        },
        execute: (args) => refusal(args) ?? execute(args),
        subscribe: (args) => refusal(args) ?? subscribe(args),
        onNext: (_context, _id, _payload, _args, { errors, data }) =>
          errors ? { data: data ?? null, errors: errors.map(shown) } : undefined,
        onError: (_context, _id, _payload, errors) => errors.map(shown),
      },
      this.#sockets,
      PING_MS,
    );
  }

  get connections(): number {
    return this.#sockets.clients.size;
  }

  /** Takes over a WebSocket handshake. */
  take(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (opened) =>
      this.#sockets.emit("connection", opened, request),
    );
  }

  /** Ends all sockets with 1001 (going away), so that clients come back. */
  async stop(): Promise<void> {
    await this.#graphql.dispose();
  }
}

function refusal(args: ExecutionArgs): ExecutionResult | null {
  const { schema, document, operationName, variableValues: variables } = args;
  const problem = costProblem({ schema, document, operationName, variables });
  return problem && { errors: [problem] };
}

/**
 * Reads and checks what is asked, with the codes that HTTP answers with.
 * @returns what to execute, or what is wrong: a question that cannot be read must not end the socket of the others.
 */
function questionOf(schema: GraphQLSchema, payload: SubscribePayload): ExecutionArgs | GraphQLError[] {
  const { query, operationName, variables } = payload;
  let document: ExecutionArgs["document"];
  try {
    document = parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return [coded(error, "GRAPHQL_PARSE_FAILED")];
    throw error;
  }
  const problems = validate(schema, document);
  if (problems.length > 0) return problems.map((problem) => coded(problem, "GRAPHQL_VALIDATION_FAILED"));
  if (!getOperationAST(document, operationName)) {
    const message = operationName
      ? `there is no operation "${operationName}"`
      : "operationName must say which to run";
    return [new GraphQLError(message, { extensions: { code: "OPERATION_RESOLUTION_FAILURE" } })];
  }
  return { schema, document, operationName: operationName ?? null, variableValues: variables ?? null };
}

/** Variables that do not fit are found when an operation begins. */
function withCode(error: GraphQLError): GraphQLError {
  const aboutVariable = error.nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION;
  return aboutVariable && error.extensions.code === undefined ? coded(error, "BAD_USER_INPUT") : error;
}

function coded(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    extensions: { ...error.extensions, code },
  });
}
