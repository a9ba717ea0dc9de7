import { beforeEach, expect, test } from "vitest";
import { type CommandServer, commandDatabase } from "../../test/support/command-server.js";
import { waitFor } from "../../test/support/wait-for.js";

let database: Awaited<ReturnType<typeof commandDatabase>>;
let server: CommandServer;

beforeEach(async () => {
  database = await commandDatabase();
  server = await database.server();
});

test.each([
  ["SENT", []],
  ["ACCEPTED", ["ACCEPTED"]],
])("a command that is %s times out, and a later failure changes nothing", async (_, replies) => {
  const command = await server.sent({ timeoutMs: 60_000 });
  await server.reaches(command, "SENT");
  for (const status of replies) await server.reply(command, status);
  await server.pass(60_000);
  const ended = await server.reaches(command, "TIMED_OUT");
  expect(ended.finishedAt?.getTime()).toBeGreaterThanOrEqual(command.expiresAt.getTime());
  for (const late of ["ACCEPTED", "REJECTED", "FAILED"]) expect(await server.reply(command, late)).toBeNull();
  expect(await server.stored(command)).toEqual(ended);
  expect(server.steps(command)).toEqual(["QUEUED", "SENT", ...replies, "TIMED_OUT"]);
});

test("an answer that comes too late is noted and told once; the command stays timed out", async () => {
  const command = await server.sent({ timeoutMs: 60_000 });
  await server.reaches(command, "SENT");
  await server.pass(60_000);
  const ended = await server.reaches(command, "TIMED_OUT");
  expect(await server.reply(command, "COMPLETED", { result: 1 })).toBeNull();
  expect(await server.reply(command, "COMPLETED", { result: 1 })).toBeNull();
  const told = server.events.filter(({ provedLateAt }) => provedLateAt !== null);
  expect(told).toEqual([{ ...ended, provedLateAt: expect.any(Date) }]);
  expect(await server.stored(command)).toEqual(told[0]);
});

test("a command with less time than those before it ends first", async () => {
  const long = await server.sent({ timeoutMs: 60_000 });
  const short = await server.sent({ timeoutMs: 200 });
  await waitFor(async () => (await server.stored(short))?.finishedAt);
  expect((await server.stored(long))?.finishedAt).toBeNull();
});

test("two servers end one command once", async () => {
  const other = await database.server({ holds: false });
  const sent = Array.from({ length: 20 }, () => server.sent({ timeoutMs: 60_000 }));
  const commands = await Promise.all(sent);
  // Only what was sent times out: the time must not pass before.
  for (const command of commands) await server.reaches(command, "SENT");
  await Promise.all([server.pass(60_000), other.pass(60_000)]);
  await Promise.all([server.commands.stop(), other.commands.stop()]);
  const ended = [...server.events, ...other.events].filter(({ finishedAt }) => finishedAt !== null);
  expect(ended.map(({ id, status }) => [id, status]).sort()).toEqual(
    commands.map(({ id }) => [id, "TIMED_OUT"]).sort(),
  );
});
