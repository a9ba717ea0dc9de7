import { beforeEach, describe, expect, test } from "vitest";
import { type CommandServer, commandDatabase, MIXER, UNKNOWN } from "../../test/support/command-server.js";
import { waitFor } from "../../test/support/wait-for.js";
import type { Command } from "./command.js";

let database: Awaited<ReturnType<typeof commandDatabase>>;
let server: CommandServer;

const HOUR = 3_600_000;

beforeEach(async () => {
  database = await commandDatabase();
  server = await database.server();
  server.reports(MIXER, { state: "IDLE" });
});

function at(ms: number): Date {
  return new Date(server.clock.now() + ms);
}

function later(ms: number, more: object = {}): Promise<Command> {
  return server.sent({ machine: MIXER, name: "clean", timeoutMs: 60_000, scheduledAt: at(ms), ...more });
}

describe("a scheduled command", () => {
  test("waits QUEUED until its time, and its time to end begins then", async () => {
    const scheduledAt = at(1_500);
    const command = await server.sent({ machine: MIXER, name: "clean", timeoutMs: 60_000, scheduledAt });
    expect(command).toMatchObject({ status: "QUEUED", scheduledAt, sentAt: null });
    expect(command.expiresAt.getTime()).toBe(scheduledAt.getTime() + 60_000);
    const sent = await server.reaches(command, "SENT");
    expect(sent.sentAt?.getTime()).toBeGreaterThanOrEqual(scheduledAt.getTime());
    expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
    expect(server.broker.ids()).toEqual([command.id]);
  });

  test("stays behind when others are sent before its time", async () => {
    const command = await later(HOUR, { name: "halt" });
    for (const name of ["clean", "halt"]) {
      await server.reaches(await server.sent({ machine: MIXER, name, timeoutMs: 60_000 }), "SENT");
    }
    await server.pass(1_000);
    expect(server.steps(command)).toEqual(["QUEUED"]);
    expect(server.broker.ids()).not.toContain(command.id);
  });

  test("is sent though the server was down in between, and late when it was down at the time", async () => {
    const command = await later(HOUR);
    await server.commands.stop();
    const next = await database.server({ begun: false });
    next.reports(MIXER, { state: "IDLE" });
    await next.commands.start();
    await next.pass(HOUR - 10_000);
    expect((await next.stored(command))?.status).toBe("QUEUED");
    await next.pass(30_000);
    await next.reaches(command, "SENT");
    expect(next.broker.ids()).toEqual([command.id]);
  });

  test("expires when nobody could send it in time", async () => {
    const command = await later(HOUR);
    await server.pass(HOUR + 60_000);
    expect(await server.reaches(command, "EXPIRED")).toMatchObject({
      reason: "the command could not be sent before it expired",
    });
    expect(server.broker.attempts).toEqual([]);
  });

  test("is cancelled before its time, and then never sent", async () => {
    const command = await later(HOUR);
    expect((await server.commands.cancel(command.id, "ben")).command?.status).toBe("CANCELLED");
    const marker = await later(HOUR + 1);
    await server.pass(HOUR + 1_000);
    await server.reaches(marker, "SENT");
    expect(server.broker.ids()).toEqual([marker.id]);
  });

  test("takes its turn by its time, also before one that was asked for earlier", async () => {
    const second = await later(HOUR + 2_000);
    const first = await later(HOUR + 1_000);
    await server.pass(HOUR + 3_000);
    await server.reaches(first, "SENT");
    await server.reply(first, "COMPLETED");
    await server.reaches(second, "SENT");
    expect(server.broker.ids()).toEqual([first.id, second.id]);
  });

  test("with an idempotency key is one command; the same for another time is refused", async () => {
    const wish = { machine: MIXER, name: "clean", scheduledAt: at(HOUR), idempotencyKey: "shift" };
    const first = await server.sent(wish);
    await server.pass(HOUR);
    expect((await server.send(wish)).command?.id).toBe(first.id);
    const other = await server.send({ ...wish, scheduledAt: at(HOUR) });
    expect(other.userErrors).toMatchObject([{ code: "IDEMPOTENCY_KEY_REUSED" }]);
  });
});

