import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { freePort, mosquittoAvailable } from "../../test/support/mosquitto.js";
import {
  acknowledgementsArrived,
  broker,
  cleanUp,
  device,
  numbers,
  record,
  scriptedBroker,
  send,
  subscribed,
} from "../../test/support/mqtt-link.js";
import { waitFor } from "../../test/support/wait-for.js";
import { connectDevice } from "./device-client.js";
import { redactUrl } from "./link.js";

describe.skipIf(!mosquittoAvailable)("the connection to Mosquitto", () => {
  test("a broker that forgot everything is subscribed to again", async () => {
    const mosquitto = await broker();
    const server = record(mosquitto.url);
    await subscribed(server, "t/#");
    await mosquitto.restart();
    await waitFor(() => server.statuses.length >= 4 && server.link.status.phase === "connected");
    expect(server.link.status).toMatchObject({ phase: "connected", sessionPresent: false });
    const sender = device(mosquitto.url);
    await sender.ready();
    await waitFor(async () => {
      await sender.publish("t/x", "hello", { qos: 1 });
      return server.texts().includes("hello");
    });
  });

  test("what is published while the link is away arrives when it is back, also across a broker restart", async () => {
    const mosquitto = await broker({ persistence: true });
    const server = record(mosquitto.url);
    await subscribed(server, "t/#");
    await server.link.stop();
    expect(server.link.status).toEqual({ phase: "stopped" });
    await send(device(mosquitto.url), numbers(300));
    await mosquitto.restart();
    server.link.start();
    await waitFor(() => server.messages.length === 300);
    expect(server.texts()).toEqual(numbers(300));
    expect(server.link.status).toMatchObject({ phase: "connected", sessionPresent: true });
  });

  test("filters no longer wanted are unsubscribed, also when that was said while offline", async () => {
    const { url } = await broker();
    const server = record(url);
    await subscribed(server, "t/#");
    await server.link.setSubscriptions([{ filter: "other/#", qos: 1 }]);
    const sender = device(url);
    await send(sender, ["unheard"]);
    await sender.publish("other/x", "heard", { qos: 1 });
    await waitFor(() => server.messages.length === 1);
    server.messages[0]?.ack();
    await server.link.stop();
    await server.link.setSubscriptions([{ filter: "third/#", qos: 1 }]);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    await server.link.setSubscriptions([{ filter: "third/#", qos: 1 }]);
    await sender.publish("other/x", "unheard", { qos: 1 });
    await sender.publish("third/x", "heard too", { qos: 1 });
    await waitFor(() => server.messages.length === 2);
    expect(server.texts()).toEqual(["heard", "heard too"]);
  });

  test("filters are exchanged without a gap: what the old and the new one take comes", async () => {
    const { url } = await broker();
    const server = record(url, {
      onMessage: (message) => {
        server.messages.push(message);
        message.ack();
      },
    });
    await subscribed(server, "t/x");
    const sender = device(url);
    await sender.ready();
    let sending = true;
    const sent: string[] = [];
    const flood = (async () => {
      for (let n = 0; sending; n += 1) {
        await sender.publish("t/x", String(n), { qos: 1 });
        sent.push(String(n));
      }
    })();
    for (let round = 0; round < 50; round += 1) {
      const before = sent.length;
      await server.link.setSubscriptions([{ filter: round % 2 === 0 ? "t/+" : "t/x", qos: 1 }]);
      await waitFor(() => sent.length > before);
    }
    sending = false;
    await flood;
    await waitFor(() => new Set(server.texts()).size === sent.length);
  });

  test("its own messages do not come back, a new subscription brings retained ones once", async () => {
    const { url } = await broker();
    const sender = device(url);
    await sender.ready();
    await sender.publish("t/kept", "retained", { qos: 1, retain: true });
    const server = record(url);
    await subscribed(server, "t/#");
    await server.link.publish("t/x", "own", { qos: 1 });
    await send(sender, ["foreign"]);
    await waitFor(() => server.messages.length === 2);
    expect(server.texts()).toEqual(["retained", "foreign"]);
    expect(server.messages.map((message) => message.retain)).toEqual([true, false]);
    for (const message of server.messages) message.ack();
    await acknowledgementsArrived(server);
    await server.link.stop();
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    await send(sender, ["next"]);
    await waitFor(() => server.texts().includes("next"));
    expect(server.messages.length).toBe(3);
  });

  test("properties of MQTT 5 arrive at both ends", async () => {
    const { url } = await broker();
    const server = record(url);
    await subscribed(server, "reply/#");
    const machine = device(url);
    await machine.ready();
    await machine.subscribe("cmd/#", 1, (_topic, payload, { responseTopic, correlationData }) => {
      void machine.publish(responseTopic ?? "none", payload, {
        qos: 1,
        properties: { ...(correlationData ? { correlationData } : {}), contentType: "text/plain" },
      });
    });
    const sent = await server.link.publish("cmd/go", "now", {
      qos: 1,
      properties: {
        responseTopic: "reply/1",
        correlationData: Buffer.from([1, 2]),
        messageExpiryIntervalS: 30,
      },
    });
    expect(sent.reasonCode).toBe(0);
    const reply = await waitFor(() => server.messages[0]);
    expect(reply).toMatchObject({ topic: "reply/1", contentType: "text/plain" });
    expect(reply.correlationData).toEqual(Buffer.from([1, 2]));
    expect((await server.link.publish("nobody/hears", "x", { qos: 1 })).reasonCode).toBe(16);
  });

  test("publishing while not connected rejects at once, and nothing is sent later", async () => {
    const mosquitto = await broker();
    const server = record(mosquitto.url);
    await expect(server.link.publish("t/x", "1", { qos: 1 })).rejects.toMatchObject({
      code: "NOT_CONNECTED",
    });
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    await mosquitto.halt();
    await waitFor(() => server.link.status.phase === "connecting");
    await expect(server.link.publish("t/x", "2", { qos: 0 })).rejects.toThrow("not connected");
    await expect(server.link.publish("t/+", "3", { qos: 0 })).rejects.toMatchObject({
      code: "INVALID_TOPIC",
    });
  });

  test("publishing rejects when the connection is lost before the broker confirms", async () => {
    const scripted = await scriptedBroker([0x20, 3, 0, 0, 0]);
    const server = record(scripted.url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    const outcome = server.link.publish("t/x", "1", { qos: 1 }).catch((error: unknown) => error);
    scripted.cut();
    expect(await outcome).toMatchObject({ name: "PublishError", code: "CONNECTION_LOST" });
  });

  test("more publishes than the broker takes at a time all arrive", async () => {
    const { url } = await broker({ config: ["max_inflight_messages 5"] });
    const server = record(url);
    await subscribed(server, "t/#", 2);
    await send(device(url), numbers(500), 2);
    await waitFor(() => {
      for (const message of server.messages) message.ack();
      return server.messages.length === 500;
    });
    expect(server.texts()).toEqual(numbers(500));
  });

  test("a wrong password is said without the password", async () => {
    const folder = await mkdtemp("/tmp/mqtt-auth-");
    cleanUp(() => rm(folder, { recursive: true }));
    await writeFile(`${folder}/acl`, "user u\ntopic read t/#\n");
    spawnSync("mosquitto_passwd", ["-b", "-c", `${folder}/passwd`, "u", "secret-1"]);
    const { port } = await broker({
      config: ["allow_anonymous false", `password_file ${folder}/passwd`, `acl_file ${folder}/acl`],
    });
    const wrong = record(`mqtt://u:secret-2@127.0.0.1:${port}`, { clientId: "wrong" });
    wrong.link.start();
    // Mosquitto answers "not authorized" to a wrong password.
    await waitFor(() => wrong.link.status.phase === "connecting" && wrong.link.status.problem);
    expect(JSON.stringify(wrong.statuses)).toContain("the broker");
    expect(JSON.stringify(wrong.statuses)).not.toContain("secret");
    const right = record(`mqtt://u:secret-1@127.0.0.1:${port}`);
    right.link.start();
    await waitFor(() => right.link.status.phase === "connected");
  });

  test("a client that takes the session over is named in the problem", async () => {
    // CONNACK, then DISCONNECT with "session taken over".
    const scripted = await scriptedBroker([0x20, 3, 0, 0, 0, 0xe0, 1, 0x8e]);
    const server = record(scripted.url);
    server.link.start();
    await waitFor(() => server.link.status.phase === "connected");
    scripted.cut();
    await waitFor(() => server.statuses.length >= 3);
    expect(server.statuses[2]).toMatchObject({
      phase: "connecting",
      problem: 'another client uses the client id "server"',
    });
  });

  test("two clients that take the session from each other get a hint", async () => {
    const { url } = await broker();
    const server = record(url);
    server.link.start();
    const thief = device(url, { clientId: "server" });
    await waitFor(() =>
      JSON.stringify(server.statuses).includes("perhaps another client uses the client id"),
    );
    await thief.end();
  });

  test("starting and stopping may race", async () => {
    const { url } = await broker();
    const server = record(url);
    server.link.start();
    server.link.start();
    await Promise.all([server.link.stop(), server.link.stop()]);
    server.link.start();
    const stopping = server.link.stop();
    server.link.start();
    await stopping;
    await waitFor(() => server.link.status.phase === "connected");
    const last = server.link.stop();
    server.link.start();
    await server.link.stop();
    await last;
    expect(server.link.status).toEqual({ phase: "stopped" });
  });

  test("works over WebSockets", async () => {
    const port = await freePort();
    await broker({ config: [`listener ${port} 127.0.0.1`, "protocol websockets"] });
    const server = record(`ws://127.0.0.1:${port}`);
    await subscribed(server, "t/#");
    await send(device(`ws://127.0.0.1:${port}/mqtt`), numbers(10));
    await waitFor(() => server.messages.length === 10);
  });

  test("a device's will fires when it is dropped and not when it says goodbye", async () => {
    const { url } = await broker();
    const server = record(url);
    await subscribed(server, "will/#");
    const will = (text: string) => ({ topic: "will/x", payload: text, qos: 1, retain: false }) as const;
    const polite = connectDevice({ url, clientId: "polite", will: will("polite is gone") });
    await polite.ready();
    await polite.end();
    const broken = connectDevice({ url, clientId: "broken", will: will("broken is gone") });
    await broken.ready();
    await broken.destroy();
    await waitFor(() => server.messages.length === 1);
    expect(server.texts()).toEqual(["broken is gone"]);
  });
});

describe("a link without a broker", () => {
  test("says what is wrong and goes on trying", async () => {
    const port = await freePort();
    const server = record(`mqtt://127.0.0.1:${port}`);
    server.link.start();
    await waitFor(() => server.statuses.length === 2);
    expect(server.statuses[1]).toMatchObject({
      phase: "connecting",
      problem: `cannot reach 127.0.0.1:${port}: connection refused`,
    });
    await server.link.stop();
  });

  test("an address that cannot be read is an error without the password", () => {
    expect(() => record("http://u:secret@host")).toThrow("http://u:***@host");
    expect(() => record("nonsense")).toThrow("nonsense");
    expect(redactUrl("mqtt://u:p@ss@host:1883/x")).toBe("mqtt://u:***@host:1883/x");
    expect(redactUrl("mqtt://host:1883")).toBe("mqtt://host:1883");
  });
});
