import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { CAPPER, type CommandServer, commandDatabase, FILLER } from "../../test/support/command-server.js";
import { waitFor } from "../../test/support/wait-for.js";
import type { Command } from "./command.js";

let database: Awaited<ReturnType<typeof commandDatabase>>;
let server: CommandServer;
/** Those that the server has without subscribers. */
let listeners: number;

beforeEach(async () => {
  database = await commandDatabase();
  server = await database.server();
  listeners = server.live.listenerCount;
});

describe("subscriptions", () => {
  async function take(changes: AsyncIterable<Command> | null, count: number): Promise<string[]> {
    const statuses: string[] = [];
    for await (const command of changes ?? []) {
      statuses.push(command.status);
      if (statuses.length === count) break;
    }
    return statuses;
  }

  test("one command's present state comes first, then every later step", async () => {
    const command = await server.sent();
    await server.reaches(command, "SENT");
    const changes = await server.commands.changesOf(command.id, null);
    await server.reply(command, "ACCEPTED");
    await server.reply(command, "COMPLETED");
    expect(await take(changes, 3)).toEqual(["SENT", "ACCEPTED", "COMPLETED"]);
    expect(server.live.listenerCount).toBe(listeners);
  });

  test("steps made while the present state is read come neither twice nor out of order", async () => {
    for (let round = 0; round < 20; round += 1) {
      const command = await server.sent();
      const changes = server.commands.changesOf(command.id, null);
      await server.reaches(command, "SENT");
      await server.reply(command, "COMPLETED");
      const seen: string[] = [];
      for await (const { status } of (await changes) ?? []) {
        seen.push(status);
        if (status === "COMPLETED") break;
      }
      expect(["QUEUED", "SENT", "COMPLETED"].slice(-seen.length)).toEqual(seen);
    }
  });

  test("one machine's commands only, or one command only", async () => {
    const ofCapper = server.commands.changes(CAPPER);
    const all = server.commands.changes(null);
    const first = await server.sent();
    await server.reaches(first, "SENT");
    const second = await server.sent({ machine: CAPPER });
    await server.reaches(second, "SENT");
    expect((await ofCapper.next()).value).toMatchObject({ id: second.id, status: "QUEUED" });
    expect(await take(all, 4)).toEqual(["QUEUED", "SENT", "QUEUED", "SENT"]);
    await ofCapper.return?.();
    expect(server.live.listenerCount).toBe(listeners);
  });

  test("an unknown command has none, and leaves no listener", async () => {
    expect(await server.commands.changesOf(randomUUID(), null)).toBeNull();
    expect(server.live.listenerCount).toBe(listeners);
  });
});

test("pages are read for many machines at once, the newest last, from both ends", async () => {
  const commands: Command[] = [];
  for (let count = 0; count < 5; count += 1) {
    commands.push(await server.sent());
    await waitFor(() => Date.now() > (commands.at(-1)?.queuedAt.getTime() ?? 0));
  }
  await server.sent({ machine: CAPPER });
  const filler = server.twins.byPath(FILLER)?.machine.id ?? "";
  const capper = server.twins.byPath(CAPPER)?.machine.id ?? "";
  const ids = commands.map(({ id }) => id);
  const page = async (request: object) => {
    const all = { limit: 2, fromEnd: false, after: null, before: null, ...request };
    const found = (await server.commands.pages([filler, capper], all)).get(filler);
    return [found?.items.map(({ id }) => ids.indexOf(id)), found?.hasMore];
  };
  expect(await page({})).toEqual([[0, 1], true]);
  expect(await page({ after: ids[2] })).toEqual([[3, 4], false]);
  expect(await page({ fromEnd: true })).toEqual([[3, 4], true]);
  expect(await page({ fromEnd: true, before: ids[1] })).toEqual([[0], false]);
  expect(await page({ limit: 0 })).toEqual([[], true]);
  expect(await page({ limit: 9, after: ids[0], before: ids[3] })).toEqual([[1, 2], false]);
  expect(await server.commands.counts([filler, capper])).toEqual(
    new Map([
      [filler, 5],
      [capper, 1],
    ]),
  );
});
