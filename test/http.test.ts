import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createClient } from "graphql-ws";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { startTestApp, type TestApp } from "./support/app.js";
import { buildPages, repository } from "./support/build.js";
import { createTestDatabase } from "./support/database.js";
import { graphqlClient } from "./support/graphql-client.js";
import { freePort } from "./support/mosquitto.js";
import { relay } from "./support/mqtt-link.js";
import { figure } from "./support/questions.js";
import { runServer, type ServerProcess, startServer } from "./support/server-process.js";
import { waitFor } from "./support/wait-for.js";

const PLANT = path.join(repository, "examples/minimal-plant.yaml");
const QUESTION = JSON.stringify({ query: "{ machines { totalCount } }" });

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(env: Record<string, string>): Promise<ServerProcess> {
  const started = await startServer({ PLANT_FILE: PLANT, ...env });
  cleanups.push(() => started.remove());
  return started;
}

async function databaseUrl(): Promise<string> {
  const made = await createTestDatabase();
  cleanups.push(() => made.drop());
  return made.url;
}

/** A server that takes its port and answers nothing. */
async function portTaken(): Promise<number> {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => new Promise((resolve) => taken.close(resolve)));
  const address = taken.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** How a WebSocket handshake with these headers ends: the subprotocol, or the status of the refusal. */