describe("how the machine is counts when the time has come", () => {
  test("not what it was before", async () => {
    server.hears(MIXER, "OFFLINE");
    server.reports(MIXER, { state: "EXECUTE" });
    server.hears(MIXER, "OFFLINE");
    server.lockout = { number: "M-7" };
    const command = await later(HOUR, { name: "tare" });
    server.lockout = null;
    server.hears(MIXER);
    server.reports(MIXER, { state: "IDLE" });
    await server.pass(HOUR);
    await server.reaches(command, "SENT");
  });

  test("a state that is not allowed then fails it", async () => {
    const command = await later(HOUR, { name: "tare" });
    server.reports(MIXER, { state: "HOLDING" });
    await server.pass(HOUR);
    expect((await server.reaches(command, "FAILED")).reason).toContain("the machine is HOLDING");
  });

  test("the state that would prove it fails it, too: it proves nothing", async () => {
    const command = await later(HOUR, { name: "reset" });
    server.reports(MIXER, { state: "IDLE" });
    await server.pass(HOUR);
    expect((await server.reaches(command, "FAILED")).reason).toContain("the machine is IDLE");
    expect(server.broker.attempts).toEqual([]);
  });

  test("a machine that is offline then gets it when it is back in time", async () => {
    const command = await later(HOUR);
    server.hears(MIXER, "OFFLINE");
    await server.pass(HOUR);
    await waitFor(async () => (await server.stored(command))?.reason === "the machine is offline");
    server.hears(MIXER);
    await server.reaches(command, "SENT");
  });
});

describe("with two servers", () => {
  test("a scheduled command is sent once, by the one that hears the machine", async () => {
    const other = await database.server({ holds: false });
    const commands = await Promise.all(Array.from({ length: 10 }, () => later(1_000, { name: "halt" })));
    for (const command of commands) await server.reaches(command, "SENT");
    await Promise.all([server.commands.stop(), other.commands.stop()]);
    expect(server.broker.ids().sort()).toEqual(commands.map(({ id }) => id).sort());
    expect(other.broker.attempts).toEqual([]);
  });

  test("a command that the one takes that does not hear the machine is sent by the other", async () => {
    const other = await database.server({ holds: false });
    const now = await other.sent({ machine: MIXER, name: "halt" });
    const soon = await other.sent({ machine: MIXER, name: "halt", scheduledAt: at(500) });
    await server.reaches(now, "SENT");
    await server.reaches(soon, "SENT");
    expect(other.broker.attempts).toEqual([]);
  });

  test("who begins to hear the machine goes on", async () => {
    const other = await database.server({ holds: false });
    other.reports(MIXER, { state: "IDLE" });
    const command = await later(500);
    await server.commands.stop();
    other.holds = true;
    await other.reaches(command, "SENT");
    expect(server.broker.attempts).toEqual([]);
  });
});

test.each([
  ["INVALID_INPUT", "scheduledAt", -1_000, MIXER, /in the future/],
  ["INVALID_INPUT", "scheduledAt", 367 * 24 * HOUR, MIXER, /within a year/],
  ["MACHINE_OFFLINE", "machine", HOUR, "acme/berlin/line-1/mixer-2", /never heard/],
  ["COMMAND_UNKNOWN", "name", HOUR, UNKNOWN, /no machine type/],
] as const)("%s for %s: in %i ms to %s", async (code, field, ms, machine, message) => {
  server.plant.plant.declare({ path: "acme/berlin/line-1/mixer-2", type: "mixer" });
  const { command, userErrors } = await server.send({ machine, name: "clean", scheduledAt: at(ms) });
  expect(command).toBeNull();
  expect(userErrors).toEqual([{ code, field: [field], message: expect.stringMatching(message) }]);
});
