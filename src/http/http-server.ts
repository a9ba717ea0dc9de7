import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import path from "node:path";
import fastifyStatic from "@fastify/static";
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { GraphQLSchema } from "graphql";
import type { Registry } from "prom-client";
import type { Authenticator, Caller } from "../auth/authenticator.js";
import { hostIsLocal, originAllowed } from "../auth/origin.js";
import type { GraphQLContext } from "../graphql/context.js";
import type { Logger } from "../kernel/logger.js";
import { GraphQLHttp } from "./graphql-http.js";
import { GraphQLWs } from "./graphql-ws.js";
import { readiness } from "./health.js";

const GRAPHQL_PATH = "/graphql";
const LARGEST_BODY = 16 * 1_048_576;
const BODY_PROBLEMS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: "the body is not valid JSON",
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty: send JSON such as {"query": "..."}',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "send the body with the header Content-Type: application/json",
  FST_ERR_CTP_BODY_TOO_LARGE: `the body is larger than ${LARGEST_BODY} bytes`,
};
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** Where the built pages stand. */
  readonly webDir: string;
  readonly authenticator: Authenticator;
  /** AUTH=off: then only pages that this machine itself serves may call. */
  readonly localOnly: boolean;
  readonly allowedOrigins: readonly string[];
  /** Each part of the server with its problem, null while it is well. */
  readonly parts: () => Readonly<Record<string, string | null>>;
  /** Names of the sources that another server consumes. */
  readonly standby: () => readonly string[];
  readonly logger: Logger;
}

