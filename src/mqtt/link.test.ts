import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  freePort,
  type Mosquitto,
  mosquittoAvailable,
  startMosquitto,
} from "../../test/support/mosquitto.js";
import { waitFor } from "../../test/support/wait-for.js";
import type { Logger } from "../kernel/logger.js";
import { connectDevice, type DeviceClient } from "./device-client.js";
import { type InboundMessage, type LinkStatus, MqttLink, type MqttLinkOptions, redactUrl } from "./link.js";

const quiet: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => quiet,
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function broker(options: Parameters<typeof startMosquitto>[0] = {}): Promise<Mosquitto> {
  const started = await startMosquitto(options);
  cleanups.push(() => started.stop());
  return started;
}

function device(url: string, options: { clientId?: string } = {}): DeviceClient {
  const client = connectDevice({ url, clientId: options.clientId ?? "device" });
  cleanups.push(() => client.end());
  return client;
}

interface Recorder {
  link: MqttLink;
  messages: InboundMessage[];
  statuses: LinkStatus[];
  texts(from?: number): string[];
}

function record(url: string, options: Partial<MqttLinkOptions> = {}): Recorder {
  const messages: InboundMessage[] = [];
  const statuses: LinkStatus[] = [];
  const link = new MqttLink({
    url,
    clientId: "server",
    logger: quiet,
    onMessage: (message) => {
      messages.push(message);
    },
    onStatus: (status) => {
      statuses.push(status);
    },
    ...options,
  });
  cleanups.push(() => link.stop());
  return {
    link,
    messages,
    statuses,
    texts: (from = 0) => messages.slice(from).map((m) => m.payload.toString()),
  };
}

async function subscribed(recorder: Recorder, filter: string, qos: 0 | 1 | 2 = 1): Promise<void> {
  recorder.link.start();
  await waitFor(() => recorder.link.status.phase === "connected");
  await recorder.link.setSubscriptions([{ filter, qos }]);
}

/** A relay to a port, whose connections can be cut; what crosses it is not looked at. */
async function relay(target: number): Promise<{ url: string; cut(): void }> {
  const { connect } = await import("node:net");
  const sockets = new Set<Socket>();
  const server: Server = createServer((inner) => {
    const outer = connect(target, "127.0.0.1");
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        inner.destroy();
        outer.destroy();
      });
    }
    inner.pipe(outer);
    outer.pipe(inner);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  cleanups.push(async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `mqtt://127.0.0.1:${port}`, cut };
}

/** A broker that answers CONNECT with the given bytes and nothing else. */
async function scriptedBroker(answer: number[]): Promise<{ url: string; cut(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("data", () => socket.write(Buffer.from(answer)));
    socket.on("error", () => {});
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  cleanups.push(async () => {
    cut();
    server.close();
  });
  return { url: `mqtt://127.0.0.1:${address.port}`, cut };
}

/** The broker reads in order, so its answer to what is sent after the acknowledgements says that it has them. */
async function acknowledgementsArrived({ link }: Recorder): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  await link.publish("fence", "", { qos: 1 });
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => String(from + i));

async function send(from: DeviceClient, texts: string[], qos: 0 | 1 | 2 = 1): Promise<void> {
  await from.ready();
  await Promise.all(texts.map((text) => from.publish("t/x", text, { qos })));
}

