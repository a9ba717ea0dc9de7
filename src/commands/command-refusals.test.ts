import { beforeEach, describe, expect, test } from "vitest";
import { type CommandServer, commandDatabase, FILLER } from "../../test/support/command-server.js";

let database: Awaited<ReturnType<typeof commandDatabase>>;
let server: CommandServer;

beforeEach(async () => {
  database = await commandDatabase();
  server = await database.server();
});

describe("what must hold", () => {
  test.each([
    ["NOT_FOUND", "machine", { machine: "acme/berlin" }],
    ["NOT_FOUND", "machine", { machine: "acme\u0000" }],
    ["COMMAND_UNKNOWN", "name", { name: "explode" }],
    ["COMMAND_UNKNOWN", "name", { machine: "acme/berlin/line-1/unknown-1" }],
    ["INVALID_INPUT", "arguments|speed", { name: "setSpeed", arguments: { speed: 101 } }],
    ["INVALID_INPUT", "arguments|speed", { name: "setSpeed" }],
    ["INVALID_INPUT", "timeoutMs", { timeoutMs: 99 }],
    ["INVALID_INPUT", "name", { name: "broken" }],
    ["PRECONDITION_FAILED", "expectedRevision", { expectedRevision: 7 }],
  ] as const)("%s for %s: %j", async (code, field, wish) => {
    // With a key, so that the error is also stored.
    const { command, userErrors } = await server.send({ ...wish, idempotencyKey: "once" });
    expect(command).toBeNull();
    expect(userErrors.map((error) => [error.code, error.field?.join("|")])).toEqual([[code, field]]);
    expect(server.events).toEqual([]);
  });

  test("an unknown command's error lists the known ones", async () => {
    const { userErrors } = await server.send({ name: "explode" });
    expect(userErrors[0]?.message).toContain("start, setSpeed, broken");
  });

  test("a machine that is locked out, offline or was never heard gets nothing, told in this order", async () => {
    const codes = async () => (await server.send()).userErrors.map(({ code, message }) => [code, message]);
    server.hears(FILLER, "OFFLINE");
    server.lockout = { number: "M-7" };
    expect(await codes()).toEqual([["MACHINE_LOCKED_OUT", expect.stringContaining("M-7")]]);
    server.lockout = null;
    expect(await codes()).toEqual([["MACHINE_OFFLINE", expect.stringContaining("offline")]]);
    const twin = server.twins.byPath(FILLER);
    if (twin) twin.route = null;
    expect(await codes()).toEqual([["MACHINE_OFFLINE", expect.stringContaining("never heard")]]);
    expect(server.broker.attempts).toEqual([]);
  });

  test("the expected revision lets the command pass", async () => {
    const revision = server.twins.byPath(FILLER)?.view.revision ?? -1;
    await server.reaches(await server.sent({ expectedRevision: revision }), "SENT");
  });
});

describe("idempotency keys", () => {
  test("the same key and input returns the same command, as it is by then, and sends nothing", async () => {
    const wish = { name: "setSpeed", arguments: { speed: 2 }, idempotencyKey: "k1" };
    const command = await server.sent(wish);
    await server.reaches(command, "SENT");
    server.hears(FILLER, "OFFLINE");
    const again = await server.send(wish);
    expect(again).toEqual({ command: await server.stored(command), userErrors: [] });
    expect(again.command?.status).toBe("SENT");
    expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
    expect(server.broker.attempts).toHaveLength(1);
  });

  test("at the same time, too", async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => server.send({ idempotencyKey: "k2" })));
    expect(new Set(outcomes.map(({ command }) => command?.id)).size).toBe(1);
    expect(server.events.filter(({ status }) => status === "QUEUED")).toHaveLength(1);
  });

  test("another input is refused, another caller is not", async () => {
    await server.sent({ idempotencyKey: "k3" });
    const { command, userErrors } = await server.send({ idempotencyKey: "k3", timeoutMs: 1_000 });
    expect([command, userErrors[0]?.code]).toEqual([null, "IDEMPOTENCY_KEY_REUSED"]);
    expect((await server.send({ idempotencyKey: "k3", timeoutMs: 1_000 }, "ben")).command).not.toBeNull();
  });
});
