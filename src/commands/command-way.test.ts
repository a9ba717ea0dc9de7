import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import {
  CAPPER,
  type CommandServer,
  commandDatabase,
  FILLER,
  gate,
} from "../../test/support/command-server.js";
import { waitFor } from "../../test/support/wait-for.js";
import type { Command } from "./command.js";

let database: Awaited<ReturnType<typeof commandDatabase>>;
let server: CommandServer;

beforeEach(async () => {
  database = await commandDatabase();
  server = await database.server();
});

describe("the way of a command", () => {
  test("every step is an event of its own, with the command as the step left it", async () => {
    const command = await server.sent({ name: "setSpeed", arguments: { speed: 5 } });
    expect(command).toMatchObject({ status: "QUEUED", requestedBy: "anna", sentAt: null });
    await server.reaches(command, "SENT");
    expect(await server.reply(command, "ACCEPTED")).toBeNull();
    expect(await server.reply(command, "COMPLETED", { result: { speed: 5 } })).toBeNull();

    const [queued, sent, accepted, completed, ...rest] = server.events;
    expect(rest).toEqual([]);
    expect(queued).toEqual(command);
    expect(sent).toMatchObject({ status: "SENT", sentAt: expect.any(Date), acceptedAt: null });
    expect(accepted).toMatchObject({ status: "ACCEPTED", acceptedAt: expect.any(Date), finishedAt: null });
    expect(completed).toMatchObject({
      status: "COMPLETED",
      finishedAt: expect.any(Date),
      result: { speed: 5 },
    });
    expect(await server.stored(command)).toEqual(completed);
  });

  test("the device gets all it needs to answer", async () => {
    const command = await server.sent({ name: "setSpeed", arguments: { speed: 5 }, timeoutMs: 2_500 });
    await server.reaches(command, "SENT");
    const topic = `plant/${FILLER}/cmd/setSpeed`;
    expect(command.topic).toBe(topic);
    expect(server.broker.attempts).toEqual([
      {
        topic,
        body: {
          id: command.id,
          name: "setSpeed",
          arguments: { speed: 5 },
          issuedAt: command.queuedAt.toISOString(),
          expiresAt: new Date(command.queuedAt.getTime() + 2_500).toISOString(),
          replyTo: `${topic}/reply`,
        },
        options: {
          correlationData: Buffer.from(command.id),
          responseTopic: `${topic}/reply`,
          messageExpiryIntervalS: 3,
        },
      },
    ]);
  });

  test("a reply that overtakes the broker's confirmation makes both steps, and the confirmation none", async () => {
    const { open, opened } = gate();
    server.broker.answer = () => opened;
    const command = await server.sent();
    await waitFor(() => server.broker.attempts.length === 1);
    await server.reply(command, "ACCEPTED");
    open();
    await server.reply(command, "COMPLETED");
    await server.commands.stop();
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "ACCEPTED", "COMPLETED"]);
    expect(await server.stored(command)).toMatchObject({ sentAt: expect.any(Date), status: "COMPLETED" });
  });

  test("repeated and out-of-order replies change nothing", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    for (const status of ["ACCEPTED", "ACCEPTED", "COMPLETED", "COMPLETED", "FAILED", "ACCEPTED"])
      expect(await server.reply(command, status, { reason: status })).toBeNull();
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "ACCEPTED", "COMPLETED"]);
    expect(await server.stored(command)).toMatchObject({ status: "COMPLETED", reason: "COMPLETED" });
  });

  test("replies that come all at once are applied one after the other", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    await Promise.all(["ACCEPTED", "COMPLETED", "FAILED"].map((status) => server.reply(command, status)));
    expect(server.steps(command)).toEqual(["QUEUED", "SENT", "ACCEPTED", "COMPLETED"]);
  });

  test("commands of one machine reach the broker in their order, those of others do not wait", async () => {
    const { open, opened } = gate();
    server.broker.answer = ({ topic }) => (topic.startsWith(`plant/${FILLER}`) ? opened : Promise.resolve());
    const filler: Command[] = [];
    for (let count = 0; count < 5; count += 1) filler.push(await server.sent());
    const capper = await server.sent({ machine: CAPPER });
    await server.reaches(capper, "SENT");
    expect(server.broker.attempts).toHaveLength(2);
    open();
    for (const command of filler) await server.reaches(command, "SENT");
    expect(server.broker.ids().filter((id) => id !== capper.id)).toEqual(filler.map(({ id }) => id).sort());
  });
});

describe("replies that cannot be taken say why", () => {
  test.each([
    ["no JSON", "x", /not JSON/],
    ["an unknown command", JSON.stringify({ id: randomUUID(), status: "ACCEPTED" }), /no command/],
  ])("%s", async (_, payload, problem) => {
    const answer = await server.commands.onReply("a/cmd/start/reply", Buffer.from(payload));
    expect(answer?.problem).toMatch(problem);
  });

  test("another machine's reply", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    const answer = await server.reply(command, "COMPLETED", {}, `plant/${CAPPER}/cmd/start/reply`);
    expect(answer?.problem).toMatch(/is answered on/);
    expect(await server.stored(command)).toMatchObject({ status: "SENT" });
  });

  test("a database that fails rejects, so that the message is not acknowledged", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    await server.commands.stop();
    await server.db.stop();
    await expect(server.reply(command, "COMPLETED")).rejects.toThrow();
  });
});

test("a status that cannot be written is tried again, and the command is not sent twice", async () => {
  const { open, opened } = gate();
  server.broker.answer = () => opened;
  const command = await server.sent();
  await waitFor(() => server.broker.attempts.length === 1);
  await server.db.query("ALTER TABLE command RENAME TO gone");
  open();
  await waitFor(() => server.problems.includes("a command's status could not be written and is tried again"));
  await server.db.query("ALTER TABLE gone RENAME TO command");
  await server.reaches(command, "SENT");
  expect(server.broker.attempts).toHaveLength(1);
});
