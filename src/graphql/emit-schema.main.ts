// type-graphql reads it when its decorators run, so it comes first.
import "reflect-metadata";

import { writeFileSync } from "node:fs";
import { resolverClasses } from "../resolvers.js";
import { printSchemaWithDirectives } from "./print-schema.js";
import { buildGraphQLSchema } from "./schema.js";

/** Writes the schema as SDL: `node emit-schema.main.js [FILE]`. */
const schema = buildGraphQLSchema(resolverClasses, () => {
  throw new Error("the schema is only printed");
});
writeFileSync(process.argv[2] ?? "schema/schema.graphql", printSchemaWithDirectives(schema));
