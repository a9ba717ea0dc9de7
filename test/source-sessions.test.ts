import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { brokerAvailable } from "./support/broker.js";
import { rows } from "./support/database.js";
import { freePort } from "./support/mosquitto.js";
import { relay } from "./support/mqtt-link.js";
import { metric, stored } from "./support/questions.js";
import { LINE, PLANT, sourceStories } from "./support/sources.js";
import { waitFor } from "./support/wait-for.js";

const LONG = { timeoutMs: 60_000 };
const SLOW_TEST = { timeout: 120_000 };

// Without a broker the file says so on stderr (see support/broker.ts) and these skip.
describe.skipIf(!brokerAvailable)("sources' sessions at their brokers", () => {
  const t = sourceStories();
  const {
    anotherBroker,
    client,
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
    holdCommits,
    deadLetters,
    sessionKept,
    farewellsDone,
    again,
  } = t;

  test("a changed connection loses nothing", SLOW_TEST, async () => {
    await create();
    await is("CONNECTED");
    const sending = load(t.broker.url, "plc/m1/data");
    for (const inFlight of [10, 65_535, 200]) {
      const sent = sending.acknowledged.length;
      await update({ inFlight });
      await waitFor(() => sending.acknowledged.length > sent + 200);
    }
    await sending.stop();
    await exactlyOnce(sending, `${LINE}/m1`);
    expect(await source("extra")).toMatchObject({ health: "CONNECTED", inFlight: 200 });
  });

  test(
    "one is not paused before what has come is committed, so that nothing of it comes again",
    SLOW_TEST,
    async () => {
      await create();
      await is("CONNECTED");
      const release = await holdCommits();
      for (let n = 0; n < 20; n += 1) await send("plc/m1/data", { ts: Date.now(), n });
      await waitFor(async () => (await source("extra"))?.received === 20);
      await pause("extra");
      await waitFor(async () => (await source("extra"))?.health === "PAUSED", { timeoutMs: 1_000 }).catch(
        () => undefined,
      );
      expect(await source("extra")).toMatchObject({ health: "CONNECTED", lagMessages: 20 });
      await release();
      await is("PAUSED");
      await resume("extra");
      await is("CONNECTED");
      await send("plc/m1/data", { ts: Date.now(), n: 20 });
      await waitFor(async () => (await source("extra"))?.committed === 21);
      expect(await source("extra")).toMatchObject({ received: 21, repeated: 0 });
    },
  );

  test("a removed one leaves its machines, and no session at the broker", SLOW_TEST, async () => {
    await create();
    await is("CONNECTED");
    await send("plc/m1/data", { ts: Date.now(), a: 1 });
    await waitFor(async () => (await metric(t.app, `${LINE}/m1`, "a"))?.value === 1);
    expect(await remove("extra")).toEqual({ removed: "extra", userErrors: [] });
    expect(await source("extra")).toBeNull();
    await farewellsDone();
    expect(await sessionKept(t.broker.url, "extra")).toBe(false);
    await send("plc/m1/data", { ts: Date.now(), a: 2 });
    expect((await remove("extra")).userErrors).toMatchObject([{ code: "NOT_FOUND", field: ["name"] }]);
    expect(await metric(t.app, `${LINE}/m1`, "a")).toMatchObject({ value: 1 });
    expect(await stored(t.app, `${LINE}/m1`, "a")).toBe(1);
    // Its name is free again, and it begins anew.
    expect((await create()).userErrors).toEqual([]);
    await is("CONNECTED");
    await send("plc/m1/data", { ts: Date.now(), a: 3 });
    await waitFor(async () => (await stored(t.app, `${LINE}/m1`, "a")) === 2);
    expect(await metric(t.app, `${LINE}/m1`, "a")).toMatchObject({ value: 3 });
  });

  test(
    "one that goes to another broker takes what waits at the one before, and leaves no session there",
    SLOW_TEST,
    async () => {
      const second = await anotherBroker();
      const there = await client(second.url);
      await create();
      await is("CONNECTED");
      // A way to the other broker that is not open yet.
      const port = await freePort();
      await update({ url: `mqtt://127.0.0.1:${port}` });
      await is("DISCONNECTED");
      // Once the session of this one is ended, the server has also looked at the one left before.
      await create({ name: "marker" });
      await remove("marker");
      await farewellsDone("marker");
      const ts = Date.now();
      for (let n = 0; n < 200; n += 1) await send("plc/m1/data", { ts: ts + n, n });
      await relay(second.port, port);
      await is("CONNECTED");
      await send("plc/m2/data", { ts, a: 1 }, there);
      await waitFor(async () => (await metric(t.app, `${LINE}/m2`, "a"))?.value === 1);
      await waitFor(async () => (await stored(t.app, `${LINE}/m1`, "n")) === 200, LONG);
      await farewellsDone();
      expect(await sessionKept(t.broker.url, "extra")).toBe(false);
      expect(await sessionKept(second.url, "extra.2")).toBe(true);
      expect(await deadLetters()).toEqual([]);
      // And nothing comes from there any more.
      await send("plc/m1/data", { ts: ts + 200, n: 200 });
      await send("plc/m2/data", { ts: ts + 1, a: 2 }, there);
      await waitFor(async () => (await stored(t.app, `${LINE}/m2`, "a")) === 2);
      expect(await stored(t.app, `${LINE}/m1`, "n")).toBe(200);
    },
  );

  test("one that goes to the same broker under another name loses nothing", SLOW_TEST, async () => {
    await create();
    await is("CONNECTED");
    const sending = load(t.broker.url, "plc/m1/data");
    await waitFor(async () => (await stored(t.app, `${LINE}/m1`, "n")) > 100);
    const { userErrors } = await update({ url: t.broker.url.replace("127.0.0.1", "localhost") });
    expect(userErrors).toEqual([]);
    await farewellsDone();
    const sent = sending.acknowledged.length;
    await waitFor(() => sending.acknowledged.length > sent + 200);
    await sending.stop();
    await exactlyOnce(sending, `${LINE}/m1`);
    expect(await sessionKept(t.broker.url, "extra")).toBe(false);
  });

  test("mappings that the plant file has no more are unsubscribed after the restart", SLOW_TEST, async () => {
    await send(`${LINE}/m1/telemetry`, { ts: Date.now(), a: 1 });
    await waitFor(async () => (await metric(t.app, `${LINE}/m1`, "a"))?.value === 1);
    await t.app.pause();
    await writeFile(t.app.env.PLANT_FILE ?? "", PLANT.replace("{machine}/telemetry", "{machine}/values"));
    await again();
    await waitFor(async () => {
      const sessions = await rows<{ filters: string[] }>(
        t.app.env.DATABASE_URL ?? "",
        "SELECT filters FROM source_session",
      );
      const filters = sessions.flatMap((session) => session.filters);
      return filters.includes("+/+/+/+/+/values") && !filters.includes("+/+/+/+/+/telemetry");
    });
    await send(`${LINE}/m1/telemetry`, { ts: Date.now(), a: 2 });
    await send(`${LINE}/m1/values`, { ts: Date.now(), a: 3 });
    await waitFor(async () => (await stored(t.app, `${LINE}/m1`, "a")) === 2);
    expect(await deadLetters()).toEqual([]);
  });
});
