import type { CodegenConfig } from "@graphql-codegen/cli";

// Types of every operation that the tests and GraphiQL's examples send. Documents are strings, as sent over the wire.
const config: CodegenConfig = {
  schema: "schema/schema.graphql",
  documents: ["test/operations/**/*.graphql", "web/**/*.graphql"],
  generates: {
    "test/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        useTypeImports: true,
        enumType: "string-literal",
        strictScalars: true,
        // A variable may be left out, null or undefined: exactOptionalPropertyTypes tells them apart.
        inputMaybeValue: "T | null | undefined",
        scalars: {
          DateTime: "string",
          EquipmentPath: "string",
          JSON: "unknown",
          MetricValue: "number | string | boolean | null",
          SafeInt: "number",
          TopicFilter: "string",
        },
      },
    },
  },
  importExtension: ".js",
  emitLegacyCommonJSImports: false,
};

export default config;