/** The port that all clients use. It answers health questions from the beginning, and GraphQL once there is a schema. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #app: FastifyInstance;
  #graphql: { http: GraphQLHttp; ws: GraphQLWs; contextOf: (caller: Caller) => GraphQLContext } | null = null;
  #metrics: Registry | null = null;
  readonly #callers = new WeakMap<FastifyRequest, Caller>();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#app = fastify({ bodyLimit: LARGEST_BODY, forceCloseConnections: true, trustProxy: false });
  }

  /** Begins to listen. @returns the URL. @throws with a sentence naming HTTP_PORT or HTTP_HOST. */
  async start(): Promise<string> {
    const { host, port } = this.#options;
    await this.#routes();
    this.#app.server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#onUpgrade(request, socket, head),
    );
    try {
      return await this.#app.listen({ host, port });
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === "EADDRINUSE")
        throw new Error(`HTTP_PORT ${port} is in use on ${host}: set HTTP_PORT to a free port`);
      if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
        throw new Error(`HTTP_HOST ${host} is no address of this machine: set HTTP_HOST`);
      }
      if (code === "EACCES")
        throw new Error(`HTTP_PORT ${port} needs rights that this user lacks: set HTTP_PORT`);
      throw error;
    }
  }

  /** Begins to answer GraphQL. */
  async serve(deps: {
    schema: GraphQLSchema;
    contextOf: (caller: Caller) => GraphQLContext;
    metrics: Registry;
  }): Promise<void> {
    const { authenticator, logger } = this.#options;
    const http = new GraphQLHttp({ schema: deps.schema, logger });
    await http.start();
    const ws = new GraphQLWs({
      schema: deps.schema,
      authenticator,
      contextOf: deps.contextOf,
      logger,
    });
    this.#metrics = deps.metrics;
    this.#graphql = { http, ws, contextOf: deps.contextOf };
  }

  get sockets(): number {
    return this.#graphql?.ws.connections ?? 0;
  }

  /** Ends sockets and answers what is being answered; goes on to tell health and metrics. Idempotent. */
  async stopServing(): Promise<void> {
    const graphql = this.#graphql;
    this.#graphql = null;
    await graphql?.ws.stop();
    await graphql?.http.stop();
  }

  /** Stops serving and listening. Idempotent. */
  async stop(): Promise<void> {
    await this.stopServing();
    await this.#app.close();
  }

  async #routes(): Promise<void> {
    const app = this.#app;
    app.setErrorHandler(async (error, _request, reply) => {
      const { code, statusCode = 500 } = error as FastifyError;
      if (statusCode < 500)
        return reply
          .code(statusCode)
          .send(problem("BAD_REQUEST", BODY_PROBLEMS[code] ?? "the request is malformed"));
      this.#options.logger.error({ error }, "a request failed");
      return reply.code(500).send(problem("INTERNAL_SERVER_ERROR", "internal error"));
    });
    app.addHook("onSend", async (request, reply) => {
      reply.header("x-content-type-options", "nosniff");
      reply.header("referrer-policy", "no-referrer");
      const { origin } = request.headers;
      // A page of an allowed origin may also read the answer.
      if (origin !== undefined && this.#options.allowedOrigins.includes(origin)) {
        reply.header("access-control-allow-origin", origin).header("vary", "origin");
      }
    });
    app.get("/healthz", async () => ({ status: "up" }));
    app.get<{ Querystring: { consuming?: string } }>("/readyz", async ({ query }, reply) => {
      const graphql = this.#graphql === null ? "not served" : null;
      const parts = { ...this.#options.parts(), graphql };
      const state = readiness({ parts, standby: this.#options.standby() }, query.consuming !== undefined);
      return reply.code(state.ready ? 200 : 503).send(state);
    });
    app.get("/metrics", async (_request, reply) => {
      if (!this.#metrics) return reply.code(503).send();
      return reply.type(this.#metrics.contentType).send(await this.#metrics.metrics());
    });
    app.get("/", async (_request, reply) => reply.redirect(GRAPHQL_PATH, 302));
    app.route({
      method: ["GET", "POST"],
      url: GRAPHQL_PATH,
      // Before the body is read: who may not call must not make the server parse megabytes.
      onRequest: (request, reply) => this.#admit(request, reply),
      handler: (request, reply) => this.#onGraphql(request, reply),
    });
    app.options(GRAPHQL_PATH, async (request, reply) => {
      if (!this.#mayCall(request.headers)) return reply.code(403).send();
      reply.header("access-control-allow-methods", "GET, POST");
      reply.header("access-control-allow-headers", "authorization, content-type");
      reply.header("access-control-max-age", "600");
      return reply.code(204).send();
    });
    const assets = path.join(this.#options.webDir, "assets");
    if (existsSync(assets)) {
      // Their names change with their content.
      await app.register(fastifyStatic, {
        root: assets,
        prefix: "/assets/",
        immutable: true,
        maxAge: "365d",
      });
    }
  }

  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (wantsPage(request)) return;
    if (!this.#mayCall(request.headers)) {
      await reply
        .code(403)
        .send(problem("FORBIDDEN", "pages of this origin may not call: see ALLOWED_ORIGINS"));
      return;
    }
    const caller = this.#options.authenticator.callerOf(request.headers.authorization);
    if (!caller) {
      const text = "send the header Authorization: Bearer <key>; the key stands in DATA_DIR/admin.key";
      await reply.code(401).header("www-authenticate", "Bearer").send(problem("UNAUTHENTICATED", text));
      return;
    }
    this.#callers.set(request, caller);
  }

  async #onGraphql(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (wantsPage(request)) return this.#page(reply);
    const caller = this.#callers.get(request);
    if (!this.#graphql || !caller) {
      await reply
        .code(503)
        .header("retry-after", "2")
        .send(problem("UNAVAILABLE", "the server is starting or stopping: see /readyz"));
      return;
    }
    await this.#graphql.http.handle(request, reply, this.#graphql.contextOf(caller));
  }

  #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Node leaves the socket to us: a reset that nobody listens to would end the process.
    const refuse = (status: string) =>
      socket
        .on("error", () => socket.destroy())
        .end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    if (request.url?.split("?")[0] !== GRAPHQL_PATH) refuse("404 Not Found");
    else if (!this.#mayCall(request.headers)) refuse("403 Forbidden");
    else if (!this.#graphql) refuse("503 Service Unavailable");
    else this.#graphql.ws.take(request, socket, head);
  }

  async #page(reply: FastifyReply): Promise<void> {
    const page = await readFile(path.join(this.#options.webDir, "graphiql.html")).catch(() => null);
    if (page === null) {
      await reply.code(404).type("text/plain").send("the pages are not built: run npm run build");
      return;
    }
    reply.header("content-security-policy", PAGE_POLICY).header("cache-control", "no-cache");
    await reply.type("text/html; charset=utf-8").send(page);
  }

  #mayCall(headers: IncomingMessage["headers"]): boolean {
    if (this.#options.localOnly && !hostIsLocal(headers.host)) return false;
    return originAllowed(headers.origin, headers.host, this.#options.allowedOrigins);
  }
}

function wantsPage(request: FastifyRequest): boolean {
  return request.method === "GET" && (request.headers.accept?.includes("text/html") ?? false);
}

function problem(code: string, message: string): object {
  return { errors: [{ message, extensions: { code } }] };
}
