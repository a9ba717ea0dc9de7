import { beforeEach, describe, expect, test } from "vitest";
import { type CommandServer, commandDatabase, MIXER } from "../../test/support/command-server.js";
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

function mixes(name: string): Promise<Command> {
  return server.sent({ machine: MIXER, name, timeoutMs: 600_000 });
}

/** The command was sent so often, and is not sent again. */
async function sentInAll(command: Command, times: number, of = server): Promise<void> {
  await waitFor(async () => {
    const stored = await of.stored(command);
    return stored?.sends === times && stored.retryAt === null;
  });
}

test("a command to a silent device is sent again as often as its type says, each time the same", async () => {
  const command = await mixes("poke");
  await sentInAll(command, 3);
  const { attempts } = server.broker;
  await waitFor(() => attempts.length === 3);
  expect(attempts.map(({ body }) => body)).toEqual(Array(3).fill(attempts[0]?.body));
  expect(attempts[0]?.body.id).toBe(command.id);
  expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
  await server.reply(command, "COMPLETED");
  expect((await server.stored(command))?.status).toBe("COMPLETED");
});

test.each(["ACCEPTED", "REJECTED", "COMPLETED"])("any answer ends it: %s", async (status) => {
  const command = await mixes("poke");
  await server.reaches(command, "SENT");
  await server.reply(command, status);
  const { sends, retryAt } = (await server.stored(command)) as Command;
  expect(retryAt).toBeNull();
  await server.pass(1_000);
  await server.reaches(await mixes("halt"), "SENT");
  expect(server.broker.ids().filter((id) => id === command.id)).toHaveLength(sends);
});

test("a command that is sent again keeps those that wait for its end waiting", async () => {
  const command = await mixes("poke");
  const next = await mixes("clean");
  await sentInAll(command, 3);
  expect(server.steps(next)).toEqual(["QUEUED"]);
});

describe("it is not sent again", () => {
  test.each([
    ["in a state that is not allowed", { state: "EXECUTE" }, null, "ONLINE"],
    ["while the machine is locked out", {}, { number: "M-7" }, "ONLINE"],
    ["while the machine is offline", {}, null, "OFFLINE"],
  ] as const)("%s, but when that is over", async (_, reported, lockout, connectivity) => {
    const command = await server.reaches(await mixes("nudge"), "SENT");
    server.reports(MIXER, reported);
    server.hears(MIXER, connectivity);
    server.lockout = lockout;
    await server.pass(60_000);
    const skipped = async () =>
      (await server.stored(command))?.retryAt?.getTime() !== command.retryAt?.getTime();
    if (connectivity === "ONLINE") await waitFor(skipped);
    expect(server.broker.ids()).toEqual([command.id]);
    expect((await server.stored(command))?.sends).toBe(1);
    server.reports(MIXER, { state: "IDLE" });
    server.hears(MIXER);
    server.lockout = null;
    for (let times = 2; times <= 3; times += 1) {
      await server.pass(60_000);
      await waitFor(() => server.broker.attempts.length === times);
    }
    await sentInAll(command, 3);
  });

  test("by a server that does not hear the machine; one that takes over goes on", async () => {
    const other = await database.server({ holds: false });
    other.reports(MIXER, { state: "IDLE" });
    const command = await server.reaches(await mixes("poke"), "SENT");
    await server.commands.stop();
    const before = server.broker.attempts.length;
    expect(other.broker.attempts).toEqual([]);
    other.holds = true;
    await sentInAll(command, 3, other);
    expect(before + other.broker.attempts.length).toBe(3);
  });
});

describe("when the broker does not take it again", () => {
  test("it is tried until it does, and counts once", async () => {
    const command = await server.reaches(await mixes("poke"), "SENT");
    server.broker.answer = async () => {
      throw new PublishError("NOT_CONNECTED", "not connected");
    };
    await waitFor(() => server.broker.attempts.length >= 4);
    server.broker.answer = async () => undefined;
    await sentInAll(command, 3);
    expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
  });

  test("a refusal does not end a command that it has taken before", async () => {
    const command = await server.reaches(await mixes("poke"), "SENT");
    server.broker.answer = async () => {
      throw new PublishError("REFUSED", "the broker does not authorize this client", 135);
    };
    await waitFor(async () => (await server.stored(command))?.retryAt === null);
    expect(server.steps(command)).toEqual(["QUEUED", "SENT"]);
    await server.reply(command, "COMPLETED");
    expect((await server.stored(command))?.status).toBe("COMPLETED");
  });
});
