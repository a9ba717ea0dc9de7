import { writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { SourcesDocument } from "./generated/graphql.js";
import type { TestApp } from "./support/app.js";
import { brokerAvailable } from "./support/broker.js";
import { machine, metric, stored } from "./support/questions.js";
import { EXACT, LINE, PLANT, sourceStories, WIDE } from "./support/sources.js";
import { waitFor } from "./support/wait-for.js";

const SLOW_TEST = { timeout: 120_000 };

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("sources at runtime", () => {
  const t = sourceStories();
  const {
    server,
    load,
    send,
    create,
    update,
    pause,
    resume,
    remove,
    source,
    is,
    exactlyOnce,
    deadLetters,
    sessionKept,
    farewellsDone,
    again,
  } = t;

  test("one that is made brings telemetry at once, and shows no password", async () => {
    const url = new URL(t.broker.url);
    url.username = "line-3";
    url.password = "secret";
    const { source: made, userErrors } = await create({ url: url.href });
    expect(userErrors).toEqual([]);
    expect(made).toMatchObject({
      name: "extra",
      owner: "API",
      version: 1,
      url: `mqtt://***@${url.host}`,
      qos: 1,
      discovery: "AUTO",
      inFlight: 65_535,
      mappings: [{ ...EXACT, metrics: [] }],
    });
    await is("CONNECTED");
    await send("plc/filler-1/data", { ts: Date.now(), speed: 7 });
    await waitFor(async () => (await metric(t.app, `${LINE}/filler-1`, "speed"))?.value === 7);
    const { sources } = await t.app.run(SourcesDocument, {});
    expect(sources.map(({ name, owner }) => [name, owner])).toEqual([
      ["shopfloor", "PLANT_FILE"],
      ["extra", "API"],
    ]);
    expect(JSON.stringify(sources)).not.toMatch(/secret|line-3@/);
    // Written back as it is shown, it is what it was.
    expect((await update({ url: made?.url ?? "" })).source).toMatchObject({ version: 1 });
  });

  test("a wrong address shows in the source, and the server stays ready", async () => {
    await create({ url: "mqtt://127.0.0.1:1" });
    await waitFor(async () => (await source("extra"))?.problem?.includes("connection refused"));
    expect(await source("extra")).toMatchObject({ health: "DISCONNECTED" });
    expect((await fetch(`${t.app.url}/readyz`)).status).toBe(200);
  });

  test("changed mappings lose nothing, of this source and of others", SLOW_TEST, async () => {
    await create();
    await is("CONNECTED");
    const since = async () => (await t.app.ask('{ source(name: "extra") { since } }')).data.source.since;
    const connected = await since();
    const [own, other] = [load(t.broker.url, "plc/m1/data"), load(t.broker.url, `${LINE}/m2/telemetry`)];
    for (let round = 0; round < 8; round += 1) {
      const sent = own.acknowledged.length;
      const { userErrors } = await update({ mappings: [round % 2 === 0 ? WIDE : EXACT] });
      expect(userErrors).toEqual([]);
      await waitFor(() => own.acknowledged.length > sent + 100);
    }
    await own.stop();
    await other.stop();
    await exactlyOnce(own, `${LINE}/m1`);
    await exactlyOnce(other, `${LINE}/m2`);
    expect(await deadLetters()).toEqual([]);
    expect(await source("extra")).toMatchObject({ version: 9, missed: 0 });
    expect(await since()).toBe(connected);
    // Only the filter of the last change is subscribed.
    await send("plc/m1/alarm", { n: -1 });
    await send("plc/m1/data", { ts: Date.now(), last: 1 });
    await waitFor(async () => (await stored(t.app, `${LINE}/m1`, "last")) === 1);
    expect(await deadLetters()).toEqual([]);
  });

  test("what is published while one is paused comes when it is resumed", SLOW_TEST, async () => {
    await create();
    await is("CONNECTED");
    const sending = load(t.broker.url, "plc/m1/data");
    await waitFor(async () => (await stored(t.app, `${LINE}/m1`, "n")) > 100);
    expect((await pause("extra")).userErrors).toEqual([]);
    await is("PAUSED");
    const { committed, received, lagMessages } = (await source("extra")) ?? {};
    expect([received, lagMessages]).toEqual([committed, 0]);
    const sent = sending.acknowledged.length;
    await waitFor(() => sending.acknowledged.length > sent + 300);
    // The others go on.
    await send(`${LINE}/m2/telemetry`, { ts: Date.now(), a: 1 });
    await waitFor(async () => (await metric(t.app, `${LINE}/m2`, "a"))?.value === 1);
    expect(await source("extra")).toMatchObject({ health: "PAUSED", received });
    expect((await fetch(`${t.app.url}/readyz`)).status).toBe(200);
    expect((await pause("extra")).userErrors).toEqual([]);
    await resume("extra");
    await is("CONNECTED");
    await sending.stop();
    await exactlyOnce(sending, `${LINE}/m1`);
  });

  test("one of the plant file is paused and resumed, and changed in the file only", SLOW_TEST, async () => {
    await pause("shopfloor");
    await is("PAUSED", "shopfloor");
    await send(`${LINE}/m1/telemetry`, { ts: Date.now(), a: 1 });
    await t.app.pause();
    await again();
    await is("PAUSED", "shopfloor");
    expect(await machine(t.app, `${LINE}/m1`)).toBeNull();
    await resume("shopfloor");
    await waitFor(async () => (await metric(t.app, `${LINE}/m1`, "a"))?.value === 1);
    const owned = [
      {
        code: "PRECONDITION_FAILED",
        field: ["name"],
        message: expect.stringContaining("the plant file owns the source shopfloor"),
      },
    ];
    expect((await update({ name: "shopfloor", qos: 0 })).userErrors).toEqual(owned);
    expect((await remove("shopfloor")).userErrors).toEqual(owned);
    expect((await create({ name: "shopfloor" })).userErrors).toMatchObject([
      { code: "INVALID_INPUT", field: ["name"], message: "there is a source shopfloor already" },
    ]);
  });

  test("those that were made are there after a restart, paused or not", SLOW_TEST, async () => {
    await create();
    await create({ name: "resting", mappings: [{ ...EXACT, topic: "rest/{machine}" }], paused: true });
    await is("CONNECTED");
    await is("PAUSED", "resting");
    await t.app.pause();
    await send("plc/m1/data", { ts: Date.now(), a: 1 });
    await again();
    await waitFor(async () => (await metric(t.app, `${LINE}/m1`, "a"))?.value === 1);
    await is("PAUSED", "resting");
    await is("CONNECTED", "shopfloor");
    const { sources } = await t.app.run(SourcesDocument, {});
    expect(sources.map(({ name, health }) => [name, health])).toEqual([
      ["shopfloor", "CONNECTED"],
      ["extra", "CONNECTED"],
      ["resting", "PAUSED"],
    ]);
  });

  test("a plant file with the name of one that was made ends the start with a line that says so", async () => {
    await create();
    await t.app.pause();
    const file = t.app.env.PLANT_FILE ?? "";
    await writeFile(file, PLANT.replace("shopfloor", "extra"));
    await expect(t.app.resume()).rejects.toThrow(
      /^PLANT_FILE: source extra: a source of this name was made through GraphQL; give .* another name/,
    );
    await writeFile(file, PLANT);
    await again();
    await is("CONNECTED");
  });

  describe("with two servers", () => {
    let other: TestApp;

    beforeEach(async () => {
      other = await server({ DATABASE_URL: t.app.env.DATABASE_URL ?? "" });
    });

    test("each follows what is changed at the other, and nothing is lost", SLOW_TEST, async () => {
      await create();
      await is("CONNECTED");
      await is("STANDBY", "extra", other);
      const sending = load(t.broker.url, "plc/m1/data");
      await waitFor(async () => (await stored(t.app, `${LINE}/m1`, "n")) > 100);
      expect((await update({ mappings: [WIDE] }, other)).userErrors).toEqual([]);
      await waitFor(async () => (await source("extra"))?.version === 2);
      await send("plc/m3/state", { ts: Date.now(), a: 1 });
      await waitFor(async () => (await metric(t.app, `${LINE}/m3`, "a"))?.value === 1);
      await pause("extra", other);
      await is("PAUSED");
      const sent = sending.acknowledged.length;
      await waitFor(() => sending.acknowledged.length > sent + 100);
      await resume("extra", other);
      await is("CONNECTED");
      // The other one takes over, with what was changed.
      await t.app.pause();
      await is("CONNECTED", "extra", other);
      const more = sending.acknowledged.length;
      await waitFor(() => sending.acknowledged.length > more + 100);
      await sending.stop();
      await exactlyOnce(sending, `${LINE}/m1`, other);
      expect(await deadLetters()).toEqual([]);
      await again();
      await is("STANDBY");
      expect((await remove("extra")).userErrors).toEqual([]);
      await waitFor(async () => (await source("extra", other)) === null);
      await farewellsDone();
      expect(await sessionKept(t.broker.url, "extra")).toBe(false);
    });
  });
});
