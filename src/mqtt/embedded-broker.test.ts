import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { cleanUp, numbers, quiet } from "../../test/support/mqtt-link.js";
import { waitFor } from "../../test/support/wait-for.js";
import { connectDevice, type DeviceClient } from "./device-client.js";
import { EmbeddedBroker, type EmbeddedBrokerOptions } from "./embedded-broker.js";
import { type InboundMessage, MqttLink } from "./link.js";

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "embedded-broker-"));
  cleanUp(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function startBroker(options: Partial<EmbeddedBrokerOptions> = {}): Promise<EmbeddedBroker> {
  const broker = new EmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    dataDir: options.dataDir ?? (await folder()),
    logger: quiet,
    isServer: (clientId) => clientId === "server",
    ...options,
  });
  cleanUp(() => broker.stop());
  await broker.start();
  return broker;
}

function device(url: string, options: { clientId?: string; persistent?: boolean } = {}): DeviceClient {
  const client = connectDevice({
    url,
    clientId: options.clientId ?? "device",
    persistent: options.persistent ?? false,
  });
  cleanUp(() => client.end());
  return client;
}

interface Recorder {
  link: MqttLink;
  messages: InboundMessage[];
  texts(from?: number): string[];
}

async function server(
  url: string,
  filter = "t/#",
  qos: 0 | 1 | 2 = 1,
  options: { inFlight?: number; keepaliveS?: number } = {},
): Promise<Recorder> {
  const messages: InboundMessage[] = [];
  const link = new MqttLink({
    url,
    clientId: "server",
    logger: quiet,
    onMessage: (message) => {
      messages.push(message);
    },
    ...options,
  });
  cleanUp(() => link.stop());
  link.start();
  await waitFor(() => link.status.phase === "connected");
  await link.setSubscriptions([{ filter, qos }]);
  return { link, messages, texts: (from = 0) => messages.slice(from).map((m) => m.payload.toString()) };
}

async function send(from: DeviceClient, texts: string[], qos: 0 | 1 | 2 = 1, topic = "t/x"): Promise<void> {
  await from.ready();
  await Promise.all(texts.map((text) => from.publish(topic, text, { qos })));
}

test("a link settles for MQTT 3.1.1 without calling that a problem", async () => {
  const { url } = await startBroker();
  const { link } = await server(url);
  expect(link.status).toMatchObject({ phase: "connected", protocolVersion: 4, problem: null });
});

test("messages of all qualities of service arrive once and QoS 1 in order", async () => {
  const { url } = await startBroker();
  const receiver = await server(url, "t/#", 2);
  const sender = device(url);
  await Promise.all([
    send(sender, numbers(500), 1, "t/1"),
    send(sender, numbers(500), 0, "t/0"),
    send(sender, numbers(500), 2, "t/2"),
  ]);
  await waitFor(() => {
    for (const message of receiver.messages) message.ack();
    return receiver.messages.length >= 1500;
  });
  await send(sender, ["last"], 1, "t/1");
  await waitFor(() => receiver.texts().includes("last"));
  expect(receiver.messages.length).toBe(1501);
  const ofTopic = (topic: string) =>
    receiver.messages.filter((m) => m.topic === topic).map((m) => m.payload.toString());
  expect(ofTopic("t/1")).toEqual([...numbers(500), "last"]);
  expect(ofTopic("t/0")).toEqual(numbers(500));
  expect(new Set(ofTopic("t/2"))).toEqual(new Set(numbers(500)));
});

test("what is not acknowledged comes again after a reconnection, what is acknowledged does not", async () => {
  const { url } = await startBroker();
  const receiver = await server(url);
  const sender = device(url);
  await send(sender, numbers(1000));
  await waitFor(() => receiver.messages.length === 1000);
  for (const message of receiver.messages.slice(0, 400)) message.ack();
  await receiver.link.stop();
  await send(sender, numbers(200, 1000));
  receiver.link.start();
  await waitFor(() => receiver.messages.length === 1800);
  expect(receiver.texts(1000)).toEqual(numbers(800, 400));
  expect(receiver.messages.slice(1000).map((message) => message.dup)).toEqual([
    ...Array<boolean>(600).fill(true),
    ...Array<boolean>(200).fill(false),
  ]);
});

test("a queue larger than what is kept in memory arrives whole and in order, also while more comes", async () => {
  const { url } = await startBroker();
  const receiver = await server(url);
  await receiver.link.stop();
  const sender = device(url);
  await send(sender, numbers(12_000));
  receiver.link.start();
  const more = send(sender, numbers(4_000, 12_000));
  await waitFor(() => {
    for (const message of receiver.messages) message.ack();
    return receiver.messages.length === 16_000;
  });
  await more;
  expect(receiver.texts()).toEqual(numbers(16_000));
});

