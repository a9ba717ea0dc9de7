import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { type Client, createClient } from "graphql-ws";

/** How the server closes a socket whose key it does not accept (graphql-ws: Unauthorized, Forbidden). */
const REFUSED_CLOSE_CODES = new Set([4401, 4403]);

interface Connection {
  fetcher: Fetcher;
  socket: Client;
}

/**
 * Queries and mutations by POST, subscriptions by graphql-ws, both to /graphql and with the same key.
 * `onRefused` is called whenever the server does not accept the key, or asks for one.
 */
export function connect(key: string | null, onRefused: () => void): Connection {
  const authorization = key === null ? null : `Bearer ${key}`;
  const url = new URL("/graphql", location.href);

  const fetchWithKey: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (authorization !== null && !headers.has("authorization")) headers.set("authorization", authorization);
    const response = await fetch(input, { ...init, headers });
    if (response.status === 401) onRefused();
    return response;
  };

  const socket = createClient({
    url: url.href.replace(/^http/, "ws"),
    connectionParams: authorization === null ? {} : { authorization },
    on: {
      closed: (event) => {
        if (event instanceof CloseEvent && REFUSED_CLOSE_CODES.has(event.code)) onRefused();
      },
    },
  });

  const fetcher = createGraphiQLFetcher({
    url: url.href,
    fetch: fetchWithKey,
    wsClient: socket,
    enableIncrementalDelivery: false,
  });
  return { fetcher, socket };
}