describe.skipIf(!mosquittoAvailable)("a link to Mosquitto", () => {
  test("hands on 2000 messages while none is acknowledged", async () => {
    const { url } = await broker();
    const server = record(url);
    await subscribed(server, "t/#");
    expect(server.link.status).toMatchObject({ phase: "connected", protocolVersion: 5, problem: null });
    await send(device(url), numbers(2000));
    await waitFor(() => server.messages.length === 2000);
    expect(server.texts()).toEqual(numbers(2000));
  });

  test("never gets more than it allows in flight, and the rest after acknowledging", async () => {
    const { url } = await broker();
    const server = record(url, { inFlight: 10 });
    await subscribed(server, "t/#");
    await send(device(url), numbers(50));
    await waitFor(() => server.messages.length === 10);
    for (let seen = 0; seen < 50; ) {
      expect(server.messages.length).toBeLessThanOrEqual(seen + 10);
      const batch = await waitFor(() => server.messages.length > seen && server.messages.slice(seen));
      for (const message of batch) message.ack();
      seen += batch.length;
    }
    expect(server.texts()).toEqual(numbers(50));
  });

  test("after a cut exactly the unacknowledged messages come again, marked as repeated", async () => {
    const { port } = await broker();
    const path = await relay(port);
    const server = record(path.url);
    await subscribed(server, "t/#");
    const sender = device(`mqtt://127.0.0.1:${port}`);
    await send(sender, numbers(500));
    await waitFor(() => server.messages.length === 500);
    for (const message of server.messages.slice(0, 200)) message.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 800);
    expect(server.texts(500)).toEqual(numbers(300, 200));
    expect(server.messages.slice(500).every((message) => message.dup)).toBe(true);
    await send(sender, ["last"]);
    await waitFor(() => server.texts().includes("last"));
    expect(server.messages.length).toBe(801);
  });

  test("a later acknowledgement waits for the earlier ones", async () => {
    const { port } = await broker();
    const path = await relay(port);
    const server = record(path.url);
    await subscribed(server, "t/#");
    await send(device(`mqtt://127.0.0.1:${port}`), numbers(10));
    await waitFor(() => server.messages.length === 10);
    for (const index of [9, 8, 5, 2, 1]) server.messages[index]?.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 20);
    expect(server.texts(10)).toEqual(numbers(10));
    for (const index of [12, 10, 11]) server.messages[index]?.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 27);
    expect(server.texts(20)).toEqual(numbers(7, 3));
  });

  test("acknowledgements of a lost connection are dropped", async () => {
    const { port } = await broker();
    const path = await relay(port);
    const server = record(path.url);
    await subscribed(server, "t/#");
    await send(device(`mqtt://127.0.0.1:${port}`), numbers(20));
    await waitFor(() => server.messages.length === 20);
    path.cut();
    await waitFor(() => server.messages.length === 40);
    for (const message of server.messages.slice(0, 20)) message.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 60);
    expect(server.texts(40)).toEqual(numbers(20));
  });

  test("acknowledging twice is acknowledging once", async () => {
    const { url } = await broker();
    const server = record(url, { inFlight: 1 });
    await subscribed(server, "t/#");
    await send(device(url), numbers(5));
    for (let i = 0; i < 5; i++) {
      const message = await waitFor(() => server.messages[i]);
      message.ack();
      message.ack();
    }
    expect(server.texts()).toEqual(numbers(5));
  });

  test("QoS 2 messages are held and come again until acknowledged, then never", async () => {
    const { port } = await broker();
    const path = await relay(port);
    const server = record(path.url);
    await subscribed(server, "t/#", 2);
    const sender = device(`mqtt://127.0.0.1:${port}`);
    await send(sender, numbers(100), 2);
    await waitFor(() => server.messages.length === 100);
    expect(server.messages.every((message) => message.qos === 2)).toBe(true);
    for (const message of server.messages.slice(0, 40)) message.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await waitFor(() => server.messages.length === 160);
    expect(server.texts(100)).toEqual(numbers(60, 40));
    for (const message of server.messages.slice(100)) message.ack();
    await acknowledgementsArrived(server);
    path.cut();
    await send(sender, ["last"], 2);
    await waitFor(() => server.texts().includes("last"));
    expect(server.messages.length).toBe(161);
  });

  test("QoS 0 messages come in order among the others and need no acknowledgement", async () => {
    const { url } = await broker();
    const server = record(url);
    await subscribed(server, "t/#");
    const sender = device(url);
    await send(sender, ["a"], 0);
    await send(sender, ["b"], 1);
    await waitFor(() => server.messages.length === 2);
    const [first] = server.messages;
    expect(first?.qos).toBe(0);
    first?.ack();
  });

  test("the connection stays up while acknowledgements are withheld for longer than the keepalive time", async () => {
    const { url } = await broker();
    const server = record(url, { keepaliveS: 1 });
    await subscribed(server, "t/#");
    await send(device(url), numbers(100));
    await waitFor(() => server.messages.length === 100);
    const until = Date.now() + 3_000;
    await waitFor(() => Date.now() > until);
    for (const message of server.messages) message.ack();
    expect(server.statuses.map((status) => status.phase)).toEqual(["connecting", "connected"]);
    expect(server.messages.length).toBe(100);
  });

  test("a paused link reads nothing, stays connected, and reads on when resumed", async () => {
    const { url } = await broker();
    const server = record(url, { keepaliveS: 1 });
    await subscribed(server, "t/#");
    server.link.pause();
    const sender = device(url);
    await send(sender, numbers(200), 0);
    const until = Date.now() + 2_500;
    await waitFor(() => Date.now() > until);
    expect(server.messages.length).toBeLessThanOrEqual(1);
    server.link.resume();
    await waitFor(() => server.messages.length === 200);
    expect(server.statuses.map((status) => status.phase)).toEqual(["connecting", "connected"]);
  });

  test("a broker that forgot everything is subscribed to again", async () => {
    const mosquitto = await broker();
    const server = record(mosquitto.url);
    await subscribed(server, "t/#");
    await mosquitto.restart();
    await waitFor(() => server.statuses.length === 4);
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

  test("a wrong password and a refused subscription are said, never the password", async () => {
    const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
    const { spawnSync } = await import("node:child_process");
    const folder = await mkdtemp("/tmp/mqtt-auth-");
    cleanups.push(() => rm(folder, { recursive: true }));
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
