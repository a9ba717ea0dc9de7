import { GraphQLError } from "graphql";
import type { ClassType } from "type-graphql";
import { ArgsType, Field, Int, ObjectType } from "type-graphql";
import { isUuid } from "../kernel/ids.js";
import { DEFAULT_PAGE, LARGEST_PAGE } from "./page-size.js";

@ObjectType({ description: "Where a page of a list stands in the whole list." })
export class PageInfo {
  @Field(() => Boolean, { description: "More items come after this page." })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: "More items stand before this page." })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: "The first item's cursor." })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: "The last item's cursor." })
  endCursor!: string | null;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `Items from the front, ${LARGEST_PAGE} at most; ${DEFAULT_PAGE} when neither first nor last is given.`,
  })
  first?: number;

  @Field(() => String, { nullable: true, description: "Only items after this cursor." })
  after?: string;

  @Field(() => Int, { nullable: true, description: `Items from the end, ${LARGEST_PAGE} at most.` })
  last?: number;

  @Field(() => String, { nullable: true, description: "Only items before this cursor." })
  before?: string;
}

/** A page as a store reads it: keys are exclusive bounds in the list's order. */
export interface PageRequest {
  readonly limit: number;
  readonly fromEnd: boolean;
  readonly after: string | null;
  readonly before: string | null;
}

/** A page as a store gives it: in the list's order, with one item more at the far side when there are more. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  /** Counted only when asked. */
  readonly total: () => Promise<number>;
}

/** @throws GraphQLError BAD_USER_INPUT that names the argument. */
export function pageRequest(args: PageArgs): PageRequest {
  for (const name of ["first", "last"] as const) {
    const value = args[name];
    if (value !== undefined && value !== null && (value < 0 || value > LARGEST_PAGE)) {
      throw badInput(`${name} must be between 0 and ${LARGEST_PAGE}`, [name]);
    }
  }
  if (typeof args.first === "number" && typeof args.last === "number") {
    throw badInput("give first or last, not both", ["first"]);
  }
  const fromEnd = typeof args.last === "number";
  return {
    limit: (fromEnd ? args.last : args.first) ?? DEFAULT_PAGE,
    fromEnd,
    after: args.after == null ? null : keyFromCursor(args.after, "after"),
    before: args.before == null ? null : keyFromCursor(args.before, "before"),
  };
}

/** Like `pageRequest`, for lists whose keys are ids. */
export function idPageRequest(args: PageArgs): PageRequest {
  const request = pageRequest(args);
  for (const name of ["after", "before"] as const) {
    const key = request[name];
    if (key !== null && !isUuid(key)) throw badInput(`${name} is not a cursor of this list`, [name]);
  }
  return request;
}

export function badInput(message: string, field?: readonly string[]): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT", ...(field ? { field } : {}) } });
}

export interface ConnectionValue<Item> {
  readonly edges: readonly { readonly cursor: string; readonly node: Item }[];
  readonly pageInfo: PageInfo;
  /** Counts the whole list; called only when the field is asked for. */
  readonly total: () => Promise<number>;
}

/** @param keyOf the item's place in the list's order, as `PageRequest.after` takes it. */
export function connection<Item, Node>(
  page: Page<Item>,
  request: PageRequest,
  keyOf: (item: Item) => string,
  toNode: (item: Item) => Node,
): ConnectionValue<Node> {
  const edges = page.items.map((item) => ({ cursor: cursorFromKey(keyOf(item)), node: toNode(item) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: request.fromEnd ? request.before !== null : page.hasMore,
      hasPreviousPage: request.fromEnd ? page.hasMore : request.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    total: page.total,
  };
}

/** A page of a list that is in memory, ordered by key. */
export function pageOfArray<Item>(
  sorted: readonly Item[],
  keyOf: (item: Item) => string,
  request: PageRequest,
): Page<Item> {
  const { after, before, limit, fromEnd } = request;
  const within = sorted.filter((item) => {
    const key = keyOf(item);
    return (after === null || key > after) && (before === null || key < before);
  });
  const items = fromEnd ? within.slice(Math.max(within.length - limit, 0)) : within.slice(0, limit);
  return { items, hasMore: within.length > items.length, total: async () => sorted.length };
}

/** The connection and edge classes of a node class, named after it. */
export function connectionTypes<Node extends object>(name: string, node: () => ClassType<Node>) {
  @ObjectType(`${name}Edge`, { description: `One ${name} in a list.` })
  class Edge {
    @Field(() => String, { description: "The item's place in the list, for after and before." })
    cursor!: string;

    @Field(node, { description: "The item." })
    node!: Node;
  }

  @ObjectType(`${name}Connection`, { description: `A page of a list of ${name}.` })
  class Connection {
    @Field(() => [Edge], { description: "The items of this page, in the list's order." })
    edges!: Edge[];

    @Field(() => PageInfo, { description: "Where this page stands in the whole list." })
    pageInfo!: PageInfo;

    total!: () => Promise<number>;

    @Field(() => Int, { description: "How many items the whole list has." })
    totalCount(): Promise<number> {
      return this.total();
    }
  }
  return { Connection, Edge };
}

function cursorFromKey(key: string): string {
  return Buffer.from(key, "utf8").toString("base64url");
}

function keyFromCursor(cursor: string, argument: string): string {
  const key = Buffer.from(cursor, "base64url").toString("utf8");
  if (key === "" || cursorFromKey(key) !== cursor)
    throw badInput(`${argument} is not a cursor of this list`, [argument]);
  return key;
}
