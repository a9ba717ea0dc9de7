import { beforeEach, describe, expect, test } from "vitest";
import { type CommandServer, commandDatabase, gate, MIXER } from "../../test/support/command-server.js";
import { waitFor } from "../../test/support/wait-for.js";
import { PublishError } from "../mqtt/problems.js";
import type { Command } from "./command.js";

let database: Awaited<ReturnType<typeof commandDatabase>>;
let server: CommandServer;

beforeEach(async () => {
  database = await commandDatabase();
  server = await database.server();
  server.reports(MIXER, { state: "IDLE" });
});

function mixes(name: string, args: object | null = null, timeoutMs = 600_000): Promise<Command> {
  return server.sent({ machine: MIXER, name, arguments: args, timeoutMs });
}

async function mixing(name: string, args: object | null = null, timeoutMs = 600_000): Promise<Command> {
  const command = await mixes(name, args, timeoutMs);
  return server.reaches(command, "SENT");
}

/** A reply is taken after all that the machine has reported, so nothing that was reported has ended the command. */
async function isStillOpen(command: Command, of = server): Promise<void> {
  await of.reply(command, "ACCEPTED");
  expect((await of.stored(command))?.status).toBe("ACCEPTED");
}

describe("an echo", () => {
  test("completes a command that writes a metric, and is its result", async () => {
    const command = await mixing("setSpeed", { speed: 250 });
    expect(server.broker.attempts[0]?.body).toMatchObject({
      name: "setSpeed",
      arguments: { speed: 250 },
      writes: { speed: 250 },
    });
    server.reports(MIXER, { speed: 120 });
    server.reports(MIXER, { speed: 250 });
    expect(await server.reaches(command, "COMPLETED")).toMatchObject({
      result: { speed: 250 },
      reason: null,
    });
    server.reports(MIXER, { speed: 250 });
    await server.commands.stop();
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "COMPLETED"]);
  });

  test("may be a float of 32 bits", async () => {
    const command = await mixing("setSpeed", { speed: 99.9 });
    server.reports(MIXER, { speed: Math.fround(99.9) });
    expect((await server.reaches(command, "COMPLETED")).result).toEqual({ speed: 99.9 });
  });

  test("counts only from the sending on, also of a value that was there before", async () => {
    server.reports(MIXER, { speed: 250 });
    const command = await mixing("setSpeed", { speed: 250 });
    await isStillOpen(command);
    server.reports(MIXER, { speed: 250 });
    await server.reaches(command, "COMPLETED");
  });

  test("is no reading of poor quality, and none that was sampled before and comes late", async () => {
    server.reports(MIXER, { speed: 1 }, { time: server.clock.now() });
    const command = await mixing("setSpeed", { speed: 250 });
    server.reports(MIXER, { speed: 250 }, { time: command.queuedAt.getTime() - 1_500 });
    server.reports(MIXER, { speed: 250 }, { quality: "BAD" });
    server.reports(MIXER, { speed: 250 }, { quality: "UNCERTAIN" });
    await isStillOpen(command);
    server.reports(MIXER, { speed: 250 }, { time: server.clock.now() + 1 });
    await server.reaches(command, "COMPLETED");
  });

  test("may carry the time of a clock that is behind, as the machine's readings did before", async () => {
    const behind = 120_000;
    server.reports(MIXER, { speed: 1 }, { time: server.clock.now() - behind });
    const command = await mixing("setSpeed", { speed: 250 });
    server.reports(MIXER, { speed: 250 }, { time: server.clock.now() - behind + 1 });
    await server.reaches(command, "COMPLETED");
  });

  test("of all metrics is needed, in whichever messages; an argument left out is not written", async () => {
    const command = await mixing("load", { recipe: "9007199254740993" });
    expect(server.broker.attempts[0]?.body.writes).toEqual({
      recipe: Number("9007199254740993"),
      heat: true,
    });
    server.reports(MIXER, { recipe: 9_007_199_254_740_992n, heat: true });
    server.reports(MIXER, { heat: false });
    await isStillOpen(command);
    server.reports(MIXER, { recipe: 9_007_199_254_740_993n });
    const { result } = await server.reaches(command, "COMPLETED");
    expect(result).toEqual({ recipe: "9007199254740993", heat: true });
  });

  test("that overtakes the broker's confirmation counts when that has come", async () => {
    const { open, opened } = gate();
    server.broker.answer = () => opened;
    const command = await mixes("setSpeed", { speed: 250 });
    await waitFor(() => server.broker.attempts.length === 1);
    server.reports(MIXER, { speed: 250 });
    server.reports(MIXER, { speed: 120 });
    open();
    await server.reaches(command, "COMPLETED");
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "COMPLETED"]);
    expect(await server.stored(command)).toMatchObject({ status: "COMPLETED", sends: 1 });
  });

  test("counts though the connection broke before the confirmation, and it is not sent again", async () => {
    server.broker.answer = async () => {
      server.reports(MIXER, { speed: 250 });
      throw new PublishError("CONNECTION_LOST", "the broker did not confirm the message");
    };
    const command = await mixes("setSpeed", { speed: 250 });
    await server.reaches(command, "COMPLETED");
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "COMPLETED"]);
  });

  test("is none of a command that surely was not sent", async () => {
    server.broker.answer = async () => {
      // As early as a report can come.
      server.clock.pass(1);
      server.reports(MIXER, { speed: 250 });
      throw new PublishError("NOT_CONNECTED", "not connected");
    };
    const command = await mixes("setSpeed", { speed: 250 });
    await waitFor(() => server.broker.attempts.length >= 3);
    server.broker.answer = async () => undefined;
    await server.reaches(command, "SENT");
    await isStillOpen(command);
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "ACCEPTED"]);
  });

  test("is needed though the device says that it is done; its refusal ends the command", async () => {
    const command = await mixing("setSpeed", { speed: 250 });
    await server.reply(command, "COMPLETED");
    expect((await server.stored(command))?.status).toBe("ACCEPTED");
    server.reports(MIXER, { speed: 250 });
    await server.reaches(command, "COMPLETED");
    const refused = await mixing("setSpeed", { speed: 251 });
    await server.reply(refused, "REJECTED", { reason: "locked" });
    server.reports(MIXER, { speed: 251 });
    await server.commands.stop();
    expect(server.steps(refused)).toEqual(["QUEUED", "SENT", "REJECTED"]);
  });

  test.each([
    [{ speed: 501 }, "arguments|speed", "at most 500"],
    [{ speed: -1 }, "arguments|speed", "at least 0"],
  ])("a value outside the metric's limits is refused: %j", async (args, field, message) => {
    const { userErrors } = await server.send({ machine: MIXER, name: "setSpeed", arguments: args });
    expect(userErrors.map((error) => [error.code, error.field?.join("|")])).toEqual([
      ["INVALID_INPUT", field],
    ]);
    expect(userErrors[0]?.message).toContain(message);
  });
});

