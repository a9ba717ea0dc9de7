import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, helpText, isLoopback, readConfig, withEnvFile } from "./config.js";

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("an empty environment runs everything embedded", () => {
  expect(readConfig({})).toEqual({
    httpHost: "127.0.0.1",
    httpPort: 4000,
    databaseUrl: null,
    mqttUrl: null,
    mqttPort: 1883,
    dataDir: "./data",
    plantFile: null,
    demo: true,
    auth: true,
    allowedOrigins: [],
    startupTimeoutMs: 0,
    environment: {},
    logLevel: "info",
  });
});

describe("values that are taken", () => {
  test.each([
    ["HTTP_PORT", "0", { httpPort: 0 }],
    ["HTTP_PORT", " 8080 ", { httpPort: 8080 }],
    ["DATABASE_URL", "", { databaseUrl: null }],
    ["DATABASE_URL", "postgresql://u:p@db/x", { databaseUrl: "postgresql://u:p@db/x" }],
    ["MQTT_URL", "wss://broker/mqtt", { mqttUrl: "wss://broker/mqtt", demo: false }],
    ["PLANT_FILE", "", { plantFile: null }],
    ["DEMO", "off", { demo: false }],
    ["AUTH", "off", { auth: false }],
    ["STARTUP_TIMEOUT_S", "30", { startupTimeoutMs: 30_000 }],
    ["ALLOWED_ORIGINS", " https://a , http://b:3000/, ", { allowedOrigins: ["https://a", "http://b:3000"] }],
    ["ALLOWED_ORIGINS", "HTTPS://Mes.Example.COM:443", { allowedOrigins: ["https://mes.example.com"] }],
  ])("%s=%s", (name, value, wanted) => {
    expect(readConfig({ [name]: value })).toMatchObject(wanted);
  });

  test("the demo plant also runs at another broker when it is asked for", () => {
    expect(readConfig({ MQTT_URL: "mqtt://broker", DEMO: "on" }).demo).toBe(true);
  });
});

describe("values that are refused, with the variable's name and its value", () => {
  test.each([
    ["HTTP_PORT", "abc", 'HTTP_PORT: must be a port number (it is "abc")'],
    ["HTTP_PORT", "70000", 'HTTP_PORT: must be at most 65535 (it is "70000")'],
    ["HTTP_PORT", "-1", "HTTP_PORT: "],
    ["MQTT_PORT", "1.5", "MQTT_PORT: "],
    ["HTTP_HOST", " ", "HTTP_HOST: "],
    ["AUTH", "yes", 'AUTH: must be on or off (it is "yes")'],
    ["DEMO", "true", 'DEMO: must be on or off (it is "true")'],
    ["LOG_LEVEL", "loud", "LOG_LEVEL: "],
    ["STARTUP_TIMEOUT_S", "1m", "STARTUP_TIMEOUT_S: must be a whole number of seconds"],
    ["ALLOWED_ORIGINS", "*", "ALLOWED_ORIGINS: must be origins"],
    ["ALLOWED_ORIGINS", "https://a/page", "ALLOWED_ORIGINS: must be origins"],
    ["ALLOWED_ORIGINS", "mes.example.com", "ALLOWED_ORIGINS: must be origins"],
  ])("%s=%s", (name, value, problem) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  test.each([
    ["DATABASE_URL", "mysql://u:secret@db/x"],
    ["DATABASE_URL", "postgres:u:secret@db"],
    ["MQTT_URL", "mqtt://"],
    ["MQTT_URL", "tcp://u:secret@broker"],
  ])("%s=%s, whose password is not shown", (name, value) => {
    const [problem, ...others] = problemsOf({ [name]: value });
    expect(others).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${name}: must be a URL that begins with`));
    expect(problem).not.toContain("secret");
  });

  test("all of them at once", () => {
    const problems = problemsOf({ HTTP_PORT: "x", AUTH: "x", MQTT_URL: "x", DATABASE_URL: "x" });
    expect(problems.map((problem) => problem.split(":")[0]).sort()).toEqual([
      "AUTH",
      "DATABASE_URL",
      "HTTP_PORT",
      "MQTT_URL",
    ]);
  });
});

describe("AUTH=off", () => {
  test.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("is taken on %s", (host) => {
    expect(readConfig({ AUTH: "off", HTTP_HOST: host }).auth).toBe(false);
  });

  test.each(["0.0.0.0", "192.168.1.5", "::", "127.0.0.1.example.com", "example.com"])(
    "is refused on %s",
    (host) => {
      expect(isLoopback(host)).toBe(false);
      expect(problemsOf({ AUTH: "off", HTTP_HOST: host })).toEqual([
        `AUTH: off is allowed only while HTTP_HOST is a loopback address, and HTTP_HOST is ${host}`,
      ]);
    },
  );
});

describe(".env", () => {
  test("fills what the environment leaves open and overrides nothing", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "mes-twin-env-"));
    try {
      const file = path.join(folder, ".env");
      await writeFile(file, "# settings\nHTTP_PORT=5000\nLOG_LEVEL='debug'\n");
      expect(withEnvFile({ HTTP_PORT: "6000" }, file)).toEqual({ HTTP_PORT: "6000", LOG_LEVEL: "debug" });
      expect(withEnvFile({ A: "b" }, path.join(folder, "missing"))).toEqual({ A: "b" });
      expect(() => withEnvFile({}, folder)).toThrow(ConfigError);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test("the help names every variable that is read", () => {
  const help = helpText();
  for (const name of ["HTTP_HOST", "DATABASE_URL", "MQTT_PORT", "PLANT_FILE", "ALLOWED_ORIGINS", "AUTH"])
    expect(help).toMatch(new RegExp(`^ {2}${name} +\\S`, "m"));
});
