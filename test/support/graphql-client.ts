import { type Client, createClient } from "graphql-ws";
import WebSocket from "ws";

export interface GraphQLAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of many shapes
  readonly data: any;
  readonly errors?: readonly { message: string; path?: string[]; extensions?: Record<string, unknown> }[];
}

/** An operation with its generated types. */
export interface Operation<Result, Variables> {
  toString(): string;
  readonly __apiType?: (variables: Variables) => Result;
}

export interface Followed {
  readonly events: GraphQLAnswer[];
  /** What ended the subscription: the errors of the operation, or the close event of the socket. */
  readonly problem: unknown;
  readonly completed: boolean;
  stop(): void;
}

/** Asks and follows one server. */
export interface GraphQLClient {
  /** POSTs a document. */
  ask(query: string, variables?: Record<string, unknown>): Promise<GraphQLAnswer>;
  /** POSTs a generated operation; rejects when the answer has errors. */
  run<Result, Variables extends object>(
    operation: Operation<Result, Variables>,
    variables: Variables,
  ): Promise<Result>;
  /** Collects what a generated subscription brings. */
  collect<Result, Variables extends object>(
    operation: Operation<Result, Variables>,
    variables: Variables,
  ): Result[];
  /** Opens a subscription over a graphql-ws socket of its own and collects what comes. */
  follow(query: string, variables?: Record<string, unknown>): Followed;
  /** Closes all sockets. */
  close(): Promise<void>;
}

/**
 * @param url where the server answers, without `/graphql`.
 * @param key sent as bearer token where given.
 */
export function graphqlClient(url: string, key?: string): GraphQLClient {
  const sockets: Client[] = [];
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const client: GraphQLClient = {
    async run(operation, variables) {
      const answer = await client.ask(operation.toString(), variables as Record<string, unknown>);
      if (answer.errors) throw new Error(JSON.stringify(answer.errors));
      return answer.data;
    },
    collect(operation, variables) {
      const followed = client.follow(operation.toString(), variables as Record<string, unknown>);
      const push = followed.events.push.bind(followed.events);
      const collected: (typeof followed.events)[number]["data"][] = [];
      followed.events.push = (...events) => {
        for (const event of events) collected.push(event.data);
        return push(...events);
      };
      return collected;
    },
    async ask(query, variables = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...authorization },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as GraphQLAnswer;
    },
    follow(query, variables = {}) {
      const socket = createClient({
        url: `${url.replace("http", "ws")}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: authorization,
        retryAttempts: 0,
        lazy: true,
      });
      sockets.push(socket);
      const followed = {
        events: [] as GraphQLAnswer[],
        problem: null as unknown,
        completed: false,
        stop: () => {},
      };
      followed.stop = socket.subscribe(
        { query, variables },
        {
          next: (event) => followed.events.push(event as GraphQLAnswer),
          error: (problem) => {
            followed.problem = problem;
          },
          complete: () => {
            followed.completed = true;
          },
        },
      );
      return followed;
    },
    async close() {
      for (const socket of sockets.splice(0)) await socket.dispose();
    },
  };
  return client;
}
