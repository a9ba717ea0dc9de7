import { beforeEach, describe, expect, test } from "vitest";
import { type CommandServer, commandDatabase } from "../../test/support/command-server.js";
import { waitFor } from "../../test/support/wait-for.js";
import { PublishError } from "../mqtt/problems.js";

let database: Awaited<ReturnType<typeof commandDatabase>>;
let server: CommandServer;

beforeEach(async () => {
  database = await commandDatabase();
  server = await database.server();
});

describe("when the broker does not take it", () => {
  test("the command stays QUEUED and is sent when the broker is back", async () => {
    server.broker.answer = async () => {
      throw new PublishError("NOT_CONNECTED", "not connected to broker:1883");
    };
    const command = await server.sent();
    await waitFor(() => server.broker.attempts.length >= 2);
    expect(await server.stored(command)).toMatchObject({
      status: "QUEUED",
      reason: "not connected to broker:1883",
    });
    server.broker.answer = async () => undefined;
    expect(await server.reaches(command, "SENT")).toMatchObject({ reason: null });
    expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
  });

  test("it expires when the broker stays away, and the next one is still sent", async () => {
    server.broker.answer = async ({ body }) => {
      if (body.name === "start") throw new Error("no such source");
    };
    const command = await server.sent({ timeoutMs: 250 });
    const next = await server.sent({ name: "setSpeed", arguments: { speed: 1 } });
    expect(await server.reaches(command, "EXPIRED")).toMatchObject({
      sentAt: null,
      finishedAt: expect.any(Date),
      reason: expect.stringMatching(/could not be sent.*no such source/),
    });
    await server.reaches(next, "SENT");
    expect(server.steps(command)).toEqual(["QUEUED", "EXPIRED"]);
  });

  test("a broker that never answers holds up the next command only until the first expires", async () => {
    server.broker.answer = ({ body }) =>
      body.name === "start" ? new Promise(() => undefined) : Promise.resolve();
    const command = await server.sent({ timeoutMs: 200 });
    const next = await server.sent({ name: "setSpeed", arguments: { speed: 1 } });
    await server.reaches(command, "EXPIRED");
    await server.reaches(next, "SENT");
  });

  test("a refusal for good fails the command at once", async () => {
    server.broker.answer = async () => {
      throw new PublishError("REFUSED", "the broker does not authorize this client", 135);
    };
    const command = await server.sent();
    expect(await server.reaches(command, "FAILED")).toMatchObject({
      reason: "the broker does not authorize this client",
      sentAt: null,
    });
    expect(server.broker.attempts).toHaveLength(1);
  });
});

describe("after a restart", () => {
  test("queued commands are sent again, sent ones wait for their reply, expired ones end", async () => {
    const timeoutMs = 600_000;
    const waiting = await server.sent({ timeoutMs });
    await server.reaches(waiting, "SENT");
    const unanswered = await server.sent({ timeoutMs: 60_000 });
    await server.reaches(unanswered, "SENT");
    server.broker.answer = () => new Promise(() => undefined);
    const inFlight = await server.sent({ name: "setSpeed", arguments: { speed: 1 }, timeoutMs });
    await waitFor(() => server.broker.attempts.length === 3);
    const behind = await server.sent({ timeoutMs });
    await server.commands.stop();
    await server.commands.stop();
    expect(await server.stored(inFlight)).toMatchObject({ status: "QUEUED" });

    const next = await database.server({ begun: false });
    next.clock.pass(60_000);
    await Promise.all([next.commands.start(), next.commands.start()]);
    expect(next.steps(unanswered)).toEqual(["TIMED_OUT"]);
    await next.reaches(behind, "SENT");
    expect(next.broker.attempts.map(({ body }) => body)).toEqual([
      server.broker.attempts[2]?.body,
      expect.objectContaining({ id: behind.id }),
    ]);
    expect(next.steps(inFlight)).toEqual(["SENT"]);
    await next.reply(waiting, "COMPLETED");
    expect(await next.stored(waiting)).toMatchObject({ status: "COMPLETED" });
  });

  test("a stopped service begins nothing new", async () => {
    await server.commands.stop();
    const command = await server.sent({ timeoutMs: 100 });
    await waitFor(() => Date.now() > command.expiresAt.getTime() + 100);
    expect(server.broker.attempts).toEqual([]);
    expect(await server.stored(command)).toMatchObject({ status: "QUEUED" });
    await server.commands.start();
    await server.reaches(command, "EXPIRED");
  });

  test("a start that failed can be tried again", async () => {
    await server.commands.stop();
    await server.db.query("ALTER TABLE command RENAME TO gone");
    await expect(server.commands.start()).rejects.toThrow();
    await server.db.query("ALTER TABLE gone RENAME TO command");
    await server.commands.start();
    await server.reaches(await server.sent(), "SENT");
  });
});
