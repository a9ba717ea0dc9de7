import { Arg, ID, Query, Resolver } from "type-graphql";
import { Node, type NodeSource } from "./node.types.js";

@Resolver()
export class NodeResolver {
  readonly #sources: readonly NodeSource[];

  constructor(sources: readonly NodeSource[]) {
    this.#sources = sources;
  }

  @Query(() => Node, { nullable: true, description: "Finds anything again by its global id." })
  async node(@Arg("id", () => ID, { description: "The global id." }) id: string): Promise<object | null> {
    for (const source of this.#sources) {
      const found = await source.find(id);
      if (found) return found;
    }
    return null;
  }
}
