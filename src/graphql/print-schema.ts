import { type DirectiveNode, type GraphQLSchema, parse, print, printSchema, visit } from "graphql";

/** The schema as SDL, with the directives on its fields, which graphql's own printer leaves out. */
export function printSchemaWithDirectives(schema: GraphQLSchema): string {
  let type = "";
  const document = visit(parse(printSchema(schema)), {
    ObjectTypeDefinition: {
      enter(node) {
        type = node.name.value;
      },
    },
    FieldDefinition(node) {
      const directives = directivesOf(schema, type, node.name.value);
      return directives.length > 0 ? { ...node, directives } : undefined;
    },
  });
  return `${print(document)}\n`;
}

function directivesOf(schema: GraphQLSchema, type: string, field: string): readonly DirectiveNode[] {
  const found = schema.getType(type);
  if (!found || !("getFields" in found)) return [];
  return found.getFields()[field]?.astNode?.directives ?? [];
}
