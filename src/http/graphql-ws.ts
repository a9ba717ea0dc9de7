import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import {
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  subscribe,
} from "graphql";
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
    this.#graphql = useServer(
      {
        schema: deps.schema,
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
          errors
            ? { data: data ?? null, errors: errors.map((error) => publicError(error, deps.logger).toJSON()) }
            : undefined,
        onError: (_context, _id, _payload, errors) =>
          errors.map((error) => publicError(error, deps.logger).toJSON()),
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
