import { beforeEach, describe, expect, test } from "vitest";
import { CAPPER, type CommandServer, commandDatabase, MIXER } from "../../test/support/command-server.js";
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

const LONG = { machine: MIXER, timeoutMs: 600_000 };

function mixes(name: string, more: object = {}): Promise<Command> {
  return server.sent({ ...LONG, name, ...more });
}

/** What the device was sent, by name. */
function names(of = server): string[] {
  return of.broker.attempts.map(({ body }) => body.name);
}

async function waitsFor(command: Command, reason: RegExp, at = server): Promise<void> {
  await waitFor(async () => reason.test((await at.stored(command))?.reason ?? ""));
  expect((await at.stored(command))?.status).toBe("QUEUED");
}

describe("one at a time", () => {
  test.each(["COMPLETED", "REJECTED", "FAILED"])(
    "a command waits until the one before it is %s",
    async (end) => {
      const first = await mixes("clean");
      const second = await mixes("tare");
      await server.reaches(first, "SENT");
      await waitsFor(second, /another command to the machine has not ended/);
      await server.reply(first, "ACCEPTED");
      await server.reply(first, end);
      await server.reaches(second, "SENT");
      expect(names()).toEqual(["clean", "tare"]);
      expect(server.steps(second)).toEqual(["QUEUED", "SENT"]);
    },
  );

  test("or has timed out", async () => {
    const first = await mixes("clean", { timeoutMs: 60_000 });
    const second = await mixes("tare");
    await server.reaches(first, "SENT");
    await server.pass(60_000);
    await server.reaches(first, "TIMED_OUT");
    await server.reaches(second, "SENT");
  });

  test("in the order in which they were asked for, and other machines do not wait", async () => {
    const commands: Command[] = [];
    for (let count = 0; count < 4; count += 1) commands.push(await mixes("clean"));
    await server.reaches(await server.sent({ machine: CAPPER }), "SENT");
    const order = commands.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    for (const command of order) {
      await server.reaches(command, "SENT");
      await server.reply(command, "COMPLETED");
    }
    expect(server.broker.ids().filter((id) => order.some((command) => command.id === id))).toEqual(
      order.map(({ id }) => id),
    );
  });

  test("a command that need not wait is sent at once, and nobody waits for it", async () => {
    await server.reaches(await mixes("clean"), "SENT");
    await mixes("tare");
    await server.reaches(await mixes("halt"), "SENT");
    await server.reaches(await mixes("halt"), "SENT");
    expect(names()).toEqual(["clean", "halt", "halt"]);
  });

  test("one that waits can be cancelled, and expires when its turn does not come", async () => {
    await server.reaches(await mixes("clean"), "SENT");
    const cancelled = await mixes("tare");
    const late = await mixes("tare", { timeoutMs: 60_000 });
    await waitsFor(cancelled, /has not ended/);
    expect((await server.commands.cancel(cancelled.id, "ben")).command?.status).toBe("CANCELLED");
    await waitsFor(late, /has not ended/);
    await server.pass(60_000);
    expect((await server.reaches(late, "EXPIRED")).reason).toBe(
      "the command could not be sent before it expired: another command to the machine has not ended",
    );
    expect(names()).toEqual(["clean"]);
  });

  test("also after a restart, and for another server that takes over", async () => {
    const first = await mixes("clean");
    const second = await mixes("tare");
    await server.reaches(first, "SENT");
    await server.commands.stop();
    const next = await database.server();
    next.reports(MIXER, { state: "IDLE" });
    await waitsFor(second, /has not ended/, next);
    await next.reply(first, "COMPLETED");
    await next.reaches(second, "SENT");
    expect(names(next)).toEqual(["tare"]);
  });
});

describe("when its turn comes", () => {
  let first: Command;

  beforeEach(async () => {
    first = await mixes("clean");
    await server.reaches(first, "SENT");
  });

  test("a command fails if the machine is in another state by then, and the next one is sent", async () => {
    const second = await mixes("tare");
    const third = await mixes("clean");
    server.reports(MIXER, { state: "EXECUTE" });
    await server.reply(first, "COMPLETED");
    expect((await server.reaches(second, "FAILED")).reason).toBe(
      "the machine is EXECUTE; tare is allowed in IDLE, STOPPED",
    );
    await server.reaches(third, "SENT");
    expect(names()).toEqual(["clean", "clean"]);
  });

  test("a command fails if the machine was locked out meanwhile", async () => {
    const second = await mixes("tare");
    server.lockout = { number: "M-7" };
    await server.reply(first, "COMPLETED");
    expect((await server.reaches(second, "FAILED")).reason).toContain("M-7 locks the machine out");
    expect(names()).toEqual(["clean"]);
  });

  test("a command waits while the machine is offline, and is sent when it is back", async () => {
    const second = await mixes("tare");
    server.hears(MIXER, "OFFLINE");
    await server.reply(first, "COMPLETED");
    await waitsFor(second, /the machine is offline/);
    server.hears(MIXER);
    await server.reaches(second, "SENT");
  });

  test("a machine that is reached elsewhere by then gets it there", async () => {
    const second = await mixes("tare");
    server.twin(MIXER).route = { source: "shopfloor", deviceTopic: "moved/mixer" };
    await server.reply(first, "COMPLETED");
    const sent = await server.reaches(second, "SENT");
    expect(sent.topic).toBe("moved/mixer/cmd/tare");
    expect(server.broker.attempts.at(-1)).toMatchObject({
      topic: sent.topic,
      body: { replyTo: `${sent.topic}/reply` },
    });
    expect(await server.reply(sent, "COMPLETED")).toBeNull();
  });
});

test("what may have been sent is not sent again where it is not allowed any more, nor called failed", async () => {
  server.broker.answer = async () => {
    throw new PublishError("CONNECTION_LOST", "the broker did not confirm the message");
  };
  const command = await mixes("tare");
  await waitFor(() => server.broker.attempts.length >= 1);
  server.reports(MIXER, { state: "EXECUTE" });
  await waitsFor(command, /may have been sent, and is not sent again: the machine is EXECUTE/);
  const attempts = server.broker.attempts.length;
  // What does not wait for it is sent all the same, what does is not.
  server.broker.answer = async () => undefined;
  const behind = await mixes("clean");
  await server.reaches(await mixes("halt"), "SENT");
  await waitsFor(behind, /has not ended/);
  expect(server.broker.attempts).toHaveLength(attempts + 1);
  await server.pass(600_000);
  expect((await server.reaches(command, "EXPIRED")).reason).toContain("did not confirm");
});
