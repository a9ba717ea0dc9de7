import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { Aedes } from "aedes";
import { describe, expect, test } from "vitest";
import { mosquittoAvailable } from "../../test/support/mosquitto.js";
import {
  acknowledgementsArrived,
  broker,
  cleanUp,
  device,
  quiet,
  record,
  relay,
  scriptedBroker,
  send,
  versionOf,
} from "../../test/support/mqtt-link.js";
import { waitFor } from "../../test/support/wait-for.js";
import type { Logger } from "../kernel/logger.js";

describe("the MQTT version", () => {
  test("a broker that hangs up on MQTT 5 is spoken to in 3.1.1", async () => {
    const scripted = await scriptedBroker((connect) =>
      versionOf(connect) === 4 ? [0x20, 2, 0, 0] : "close",
    );
    const server = record(scripted.url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    expect(server.link.status).toMatchObject({ protocolVersion: 4 });
  });

  test("a broker that refuses MQTT 5 by name is not asked for it again", async () => {
    const versions: (number | undefined)[] = [];
    const scripted = await scriptedBroker((connect) => {
      versions.push(versionOf(connect));
      return versionOf(connect) === 4 ? [0x20, 2, 0, 0] : [0x20, 2, 0, 1];
    });
    const server = record(scripted.url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    scripted.cut();
    await waitFor(() => versions.length === 3);
    expect(versions).toEqual([5, 4, 4]);
  });

  test("a broker that hangs up for another reason is spoken to in MQTT 5 as soon as it answers", async () => {
    const versions: (number | undefined)[] = [];
    const scripted = await scriptedBroker((connect) => {
      versions.push(versionOf(connect));
      if (versions.length <= 2) return "close";
      return versionOf(connect) === 4 ? [0x20, 2, 0, 0] : [0x20, 3, 0, 0, 0];
    });
    const server = record(scripted.url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    expect(versions).toEqual([5, 4, 5]);
    expect(server.link.status).toMatchObject({ protocolVersion: 5 });
  });
});

test("a subscription that the broker refuses is a problem of the status, until it is given up", async () => {
  const aedes = await Aedes.createBroker({
    authorizeSubscribe: (_client, subscription, done) =>
      done(null, subscription.topic.startsWith("secret") ? null : subscription),
  });
  const tcp = createServer((socket) => aedes.handle(socket));
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  cleanUp(async () => {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    tcp.close();
  });
  const address = tcp.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const server = record(`mqtt://127.0.0.1:${address.port}`);
  server.link.start();
  await waitFor(() => server.link.status.phase === "connected");
  const open = { filter: "t/#", qos: 1 } as const;
  await server.link.setSubscriptions([open, { filter: "secret/#", qos: 1 }]);
  expect(server.link.status).toMatchObject({
    phase: "connected",
    problem: "subscription refused: secret/# (the broker refuses, without a reason)",
  });
  await send(device(`mqtt://127.0.0.1:${address.port}`), ["heard"]);
  await waitFor(() => server.messages.length === 1);
  await server.link.setSubscriptions([open]);
  expect(server.link.status).toMatchObject({ problem: null });
});

describe("a subscription that is optional", () => {
  const drops = "$SYS/broker/publish/messages/dropped";

  test.each([
    [5, [0x87]],
    [4, [0x80]],
  ] as const)("is no problem when the broker refuses it, on MQTT %i", async (version, [code]) => {
    const scripted = await scriptedBroker(
      (connect) => {
        if (versionOf(connect) !== version) return "close";
        return version === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0];
      },
      (data) => {
        const id = [...data.subarray(2, 4)];
        // The first of the two filters is granted.
        if (data[0] === 0x82) return version === 5 ? [0x90, 5, ...id, 0, 1, code] : [0x90, 4, ...id, 1, code];
        return [];
      },
    );
    const debug: string[] = [];
    const logger: Logger = { ...quiet, debug: (_fields: unknown, text?: string) => debug.push(text ?? "") };
    const server = record(scripted.url, { logger });
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    const wanted = { filter: "t/#", qos: 1 } as const;
    await server.link.setSubscriptions([wanted, { filter: drops, qos: 0, optional: true }]);
    expect(server.link.status).toMatchObject({ phase: "connected", problem: null });
    expect(debug).toEqual(["subscription refused"]);
  });

  test.skipIf(!mosquittoAvailable)("to what Mosquitto may not tell leaves the others alone", async () => {
    const folder = await mkdtemp("/tmp/mqtt-acl-");
    cleanUp(() => rm(folder, { recursive: true }));
    await writeFile(`${folder}/acl`, "topic readwrite t/#\ntopic deny $SYS/#\n");
    const { url } = await broker({ config: [`acl_file ${folder}/acl`, "sys_interval 1"] });
    const server = record(url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    await server.link.setSubscriptions([
      { filter: "t/#", qos: 1 },
      { filter: drops, qos: 0, optional: true },
    ]);
    expect(server.link.status).toMatchObject({ phase: "connected", problem: null });
    await send(device(url), ["heard"]);
    await waitFor(() => server.messages.length === 1);
    expect(server.texts()).toEqual(["heard"]);
  });

  test.skipIf(!mosquittoAvailable)(
    "brings retained messages at each connection where that is wanted",
    async () => {
      const mosquitto = await broker();
      const between = await relay(mosquitto.port);
      const keeper = device(mosquitto.url);
      await keeper.ready();
      for (const topic of ["once/x", "always/x"])
        await keeper.publish(topic, topic, { qos: 1, retain: true });
      const server = record(between.url);
      server.link.start();
      await waitFor(() => server.link.status.phase === "connected");
      await server.link.setSubscriptions([
        { filter: "once/#", qos: 0 },
        { filter: "always/#", qos: 0, optional: true, retained: "always" },
      ]);
      await waitFor(() => server.messages.length === 2);
      const connections = () => server.statuses.filter(({ phase }) => phase === "connected").length;
      const before = connections();
      between.cut();
      await waitFor(() => connections() > before);
      await waitFor(() => server.messages.length === 3);
      await acknowledgementsArrived(server);
      expect(server.texts(2)).toEqual(["always/x"]);
    },
  );

  test.skipIf(!mosquittoAvailable)("brings what Mosquitto tells", async () => {
    const { url } = await broker({ config: ["sys_interval 1"] });
    const server = record(url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    await server.link.setSubscriptions([{ filter: drops, qos: 0, optional: true }]);
    await waitFor(() => server.messages.length > 0);
    expect(server.messages[0]).toMatchObject({ topic: drops, qos: 0 });
    expect(server.texts()[0]).toBe("0");
  });
});
