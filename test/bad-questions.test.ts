import { createClient } from "graphql-ws";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { startTestApp, type TestApp } from "./support/app.js";

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({});
});

afterAll(() => app?.stop());

const BOMB = `{ equipmentRoots ${"{ children { parent ".repeat(8)} { path } ${"} }".repeat(8)} }`;

test.each<[string, string, Record<string, unknown>, string, RegExp]>([
  ["a field that is not there", "{ nope }", {}, "GRAPHQL_VALIDATION_FAILED", /Cannot query field "nope"/],
  [
    "a path of the wrong type",
    "{ machine(path: 5) { path } }",
    {},
    "GRAPHQL_VALIDATION_FAILED",
    /EquipmentPath/,
  ],
  [
    "a variable that is no path",
    "query($path: EquipmentPath!) { machine(path: $path) { path } }",
    { path: "a//b" },
    "BAD_USER_INPUT",
    /Variable "\$path".*levels separated by \//,
  ],
  [
    "a variable left out",
    "query($path: EquipmentPath!) { machine(path: $path) { path } }",
    {},
    "BAD_USER_INPUT",
    /\$path/,
  ],
  ["a page below zero", "{ machines(first: -1) { totalCount } }", {}, "BAD_USER_INPUT", /first must be/],
  [
    "an unknown place",
    '{ machines(under: "nope") { totalCount } }',
    {},
    "BAD_USER_INPUT",
    /under: there is no equipment/,
  ],
  ["a cursor of nowhere", '{ orders(after: "nonsense") { totalCount } }', {}, "BAD_USER_INPUT", /after/],
  [
    "a topic with a wildcard",
    '{ previewMessage(topic: "a/#", payload: "") { problem } }',
    {},
    "BAD_USER_INPUT",
    /topic/,
  ],
  [
    "a subscription over HTTP",
    'subscription { commandChanged(id: "Command:1") { id } }',
    {},
    "BAD_REQUEST",
    /subscription/i,
  ],
  ["lists within lists within lists", BOMB, {}, "QUERY_TOO_LARGE", /smaller pages/],
])("%s is answered with what is wrong", async (_, query, variables, code, message) => {
  const { errors } = await app.ask(query, variables);
  expect(errors?.[0]?.message).toMatch(message);
  expect(errors?.[0]?.extensions?.code).toBe(code);
});

test.each<[string, string, Record<string, unknown>, string, RegExp]>([
  ["no GraphQL", "subscription {", {}, "GRAPHQL_PARSE_FAILED", /Syntax Error/],
  ["a field that is not there", "subscription { nope }", {}, "GRAPHQL_VALIDATION_FAILED", /field "nope"/],
  [
    "two operations",
    "query A { __typename } query B { __typename }",
    {},
    "OPERATION_RESOLUTION_FAILURE",
    /operationName/,
  ],
  [
    "a variable that is no path",
    "subscription($path: EquipmentPath!) { machineChanged(path: $path) { kind } }",
    { path: "a//b" },
    "BAD_USER_INPUT",
    /Variable "\$path"/,
  ],
  [
    "an unknown place",
    'subscription { downtimeChanged(under: "nope") { id } }',
    {},
    "BAD_USER_INPUT",
    /under/,
  ],
])(
  "%s over WebSocket is answered with what is wrong, and leaves the socket open",
  async (_, query, variables, code, message) => {
    const closed: unknown[] = [];
    const client = createClient({
      url: `${app.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      lazy: false,
      retryAttempts: 0,
      on: { closed: (event) => closed.push(event) },
    });
    const problem = await new Promise<unknown>((resolve) =>
      client.subscribe({ query, variables }, { next: resolve, error: resolve, complete: () => undefined }),
    );
    const [error] = (Array.isArray(problem) ? problem : (problem as { errors: unknown[] }).errors) as {
      message: string;
      extensions?: { code: string };
    }[];
    expect(error?.message).toMatch(message);
    expect(error?.extensions?.code).toBe(code);
    const answers = client.iterate({ query: "{ machines { totalCount } }" });
    expect((await answers.next()).value).toEqual({ data: { machines: { totalCount: 0 } } });
    expect(closed).toEqual([]);
    await client.dispose();
  },
);
