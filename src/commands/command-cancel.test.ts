import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { type CommandServer, commandDatabase, gate } from "../../test/support/command-server.js";
import { waitFor } from "../../test/support/wait-for.js";
import { PublishError } from "../mqtt/problems.js";
import type { Command } from "./command.js";

let database: Awaited<ReturnType<typeof commandDatabase>>;
let server: CommandServer;

beforeEach(async () => {
  database = await commandDatabase();
  server = await database.server();
});

describe("cancelling", () => {
  test("a command that waits for its turn is never sent, and the one behind it is", async () => {
    const { open, opened } = gate();
    server.broker.answer = () => opened;
    const first = await server.sent();
    const second = await server.sent();
    const third = await server.sent();
    await waitFor(() => server.broker.attempts.length === 1);
    const [sending, waiting] = [server.broker.ids()[0], [second, third, first]];
    const victim = waiting.find(({ id }) => id !== sending);
    if (!victim) throw new Error("nothing waits");
    const outcome = await server.commands.cancel(victim.id, "ben");
    expect(outcome.command).toMatchObject({ status: "CANCELLED", reason: "cancelled by ben" });
    open();
    for (const command of waiting) if (command !== victim) await server.reaches(command, "SENT");
    expect(server.steps(victim)).toEqual(["QUEUED", "CANCELLED"]);
    expect(server.broker.ids()).not.toContain(victim.id);
  });

  test("what the broker may have cannot be recalled", async () => {
    server.broker.answer = async () => {
      throw new PublishError("CONNECTION_LOST", "the broker did not confirm the message");
    };
    const command = await server.sent();
    await waitFor(() => server.broker.attempts.length >= 2);
    const { userErrors } = await server.commands.cancel(command.id, "ben");
    expect(userErrors).toMatchObject([{ code: "INVALID_TRANSITION", field: ["id"] }]);
    // Also when a later attempt surely fails: the first may still have come through.
    server.broker.answer = async () => {
      throw new PublishError("NOT_CONNECTED", "not connected");
    };
    await waitFor(async () => (await server.stored(command))?.reason === "not connected");
    expect((await server.commands.cancel(command.id, "ben")).command).toBeNull();
  });

  test("what surely was not sent can be cancelled between two attempts", async () => {
    server.broker.answer = async () => {
      throw new PublishError("NOT_CONNECTED", "not connected");
    };
    const command = await server.sent();
    await waitFor(async () => (await server.stored(command))?.reason === "not connected");
    await waitFor(async () => (await server.commands.cancel(command.id, "ben")).command);
    server.broker.answer = async () => undefined;
    const next = await server.sent();
    await server.reaches(next, "SENT");
    expect(server.steps(command)).toEqual(["QUEUED", "CANCELLED"]);
  });

  test.each([
    ["before", "by the same claim"],
    ["during", "by a claim more"],
  ])(
    "sending waits while a command is being cancelled; one queued %s that is then sent (%s)",
    async (when) => {
      await server.commands.stop();
      const victim = await server.sent();
      const next: Command[] = [];
      // A later millisecond, so that the ids are in this order.
      await waitFor(() => Date.now() > victim.queuedAt.getTime());
      if (when === "before") next.push(await server.sent());
      await server.db.withConnection(async (sql) => {
        await sql.query("BEGIN");
        await sql.query("UPDATE command SET status = 'CANCELLED', finished_at = now() WHERE id = $1", [
          victim.id,
        ]);
        await server.commands.start();
        await waitFor(async () => {
          const waiting =
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
          return (await server.db.query(waiting)).length > 0;
        });
        if (when === "during") next.push(await server.sent());
        await sql.query("COMMIT");
      });
      for (const command of next) await server.reaches(command, "SENT");
      expect(server.broker.ids()).toEqual(next.map(({ id }) => id));
    },
  );

  test("a sent, an ended and an unknown command cannot be cancelled", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    const errors = async (id: string) => (await server.commands.cancel(id, "ben")).userErrors;
    expect(await errors(command.id)).toMatchObject([
      { code: "INVALID_TRANSITION", message: expect.stringContaining("cannot be recalled") },
    ]);
    await server.reply(command, "REJECTED");
    expect(await errors(command.id)).toMatchObject([{ code: "INVALID_TRANSITION" }]);
    expect(await errors(randomUUID())).toMatchObject([{ code: "NOT_FOUND", field: ["id"] }]);
  });

  test("in a race with sending, each command is either cancelled and never sent, or sent", async () => {
    const commands = await Promise.all(Array.from({ length: 40 }, () => server.sent()));
    const outcomes = await Promise.all(commands.map(({ id }) => server.commands.cancel(id, "ben")));
    for (const [index, command] of commands.entries()) {
      const cancelled = outcomes[index]?.command != null;
      if (!cancelled) await server.reaches(command, "SENT");
      expect(server.steps(command)).toEqual(["QUEUED", cancelled ? "CANCELLED" : "SENT"]);
      expect(server.broker.ids().includes(command.id)).toBe(!cancelled);
    }
    expect(outcomes.some(({ command }) => command !== null)).toBe(true);
  });
});
