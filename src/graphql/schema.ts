import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLNonNull,
  type GraphQLSchema,
  GraphQLString,
} from "graphql";
import { buildSchemaSync, type NonEmptyArray, type PubSub } from "type-graphql";

const deviceTopic = new GraphQLDirective({
  name: "deviceTopic",
  description: "The MQTT topics behind a field: those that feed it or those it writes.",
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    filter: {
      type: new GraphQLNonNull(GraphQLString),
      description: "MQTT filter over canonical topics; {name} stands for the argument of that name.",
    },
  },
});

/** A resolver class, whatever its dependencies are. */
export type ResolverClass = new (...deps: never[]) => object;

/** Every subscription opens its own stream of the live bus; type-graphql wants one of these all the same. */
const noPubSub: PubSub = {
  publish: () => {
    throw new Error("live events go over the live bus");
  },
  subscribe: () => {
    throw new Error("live events come over the live bus");
  },
};

/**
 * The schema of all resolver classes.
 * @param instanceOf gives the resolver of a class; asked at execution only, so that a schema can also be made just to be read.
 */
export function buildGraphQLSchema(
  resolvers: readonly ResolverClass[],
  instanceOf: (of: ResolverClass) => object,
): GraphQLSchema {
  return buildSchemaSync({
    resolvers: resolvers as unknown as NonEmptyArray<new () => object>,
    container: { get: (of: ResolverClass) => instanceOf(of) },
    pubSub: noPubSub,
    directives: [deviceTopic],
    validate: false,
    nullableByDefault: false,
  });
}
