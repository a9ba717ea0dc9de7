import { Field, ID, InterfaceType } from "type-graphql";

@InterfaceType({
  description: "Anything that node(id:) finds again.",
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class Node {
  @Field(() => ID, { description: "Global and opaque; it stays the same for ever." })
  id!: string;
}

/** How a feature finds its own nodes again: null when the id is not one of its own or nothing stands behind it. */
export interface NodeSource {
  find(id: string): Promise<object | null>;
}
