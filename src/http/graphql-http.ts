import { ApolloServer, type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled } from "@apollo/server/plugin/disabled";
import type { FastifyReply, FastifyRequest } from "fastify";
import { GraphQLError, type GraphQLSchema } from "graphql";
import type { GraphQLContext } from "../graphql/context.js";
import { publicError } from "../graphql/errors.js";
import { costProblem } from "../graphql/query-cost.js";
import type { Logger } from "../kernel/logger.js";

const admission: ApolloServerPlugin<GraphQLContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ schema, document, operation, operationName, request }) {
        if (operation?.operation === "subscription") {
          const message = "subscriptions run over WebSocket (graphql-transport-ws) on this same path";
          throw new GraphQLError(message, { extensions: { code: "BAD_REQUEST" } });
        }
        const problem = costProblem({ schema, document, operationName, variables: request.variables });
        if (problem) throw problem;
      },
    };
  },
};

/** GraphQL over HTTP (POST with JSON, and GET for queries). */
export class GraphQLHttp {
  readonly #apollo: ApolloServer<GraphQLContext>;

  constructor(deps: { schema: GraphQLSchema; logger: Logger }) {
    const { logger } = deps;
    this.#apollo = new ApolloServer<GraphQLContext>({
      schema: deps.schema,
      introspection: true,
      includeStacktraceInErrorResponses: false,
      persistedQueries: false,
      // The default cache control wraps every field of the schema.
      plugins: [ApolloServerPluginCacheControlDisabled(), admission],
      formatError: (formatted, error) => {
        if (!(error instanceof GraphQLError)) return formatted;
        const shown = publicError(error, logger);
        return shown === error ? formatted : shown.toJSON();
      },
      logger: {
        debug: (message: string) => logger.debug({}, message),
        info: (message: string) => logger.debug({}, message),
        warn: (message: string) => logger.warn({}, message),
        error: (message: string) => logger.error({}, message),
      },
      stopOnTerminationSignals: false,
    });
  }

  start(): Promise<void> {
    return this.#apollo.start();
  }

  stop(): Promise<void> {
    return this.#apollo.stop();
  }

  async handle(request: FastifyRequest, reply: FastifyReply, context: GraphQLContext): Promise<void> {
    const headers = new HeaderMap();
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
    const response = await this.#apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method,
        headers,
        search: new URL(request.url, "http://server").search,
        body: request.body,
      },
      context: async () => context,
    });
    reply.code(response.status ?? 200);
    for (const [name, value] of response.headers) reply.header(name, value);
    if (response.body.kind !== "complete") throw new Error("incremental delivery is not offered");
    await reply.send(response.body.string);
  }
}
