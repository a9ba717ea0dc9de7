import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isListType,
  isNonNullType,
} from "graphql";
import {
  type ComplexityEstimator,
  fieldExtensionsEstimator,
  getComplexity,
  simpleEstimator,
} from "graphql-query-complexity";
import { DEFAULT_PAGE } from "./page-size.js";

/** The most objects and values that one operation may make the server look at, by estimate. */
const LARGEST_COST = 250_000;
/** What a list without a limit is taken to hold. */
const ITEMS_OF_A_LIST = 10;

/** For fields that say nothing themselves: connections cost their page, other lists ten times their items, everything else one more than what is below it. */
const byListSize: ComplexityEstimator = ({ field, args, childComplexity, node }) => {
  if (node.name.value.startsWith("__")) return 0;
  if (getNamedType(field.type).name.endsWith("Connection")) {
    const page = args.first ?? args.last ?? DEFAULT_PAGE;
    return 1 + Math.max(Number(page), 1) * childComplexity;
  }
  // The edges are the page that was counted with their connection.
  if (node.name.value === "edges") return 1 + childComplexity;
  const type = isNonNullType(field.type) ? field.type.ofType : field.type;
  return 1 + (isListType(type) ? ITEMS_OF_A_LIST : 1) * childComplexity;
};

export interface CostedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Why an operation is not executed: lists within lists multiply, and a short text can ask for a billion objects. */
export function costProblem(operation: CostedOperation): GraphQLError | null {
  const cost = costOf(operation);
  if (cost <= LARGEST_COST) return null;
  const message = `the operation may touch ${Math.round(cost)} objects, and ${LARGEST_COST} are allowed: ask for smaller pages or fewer lists within lists`;
  return new GraphQLError(message, { extensions: { code: "QUERY_TOO_LARGE" } });
}

/**
 * No estimate depends on the objects of a list, such as the orders of an import, and looking through thousands of them takes as
 * long as taking them.
 */
function withoutObjectsInLists(value: unknown): unknown {
  if (Array.isArray(value))
    return value.some((item) => typeof item === "object" && item !== null) ? [] : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutObjectsInLists(item)]));
}

function costOf(operation: CostedOperation): number {
  try {
    return getComplexity({
      schema: operation.schema,
      query: operation.document,
      variables: withoutObjectsInLists(operation.variables ?? {}) as Record<string, unknown>,
      estimators: [fieldExtensionsEstimator(), byListSize, simpleEstimator({ defaultComplexity: 1 })],
      ...(operation.operationName ? { operationName: operation.operationName } : {}),
    });
  } catch (error) {
    // Variables of the wrong type: execution refuses them too, and says which and where.
    if (error instanceof GraphQLError) return 0;
    throw error;
  }
}