test("a link that acknowledges nothing gets a bounded number of messages and the rest later", async () => {
  const { url } = await startBroker();
  const receiver = await server(url);
  await send(device(url), numbers(15_000));
  await waitFor(() => receiver.messages.length === 10_000);
  for (const message of receiver.messages) message.ack();
  await waitFor(() => receiver.messages.length === 15_000);
  expect(receiver.texts()).toEqual(numbers(15_000));
});

test("on MQTT 3.1.1 too, a link reads no more than it allows in flight", async () => {
  const { url } = await startBroker();
  const receiver = await server(url, "t/#", 1, { inFlight: 10, keepaliveS: 1 });
  await send(device(url), numbers(200));
  const until = Date.now() + 2_000;
  await waitFor(() => Date.now() > until);
  expect(receiver.messages.length).toBe(11);
  await waitFor(() => {
    for (const message of receiver.messages) message.ack();
    return receiver.messages.length === 200;
  });
  expect(receiver.link.status.phase).toBe("connected");
  expect(receiver.messages.some((message) => message.dup)).toBe(false);
});

test("when the server's queue is full publishers wait unacknowledged and lose nothing", async () => {
  const { url } = await startBroker({ maxQueued: 100 });
  const receiver = await server(url);
  await receiver.link.stop();
  const sender = device(url);
  await send(sender, numbers(100));
  await expect(sender.publish("t/x", "100", { qos: 1 })).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  receiver.link.start();
  await waitFor(() => {
    for (const message of receiver.messages) message.ack();
    return receiver.messages.length === 100;
  });
  await waitFor(async () => {
    await sender.publish("t/x", "100", { qos: 1 });
    return true;
  });
  await waitFor(() => receiver.texts().includes("100"));
});

test("when another client's queue is full its messages are dropped and counted, the server's are not", async () => {
  const broker = await startBroker({ maxQueued: 100 });
  const receiver = await server(broker.url);
  const away = device(broker.url, { clientId: "away", persistent: true });
  await away.ready();
  await away.subscribe("t/#", 1, () => {});
  await away.end();
  const sender = device(broker.url);
  for (let sent = 0; sent < 250; sent += 50) {
    await send(sender, numbers(50, sent));
    await waitFor(() => receiver.messages.length === sent + 50);
    for (const message of receiver.messages) message.ack();
  }
  expect(broker.dropped).toBe(150);
});

test("the session of a client that stays away too long is forgotten with its queue", async () => {
  const dataDir = await folder();
  const first = await startBroker({ dataDir });
  const receiver = await server(first.url);
  await receiver.link.stop();
  await send(device(first.url), numbers(10));
  await first.stop();
  const stopped = Date.now();
  await waitFor(() => Date.now() > stopped);
  const second = await startBroker({ dataDir, sessionExpiryS: 0 });
  const again = await server(second.url);
  expect(again.link.status).toMatchObject({ phase: "connected", sessionPresent: false });
  await send(device(second.url), ["new"]);
  await waitFor(() => again.texts().includes("new"));
  expect(again.messages.length).toBe(1);
});

test("the server does not get back what it publishes", async () => {
  const { url } = await startBroker();
  const receiver = await server(url, "#", 2);
  for (const qos of [0, 1, 2] as const) await receiver.link.publish("t/x", "own", { qos });
  await send(device(url), ["foreign"]);
  await waitFor(() => receiver.messages.length === 1);
  expect(receiver.texts()).toEqual(["foreign"]);
});

test("a device that keeps no session gets every command, also between messages of QoS 0", async () => {
  const { url } = await startBroker();
  const receiver = await server(url);
  const machine = device(url, { clientId: "machine" });
  await machine.ready();
  const seen: string[] = [];
  await machine.subscribe("cmd/#", 1, (_topic, payload) => {
    seen.push(payload.toString());
  });
  const expected = numbers(400);
  await Promise.all(
    expected.map((text, i) =>
      receiver.link.publish("cmd/x", text, { qos: i % 2 === 0 ? 1 : 0, retain: i % 4 === 0 }),
    ),
  );
  await waitFor(() => seen.length >= 400);
  expect([...seen].sort()).toEqual([...expected].sort());
});

test("retained messages are sent on subscribing, to a kept session and to others, and survive a restart", async () => {
  const dataDir = await folder();
  const first = await startBroker({ dataDir });
  const sender = device(first.url);
  await sender.ready();
  for (const text of numbers(300)) await sender.publish(`t/${text}`, text, { qos: 1, retain: true });
  await sender.publish("t/0", "", { qos: 1, retain: true });
  await sender.end();
  await first.stop();
  const second = await startBroker({ dataDir });
  const receiver = await server(second.url);
  await waitFor(() => receiver.messages.length === 299);
  expect(receiver.messages.every((message) => message.retain)).toBe(true);
  const seen: string[] = [];
  const other = device(second.url, { clientId: "other" });
  await other.ready();
  await other.subscribe("t/+", 0, (_topic, payload) => {
    seen.push(payload.toString());
  });
  await waitFor(() => seen.length === 299);
});

