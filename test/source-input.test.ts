import { describe, expect, test } from "vitest";
import { type CreateSourceInput, RemoveSourceDocument, type UpdateSourceInput } from "./generated/graphql.js";
import { brokerAvailable } from "./support/broker.js";
import { EXACT, sourceStories } from "./support/sources.js";

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("what is said of sources", () => {
  const t = sourceStories();
  const { create, update, pause, resume, remove } = t;

  test("one of Sparkplug messages is made as the plant file makes it, and stays one", async () => {
    const url = t.broker.url;
    const sparkplug = { hostId: "host-7", reorderTimeout: "3s" };
    const made = await create({ name: "cells", url, mappings: null, sparkplug, paused: true });
    expect(made.userErrors).toEqual([]);
    expect(made.source).toMatchObject({
      mappings: [],
      sparkplug: { hostId: "host-7", reorderTimeout: 3_000, groups: [] },
    });
    expect(await update({ name: "cells", sparkplug: { hostId: "host-8" } })).toMatchObject({
      source: { version: 2, sparkplug: { hostId: "host-8", reorderTimeout: 2_000 } },
    });
    await create({ paused: true });
    const wrong: [Partial<UpdateSourceInput>, string][] = [
      [{ name: "cells", mappings: [EXACT] }, "mappings"],
      [{ name: "extra", sparkplug, mappings: [] }, "sparkplug"],
    ];
    for (const [input, field] of wrong)
      expect((await update(input)).userErrors).toMatchObject([{ code: "INVALID_INPUT", field: [field] }]);
  });

  describe("what cannot be is refused", () => {
    test.each<[string, Partial<CreateSourceInput>, string[], RegExp]>([
      ["a name", { name: "no spaces" }, ["name"], /^name: must be letters, digits and -$/],
      ["a long name", { name: "x".repeat(101) }, ["name"], /^name: must have at most 100/],
      [
        "an address",
        { url: "http://u:secret@x" },
        ["url"],
        /^url: "http:\/\/u:\*\*\*@x" must begin with mqtt/,
      ],
      ["a QoS", { qos: 3 }, ["qos"], /^qos: /],
      ["messages on the way", { inFlight: 0 }, ["inFlight"], /^inFlight: /],
      ["no mapping", { mappings: [] }, ["mappings"], /^mappings: needs at least one mapping$/],
      [
        "a mapping without topic",
        { mappings: [EXACT, { format: "json" }] },
        ["mappings", "1", "topic"],
        /^mappings\[1\].topic: /,
      ],
      [
        "a key",
        { mappings: [{ ...EXACT, tpic: 1 }] },
        ["mappings", "0"],
        /^mappings\[0\]: there is no setting "tpic"/,
      ],
      [
        "a machine",
        { mappings: [{ ...EXACT, machine: "a/{b}" }] },
        ["mappings", "0", "machine"],
        /^mappings\[0\].machine: \{b\} does not stand in the topic$/,
      ],
      [
        "a character",
        { mappings: [{ ...EXACT, timestamp: "a\u0000" }] },
        [],
        /^a text holds a character that cannot be stored$/,
      ],
    ])("%s", async (_, input, field, message) => {
      const { source: made, userErrors } = await create(input);
      expect(made).toBeNull();
      expect(userErrors).toEqual([
        {
          code: "INVALID_INPUT",
          field: field.length > 0 ? field : null,
          message: expect.stringMatching(message),
        },
      ]);
      expect(JSON.stringify(userErrors)).not.toContain("secret");
    });

    test("a change of what somebody else has changed, or of what is not there", async () => {
      await create();
      await update({ qos: 2 });
      expect(await update({ qos: 0, expectedVersion: 1 })).toMatchObject({
        source: null,
        userErrors: [{ code: "VERSION_CONFLICT", field: ["expectedVersion"] }],
      });
      expect((await update({ qos: 0, expectedVersion: 2 })).source).toMatchObject({ version: 3, qos: 0 });
      expect((await create()).userErrors).toMatchObject([{ code: "INVALID_INPUT", field: ["name"] }]);
      for (const name of ["nobody", "a\u0000", ""]) {
        for (const refused of [
          await update({ name }),
          await pause(name),
          await resume(name),
          await remove(name),
        ])
          expect(refused.userErrors).toMatchObject([{ code: "NOT_FOUND", field: ["name"] }]);
      }
    });

    test("a request that is sent twice with its key is done once", async () => {
      const input = { name: "extra", idempotencyKey: "k1" };
      const first = await create(input);
      expect(await create(input)).toMatchObject({ source: { version: 1 }, userErrors: [] });
      expect(first.userErrors).toEqual([]);
      expect((await create({ ...input, qos: 0 })).userErrors).toMatchObject([
        { code: "IDEMPOTENCY_KEY_REUSED" },
      ]);
      const removing = { input: { name: "extra", idempotencyKey: "k2" } };
      for (let time = 0; time < 2; time += 1)
        expect((await t.app.run(RemoveSourceDocument, removing)).removeSource).toEqual({
          removed: "extra",
          userErrors: [],
        });
    });
  });
});