function handshake(url: string, headers: Record<string, string>, at = "/graphql"): Promise<string | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}${at}`, "graphql-transport-ws", { headers });
    socket.once("open", () => {
      socket.terminate();
      resolve(socket.protocol);
    });
    socket.once("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.once("error", reject);
  });
}

describe("with sign-in", () => {
  let app: TestApp;
  let key: string;

  beforeAll(async () => {
    await buildPages();
    app = await startTestApp({ env: { AUTH: "on", PLANT_FILE: PLANT } });
    key = app.newAdminKey ?? "";
    await waitFor(async () => (await fetch(`${app.url}/readyz`)).ok);
  }, 120_000);

  afterAll(() => app?.stop());

  const post = (headers: Record<string, string>) =>
    fetch(`${app.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: QUESTION,
    });
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

  test("health, readiness and metrics answer without a key", async () => {
    const health = await fetch(`${app.url}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { status: "up" }]);
    const ready = await fetch(`${app.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      ready: true,
      parts: { database: null, broker: null, twin: null, graphql: null },
    });
    const metrics = await fetch(`${app.url}/metrics`);
    expect(metrics.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await figure(app.url, "mes_twin_machines")).toBe(0);
    expect(await figure(app.url, "mes_twin_messages_received_total")).toBe(0);
  });

  test("the key is made once and readable by its owner only", async () => {
    expect(key).toMatch(/^[\w-]{32}$/);
    const file = app.adminKeyFile ?? "";
    expect(path.dirname(file)).toBe(app.env.DATA_DIR);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, "utf8")).trim()).toBe(key);
  });

  test.each([
    ["without a key", {}],
    ["with a wrong key", { authorization: "Bearer wrong" }],
    ["with another scheme", { authorization: "Basic YWRtaW46YWRtaW4=" }],
    ["with a hash of nothing", { authorization: `Bearer ${createHash("sha256").digest("hex")}` }],
  ])("HTTP %s is refused", async (_, headers) => {
    const answer = await post(headers as Record<string, string>);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  });

  test("with the key HTTP answers", async () => {
    const answer = await post(bearer(key));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ data: { machines: { totalCount: 0 } } });
  });

  test.each([undefined, "wrong"])("a socket with the key %s is closed with 4403", async (wrong) => {
    const client = graphqlClient(app.url, wrong);
    cleanups.push(() => client.close());
    const followed = client.follow('subscription { telemetryReceived(topic: "#") { value } }');
    expect(await waitFor(() => followed.problem)).toMatchObject({ code: 4403 });
  });

  test("a socket that never says who it is does not get to ask", async () => {
    const socket = new WebSocket(`${app.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: "{ __typename }" } }));
    expect(await closed).toBe(4401);
  });

  test("a socket with the key works", async () => {
    const socket = createClient({
      url: `${app.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: bearer(key),
      retryAttempts: 0,
    });
    cleanups.push(async () => socket.dispose());
    const answers = socket.iterate({ query: "{ machines { totalCount } }" });
    expect((await answers.next()).value).toEqual({ data: { machines: { totalCount: 0 } } });
  });

  test("pages of other origins are refused, over HTTP and at the handshake", async () => {
    const foreign = { origin: "https://evil.example" };
    const answer = await post({ ...bearer(key), ...foreign });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: "FORBIDDEN" } }] });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(await handshake(app.url, foreign)).toBe(403);
    expect(await handshake(app.url, { origin: "null" })).toBe(403);
    expect(await handshake(app.url, { origin: app.url })).toBe("graphql-transport-ws");
    expect(await handshake(app.url, {})).toBe("graphql-transport-ws");
    expect(await handshake(app.url, {}, "/elsewhere")).toBe(404);
    expect((await post({ ...bearer(key), origin: app.url })).status).toBe(200);
  });

  test.each([
    ["no JSON", "application/json", '{"query', 400, "the body is not valid JSON"],
    ["nothing", "application/json", "", 400, "the body is empty"],
    ["XML", "application/xml", "<query/>", 415, "Content-Type: application/json"],
    ["too much", "application/json", `"${"x".repeat(17 * 1_048_576)}"`, 413, "larger than 16777216 bytes"],
    ["no question", "application/json", "{}", 400, "has no keys"],
  ])("a body with %s is refused in the shape of GraphQL's errors", async (_, type, body, status, told) => {
    const headers = { "content-type": type, ...bearer(key) };
    const answer = await fetch(`${app.url}/graphql`, { method: "POST", headers, body });
    expect(answer.status).toBe(status);
    const { errors } = (await answer.json()) as { errors: { message: string; extensions: object }[] };
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toContain(told);
    expect(errors[0]?.extensions).toEqual({ code: "BAD_REQUEST" });
  });

  test("a form of another site cannot ask: no JSON, no answer", async () => {
    const answer = await fetch(`${app.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "text/plain", ...bearer(key) },
      body: QUESTION,
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await answer.text()).not.toContain('totalCount":');
  });

  test("a browser gets the page, with a policy that lets in nothing foreign", async () => {
    const page = await fetch(`${app.url}/graphql`, { headers: { accept: "text/html,*/*" } });
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src[^;]*(unsafe|http|\*)/);
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    const root = await fetch(`${app.url}/`, { redirect: "manual" });
    expect([root.status, root.headers.get("location")]).toEqual([302, "/graphql"]);
  });
});

describe("without sign-in", () => {
  test("only names of this machine are answered (DNS rebinding)", async () => {
    const app = await startTestApp({ env: { PLANT_FILE: PLANT } });
    cleanups.push(() => app.stop());
    expect(await handshake(app.url, { host: "evil.example", origin: "http://evil.example" })).toBe(403);
    expect((await app.ask("{ machines { totalCount } }")).data).toEqual({ machines: { totalCount: 0 } });
  });

  test("AUTH=off is refused where others can reach the server", async () => {
    const refused = await runServer({ AUTH: "off", HTTP_HOST: "0.0.0.0" });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toBe(
      "AUTH: off is allowed only while HTTP_HOST is a loopback address, and HTTP_HOST is 0.0.0.0\n",
    );
  });
});

describe("the process", () => {
  test("--help lists the variables and their defaults", async () => {
    const { code, stdout, stderr } = await runServer({}, ["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of [
      "HTTP_HOST",
      "HTTP_PORT",
      "DATABASE_URL",
      "MQTT_URL",
      "MQTT_PORT",
      "DATA_DIR",
      "PLANT_FILE",
      "DEMO",
      "AUTH",
      "LOG_LEVEL",
    ])
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\S+ +\\S`, "m"));
  });

  test("every variable that is wrong is told at once", async () => {
    const { code, stderr } = await runServer({
      HTTP_PORT: "http",
      DATABASE_URL: "mysql://root:secret@db/x",
      AUTH: "maybe",
    });
    expect(code).toBe(1);
    const lines = stderr.trim().split("\n");
    expect(lines.map((line) => line.split(":")[0]).sort()).toEqual(["AUTH", "DATABASE_URL", "HTTP_PORT"]);
    expect(stderr).not.toContain("secret");
  });

  test("a plant file that is wrong is told with its line and field", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "mes-twin-plant-"));
    cleanups.push(() => rm(folder, { recursive: true }));
    const file = path.join(folder, "plant.yaml");
    await writeFile(
      file,
      "machineTypes:\n  - name: filler\n    metrics:\n      - name: speed\n        role: SPEEDY\n",
    );
    const started = await server({ DATABASE_URL: await databaseUrl(), PLANT_FILE: file });
    expect((await started.exited).code).toBe(1);
    const lines = started.errorOutput.trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${file}:5: machineTypes[0].metrics[0].role: `);
  });

  test("a plant file that is not there is told with its name", async () => {
    const started = await server({ DATABASE_URL: await databaseUrl(), PLANT_FILE: "/nowhere/plant.yaml" });
    expect((await started.exited).code).toBe(1);
    expect(started.errorOutput).toMatch(/^PLANT_FILE \/nowhere\/plant\.yaml cannot be read: .+\n$/);
  });

  test("a port that is taken is told as HTTP_PORT", async () => {
    const port = await portTaken();
    const started = await server({ DATABASE_URL: await databaseUrl(), HTTP_PORT: String(port) });
    expect((await started.exited).code).toBe(1);
    expect(started.errorOutput).toBe(
      `HTTP_PORT ${port} is in use on 127.0.0.1: set HTTP_PORT to a free port\n`,
    );
  });

  test("a database that stays away is told as DATABASE_URL", async () => {
    const started = await server({
      DATABASE_URL: `postgres://postgres:secret@127.0.0.1:${await freePort()}/x`,
      STARTUP_TIMEOUT_S: "1",
    });
    expect((await started.exited).code).toBe(1);
    expect(started.errorOutput).toMatch(/^DATABASE_URL: no answer within 1 s: .*ECONNREFUSED.*\n$/);
    expect(started.output).not.toContain("secret");
  });

  test("a database that comes late is waited for", async () => {
    const url = new URL(await databaseUrl());
    const port = await freePort();
    const real = Number(url.port);
    url.port = String(port);
    const started = await server({ DATABASE_URL: url.href });
    await waitFor(async () => (await fetch(`${started.url}/healthz`)).ok);
    const notYet = await fetch(`${started.url}/readyz`);
    expect(notYet.status).toBe(503);
    expect(await notYet.json()).toMatchObject({ ready: false, parts: { twin: "not loaded" } });
    await waitFor(() => started.output.includes("waiting for the database (DATABASE_URL)"));
    await relay(real, port);
    await started.ready();
    expect((await started.ask("{ machines { totalCount } }")).data.machines.totalCount).toBe(0);
  });

  test("a second server with the same DATA_DIR is refused", async () => {
    const env = { DATABASE_URL: await databaseUrl() };
    const first = await server(env);
    await first.ready();
    const second = await server({ ...env, DATA_DIR: first.dataDir });
    expect((await second.exited).code).toBe(1);
    expect(second.errorOutput).toBe(
      `DATA_DIR ${first.dataDir} is in use by another mes-twin: set DATA_DIR to a folder of its own\n`,
    );
    await first.kill();
    const third = first.again();
    cleanups.push(() => third.remove());
    await third.ready();
  });

  test("told to stop while it waits, it stops", async () => {
    const started = await server({ DATABASE_URL: `postgres://postgres@127.0.0.1:${await freePort()}/x` });
    await waitFor(() => started.output.includes("waiting for the database"));
    expect(await started.terminate()).toEqual({ code: 0, signal: null });
  });
});