describe("a state", () => {
  test("completes a command when the machine reaches it", async () => {
    const command = await mixing("start");
    for (const state of ["STARTING", "Held", "Execute"]) server.reports(MIXER, { state });
    expect((await server.reaches(command, "COMPLETED")).result).toEqual({ state: "EXECUTE" });
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "COMPLETED"]);
  });

  test("counts also when the machine has left it again", async () => {
    const command = await mixing("start");
    server.reports(MIXER, { state: 6 });
    server.reports(MIXER, { state: 16 });
    await server.reaches(command, "COMPLETED");
  });

  test("that was sampled before the sending and comes late proves nothing", async () => {
    const command = await mixing("start");
    server.reports(MIXER, { state: "EXECUTE" }, { time: command.queuedAt.getTime() - 60_000 });
    await isStillOpen(command);
  });

  test.each([
    ["EXECUTE", "start", "the machine is EXECUTE; start is allowed in IDLE"],
    ["EXECUTE", "reset", "the machine is EXECUTE; reset is allowed in STOPPED, COMPLETE"],
    ["nonsense", "tare", "the machine is UNKNOWN; tare is allowed in IDLE, STOPPED"],
  ])("that the machine type does not allow refuses the command: %s, %s", async (state, name, message) => {
    server.reports(MIXER, { state });
    const { command, userErrors } = await server.send({ machine: MIXER, name });
    expect([command, userErrors]).toEqual([
      null,
      [{ code: "PRECONDITION_FAILED", message, field: ["machine"] }],
    ]);
    expect(server.broker.attempts).toEqual([]);
  });
});

