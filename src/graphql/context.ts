/** Who is calling. */
export interface Principal {
  /** Written into what the caller makes, such as a command's requestedBy. */
  readonly name: string;
}

/** What every resolver gets: one per request or per socket operation. */
export interface GraphQLContext {
  readonly principal: Principal;
  /** Batches and remembers within this request; each feature keeps its own loaders under a key of its own. */
  readonly loaders: Map<string, unknown>;
  /**
   * The resolver of a class. For `subscribe` options only: type-graphql calls them without the instance that it
   * calls resolvers on.
   */
  resolver<Resolver>(of: new (...deps: never[]) => Resolver): Resolver;
}

/** The request's loader of that key, made at the first use. */
export function loaderOf<Loader>(context: GraphQLContext, key: string, make: () => Loader): Loader {
  let loader = context.loaders.get(key) as Loader | undefined;
  if (loader === undefined) {
    loader = make();
    context.loaders.set(key, loader);
  }
  return loader;
}