test("a paused link keeps no other client waiting for long", async () => {
  const { url } = await startBroker();
  const receiver = await server(url, "t/#");
  const other = device(url, { clientId: "other" });
  await other.ready();
  const seen: string[] = [];
  await other.subscribe("u/#", 1, (_topic, payload) => {
    seen.push(payload.toString());
  });
  receiver.link.pause();
  const sender = device(url);
  await send(
    sender,
    Array.from({ length: 3000 }, () => "x".repeat(4000)),
  );
  await send(sender, ["through"], 1, "u/x");
  await waitFor(() => seen.length === 1, { timeoutMs: 3_000 });
  receiver.link.resume();
  await waitFor(() => {
    for (const message of receiver.messages) message.ack();
    return receiver.messages.length === 3000;
  });
});

test("a taken port is left for a free one, or is an error when it must be that one", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  cleanUp(() => new Promise((resolve) => holder.close(resolve)));
  const address = holder.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const moved = await startBroker({ port: address.port });
  expect(moved.port).not.toBe(address.port);
  await device(moved.url).ready();
  const strict = new EmbeddedBroker({
    host: "127.0.0.1",
    port: address.port,
    strictPort: true,
    dataDir: await folder(),
    logger: quiet,
  });
  await expect(strict.start()).rejects.toThrow(`cannot listen on 127.0.0.1:${address.port}`);
  await strict.stop();
});

test("a data folder in use by another broker is a clear error", async () => {
  const dataDir = await folder();
  await startBroker({ dataDir });
  const second = new EmbeddedBroker({ host: "127.0.0.1", port: 0, dataDir, logger: quiet });
  await expect(second.start()).rejects.toThrow(`cannot open its data in ${join(dataDir, "mqtt")}`);
});

test("stopping ends all connections, twice as well as once, and also those that never said anything", async () => {
  const broker = await startBroker();
  const client = device(broker.url);
  await client.ready();
  const silent = connect(broker.port, "127.0.0.1");
  silent.on("error", () => {});
  await new Promise((resolve) => silent.once("connect", resolve));
  const closed = new Promise((resolve) => silent.once("close", resolve));
  await Promise.all([broker.stop(), broker.stop()]);
  await closed;
  await waitFor(() => !client.connected);
});

/** The broker in a process of its own, made of this folder's code, which can be killed. */
async function brokerProcess(dataDir: string): Promise<{ url: string; kill(): Promise<void> }> {
  const code = join(import.meta.dirname, "../../node_modules/.cache/embedded-broker-test");
  for (const part of ["mqtt", "kernel"]) {
    await mkdir(join(code, part), { recursive: true });
    const source = join(import.meta.dirname, "..", part);
    for (const name of await readdir(source)) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
      const { outputText } = ts.transpileModule(await readFile(join(source, name), "utf8"), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      });
      await writeFile(join(code, part, name.replace(/\.ts$/, ".js")), outputText);
    }
  }
  await writeFile(join(code, "package.json"), '{"type":"module"}');
  await writeFile(
    join(code, "main.js"),
    `import { EmbeddedBroker } from "./mqtt/embedded-broker.js";
     const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
     const broker = new EmbeddedBroker({ host: "127.0.0.1", port: 0, dataDir: process.argv[2], logger: quiet });
     await broker.start();
     process.stdout.write("url " + broker.url + "\\n");`,
  );
  const child: ChildProcess = spawn(process.execPath, [join(code, "main.js"), dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  };
  cleanUp(kill);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (data) => resolve(String(data).replace("url ", "").trim()));
    child.once("exit", () => reject(new Error("the broker process ended")));
  });
  return { url, kill };
}

test.each([1, 2] as const)(
  "every QoS %i message that a publisher was told is safe survives a kill of the broker",
  async (qos) => {
    const dataDir = await folder();
    const first = await brokerProcess(dataDir);
    const before = await server(first.url, "t/#", qos);
    await before.link.stop();
    const sender = device(first.url);
    await sender.ready();
    const told = new Set<string>();
    const sending = Promise.allSettled(
      numbers(20_000).map(async (text) => {
        await sender.publish("t/x", text, { qos });
        told.add(text);
      }),
    );
    await waitFor(() => told.size > 1000);
    await first.kill();
    await sending;
    await sender.end();
    expect(told.size).toBeLessThan(20_000);
    const second = await brokerProcess(dataDir);
    const after = await server(second.url, "t/#", qos);
    await waitFor(() => {
      for (const message of after.messages) message.ack();
      const arrived = new Set(after.texts());
      return [...told].every((text) => arrived.has(text));
    });
    expect(after.link.status).toMatchObject({ phase: "connected", sessionPresent: true });
  },
);