describe("too late", () => {
  test.each([
    ["setSpeed", { speed: 250 }, "the machine did not report in time what was written"],
    ["start", null, "the machine did not reach in time the state EXECUTE"],
  ])("a proof of %s is noted and told; the command stays timed out", async (name, args, reason) => {
    const command = await mixing(name, args, 60_000);
    await server.pass(60_000);
    expect(await server.reaches(command, "TIMED_OUT")).toMatchObject({ reason, provedLateAt: null });
    server.reports(MIXER, { state: "EXECUTE", speed: 250 });
    const told = await waitFor(() => server.events.find(({ provedLateAt }) => provedLateAt !== null));
    expect(told).toMatchObject({ id: command.id, status: "TIMED_OUT", result: null, reason });
    expect(await server.stored(command)).toEqual(told);
  });

  test("what comes after a newer command of the same name proves that one alone", async () => {
    const old = await mixing("setSpeed", { speed: 250 }, 60_000);
    await server.pass(60_000);
    await server.reaches(old, "TIMED_OUT");
    const command = await mixing("setSpeed", { speed: 250 });
    server.reports(MIXER, { speed: 250 });
    await server.reaches(command, "COMPLETED");
    await server.commands.stop();
    expect((await server.stored(old))?.provedLateAt).toBeNull();
  });

  test("long after the end nobody looks any more", async () => {
    const command = await mixing("setSpeed", { speed: 250 }, 60_000);
    await server.pass(60_000);
    await server.reaches(command, "TIMED_OUT");
    await server.pass(600_000);
    server.reports(MIXER, { speed: 250 });
    await server.commands.stop();
    expect((await server.stored(command))?.provedLateAt).toBeNull();
  });
});

describe("whoever hears the machine", () => {
  test("proves what was sent before its start, by what it hears and has heard", async () => {
    const command = await mixing("setSpeed", { speed: 250 });
    await server.pass(1);
    server.reports(MIXER, { speed: 250 });
    await server.reaches(command, "COMPLETED");
    const next = await mixing("setSpeed", { speed: 260 });
    await server.commands.stop();
    server.reports(MIXER, { speed: 260 });
    await server.commands.start();
    await server.reaches(next, "COMPLETED");
  });

  test("proves what another server has sent, once it takes over", async () => {
    const other = await database.server({ holds: false });
    const command = await mixing("setSpeed", { speed: 250 });
    await server.commands.stop();
    other.holds = true;
    await waitFor(async () => {
      other.reports(MIXER, { speed: 250 });
      return other.steps(command).includes("COMPLETED");
    });
    expect(other.steps(command)).toEqual(["COMPLETED"]);
    expect(other.broker.attempts).toEqual([]);
  });

  test("writes a proof as soon as the database lets it", async () => {
    const command = await mixing("setSpeed", { speed: 250 });
    await server.db.query("ALTER TABLE command RENAME TO gone");
    server.reports(MIXER, { speed: 250 });
    await waitFor(() => server.problems.includes("a command's proof could not be written; tried again"));
    await server.db.query("ALTER TABLE gone RENAME TO command");
    await server.reaches(command, "COMPLETED");
  });
});
