import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach } from "vitest";
import type { Logger } from "../../src/kernel/logger.js";
import { connectDevice, type DeviceClient } from "../../src/mqtt/device-client.js";
import { type InboundMessage, MqttLink, type MqttLinkOptions } from "../../src/mqtt/link.js";
import type { LinkStatus } from "../../src/mqtt/link-status.js";
import { startBroker, type TestBroker } from "./broker.js";
import { freePort, type Mosquitto, startMosquitto } from "./mosquitto.js";
import { waitFor } from "./wait-for.js";

/** Says nothing. */
export const quiet: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => quiet,
};

const cleanups: (() => Promise<unknown>)[] = [];

/** Runs after the current test, the last given first. */
export function cleanUp(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A Mosquitto for the current test. */
export async function broker(options: Parameters<typeof startMosquitto>[0] = {}): Promise<Mosquitto> {
  const started = await startMosquitto(options);
  cleanUp(() => started.stop());
  return started;
}

/** A broker for the current test, perhaps not a Mosquitto: see `startBroker`. */
export async function anyBroker(): Promise<TestBroker> {
  const started = await startBroker();
  cleanUp(() => started.stop());
  return started;
}

/** A device for the current test, which connects by itself. */
export function device(url: string, options: { clientId?: string } = {}): DeviceClient {
  const client = connectDevice({ url, clientId: options.clientId ?? "device" });
  cleanUp(() => client.end());
  return client;
}

type Bytes = readonly number[] | Buffer;

/** What a PUBLISH packet says; the properties are bytes, without their length. */
export interface PublishPacket {
  topic: string | Buffer;
  payload?: string | Buffer;
  qos?: 0 | 1 | 2;
  retain?: boolean;
  dup?: boolean;
  packetId?: number;
  /** Left out for MQTT 3.1.1. */
  properties?: Buffer;
}

/** Encodes a PUBLISH packet as a broker sends it. */
export function publishPacket(packet: PublishPacket): Buffer {
  const { qos = 0, packetId = 1, properties } = packet;
  const body = Buffer.concat([
    prefixed(packet.topic),
    qos === 0 ? Buffer.alloc(0) : Buffer.from([packetId >> 8, packetId & 255]),
    properties === undefined ? Buffer.alloc(0) : Buffer.concat([variable(properties.length), properties]),
    Buffer.from(packet.payload ?? ""),
  ]);
  const header = 0x30 | (packet.dup ? 8 : 0) | (qos << 1) | (packet.retain ? 1 : 0);
  return Buffer.concat([Buffer.from([header]), variable(body.length), body]);
}

/** Text or bytes with their length before them, as MQTT writes them. */
export function prefixed(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

/** A variable byte integer. */
export function variable(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte | 128 : byte);
  } while (rest > 0);
  return Buffer.from(bytes);
}

export interface Recorder {
  link: MqttLink;
  messages: InboundMessage[];
  statuses: LinkStatus[];
  texts(from?: number): string[];
}

/** A link with the client id `server`, not started, and all that it says. */
export function record(url: string, options: Partial<MqttLinkOptions> = {}): Recorder {
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
  cleanUp(() => link.stop());
  return {
    link,
    messages,
    statuses,
    texts: (from = 0) => messages.slice(from).map((m) => m.payload.toString()),
  };
}

/** Starts the link and resolves when it has the one subscription. */
export async function subscribed(recorder: Recorder, filter: string, qos: 0 | 1 | 2 = 1): Promise<void> {
  recorder.link.start();
  await waitFor(() => recorder.link.status.phase === "connected");
  await recorder.link.setSubscriptions([{ filter, qos }]);
}

/**
 * A relay to a port, whose connections can be cut; what crosses it is not looked at. With `hold`, nothing more reaches
 * the broker, while what the broker sends still comes.
 * @param at the port to listen on, else a free one.
 */
export async function relay(
  target: number,
  at?: number,
): Promise<{ url: string; cut(): void; hold(): void }> {
  const inward = new Set<Socket>();
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
    inward.add(inner);
    inner.on("close", () => inward.delete(inner));
    inner.pipe(outer);
    outer.pipe(inner);
  });
  const hold = () => {
    for (const inner of inward) inner.unpipe();
  };
  const port = at ?? (await freePort());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  cleanUp(async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `mqtt://127.0.0.1:${port}`, cut, hold };
}

/**
 * A broker that answers the first bytes of each connection with the given ones, or by closing, and each of the next
 * with what `then` makes of it.
 */
export async function scriptedBroker(
  answer: Bytes | ((connect: Buffer) => Bytes | "close"),
  then: (data: Buffer) => Bytes = () => [],
): Promise<{ url: string; cut(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("data", (data) => {
      const bytes = typeof answer === "function" ? answer(data) : answer;
      socket.on("data", (more) => socket.write(Buffer.from(then(more))));
      if (bytes === "close") socket.destroy();
      else socket.write(Buffer.from(bytes));
    });
    socket.on("error", () => {});
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  cleanUp(async () => {
    cut();
    server.close();
  });
  return { url: `mqtt://127.0.0.1:${address.port}`, cut };
}

/** The MQTT version in a CONNECT shorter than 128 bytes. */
export const versionOf = (connect: Buffer) => connect[8];

/** The broker reads in order, so its answer to what is sent after the acknowledgements says that it has them. */
export async function acknowledgementsArrived({ link }: Recorder): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  await link.publish("fence", "", { qos: 1 });
}

/** `count` texts: 0, 1, 2 ... */
export const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => String(from + i));

/** Publishes the texts on `t/x`, many at a time, and resolves when the broker has all. */
export async function send(from: DeviceClient, texts: string[], qos: 0 | 1 | 2 = 1): Promise<void> {
  await from.ready();
  await Promise.all(texts.map((text) => from.publish("t/x", text, { qos })));
}
