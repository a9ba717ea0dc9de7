import { readFileSync } from "node:fs";
import { buildSchema, getIntrospectionQuery, parse } from "graphql";
import { expect, test } from "vitest";
import { costProblem } from "./query-cost.js";

const schema = buildSchema(readFileSync("schema/schema.graphql", "utf8"));
const problem = (query: string, variables = {}) => costProblem({ schema, document: parse(query), variables });

test.each([
  ["what a tool asks to know the schema", getIntrospectionQuery()],
  [
    "all machines with their metrics",
    "{ machines(first: 1000) { edges { node { path metrics { name value } } } } }",
  ],
  [
    "the whole hierarchy",
    "{ equipmentRoots { children { path ... on EquipmentGroup { children { path ... on EquipmentGroup { children { path } } } } } } }",
  ],
  [
    "orders with their operations",
    "{ orders(first: 500) { edges { node { number operations { name machine { path } } } } } }",
  ],
])("lets through: %s", (_, query) => {
  expect(problem(query)).toBeNull();
});

test.each([
  [
    "groups of groups of groups",
    `{ equipmentRoots ${"{ children { parent ".repeat(6)} { path } ${"} }".repeat(6)} }`,
  ],
  [
    "commands of the machines of commands",
    "query($n: Int) { machines(first: $n) { edges { node { commands(first: $n) { edges { node { id } } } } } } }",
  ],
])("refuses: %s", (_, query) => {
  expect(problem(query, { n: 1000 })).toMatchObject({ extensions: { code: "QUERY_TOO_LARGE" } });
});

test("a page counts as large as it is asked for", () => {
  const query =
    "query($n: Int) { machines(first: $n) { edges { node { commands(first: $n) { edges { node { id } } } } } } }";
  expect(problem(query, { n: 50 })).toBeNull();
});

test("what is wrong with variables is left for execution to tell", () => {
  expect(problem("query($n: Int) { machines(first: $n) { totalCount } }", { n: "many" })).toBeNull();
});

test("a page within an input counts as well, and the objects of a list are not looked through", () => {
  const query =
    "query($n: Int) { machines(first: $n) { edges { node { commands(first: $n) { edges { node { id } } } } } } }";
  const order = new Proxy({}, { ownKeys: () => expect.fail("looked into an order") });
  expect(problem(query, { n: 1000, orders: [order] })).toMatchObject({
    extensions: { code: "QUERY_TOO_LARGE" },
  });
  const upsert =
    "mutation($input: UpsertOrdersInput!) { upsertOrders(input: $input) { results { number } } }";
  expect(problem(upsert, { input: { orders: [order], system: "erp" } })).toBeNull();
});
