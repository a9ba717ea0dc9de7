import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { z } from "zod";
import { settingProblem } from "./kernel/setting-problem.js";

/** A variable's meaning, as `--help` prints it. */
interface Variable {
  readonly default: string;
  readonly meaning: string;
}

const VARIABLES = {
  HTTP_HOST: { default: "127.0.0.1", meaning: "address that HTTP listens on" },
  HTTP_PORT: {
    default: "4000",
    meaning: "port of /graphql (HTTP and graphql-ws), /healthz, /readyz, /metrics",
  },
  DATABASE_URL: { default: "", meaning: "PostgreSQL 14 or newer; unset: an embedded one below DATA_DIR" },
  MQTT_URL: { default: "", meaning: "mqtt(s):// or ws(s)://user:pass@host:port; unset: an embedded broker" },
  MQTT_PORT: { default: "1883", meaning: "port of the embedded broker" },
  DATA_DIR: { default: "./data", meaning: "what the embedded parts and the admin key keep" },
  PLANT_FILE: {
    default: "",
    meaning: "equipment, machine types, sources; default: the demo plant when embedded",
  },
  DEMO: { default: "", meaning: "on or off: the simulated plant; default: on with the embedded broker" },
  AUTH: { default: "on", meaning: "on or off; off only while HTTP_HOST is a loopback address" },
  ALLOWED_ORIGINS: {
    default: "",
    meaning: "web origins that may call besides the server's own, separated by commas",
  },
  STARTUP_TIMEOUT_S: {
    default: "0",
    meaning: "give up when the database or the broker stays away this long; 0: wait",
  },
  LOG_LEVEL: { default: "info", meaning: "trace, debug, info, warn, error or silent" },
} as const satisfies Record<string, Variable>;

const text = (fallback: string) => z.string().trim().default(fallback);
const port = (name: keyof typeof VARIABLES) =>
  text(VARIABLES[name].default).pipe(
    z.string().regex(/^\d+$/, "must be a port number").transform(Number).pipe(z.int().min(0).max(65_535)),
  );
const onOff = (message = "must be on or off") =>
  z.enum(["on", "off"], { error: message }).transform((value) => value === "on");
const url = (schemes: readonly string[]) =>
  z.string().refine(
    (value) => {
      const parsed = URL.parse?.(value) ?? tryUrl(value);
      return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.hostname !== "";
    },
    `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(", ")}`,
  );

const empty = z.literal("").transform(() => null);

const environment = z.object({
  HTTP_HOST: text("127.0.0.1").pipe(z.string().min(1)),
  HTTP_PORT: port("HTTP_PORT"),
  DATABASE_URL: text("").pipe(z.union([empty, url(["postgres", "postgresql"])])),
  MQTT_URL: text("").pipe(z.union([empty, url(["mqtt", "mqtts", "ws", "wss"])])),
  MQTT_PORT: port("MQTT_PORT"),
  DATA_DIR: text("./data").pipe(z.string().min(1)),
  PLANT_FILE: text("").transform((value) => value || null),
  DEMO: text("").pipe(z.union([empty, onOff()])),
  AUTH: text("on").pipe(onOff()),
  ALLOWED_ORIGINS: text("").transform((value, context) =>
    value
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== "")
      .map((origin) => {
        const parsed = tryUrl(origin);
        // Browsers send scheme, host and port and nothing else; anything else would never match.
        if (parsed && /^https?:$/.test(parsed.protocol) && /^\/?$/.test(parsed.pathname + parsed.search))
          return parsed.origin;
        context.addIssue({ code: "custom", message: "must be origins such as https://mes.example.com" });
        return z.NEVER;
      }),
  ),
  STARTUP_TIMEOUT_S: text("0").pipe(
    z.string().regex(/^\d+$/, "must be a whole number of seconds").transform(Number),
  ),
  LOG_LEVEL: text("info").pipe(z.enum(["trace", "debug", "info", "warn", "error", "silent"])),
});

/** What the process runs with. Nothing else reads the environment. */
export interface Config {
  readonly httpHost: string;
  readonly httpPort: number;
  /** Null: the embedded Postgres below `dataDir`. */
  readonly databaseUrl: string | null;
  /** Null: the embedded broker. */
  readonly mqttUrl: string | null;
  readonly mqttPort: number;
  readonly dataDir: string;
  readonly plantFile: string | null;
  readonly demo: boolean;
  readonly auth: boolean;
  readonly allowedOrigins: readonly string[];
  /** 0 waits for ever. */
  readonly startupTimeoutMs: number;
  /** Fills `${NAME}` in the plant file. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "silent";
}

/** The environment cannot be used; `problems` has one sentence per variable. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** @throws ConfigError that lists every problem at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(env, { error: settingProblem });
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issueText(issue, env)}`),
    );
  }
  const value = parsed.data;
  if (!value.AUTH && !isLoopback(value.HTTP_HOST)) {
    throw new ConfigError([
      `AUTH: off is allowed only while HTTP_HOST is a loopback address, and HTTP_HOST is ${value.HTTP_HOST}`,
    ]);
  }
  return {
    httpHost: value.HTTP_HOST,
    httpPort: value.HTTP_PORT,
    databaseUrl: value.DATABASE_URL,
    mqttUrl: value.MQTT_URL,
    mqttPort: value.MQTT_PORT,
    dataDir: value.DATA_DIR,
    plantFile: value.PLANT_FILE,
    demo: value.DEMO ?? value.MQTT_URL === null,
    auth: value.AUTH,
    allowedOrigins: value.ALLOWED_ORIGINS,
    startupTimeoutMs: value.STARTUP_TIMEOUT_S * 1000,
    environment: env,
    logLevel: value.LOG_LEVEL,
  };
}

/** The environment with the values of a `.env` file, where there is one, below those that are set. */
export function withEnvFile(
  env: Readonly<Record<string, string | undefined>>,
  file: string,
): Record<string, string | undefined> {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return { ...env };
    throw new ConfigError([`${file} cannot be read: ${(error as Error).message}`]);
  }
  return { ...parseEnv(content), ...env };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The text behind `--help`. */
export function helpText(): string {
  const rows = Object.entries(VARIABLES).map(
    ([name, variable]) =>
      `  ${name.padEnd(18)}${(variable.default || "unset").padEnd(12)}${variable.meaning}`,
  );
  return [
    "mes-twin: a GraphQL server that keeps a digital twin of every machine from MQTT telemetry",
    "",
    "Usage: npm start, with settings as environment variables or in a .env file:",
    "",
    `  ${"variable".padEnd(18)}${"default".padEnd(12)}meaning`,
    ...rows,
    "",
  ].join("\n");
}

function issueText(issue: z.core.$ZodIssue, env: Readonly<Record<string, string | undefined>>): string {
  const given = env[String(issue.path[0])] ?? "";
  const problem =
    issue.code === "invalid_union" ? (issue.errors.flat().at(-1)?.message ?? issue.message) : issue.message;
  // A URL may hold a password, also one that is not written properly.
  return given.includes("://") || String(issue.path[0]).endsWith("_URL")
    ? problem
    : `${problem} (it is "${given}")`;
}

function tryUrl(value: string): URL | null {
  try {
    return new URL(value);
  } catch {
    return null;
  }
}
